--- Jets of the LHC as sixteen features of their substructure: the hls4ml set of OpenML,
-- the common benchmark of small networks on FPGAs. See docs/data.md.
local base = require "nac.dataset.base"
local c_split = require "nac.c.split"
local c_tensor = require "nac.c.tensor"
local check = require "nac.dataset.check"
local file = require "nac.util.file"
local formats = require "nac.dataset.formats"
local hash = require "nac.c.hash"
local home = require "nac.util.home"
local jet_files = require "nac.dataset.jet_files"
local npz = require "nac.npz"
local read_options = require("nac.dataset.options").read
local scale = require "nac.dataset.scale"

local OPTIONS = { "subset", "normalize", "flatten", "one_hot", "seed", "sample", "dir", "file", "n_classes" }
local FEATURES = {
  "zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt", "d2_b1_mmdt", "d2_b2_mmdt",
  "d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt", "n2_b1_mmdt", "n2_b2_mmdt", "mass_mmdt", "multiplicity",
}
local LABEL = "class"
local NAMES = { "hls4ml_lhc_jets_hlf.arff", "hls4ml_lhc_jets_hlf.arff.gz", "hls4ml_lhc_jets_hlf.csv", "hls4ml_lhc_jets_hlf.csv.gz" }
-- A fifth is the test set, always the same one.
local TEST = { round = 1000, seed = 42, piles = 5 }

local HOW = "`build/nac-lua data/fetch.lua jets16` or OpenML's set 42468: put hls4ml_lhc_jets_hlf.arff into data/full/jets16, or give its path as "
  .. "file; or sample = true (--sample) for the shipped jets"

local function find_file(dir)
  for _, name in ipairs(NAMES) do
    if file.exists(dir .. "/" .. name) then return dir .. "/" .. name end
  end
end

-- The path of the table, or the folder of the sample and true.
local function find(o)
  if o.sample then
    local dir = home.path("data/jets")
    if not file.exists(dir .. "/jets16_train.npz") then return nil, "jets16: the sample is not in " .. dir end
    return dir, true
  end
  if o.file then
    if not file.exists(o.file) then return nil, ("jets16: the file %s was not found"):format(o.file) end
    return o.file, false
  end
  for _, dir in ipairs(o.dir and { o.dir } or { home.path "data/full/jets16", "data/full/jets16" }) do
    local path = find_file(dir)
    if path then return path, false end
  end
  if o.dir then return nil, ("jets16: no hls4ml_lhc_jets_hlf.arff or .csv in %s"):format(o.dir) end
  return nil, "jets16: OpenML's set hls4ml_lhc_jets_hlf is not here; " .. HOW
end

-- Numbers of the classes by the order of jet_files.classes; OpenML writes w and z small.
local function renumber(path, y, names)
  local number = {}
  for i, name in ipairs(jet_files.classes) do number[name:lower()] = i - 1 end
  local map = {}
  for i, name in ipairs(names) do
    map[i - 1] = number[tostring(name):lower()]
    if not map[i - 1] then error(("%s: class '%s' is none of g, q, w, z, t"):format(path, name), 0) end
  end
  local list = y:totable()
  for i, class in ipairs(list) do list[i] = map[class] end
  return c_tensor.new(list, "i32")
end

local function read_table(path)
  local data, message = formats.read(path, { label = LABEL, features = FEATURES, task = "classification" })
  if not data then error(message, 0) end
  local x, y = check.half(data.x, data.y, { "x", "y" }, "classification")
  if not x then error(("%s: %s"):format(path, y), 0) end
  return x, renumber(path, y, data.classes)
end

-- The samples of some piles of the dealing that sets the test samples aside.
local function share(x, y, wanted)
  local dealt <close> = c_split.deal(y, TEST.seed, TEST.round, TEST.piles)
  local rows <close> = c_split.pick(dealt, wanted)
  return x:rows(rows), y:rows(rows)
end

local function read_sample(dir, part)
  local path = ("%s/jets16_%s.npz"):format(dir, part)
  local arrays, message = npz.read(path)
  if not arrays then error(message, 0) end
  local _, y, event = jet_files.sample(("%s/jets_%s.npz"):format(dir, part), 1)
  local x = arrays.x
  local shape = x and x:shape() or {}
  if #shape ~= 2 or shape[2] ~= #FEATURES or shape[1] > y:shape()[1] then
    error(("%s: an array x of the shape (N, 16), N at most %d, expected"):format(path, y:shape()[1]), 0)
  end
  return x, y:slice(1, 1, shape[1]):contiguous(), event:slice(1, 1, shape[1]):contiguous()
end

--- Makes the data set; files are read when `parts` or `test` is called. Samples are {16};
-- `ds.features` names them, `ds.classes` the classes (g q W Z t).
-- @param[opt] options `subset` = the first so many training jets, `normalize` = true: (x -
-- mean) / standard deviation a feature, over the training jets (false: as in the file),
-- `seed` = 0 of the splits, `sample` = false (true: features of the simulated jets of
-- data/jets), `file` = the ARFF or CSV file of OpenML's set, or `dir` = its folder. A fifth
-- of that set, stratified, is the test set
-- @return the data set, or nil and a message
return function(options)
  local o, message = read_options(options, OPTIONS, "jets16")
  if not o then return nil, message end
  if o.n_classes and o.n_classes ~= #jet_files.classes then
    return nil, ("jets16 has 5 classes, not %d (num_classes)"):format(o.n_classes)
  end
  local path, sample = find(o)
  if not path then return nil, sample end
  local numbers
  local function scaled(x) return numbers and scale.apply(x, numbers) or x end
  local function train()
    local x, y, event
    if sample then
      x, y, event = read_sample(path, "train")
    else
      x, y = read_table(path)
      x, y = share(x, y, { 1, 2, 3, 4 })
    end
    if o.subset then
      local n = x:shape()[1]
      if o.subset > n then error(("jets16: there are %d training jets, %d were asked for (subset)"):format(n, o.subset), 0) end
      x, y, event = x:slice(1, 1, o.subset):contiguous(), y:slice(1, 1, o.subset):contiguous(),
        event and event:slice(1, 1, o.subset):contiguous()
    end
    if o.normalize ~= false then numbers = scale.fit(x, "mean_std") end
    return scaled(x), y, { groups = event, normalization = numbers }
  end
  return base.new({
    name = "jets16", task = "classification", n_classes = #jet_files.classes, classes = jet_files.classes,
    features = FEATURES, shape = { #FEATURES }, seed = o.seed, sample = sample,
  }, {
    train = train,
    test = function()
      if o.normalize ~= false and not numbers then train() end
      local x, y
      if sample then
        x, y = read_sample(path, "test")
      else
        x, y = read_table(path)
        x, y = share(x, y, { 0 })
      end
      return scaled(x), y
    end,
    provenance = function()
      local sums = {}
      for _, one in ipairs(sample and { path .. "/jets16_train.npz", path .. "/jets16_test.npz" } or { path }) do
        if file.exists(one) then sums[one:match("[^/]+$")] = hash.sha256_file(one) end
      end
      return {
        source = path, sha256 = sums, licence = sample and "CC0 1.0" or "CC BY 4.0",
        citation = sample and "simulated with Pythia 8.317 (data/jets/README.md)"
          or "Pierini, Duarte, Tran, Freytsis: hls4ml LHC jet data set (high-level features), Zenodo 3602254, OpenML 42468",
      }
    end,
  })
end
