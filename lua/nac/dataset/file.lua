--- A data set from a file of the user's: CSV, ARFF, npz, npy or HDF5 (docs/data.md).
-- Without a test part in the file or in a file of its own, a stratified share of
-- the samples is set aside first.
local base = require "nac.dataset.base"
local c_split = require "nac.c.split"
local c_tensor = require "nac.c.tensor"
local files = require "nac.util.file"
local formats = require "nac.dataset.formats"
local hash = require "nac.c.hash"
local read_options = require("nac.dataset.options").read
local tensors = require "nac.dataset.tensors"

local M = {}

-- resize and the like mean nothing here; a config's section has some by default.
local OPTIONS = {
  "file", "format", "label", "features", "task", "x", "x_test", "label_test", "test_file", "test_label", "test_fraction",
  "header", "separator", "n_classes", "seed", "stream", "chunk_rows", "sample", "flatten", "one_hot", "normalize",
}

-- Number of the dealing that sets the test samples aside; splits and folds have others.
local ROUND = 1000

local function need(value, message)
  if value == nil then error(message, 0) end
  return value
end

-- A share as k of n piles, n at most 100.
local function piles_of(fraction)
  for n = 2, 100 do
    local k = fraction * n
    local whole = math.floor(k + 0.5)
    if math.abs(k - whole) < 1e-6 and whole >= 1 then return whole, n end
  end
  return math.max(1, math.floor(fraction * 100 + 0.5)), 100
end

-- One-hot answers as classes.
local function to_classes(y, name)
  local shape = y:shape()
  if #shape == 2 and shape[2] == 1 then return y:reshape { shape[1] } end
  if #shape ~= 2 or shape[2] < 2 then return y end
  local sums <close> = y:to("f32"):sum(2)
  local ones <close> = c_tensor.ones({ shape[1] })
  if not sums:allclose(ones, 1e-4, 1e-4) then
    error(("%s: answers of %d columns are not one-hot; for targets give task: regression"):format(name, shape[2]), 0)
  end
  return (y:to("f32"):argmax(2):to("f32") - 1):to("i32") -- argmax counts from 1
end

-- Sets a stratified share of the samples aside.
local function set_aside(data, o)
  local n = data.x:shape()[1]
  local k, piles = piles_of(o.test_fraction or 0.2)
  if n < piles then error(("%s: %d samples are too few to set some aside for the test"):format(o.path, n), 0) end
  local strata = o.task == "classification" and data.y or c_tensor.zeros({ n }, "i32")
  local dealt <close> = c_split.deal(strata, o.seed or 0, ROUND, piles)
  local test, train = {}, {}
  for i = 0, piles - 1 do table.insert(i < k and test or train, i) end
  local test_rows <close> = c_split.pick(dealt, test)
  local train_rows <close> = c_split.pick(dealt, train)
  local x, y = data.x, data.y
  data.x, data.y, data.x_test, data.y_test = x:rows(train_rows), y:rows(train_rows), x:rows(test_rows), y:rows(test_rows)
end

-- Reads everything: { x_train =, y_train =, x_test =, y_test = } and the names of classes.
local function read_all(o)
  local data = need(formats.read(o.path, o))
  if o.test_path then
    local test = need(formats.read(o.test_path, {
      format = o.format, task = o.task, features = o.features, x = o.x, header = o.header, separator = o.separator,
      label = o.label, label_path = o.test_label_path, classes = data.classes,
    }))
    data.x_test, data.y_test = test.x, test.y
  end
  if o.task == "classification" then
    data.y = to_classes(data.y, o.path)
    data.y_test = data.y_test and to_classes(data.y_test, o.test_path or o.path)
  end
  if not data.x_test then
    local x, y = require("nac.dataset.check").half(data.x, data.y, { "x", o.label_path and "y of " .. o.label_path or "y" }, o.task)
    if not x then error(("%s: %s"):format(o.path, y), 0) end
    data.x, data.y = x, y
    set_aside(data, o)
  end
  local n_classes = o.n_classes or (data.classes and math.max(2, #data.classes)) or nil
  return { x_train = data.x, y_train = data.y, x_test = data.x_test, y_test = data.y_test, task = o.task,
           n_classes = o.task == "classification" and n_classes or nil }, data
end

local function check(o)
  if not o.file then return nil, "file is missing: the path of the data" end
  o.task = o.task or "classification"
  if o.test_file and o.test_fraction then return nil, o.file .. ": give test_file or test_fraction, not both" end
  return true
end

local function sums(paths)
  local list = {}
  for _, path in ipairs(paths) do list[path:match("[^/]+$")] = hash.sha256_file(path) end
  return list
end

--- Makes the data set; the file is read when the data are needed.
-- @param options see docs/data.md
-- @param[opt] context `base_dir` = folder that paths are looked for in first
-- @return the data set, or nil and a message
function M.make(options, context)
  local o, message = read_options(options, OPTIONS, "dataset.file")
  if not o then return nil, message end
  local fine
  fine, message = check(o)
  if not fine then return nil, message end
  local base_dir = context and context.base_dir
  local paths = {}
  for _, row in ipairs { { "file", "path" }, { "test_file", "test_path" }, { "test_label", "test_label_path" } } do
    local given = o[row[1]]
    if given then
      o[row[2]], message = files.find(given, base_dir, "file")
      if not o[row[2]] then return nil, message end
      paths[#paths + 1] = o[row[2]]
    end
  end
  local format
  format, message = formats.of(o.path, o.format)
  if not format then return nil, message end
  if format == "npy" and type(o.label) == "string" then
    o.label_path, message = files.find(o.label, base_dir, "file")
    if not o.label_path then return nil, message end
    paths[#paths + 1] = o.label_path
    if o.test_path and not o.test_label_path then return nil, o.test_file .. ": test_label is missing: the npy file with its answers" end
  end
  if o.stream then return require("nac.dataset.stream").make(o, format, paths) end
  local read
  local source = tensors.source(function()
    local data
    data, read = read_all(o)
    return data
  end, o.path, function() return { source = o.path, sha256 = sums(paths) } end)
  local train = source.train
  source.train = function()
    local x, y, facts = train()
    facts.classes, facts.features = read.classes, read.features
    return x, y, facts
  end
  return base.new({ name = o.path:match("([^/]+)%.%w+$") or o.path, seed = o.seed, task = o.task }, source)
end

return M
