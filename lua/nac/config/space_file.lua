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

-- Sections of a configuration that such a file may have, too.
local sections = { "training_search_space", "task_config", "hardware_config" }

local function section_rule(name)
  for _, rule in ipairs(schema) do
    if rule.key == name then return rule end
  end
end

-- Lists of the training beside those of the layers: they become `training_search_space`.
local function training_keys() return keys_of(schema, "training_search_space") end

local function file_schema()
  local keys = {
    { key = "search_spaces", kind = "section", keys = section_keys() },
    { key = "hyperparameters", kind = "section", keys = section_keys() },
  }
  for _, more in ipairs { section_keys(), layer_keys(), training_keys() } do table.move(more, 1, #more, #keys + 1, keys) end
  for _, name in ipairs(sections) do keys[#keys + 1] = section_rule(name) end
  return keys
end

-- The sections beside the space that the file has, with the lines of their keys.
local function beside(found, lines, places)
  local out = {}
  for _, name in ipairs(sections) do
    for _, rule in ipairs(section_rule(name).keys) do
      local value, line = (found[name] or {})[rule.key], lines[name .. "." .. rule.key]
      if name == "training_search_space" and lines[rule.key] then value, line = found[rule.key], lines[rule.key] end
      if value ~= nil then
        out[name] = out[name] or {}
        out[name][rule.key], places[name .. "." .. rule.key] = value, line
      end
    end
  end
  return out
end

--- Reads a file of a search space.
-- @param path the file
-- @return section `search_space` of a configuration, with defaults; the lines of
-- its keys; the sections task_config, training_search_space and hardware_config as far as it has them.
-- Or nil and "file:line: what is wrong"
function M.load(path)
  local value, doc = yaml.load(path)
  if value == nil then return nil, doc end
  local found, lines = check.check(file_schema(), value, doc)
  if not found then return nil, lines end
  local section, places = {}, { search_space = path }
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
  return section, places, beside(found, lines, places)
end

return M
