--- Search spaces in files of their own, as the predecessors have them: flat,
-- under `search_spaces` and `hyperparameters`, or as lists a layer
-- (num_layers, hidden_units1, activation1, batchnorm1, ...).
local check = require "nac.config.check"
local schema = require "nac.config.schema"
local yaml = require "nac.util.yaml"

local M = {}

local function keys_of(keys, name)
  for _, rule in ipairs(keys) do if rule.key == name then return rule.keys end end
end

local function section_keys() return keys_of(schema, "search_space") end

-- Lists a layer: they become `mlp_lists`.
local function layer_keys() return keys_of(section_keys(), "mlp_lists") end

-- Known, kept, and without effect: this version does not search them.
local unused = {
  "task_config", "training_search_space", "hardware_config", "hardware_targets", "learning_rate", "dropout_rate", "batch_size",
}

local function file_schema()
  local keys = {
    { key = "search_spaces", kind = "section", keys = section_keys() },
    { key = "hyperparameters", kind = "section", keys = section_keys() },
  }
  table.move(section_keys(), 1, #section_keys(), #keys + 1, keys)
  local layers = layer_keys()
  table.move(layers, 1, #layers, #keys + 1, keys)
  for _, key in ipairs(unused) do keys[#keys + 1] = { key = key, kind = "any" } end
  return keys
end

--- Reads a file of a search space.
-- @param path the file
-- @return section `search_space` of a configuration, with defaults; the lines of
-- its keys; notes on keys without effect. Or nil and "file:line: what is wrong"
function M.load(path)
  local value, doc = yaml.load(path)
  if value == nil then return nil, doc end
  local found, lines = check.check(file_schema(), value, doc)
  if not found then return nil, lines end
  local section, places, notes = {}, { search_space = path }, {}
  for _, rule in ipairs(section_keys()) do
    local key = rule.key
    for _, prefix in ipairs { "", "search_spaces.", "hyperparameters." } do
      local from = prefix == "" and found or found[prefix:sub(1, -2)]
      if lines[prefix .. key] then section[key], places["search_space." .. key] = from[key], lines[prefix .. key] end
    end
    if section[key] == nil then section[key] = found[key] end
  end
  for _, rule in ipairs(layer_keys()) do
    if lines[rule.key] then
      section.mlp_preset = "snac-pack"
      section.mlp_lists[rule.key], places["search_space.mlp_lists." .. rule.key] = found[rule.key], lines[rule.key]
    end
  end
  for _, key in ipairs(unused) do
    if lines[key] then notes[#notes + 1] = ("%s: %s is not searched by this version"):format(lines[key], key) end
  end
  return section, places, notes
end

return M
