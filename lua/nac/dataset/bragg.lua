--- Bragg peaks: patches of 11 x 11 pixels, and where in them the peak's centre is. The
-- real set is NAC's pair of HDF5 files (Liu et al., IUCrJ 9, 104, 2022), frames and
-- labels; the project ships a simulated one of 300 frames (nac.simulate.bragg).
local base = require "nac.dataset.base"
local crops = require "nac.dataset.crops"
local hash = require "nac.c.hash"
local home = require "nac.util.home"
local peaks_in = require "nac.dataset.bragg_files"
local read_options = require("nac.dataset.options").read

local M = {}

local OPTIONS = { "dir", "sample", "shift", "subset", "normalize", "flatten", "one_hot", "seed" }

local TRAIN_SHARE = 0.8 -- the first peaks of the file; the others are the test set

local WAYS = "the real set: frames-exp4train.hdf5 and peaks-exp4train-psz11.hdf5 (CC BY-NC) in a folder given as `dir` "
  .. "(data_dir), or in data/full/bragg; sample: true (--sample) takes the simulated set that comes along"

local function find_folder(o)
  if o.sample then return home.path "data/bragg" end
  for _, dir in ipairs(o.dir and { o.dir } or { home.path "data/full/bragg", "data/full/bragg" }) do
    if peaks_in.layout(dir) then return dir end
  end
  return nil, ("bragg: no frames and labels %s; %s"):format(o.dir and "in " .. o.dir or "here", WAYS)
end

-- One part of a dealt half, ready for training.
local function part_of(o, half, purpose, anew)
  local make = anew and o.shift > 0 and crops.stream or crops.fixed
  return make(half.x, half.y, { shift = o.shift, seed = o.seed or 0, purpose = purpose, shape = o.shape, normalize = o.normalize ~= false })
end

-- The training peaks, or the test peaks: wide patches and places in them.
local function read_half(dir, o, test)
  local labels = peaks_in.labels(dir)
  local first = math.floor(TRAIN_SHARE * labels.total)
  local kept = {}
  for i, number in ipairs(labels.kept) do
    if (number > first) == test then kept[#kept + 1] = i end
  end
  if not test and o.subset then
    if o.subset > #kept then
      error(("bragg: %s holds %d training peaks, %d were asked for (subset)"):format(dir, #kept, o.subset), 0)
    end
    kept = table.move(kept, 1, o.subset, 1, {})
  end
  if #kept == 0 then error(("bragg: %s holds no %s peaks"):format(dir, test and "test" or "training"), 0) end
  return peaks_in.patches(dir, labels, kept, o.shift)
end

local function sums_of(dir)
  local sums = {}
  for _, path in ipairs(peaks_in.layout(dir).paths) do sums[path:match "[^/]+$"] = hash.sha256_file(path) end
  return sums
end

-- The parts of a data set are dealt as any regression's, then cut.
local function cut_parts(ds, o)
  local dealt_parts, dealt_folds, dealt_test, parts, folds, test = ds.parts, ds.folds, ds.test, nil, {}, nil
  ds.parts = function()
    if not parts then
      local dealt = dealt_parts(ds)
      parts = {
        fit = part_of(o, dealt.fit, "fit", true), search = part_of(o, dealt.search, "search"), select = part_of(o, dealt.select, "select"),
      }
    end
    return parts
  end
  ds.folds = function(_, k, seed)
    if k == 1 then
      local p = ds:parts()
      return { { fit = p.fit, search = p.search }, select = p.select }
    end
    local dealt = dealt_folds(ds, k, seed)
    if folds.of ~= dealt then
      folds = { of = dealt, select = part_of(o, dealt.select, "select") }
      for i, fold in ipairs(dealt) do
        folds[i] = { fit = part_of(o, fold.fit, "fit", true), search = part_of(o, fold.search, "search") }
      end
    end
    return folds
  end
  ds.test = function()
    if not test then
      local dealt, message = dealt_test(ds)
      if not dealt then return nil, message end
      test = part_of(o, dealt, "test")
    end
    return test
  end
end

--- Makes the data set; files are read when `parts` or `test` is called. Peaks count as NAC has it:
-- npeaks is 1 and the deviation in [0, 1); the first 80 % of the file train. Parts hold x, each patch scaled from 0
-- to 1, and y [N, 2], column and row of the centre from the corner pixel on, divided by 11.
-- @param[opt] options `dir` = folder with the files; `sample` = false (true: the shipped simulated set); `shift` = 1:
-- patches are cut up to so many pixels off the peak's pixel, at random: in training anew each epoch, in all other parts
-- once (without shifts the centre always lies in the middle pixel, and a constant guess scores .38 px); `subset` = the first so
-- many training peaks; `flatten` = false (samples {1, 11, 11}; true: {121}); `normalize` = true; `seed` = 0
-- @return the data set, or nil and a message
function M.make(options)
  local o, message = read_options(options, OPTIONS, "bragg")
  if not o then return nil, message end
  o.shift = o.shift or 1
  if o.shift > 5 then return nil, ("bragg: shift must be at most 5 pixels, half a patch, got %d"):format(o.shift) end
  o.shape = o.flatten and { crops.SIDE * crops.SIDE } or { 1, crops.SIDE, crops.SIDE }
  local dir
  dir, message = find_folder(o)
  if not dir then return nil, message end
  local ds = base.new({
    name = "bragg", task = "regression", shape = o.shape, output_shape = { 2 }, sample = o.sample or false, seed = o.seed,
    simulated = peaks_in.layout(dir).simulated, positions = { scale = crops.SIDE, unit = "px" },
  }, {
    train = function() return read_half(dir, o, false) end,
    test = function() return read_half(dir, o, true) end,
    provenance = function() return { source = dir, sha256 = sums_of(dir), licence = peaks_in.layout(dir).licence } end,
  })
  cut_parts(ds, o)
  return ds
end

return M
