--- What is made into firmware: a quantised net and the samples that prove it, from a net, a file, a
-- local search or the folder of one.
local arch = require "nac.arch"
local dataset = require "nac.dataset"
local file = require "nac.util.file"
local formats = require "nac.quant.formats"
local local_outputs = require "nac.local_search.outputs"
local model = require "nac.model"
local parts = require "nac.train.part"
local setup = require "nac.global_search.setup"
local start = require "nac.local_search.start"
local tensor = require "nac.tensor"

local M = {}

local FOLDERS = { "", "/local_search_combined", "/local_search_separated" }

-- best_model.yaml of a folder, or best_model_8b3i.yaml where a pair is asked for.
local function model_in(dir, pair)
  local name = pair.total_bits and ("best_model_%db%si.yaml"):format(pair.total_bits, pair.int_bits) or "best_model.yaml"
  for _, sub in ipairs(FOLDERS) do
    if file.exists(dir .. sub .. "/" .. name) then return dir .. sub .. "/" .. name end
  end
  return nil, ("%s: no %s there, nor in a local search's folder below it; run the local search first (nac-lua local CONFIG)%s"):format(dir,
    name, pair.total_bits and ", with that precision" or "")
end

--- The path of the model that is meant.
-- @param what a local search's result, its folder, a results folder, or the path of a model's description
-- @param pair { total_bits =, int_bits = } or {}: which of a local search's nets
-- @return the path; or nil and a message
function M.path(what, pair)
  if type(what) == "table" then what = pair.total_bits and what.dir or what.model or what.dir end
  if type(what) ~= "string" then error("synthesis takes a net, a local search's result, a folder or a model's file", 0) end
  if file.exists(what) == "directory" then return model_in(what:gsub("(.)/+$", "%1"), pair) end
  return what
end

-- The results folder of the search that a model came from: one of the two folders above its file.
local function results_of(path)
  local dir = path:match "^(.*)/[^/]*$" or "."
  for _, candidate in ipairs { dir, dir .. "/.." } do
    if file.exists(candidate .. "/config_as_run.yaml") then return candidate end
  end
  return nil
end

-- The architecture file of the trial that a model was made of: that which its local search names, else the winner's. Nil and a
-- message where the folder has had another global search since.
local function trial_of(path, results)
  local run = local_outputs.read_config(path:match "^(.*)/[^/]*$" or ".") or {}
  local search = start.search_in(results)
  if run.global_search and search and run.global_search ~= search then
    return nil, ("%s was made of another global search than the results folder holds now: run the local search again (nac-lua local CONFIG --force)")
      :format(path)
  end
  local number = start.trial_in(run.what)
  return number and start.trial_path(results, number) or results .. "/best_model_for_local_search.yaml"
end

-- A search that was run with --sample stays with the sample.
local function with_sample(config, results)
  if config.dataset.sample ~= nil then return config end
  local as_run = require("nac.config").load(results .. "/config_as_run.yaml")
  if not as_run or not as_run.dataset.sample then return config end
  local copy = setmetatable({}, getmetatable(config))
  for key, value in pairs(config) do copy[key] = value end
  copy.dataset = { sample = true }
  for key, value in pairs(config.dataset) do copy.dataset[key] = value end
  return copy
end

--- The configuration that goes with a model: the one given, or that of the search it came from, with the settings that its trial drew (a
-- readout window, a board) in place of the lists that were searched.
-- @param given a configuration of nac.config, or nil
-- @param path of the model, or nil
-- @return the configuration; nil where there is none; nil and a message where it cannot be read
function M.config(given, path)
  local results = path and results_of(path)
  if not results then return given end
  local trial, why = trial_of(path, results)
  if not trial then return nil, why end
  if not file.exists(trial) then return given or require("nac.config").load(results .. "/config_as_run.yaml") end
  local config
  config, why = setup.of_results(results, trial, given)
  if config then return with_sample(config, results) end
  return nil, why
end

-- Arrays x and, if there, y of a .npz; a .npy has x alone.
local function from_file(path)
  local npz = require "nac.npz"
  if path:find "%.npy$" then
    local x, why = npz.read_npy(path)
    return x and { x = x:to "f32" }, why
  end
  local arrays, why = npz.read(path)
  if not arrays then return nil, why end
  if not arrays.x then return nil, path .. ": no array 'x' in it; samples are expected there, labels in 'y'" end
  return { x = arrays.x:to "f32", y = arrays.y and arrays.y:to "i32" }
end

-- The data given as a part { x =, y = }, and what they are called.
local function part_of(data, config)
  if type(data) == "string" then
    local part, why = from_file(data)
    return part, part and data or why
  elseif tensor.is(data) then
    return { x = data }, "the given samples"
  elseif data and require("nac.dataset.base").is(data) then
    return data:test(), ("the test set of %s"):format(data.name)
  elseif data then
    return data, "the given samples"
  elseif config then
    local set, why = dataset.from_config(config.dataset, { base_dir = config.dir, sample = config.dataset.sample })
    if not set then return nil, why end
    local part
    part, why = set:test()
    return part, part and ("the test set of %s"):format(set.name) or why
  end
  return nil, nil
end

--- The samples that firmware is proven with: at most `most` of the test set.
-- @param data a tensor, a part, a data set, the path of an .npz or .npy; nil: the configuration's test set
-- @param config or nil
-- @param most how many
-- @return { x =, y = (or nil), what = text, of = how many there are }; nil where there are none; nil and a message
function M.samples(data, config, most)
  local part, what = part_of(data, config)
  if not part then return nil, what end
  local n, x, y = parts.rows(part), parts.some(part)
  local last = math.min(x:size(1), most)
  if y and (y:rank() ~= 1 or y:dtype() ~= "i32") then y = nil end
  return { x = x:slice(1, 1, last):to "f32", y = y and y:slice(1, 1, last), what = what, of = n }
end

--- Reads the net.
-- @param path of a model's description
-- @return the net; or nil and a message
function M.net(path)
  local net, why = model.load(path)
  if not net then
    if arch.load(path) then why = path .. ": an architecture has no weights; firmware needs best_model.yaml of a local search (nac-lua local)" end
    return nil, why
  end
  if #formats.list(net) == 0 then
    return nil, ("%s: the net has no number formats; firmware needs them: run the local search (nac-lua local), or nac.quant.prepare"):format(path)
  end
  return net
end

return M
