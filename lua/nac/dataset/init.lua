--- Data sets: MNIST, Fashion-MNIST, jets, Bragg peaks, qubit readout, XOR, tensors, files and a user's own loader.
--
--     local ds = nac.dataset.mnist { resize = 8, flatten = true, subset = 10000 }
--     ds.shape, ds.n_classes, ds.task     -- known without reading a file
--     ds:parts()                          -- { fit =, search =, select = }
--     ds:folds(3)                         -- { { fit =, search = }, ... }, .select
--     ds:test()                           -- for the one evaluation at the end
--
-- A part is { x = f32 tensor [N, ...], y = i32 classes [N] or f32 targets }.
local lfs = require "lfs"
local base = require "nac.dataset.base"
local enum = require "nac.util.enum"

local M = {}

-- One line a built-in set: its file returns function(options) -> ds | nil, message.
local constructors = {
  bragg = function(options) return require("nac.dataset.bragg").make(options) end,
  mnist = function(options) return require "nac.dataset.mnist"(options) end,
  fashion_mnist = function(options) return require "nac.dataset.fashion_mnist"(options) end,
  qubit = function(options) return require("nac.dataset.qubit").make(options) end,
  jets = function(options) return require "nac.dataset.jets"(options) end,
  jets16 = function(options) return require "nac.dataset.jets16"(options) end,
  xor = function(options) return require "nac.dataset.xor"(options) end,
}

--- The names of all data sets, sorted.
function M.names()
  local names = {}
  for name in pairs(constructors) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Sets that shift for themselves, because the answers move with the image.
local OWN_SHIFT = { bragg = true }

-- What any data set can be asked for: how training treats its samples.
local function treatment(options, ds)
  local standardize, shift = options.standardize, options.shift
  if standardize ~= nil then
    local ok, message = pcall(enum.check, standardize, { "none", "mean_std", "median_quantile" }, "standardize", 0)
    if not ok then return nil, message end
  end
  if shift ~= nil and (math.type(shift) ~= "integer" or shift < 0 or shift > 1024) then
    return nil, "shift must be an integer from 0 to 1024, in pixels, got " .. tostring(shift)
  end
  if standardize ~= "none" then ds.standardize = standardize end
  if shift and shift > 0 and not OWN_SHIFT[ds.name] then ds.augment = { shift = shift } end
  return ds
end

-- Calls a constructor without the options that are for any set.
local function construct(constructor, options, context, name)
  if type(options) ~= "table" then return constructor(options, context) end
  local own = {}
  for key, value in pairs(options) do own[key] = value end
  own.standardize = nil
  if not OWN_SHIFT[name] then own.shift = nil end
  return constructor(own, context)
end

local function make(name, options)
  local ds, message = construct(constructors[name], options, nil, name)
  if base.is(ds) then return treatment(options or {}, ds) end
  if ds == nil then return ds, message end
  if type(ds) == "table" then -- a registered function may return tensors
    ds.name, ds.seed = ds.name or name, ds.seed or options and options.seed
    return require("nac.dataset.tensors").from_tensors(ds)
  end
  return nil, ("the constructor of data set %s returned a %s"):format(name, type(ds))
end

--- Adds a data set, for configs (`dataset: {name: NAME}`) and as nac.dataset.NAME.
-- @param name string
-- @param constructor function(options) -> a data set or the table that `from_tensors`
-- takes; or nil and a message
function M.register(name, constructor)
  if type(name) ~= "string" then error("register: a name expected, got " .. type(name), 2) end
  if type(constructor) ~= "function" then error("register: a function expected, got " .. type(constructor), 2) end
  constructors[name] = constructor
end

--- A data set from tensors.
-- @param data see nac.dataset.tensors
-- @return the data set; raises when the tensors do not fit together
function M.from_tensors(data)
  local ds, message = require("nac.dataset.tensors").from_tensors(data)
  if not ds then error("from_tensors: " .. message, 2) end
  return ds
end

-- Sets of which a sample is shipped that may hold fewer than a configuration asks for.
local SAMPLED = { mnist = true, fashion_mnist = true }

--- The data set of a config's section `dataset`.
-- @param section { name = "mnist", ... }, { file = "my.csv", label = ..., ... } or
-- { loader = "my.lua", options = ... }; a loader without options gets the section
-- @param[opt] context `base_dir` = folder of the config, `sample` = true forces the
-- shipped sample (all of it where the section asks for more: `ds.sample_text` says so), `seed` of the splits
-- @return the data set, or nil and a message
function M.from_config(section, context)
  context = context or {}
  local options = {}
  for key, value in pairs(section) do options[key] = value end
  if options.loader ~= nil then
    local path = options.loader
    options.loader = nil
    if type(path) ~= "string" then return nil, "loader must be the path of a Lua file, got " .. type(path) end
    local seed = options.seed
    if seed == nil then seed = context.seed end
    local ds, message = require("nac.dataset.tensors").from_loader(path, section.options or options, {
      base_dir = context.base_dir, sample = context.sample, seed = seed, name = section.name,
    })
    if not ds then return nil, message end
    return treatment(options, ds)
  end
  if options.file ~= nil then
    if options.seed == nil then options.seed = context.seed end
    local ds, message = construct(require("nac.dataset.file").make, options, context)
    if not ds then return nil, message end
    ds.name = section.name or ds.name
    return treatment(options, ds)
  end
  if not constructors[options.name] then
    return nil, enum.refusal(options.name, M.names(), "data set") .. "; your own data: dataset.file or dataset.loader"
  end
  if options.seed == nil then options.seed = context.seed end
  if context.sample then options.sample, options.up_to = true, SAMPLED[options.name] end
  for _, key in ipairs { "dir", "data_dir" } do
    local dir = options[key]
    if type(dir) == "string" and dir:sub(1, 1) ~= "/" and context.base_dir then
      local beside = context.base_dir .. "/" .. dir
      if lfs.attributes(beside, "mode") == "directory" then options[key] = beside end
    end
  end
  return make(options.name, options)
end

--- A data set from a file (CSV, ARFF, npz, npy, HDF5).
-- @param options `file`, `label`, ... (docs/data.md)
-- @return the data set; raises when the options are wrong or the file is not there
function M.file(options)
  if type(options) ~= "table" or not options.file then error("dataset.file takes a table { file = path, label = ... }", 2) end
  local ds, message = M.from_config(options)
  if not ds then error(message, 2) end
  return ds
end

return setmetatable(M, {
  -- nac.dataset.mnist{...}: raises where from_config returns a message
  __index = function(_, name)
    if not constructors[name] then return nil end
    return function(options)
      local ds, message = make(name, options)
      if not ds then error(message, 2) end
      return ds
    end
  end,
})
