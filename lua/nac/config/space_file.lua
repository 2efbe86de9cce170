--- Search spaces in files of their own, as the predecessors have them: flat,
-- under `search_spaces` and `hyperparameters`, or as lists a layer
-- (num_layers, hidden_units1, activation1, batchnorm1, ...).
local check = require "nac.config.check"
local schema = require "nac.config.schema"
local words = require "nac.config.words"
local yaml = require "nac.util.yaml"

local M = {}

local function section_keys()
  for _, rule in ipairs(schema) do if rule.key == "search_space" then return rule.keys end end
end

-- Known, kept, and without effect: this version does not search them.
local unused = {
  "task_config", "training_search_space", "hardware_config", "hardware_targets", "learning_rate", "dropout_rate", "batch_size",
}

-- Lists a layer of `nac.space.mlp_snac_pack`.
local function layer_keys()
  local keys = { { key = "num_layers", kind = "list", of = { kind = "integer", min = 2, max = 5 } } }
  for i = 1, 4 do
    keys[#keys + 1] = { key = "hidden_units" .. i, kind = "list", of = { kind = "integer", min = 1, max = 1000000 } }
    keys[#keys + 1] = { key = "activation" .. i, kind = "list", of = { kind = "word", words = words.activation } }
    keys[#keys + 1] = { key = "batchnorm" .. i, kind = "list", of = { kind = "boolean" } }
  end
  return keys
end

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

-- Lists that name a layer which num_layers reaches must be there.
local function layer_lists(found, lines, where)
  local lists, any = {}, false
  for _, rule in ipairs(layer_keys()) do
    lists[rule.key] = found[rule.key]
    any = any or found[rule.key] ~= nil
  end
  if not any then return nil end
  for _, layers in ipairs(lists.num_layers or {}) do
    for i = 1, layers - 1 do
      for _, name in ipairs { "hidden_units", "activation", "batchnorm" } do
        if not lists[name .. i] then
          return nil, ("%s: num_layers reaches %d, but %s%d is missing"):format(lines.num_layers or where, layers, name, i)
        end
      end
    end
  end
  if not lists.num_layers then return nil, where .. ": num_layers is missing beside the lists of layers" end
  return lists
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
  local lists, why = layer_lists(found, lines, path)
  if why then return nil, why end
  if lists then section.mlp_preset, section.mlp_lists = "snac-pack", lists end
  for _, key in ipairs(unused) do
    if lines[key] then notes[#notes + 1] = ("%s: %s is not searched by this version"):format(lines[key], key) end
  end
  return section, places, notes
end

return M
