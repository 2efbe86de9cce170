--- Architecture descriptions: plain tables in the predecessor's BlockBased form.
--
--     model_type: BlockBased
--     input_shape: [64]
--     output_dim: 10
--     components:
--       - block_type: MLP
--         name: classifier_head
--         params: {widths: [64, 32, 10], activations: [relu, softmax], normalizations: [batch, null]}
--
-- In a description activations and normalisations are canonical words ("relu",
-- "leaky_relu", "none", "batch"), whatever the file's spelling.
local blocks = require "nac.blocks"
local check = require "nac.config.check"
local enum = require "nac.util.enum"
local file = require "nac.util.file"
local nac = require "nac.arch.nac"
local words = require "nac.config.words"
local yaml = require "nac.util.yaml"

local M = {}

local component_keys = {
  { key = "block_type", kind = "word", words = words.block, required = true },
  { key = "name", kind = "string" },
  { key = "params", kind = "raw" },
}

local keys = {
  { key = "model_type", kind = "word", words = { what = "model type of an architecture", { "BlockBased" } }, default = "BlockBased" },
  { key = "input_shape", kind = "list", of = { kind = "integer", min = 1, max = 2 ^ 31 }, repeats = true, most = 4, required = true },
  { key = "output_dim", kind = "integer", min = 1 },
  { key = "components", kind = "list", of = { kind = "section", keys = component_keys }, repeats = true, most = 1000, required = true },
}

-- Walks the blocks, filling in names and checking parameters and shapes.
local function resolve(desc, source, doc)
  local shape = desc.input_shape
  for i, component in ipairs(desc.components) do
    local at = source.components[i]
    local row = blocks.find(component.block_type)
    component.name = component.name or component.block_type:lower() .. "_" .. i
    local label = ("components[%d] '%s' (%s)"):format(i, component.name, component.block_type)
    local params, why = check.check(row.keys, at.params ~= yaml.null and at.params or {}, doc)
    if not params then return nil, (why:gsub("^(.-): ", "%1: " .. label:gsub("%%", "%%%%") .. ": ", 1)) end
    local where = doc:where(at)
    local wrong = row.check and row.check(params)
    if wrong then return nil, ("%s: %s: %s"):format(where, label, wrong) end
    component.params = params
    local after, bad = row.shape(params, shape)
    if not after then return nil, ("%s: %s: %s"):format(where, label, bad) end
    shape = after
  end
  local n = blocks.numel(shape)
  if desc.output_dim and desc.output_dim ~= n then
    return nil, ("%s: output_dim is %d, the last block gives %d"):format(doc:where(source, "output_dim"), desc.output_dim, n)
  end
  desc.output_dim = n
  return desc
end

local function read(value, doc)
  if type(value) == "table" and type(value.architecture) == "table" then value = value.architecture end
  local desc, why = check.check(keys, value, doc)
  if not desc then return nil, why end
  return resolve(desc, value, doc)
end

-- A copy in which every spelling of null is YAML's.
local function nulls(value)
  local json = package.loaded.dkjson
  if value == false or json and value == json.null then return yaml.null end
  if type(value) ~= "table" or value == yaml.null then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = nulls(item) end
  return copy
end

--- Checks a description given as a table.
-- @param t a table in the BlockBased form, or one with a field `architecture`;
-- `false`, dkjson's or YAML's null stand for no normalisation
-- @param[opt="architecture"] name what to call it in messages
-- @return the description, or nil and what is wrong
function M.from_table(t, name)
  if type(t) ~= "table" then error(("nac.arch.from_table: a table is expected, not a %s"):format(type(t)), 2) end
  return read(nulls(t), yaml.wrap(name or "architecture"))
end

--- Checks a description given as YAML or JSON text.
-- @param text the document
-- @param[opt="architecture"] name what to call it in messages
-- @return the description, or nil and "name:line: what is wrong"
function M.parse(text, name)
  local value, doc = yaml.parse(text, name or "architecture")
  if value == nil then return nil, doc end
  return read(value, doc)
end

-- One of NAC's model descriptions in a file of them.
local function read_example(value, doc, options)
  local names, params, name = type(value) == "table" and nac.examples(value) or {}, value, options.example
  if name and #names == 0 then return nil, ("%s: there are no examples in this file"):format(doc.name) end
  if name or #names > 0 then
    if not name then return nil, ("%s: which of the examples? %s"):format(doc.name, table.concat(names, ", ")) end
    params = value[name]
    if not nac.is(params) then return nil, ("%s: %s"):format(doc.name, enum.refusal(name, names, "example")) end
  end
  local desc, notes = nac.decode(params, { decode = options.decode, example = name, doc = doc })
  if not desc then return nil, notes end
  local checked, why = read(desc, yaml.wrap(doc.name))
  if not checked then return nil, why end
  return checked, { notes = notes }
end

--- Reads a description from a YAML or JSON file.
-- @param path the file: bare, or under `architecture:` as the searches write it; or a file of NAC's
-- model descriptions (`nac.arch.nac`)
-- @param[opt] options {example = which of NAC's examples, decode = 2024 | 2025: its lists of widths}
-- @return the description and the file's `metadata` (or nil; {notes = {text}} of an example); or nil, message
function M.load(path, options)
  local value, doc = yaml.load(path)
  if value == nil then return nil, doc end
  options = options or {}
  if nac.is(value) or options.example or type(value) == "table" and #nac.examples(value) > 0 then
    return read_example(value, doc, options)
  end
  local desc, why = read(value, doc)
  if not desc then return nil, why end
  return desc, type(value.metadata) == "table" and value.metadata or nil
end

-- The words as the predecessor's files write them.
local spelling = { leaky_relu = "LeakyReLU", gelu = "GELU", identity = "Identity" }

local function written(params)
  local out = setmetatable({}, yaml.map)
  for key, value in pairs(params) do
    if key == "phi" or key == "rho" then
      out[key] = written(value)
    elseif type(value) == "table" then
      local list = {}
      for i, item in ipairs(value) do
        list[i] = key == "normalizations" and item == "none" and yaml.null or spelling[item] or item
      end
      out[key] = list
    elseif type(value) == "string" then
      out[key] = spelling[value] or value
    else
      out[key] = value
    end
  end
  return out
end

--- The description as YAML, in the form and order of the predecessor's
-- `trial_yamls/trial_N_arch.yaml`.
-- @param desc a description
-- @param[opt] metadata a table for `metadata:` (trial_id, global_search_accuracy, ...)
-- @return the text
function M.to_yaml(desc, metadata)
  local components = {}
  for i, c in ipairs(desc.components) do
    components[i] = { block_type = c.block_type, name = c.name, params = written(c.params) }
  end
  return yaml.dump({
    metadata = metadata,
    architecture = {
      model_type = desc.model_type, input_shape = desc.input_shape, output_dim = desc.output_dim, components = components,
    },
  }, { order = {
    "metadata", "trial_id", "global_search_accuracy", "global_search_bops", "architecture",
    "model_type", "input_shape", "output_dim", "components", "block_type", "name", "params",
    "widths", "channels", "kernels", "activations", "normalizations", "bias", "hidden_channels", "activation", "phi", "aggregation", "rho",
  } })
end

--- Writes a description to a file: temporary name first, then renamed.
-- @param desc a description
-- @param path the file
-- @param[opt] metadata as in `to_yaml`
-- @return true, or nil and a message with the path
function M.write(desc, path, metadata) return file.write(path, M.to_yaml(desc, metadata)) end

--- The description as an `nn` arch: blocks become layers under a group name.
-- @param desc a description (from `load`, `parse`, `from_table` or a space)
-- @param[opt] options {head = true} keeps the output's softmax or sigmoid as a
-- layer; by default it is left out, because training is on logits. {dropout = rate}
-- puts dropout behind every activation but the output's
-- @return an arch (`nac.nn`); raises where a block or an activation is not among
-- the engine's
function M.to_nn(desc, options)
  local nn = require "nac.nn"
  local arch = nn.sequential { input = blocks.engine_shape(desc.input_shape) }
  local shape, last, how = desc.input_shape, #desc.components, options or {}
  for i, component in ipairs(desc.components) do
    local row = blocks.find(component.block_type)
    if not row.build then
      error(("nac.arch.to_nn: block '%s' of type %s is not among the engine's blocks yet; it can be counted, not trained")
        :format(component.name, component.block_type), 0)
    end
    row.build(arch, component, shape, { head = i == last and not how.head, last = i == last, dropout = how.dropout })
    shape = assert(row.shape(component.params, shape))
  end
  return arch
end

--- The output activation that `to_nn` leaves out: "softmax", "sigmoid" or nil.
function M.head(desc)
  local last = desc.components[#desc.components]
  local list = last and (last.params.rho or last.params).activations
  local act = list and list[#list]
  if act == "softmax" or act == "sigmoid" then return act end
end

return M
