--- Jets of the LHC as lists of constituents, to be told apart by what they come from:
-- gluon, light quark, W, Z or top. See docs/data.md.
local base = require "nac.dataset.base"
local c_tensor = require "nac.c.tensor"
local file = require "nac.util.file"
local hash = require "nac.c.hash"
local home = require "nac.util.home"
local jet_files = require "nac.dataset.jet_files"
local read_options = require("nac.dataset.options").read
local scale = require "nac.dataset.scale"

local OPTIONS = { "constituents", "subset", "flatten", "normalize", "mirror", "one_hot", "seed", "sample", "dir", "base", "n_classes" }
local MIN_PT = 2 -- GeV
local SAMPLE_CONSTITUENTS = 8

local HOW = "`build/nac-lua data/fetch.lua jets` or Zenodo 3602260: unpack hls4ml_LHCjet_150p_train.tar.gz and ..._val.tar.gz, so that "
  .. "DIR/train/*.h5 and DIR/val/*.h5 are there, and give dir; or sample = true (--sample) for the shipped jets"

-- Where the jets come from: what jet_files.look gives, or the sample.
local function find(o)
  if o.sample then
    local dir = home.path("data/jets")
    if not file.exists(dir .. "/jets_train.npz") then return nil, "jets: the sample is not in " .. dir end
    if o.constituents > SAMPLE_CONSTITUENTS then
      return nil, ("jets: the shipped sample holds %d constituents a jet, %d were asked for (constituents)"):format(
        SAMPLE_CONSTITUENTS, o.constituents)
    end
    return { kind = "sample", folder = dir }
  end
  if o.dir then
    local found, message = jet_files.look(o.dir, o.base)
    if not found then return nil, "jets: " .. message end
    return found
  end
  for _, dir in ipairs { home.path "data/full/jets", "data/full/jets" } do
    if file.exists(dir) then
      local found, message = jet_files.look(dir, o.base)
      if found then return found end
      if o.base then return nil, "jets: " .. message end
    end
  end
  return nil, "jets: the hls4ml LHC set is not here; " .. HOW
end

local function read(found, part, o)
  if found.kind == "sample" then return jet_files.sample(("%s/jets_%s.npz"):format(found.folder, part), o.constituents) end
  if found.kind == "npy" then return jet_files.npy(found.folder, part, found.base, o.constituents) end
  return jet_files.hdf5(found[part], o.constituents, MIN_PT)
end

local function sums(found)
  local list = {}
  local paths = found.kind == "sample" and { found.folder .. "/jets_train.npz", found.folder .. "/jets_test.npz" }
    or jet_files.paths(found)
  for _, path in ipairs(paths) do
    if file.exists(path) then list[path:match("[^/]+$")] = hash.sha256_file(path) end
  end
  return list
end

local function first(n, ...)
  local result = table.pack(...)
  for i = 1, result.n do result[i] = result[i] and result[i]:slice(1, 1, n):contiguous() end
  return table.unpack(result, 1, result.n)
end

-- The signs of eta and phi of all constituents of a jet: left as it is, mirrored in eta, in phi, in both.
local function ways_to_mirror(constituents)
  local rows = {}
  for way = 0, 3 do
    local row = {}
    for i = 1, constituents do
      row[3 * i - 2], row[3 * i - 1], row[3 * i] = 1, way % 2 == 1 and -1 or 1, way > 1 and -1 or 1
    end
    rows[way + 1] = row
  end
  return c_tensor.new(rows, "f32")
end

-- Jets mirrored in eta, in phi or in both, at random: nature has no preference. What a
-- mirrored jet is called after scaling depends on the offset of eta and phi.
-- Whole jets are the rows of the arithmetic: rows of three numbers take four times as long.
local function mirror(x, epoch, numbers, seed)
  local shape = x:shape()
  local n = shape[1]
  local flat = x:reshape { n, -1 }
  local turned = c_tensor.rand({ n, 3 }, { seed = seed * 1000003 + epoch }):lt(0.5):to("i32")
  local way = turned:slice(2, 2, 2) + turned:slice(2, 3, 3) * 2 + 1
  local width = flat:shape()[2]
  local signs = ways_to_mirror(width // 3):rows(way:reshape { n })
  if not numbers then return (flat * signs):reshape(shape) end
  local shift = (numbers.offset * numbers.scale):reshape { 1, 3 } -- (-r - offset) scale = -(r - offset) scale - 2 offset scale
  shift = shift:expand({ width // 3, 3 }):contiguous():reshape { width }
  return (flat:add(shift):mul_(signs):sub_(shift)):reshape(shape)
end

--- Makes the data set; files are read when `parts` or `test` is called. Samples are
-- {constituents, 3}: pT, eta and phi from the jet's axis, in the order of falling pT, of
-- constituents above 2 GeV; zeros where there are fewer. `ds.classes` names the classes.
-- @param[opt] options `constituents` = 8, `subset` = the first so many training jets,
-- `flatten` = false ({constituents * 3}), `normalize` = true: (x - median) / (q95 - q5) a
-- feature, over the training jets (NAC's arrays are scaled already; false: GeV and
-- radians), `mirror` = false (true: training jets are mirrored in eta and phi at random,
-- anew each epoch), `seed` = 0 of the splits, `sample` = false (true: the 60 000 + 100 000
-- simulated jets of data/jets), `dir` = folder with train/*.h5 and val/*.h5 of the hls4ml
-- LHC set, or with NAC's normalized_data3, `base` = which of NAC's arrays (x_train_BASE.npy)
-- @return the data set, or nil and a message
return function(options)
  local o, message = read_options(options, OPTIONS, "jets")
  if not o then return nil, message end
  if o.n_classes and o.n_classes ~= #jet_files.classes then
    return nil, ("jets has 5 classes, not %d (num_classes)"):format(o.n_classes)
  end
  o.constituents = o.constituents or 8
  local found
  found, message = find(o)
  if not found then return nil, message end
  local shape = o.flatten and { o.constituents * 3 } or { o.constituents, 3 }
  local numbers
  local function scaled(x)
    if numbers then scale.apply(x, numbers) end
    return o.flatten and x:reshape { x:shape()[1], shape[1] } or x
  end
  local function train()
    local x, y, event = read(found, "train", o)
    if o.subset then
      local n = x:shape()[1]
      if o.subset > n then
        error(("jets: there are %d training jets, %d were asked for (subset)"):format(n, o.subset), 0)
      end
      x, y, event = first(o.subset, x, y, event)
    end
    if o.normalize ~= false and found.kind ~= "npy" then numbers = scale.fit(x, "median_quantile") end
    if o.mirror and found.kind == "npy" then error("jets: NAC's arrays are scaled already, by what is not told: no mirror", 0) end
    return scaled(x), y, { groups = event, normalization = numbers }
  end
  return base.new({
    name = "jets", task = "classification", n_classes = #jet_files.classes, classes = jet_files.classes,
    features = jet_files.features, shape = shape, seed = o.seed, sample = o.sample or false,
    augment = o.mirror and function(x, epoch) return mirror(x, epoch, numbers, o.seed or 0) end or nil,
  }, {
    train = train,
    test = function()
      if o.normalize ~= false and found.kind ~= "npy" and not numbers then train() end
      local x, y = read(found, "test", o)
      return scaled(x), y
    end,
    provenance = function()
      local record = { source = found.folder or found.train, sha256 = sums(found) }
      record.licence = found.kind == "sample" and "CC0 1.0" or "CC BY 4.0"
      record.citation = found.kind == "sample" and "simulated with Pythia 8.317 (data/jets/README.md)"
        or "Pierini, Duarte, Tran, Freytsis: hls4ml LHC jet data set (150 particles), Zenodo 3602260"
      return record
    end,
  })
end
