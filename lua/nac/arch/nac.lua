--- NAC's model descriptions: flat tables of hyper-parameters such as
--
--     openhls: {b0: ConvAttn, b1: Conv, b2: None, Proj_outchannel: 1, b0_ConvAttn_hiddenchannel: 3, ...}
--
-- Widths and channels in them are indices of lists that stood in the program, and
-- those lists were changed later. `decode = 2024` (default) takes the lists that
-- NAC's example files and published trials were written for, `decode = 2025` the
-- lists of its later search-space files. Both build BraggNN (11 x 11 images, two
-- outputs) and DeepSets (8 particles of 3 features, five classes).
local enum = require "nac.util.enum"
local words = require "nac.config.words"
local yaml = require "nac.util.yaml"

local M = {}

-- What an index means: list[index + 1]. `head`: layers of BraggNN's MLP.
local common = {
  channels = { 2, 4, 8, 16, 32, 64 }, hidden = { 1, 2, 4, 8, 16, 32 }, braggnn_widths = { 4, 8, 16, 32, 64 },
  bottleneck = { 1, 2, 4, 8, 16, 32, 64 }, activations = { "relu", "leaky_relu", "gelu", "identity" },
  aggregations = { "mean", "max" },
}
local function variant(t) return setmetatable(t, { __index = common }) end
M.spaces = {
  -- In phi, 'batch' was over the places in the set and 'sequence' over features.
  [2024] = variant {
    projection = { 8, 16, 32, 64 }, deepsets_widths = { 4, 8, 16, 32, 64 }, head = 4,
    phi_norms = { batch = "batch_positions", sequence = "batch" },
  },
  [2025] = variant {
    projection = { 4, 8, 16, 32, 64 }, channels = { 4, 8, 16, 32, 64 }, deepsets_widths = { 8, 16, 32, 64, 128 }, head = 3,
    phi_norms = { batch = "batch", sequence = "batch" },
  },
}

local Reader = {}
Reader.__index = Reader

local function fail(self, key, fmt, ...)
  local where = self.doc:where(self.params, key)
  error({ decode = ("%s: %s%s"):format(where, self.example and ("example '%s': "):format(self.example) or "", fmt:format(...)) }, 0)
end

function Reader:value(key)
  local value = self.params[key]
  if value == nil then
    local keys = self.doc:keys(self.params)
    local near = enum.nearest(key, keys)
    fail(self, nil, "key '%s' is missing%s", key, near and not self.read[near] and ("; nearest: '%s'"):format(near) or "")
  end
  self.read[key] = true
  return value
end

-- A value as a word: any spelling of null is one.
local function word_of(value)
  if value == yaml.null or value == false or package.loaded.dkjson and value == package.loaded.dkjson.null then return "null" end
  return type(value) == "table" and "a list or mapping" or tostring(value)
end

-- The entry of a list that an index stands for.
function Reader:index(key, list)
  local value = self:value(key)
  local i = math.tointeger(value)
  if not i or i < 0 or i >= #list then
    fail(self, key, "%s: index %s is not from 0 to %d (decode %d: %s)", key, word_of(value), #list - 1, self.decode,
      table.concat(list, ", "))
  end
  return list[i + 1]
end

function Reader:integer(key, least, most)
  local value = self:value(key)
  local n = math.tointeger(value)
  if not n or n < least or n > most then fail(self, key, "%s: %s is not from %d to %d", key, word_of(value), least, most) end
  return n
end

-- A word, or the index of one.
function Reader:word(key, list, set)
  local value = self:value(key)
  if math.type(value) then return self:index(key, list) end
  local word, why = words.find(set, word_of(value))
  if not word then fail(self, key, "%s: %s", key, why) end
  return word
end

function Reader:norm(key, norms)
  local value = self:value(key)
  if norms and norms[value] then return norms[value] end
  if value == "sequence" then return "batch" end
  local word, why = words.find(words.norm, word_of(value))
  if not word then fail(self, key, "%s: %s", key, why) end
  return word
end

-- PREFIX_width_i, PREFIX_acts_i and PREFIX_norms_i of `layers` dense layers. Each
-- has a bias, as there, also before a batchnorm.
function Reader:dense(prefix, inputs, outputs, layers, widths, norms)
  local p = { widths = { inputs }, activations = {}, normalizations = {}, bias = true }
  for i = 1, layers do
    p.widths[i + 1] = i < layers and self:index(("%s_width_%d"):format(prefix, i - 1), widths) or outputs
    p.activations[i] = self:word(("%s_acts_%d"):format(prefix, i - 1), self.space.activations, words.activation)
    p.normalizations[i] = self:norm(("%s_norms_%d"):format(prefix, i - 1), norms)
  end
  return p
end

-- The two kernels of a block on an image of this side (`nac.space.draw`).
function Reader:kernels(prefix, side)
  local kernels = {}
  for i = 1, 2 do kernels[i] = self:integer(("%s_kernels_%d"):format(prefix, i - 1), 1, 255) end
  local drawn, changed = { table.unpack(kernels) }, {}
  for at, i in ipairs(require("nac.space.draw").shrink(kernels, side)) do
    changed[at] = ("%s_kernels_%d: %d"):format(prefix, i - 1, drawn[i])
  end
  if #changed > 0 then
    self.notes[#self.notes + 1] = ("%s becomes 1, as NAC had it: the image is %dx%d here"):format(
      table.concat(changed, ", "), side, side)
  end
  return kernels, side - kernels[1] - kernels[2] + 2
end

local function braggnn(r)
  local space, components = r.space, {}
  local channels, side = r:index("Proj_outchannel", space.projection), 9
  local function add(kind, name, params) components[#components + 1] = { block_type = kind, name = name, params = params } end
  add("Conv", "proj", {
    channels = { 1, channels }, kernels = { 3 }, activations = { "identity" }, normalizations = { "none" }, bias = true,
  })
  for b = 0, 2 do
    local name = "b" .. b
    local kind = r:word(name, { "Conv", "ConvAttn", "None" }, words.block)
    if kind == "Conv" then
      local prefix, p = name .. "_Conv", { channels = { channels }, activations = {}, normalizations = {}, bias = true }
      for i = 1, 2 do
        p.channels[i + 1] = r:index(("%s_channels_%d"):format(prefix, i - 1), space.channels)
        p.activations[i] = r:word(("%s_acts_%d"):format(prefix, i - 1), space.activations, words.activation)
        p.normalizations[i] = r:norm(("%s_norms_%d"):format(prefix, i - 1))
      end
      p.kernels, side = r:kernels(prefix, side)
      channels = p.channels[3]
      add("Conv", name, p)
    elseif kind == "ConvAttn" then
      local hidden = r:index(name .. "_ConvAttn_hiddenchannel", space.hidden)
      local act = r:word(name .. "_ConvAttn_act", space.activations, words.activation)
      if act ~= "identity" then
        r.notes[#r.notes + 1] = ("%s_ConvAttn_act: %s is applied; NAC itself handed it to another argument and trained without"):format(
          name, act)
      end
      add("ConvAttn", name, { hidden_channels = hidden, activation = act })
    elseif kind ~= "None" then
      fail(r, name, "%s: block type %s is not among Conv, ConvAttn, None", name, kind)
    end
  end
  add("MLP", "head", r:dense("MLP", channels * side * side, 2, space.head, space.braggnn_widths))
  return { model_type = "BlockBased", input_shape = { 11, 11, 1 }, output_dim = 2, components = components }
end

local aggregation = { what = "aggregation", { "mean" }, { "max" } }

local function deepsets(r)
  local space = r.space
  local bottleneck = r:index("bottleneck_dim", space.bottleneck)
  local params = {
    phi = r:dense("phi_MLP", 3, bottleneck, r:integer("phi_len", 1, 64), space.deepsets_widths, space.phi_norms),
    aggregation = r:word("aggregator_type", space.aggregations, aggregation),
    rho = r:dense("rho_MLP", bottleneck, 5, r:integer("rho_len", 1, 64), space.deepsets_widths),
  }
  return {
    model_type = "BlockBased", input_shape = { 8, 3 }, output_dim = 5,
    components = { { block_type = "DeepSets", name = "jets", params = params } },
  }
end

local function read(params, doc, options)
  local decode = math.tointeger(tonumber(options.decode or 2024))
  if not M.spaces[decode or 0] then
    return nil, ("decode: %s is not known; known: 2024, 2025"):format(tostring(options.decode))
  end
  local r = setmetatable({
    params = params, doc = doc, decode = decode, space = M.spaces[decode], example = options.example, read = {}, notes = {},
  }, Reader)
  local ok, desc = pcall(params.bottleneck_dim ~= nil and deepsets or braggnn, r)
  if not ok then
    if type(desc) == "table" and desc.decode then return nil, desc.decode end
    error(desc, 0)
  end
  local unread = {}
  for key in pairs(params) do if not r.read[key] then unread[#unread + 1] = tostring(key) end end
  table.sort(unread)
  if #unread > 0 then r.notes[#r.notes + 1] = ("decode %d does not read %s"):format(decode, table.concat(unread, ", ")) end
  return desc, r.notes
end

--- Whether a table is one of NAC's model descriptions.
function M.is(t) return type(t) == "table" and (t.Proj_outchannel ~= nil or t.bottleneck_dim ~= nil) end

--- The names of the examples in a table of them, sorted.
function M.examples(t)
  local names = {}
  for name, example in pairs(t) do if M.is(example) then names[#names + 1] = tostring(name) end end
  table.sort(names)
  return names
end

--- Decodes one model.
-- @param params hyper-parameters by NAC's names; `false` or YAML's null stand for no normalisation
-- @param[opt] options {decode = 2024 | 2025, example = name for messages, doc = the YAML document
-- that `params` comes from}
-- @return the description, in the form that `nac.arch.from_table` takes, and a list of notes; or nil
-- and what is wrong, with the key and what it may be
function M.decode(params, options)
  if not M.is(params) then error("nac.arch.nac.decode: a table with Proj_outchannel or bottleneck_dim is expected", 2) end
  options = options or {}
  return read(params, options.doc or yaml.wrap("hyper-parameters"), options)
end

return M
