--- Architectures: layers as plain tables, put together and built into nets.
--
--     local arch = nac.nn.sequential {
--       input = { 64 },
--       nac.nn.dense { units = 32 },
--       nac.nn.relu {},
--       nac.nn.dense { units = 10 },
--     }
--     local net = arch:build { seed = 1 }
--
-- A layer is a table `{ kind = "dense", units = 32 }`; `nn.dense { units = 32 }`
-- makes it. Every layer may have a `name` (its parameters are then called
-- "name.weight") and a `group` (the block it came from).
--
-- Anything that is not a chain is written by applying layers to values:
--
--     local x = nac.nn.input { 16 }
--     local h = nac.nn.dense { units = 16 } (x)
--     local arch = nac.nn.graph { input = x, output = nac.nn.dense { units = 5 } (nac.nn.relu {} (h)) }
--
-- A layer that is applied twice shares its parameters.
--
-- Layer kinds and their attributes. An axis is one of a sample (without the
-- batch), counted from 1, or from the end by -1, -2, ...
--
-- * `dense { units, bias = true }`: y = x W^T + b over the last axis
-- * `conv2d { channels, kernel, stride = 1, padding = 0, dilation = 1, groups = 1,
--   bias = true }` of {channels, height, width}, `conv1d` of {channels, length}:
--   numbers, or lists of one a dimension; `same = true` in place of padding makes
--   the output input / stride long, rounded up, the odd zero behind (Keras);
--   groups = channels of the input: depthwise. Weights are {channels, channels of
--   the input / groups, kernel}
-- * `batchnorm { momentum = .1, eps = 1e-5, axis = 1 }`: statistics of each
--   channel along the axis; -1 for the features of a set {positions, features}
-- * `relu {}`, `leaky_relu { slope = .01 }`, `tanh {}`, `sigmoid {}`,
--   `gelu { approximate = false }` (true: by tanh), `silu {}`,
--   `elu { alpha = 1 }`, `softplus {}`, `hard_tanh {}`, `hard_sigmoid {}`
-- * `softmax { axis = -1 }`, `log_softmax { axis = -1 }`
-- * `aggregate { func = "mean"|"max"|"sum", axis = 1 }`: the axis goes; a set
--   {positions, features} becomes {features}
-- * `layernorm { rank = 1, eps = 1e-5 }`: over the last `rank` dimensions (0: all),
--   weights of their shape; `layernorm { axis = 1 }`: along that axis only
-- * `max_pool { size, stride = size, padding = 0 }`, `avg_pool { size, stride,
--   padding, count_include_pad = true }` of {channels, length} or {channels,
--   height, width}: numbers, or lists of one a dimension; `global_avg_pool {}`,
--   `global_max_pool {}`: one number a channel
-- * `add {}`, `mul {}`: the sum and the product of two values of one shape
-- * `matmul { transpose_a = false, transpose_b = false }`: of two values
--   {..., m, k} and {..., k, n}; `scale { value }`: times a constant
-- * `concat { axis = 1 }` of two to four values, `slice { axis = 1, first = 1,
--   last = -1 }`, `reshape { shape }` (one -1 is what is left), `permute { order }`
-- * `flatten {}`, `dropout { rate = .5 }`, `identity {}`
-- * `standardize { axis = -1 }`: (x - offset) scale a feature of an axis (1 the first,
--   -1 the last, 0 every element); the two are computed from data, not trained
--
-- Composite layers, which leave only these behind (`lua/nac/nn/blocks/`):
--
-- * `mlp { units = { 64, 32 }, activations = "relu", norms = "none", bias }` over the last axis; words stand for all layers, the
--   last too, or there is a list: `activations = { "relu", "identity" }`
-- * `conv_attn { hidden, activation = "identity", scaled = false }`: attention over
--   the positions of an image, with a residual sum
-- * `self_attention { heads = 1, dim = features, bias = true }` among the elements of
--   a set {elements, features}
-- * `deepsets { phi = { 32, 32 }, aggregation = "mean"|"max"|"sum", rho = { 16, 5 } }`: phi and rho as of `mlp`; of outputs
--   that may be negative `rho = { units = { 16, 5 }, activations = { "relu", "identity" } }`
local cnet = require "nac.c.net"
local enum = require "nac.util.enum"
local graph = require "nac.nn.graph"

local M = {}

local kinds = cnet.kinds()

--- The names of all layer kinds, composites included.
-- @return a list of strings
function M.kinds() return { table.unpack(kinds) } end

-- Layers are plain data that can be called: layer(value, ...) -> value.
local Layer = {}
function Layer:__call(...) return graph.apply(self, { ... }) end

--- Makes a layer of a kind given by name.
-- @param kind one of `nn.kinds()`
-- @param[opt] attributes table of the kind's attributes, `name`, `group`
-- @return the layer, a table
function M.layer(kind, attributes)
  enum.check(kind, kinds, "layer kind", 2)
  if attributes ~= nil and type(attributes) ~= "table" then
    error(("nn.%s takes a table of attributes, got %s"):format(kind, type(attributes)), 2)
  end
  local layer = { kind = kind }
  for key, value in pairs(attributes or {}) do layer[key] = value end
  return setmetatable(layer, Layer)
end

local function constructor(kind)
  M[kind] = function(attributes) return M.layer(kind, attributes) end
end
for _, kind in ipairs(kinds) do constructor(kind) end

--- Adds a composite layer kind: a function that is run once, when a net is
-- described, and puts primitive layers together. Gradients, cost and firmware
-- come with them.
--
--     nac.nn.define("residual", function(x, attributes)
--       local y = nac.nn.dense { units = attributes.units } (x)
--       return nac.nn.add {} (x, y)
--     end)
--     arch:add(nac.nn.residual { units = 16 })
--
-- What no layers can express is given as functions of its own over tensors of
-- rows; such a layer is trained through, but has no parameters, no cost and no
-- form in hardware. Each row stands for itself: functions see pieces of a batch.
--
--     nac.nn.define("square", {
--       shape = function(input) return input end,              -- of a sample; default: the input's
--       forward = function(x, attributes) return x * x end,
--       backward = function(x, y, gy, attributes) return gy * x * 2 end, -- the gradient of x
--     })
-- @param kind the new kind's name
-- @param expand function(value, ..., attributes) -> value; `value:shape()` is
--   the shape of one sample. Or `{ shape =, forward =, backward = }` as above
function M.define(kind, expand)
  if type(expand) == "table" then expand = graph.opaque(kind, expand) end
  if type(kind) ~= "string" or not kind:find("^[%a_][%w_]*$") then error("a layer kind's name is a Lua name", 2) end
  if rawget(M, kind) and not graph.is_composite(kind) then error(("'%s' is taken"):format(kind), 2) end
  if type(expand) ~= "function" then error("nn.define takes a function, or { shape =, forward =, backward = }, got " .. type(expand), 2) end
  if not graph.is_composite(kind) then kinds[#kinds + 1] = kind end
  graph.define(kind, expand)
  constructor(kind)
end

local Arch = {}
Arch.__index = Arch

local function check_shape(shape)
  if type(shape) ~= "table" or #shape == 0 then
    error("an architecture needs input = { shape of one sample }, for example { 64 }", 3)
  end
  return { table.unpack(shape) }
end

-- What Arch:add does; `level` is whose line an error shows, as in `error`.
local function append(arch, layer, level)
  if type(layer) ~= "table" or (layer.kind == nil and #layer == 0 and next(layer) ~= nil) then
    error("a layer or a list of layers expected, got "
      .. (type(layer) == "table" and "a table without a kind" or type(layer)), level + 1)
  end
  if layer.kind == nil then
    for _, each in ipairs(layer) do append(arch, each, level + 1) end
  else
    enum.check(layer.kind, kinds, "layer kind", level + 1)
    if getmetatable(layer) == nil then setmetatable(layer, Layer) end
    arch.layers[#arch.layers + 1] = layer
  end
end

--- Starts a chain of layers.
-- @param options `input` = shape of one sample, then the first layers in order
-- @return an architecture with the methods below
function M.sequential(options)
  if type(options) ~= "table" then
    error("nn.sequential takes a table { input = {...}, layers }, got " .. type(options), 2)
  end
  local arch = setmetatable({ input = check_shape(options.input), layers = {} }, Arch)
  for _, layer in ipairs(options) do append(arch, layer, 2) end
  return arch
end

--- The input of a net, to apply layers to.
-- @param shape shape of one sample
-- @return a value
function M.input(shape)
  if type(shape) ~= "table" or #shape == 0 then error("nn.input takes the shape of one sample, for example { 8, 3 }", 2) end
  return graph.input({ table.unpack(shape) })
end

--- An architecture from values.
-- @param options `input` = what nn.input gave, `output` = the value that the net computes
-- @return an architecture with the methods below
function M.graph(options)
  if type(options) ~= "table" or not graph.is_value(options.input) or not graph.is_value(options.output) then
    error("nn.graph takes { input = value, output = value }", 2)
  end
  return setmetatable({ input = options.input:shape(), input_value = options.input, output_value = options.output }, Arch)
end

--- Appends a layer, or a list of layers (a block).
-- @param layer what `nn.dense {}` and the others make
-- @return the architecture, so that calls chain
function Arch:add(layer)
  if self.output_value then error("a graph is complete; only a chain takes more layers", 2) end
  append(self, layer, 2)
  self.described = nil
  return self
end

--- Puts a layer before all others, right behind the input.
-- @param layer what `nn.standardize {}` and the others make
-- @return the architecture, so that calls chain
function Arch:prepend(layer)
  if type(layer) ~= "table" or layer.kind == nil then error("a layer expected, got " .. type(layer), 2) end
  enum.check(layer.kind, kinds, "layer kind", 2)
  if graph.is_composite(layer.kind) then error("a composite layer cannot stand before the input", 2) end
  self.before = self.before or {}
  table.insert(self.before, 1, layer)
  self.described = nil
  return self
end

local function describe(arch)
  local input, output = arch.input_value, arch.output_value
  if not output then -- a chain
    input = graph.input(arch.input)
    output = input
    for _, layer in ipairs(arch.layers) do output = graph.apply(layer, { output }) end
  end
  return graph.describe(output, input, arch.before)
end

-- Runs f and shows an error at the line of the user who called a method of Arch.
local function at_caller(f, ...)
  local ok, result = pcall(f, ...)
  if not ok then error(result, 3) end
  return result
end

-- The net with weights; errors carry no position of this file.
local function initialised(net, seed)
  local ok, message = pcall(net.init, net, seed)
  if not ok then error(message, 0) end
  return net
end

--- The net without weights: shapes, parameter counts, costs.
-- Nothing large is allocated. Raises when layers do not fit, naming the layer.
-- @return a nac.net, shared by later calls
function Arch:net()
  self.described = self.described or at_caller(describe, self)
  return self.described
end

--- The net with weights, ready to train.
-- @param[opt] options `seed` = integer, default 1
-- @return a nac.net of its own
function Arch:build(options)
  local seed = options and options.seed or 1
  if math.type(seed) ~= "integer" then error("seed must be an integer, got " .. tostring(seed), 2) end
  return (at_caller(function() return initialised(describe(self), seed) end)) -- no tail call: levels count
end

local function attributes_text(attrs)
  local words = {}
  for key, value in pairs(attrs) do
    words[#words + 1] = key .. "=" .. (type(value) == "table" and table.concat(value, "x") or tostring(value))
  end
  table.sort(words)
  return table.concat(words, ",")
end

--- What is really built, in one fixed form: names and layers that do nothing
-- (identity, dropout of rate 0, flatten of a flat sample) are left out.
-- @return a string, equal for equal networks
function Arch:canonical()
  local lines = { "input " .. table.concat(self.input, "x") }
  local place = { [1] = 1 } -- value -> canonical value
  local owner = {} -- layer that has parameters -> its canonical value
  local count = 1
  for index, layer in ipairs(self:net():layers()) do
    local from = {}
    for i, value in ipairs(layer.inputs) do from[i] = place[value] end
    local nothing = layer.kind == "identity" or (layer.kind == "dropout" and layer.attrs.rate == 0)
      or (layer.kind == "flatten" and #layer.input == 1)
    if nothing then
      place[index + 1] = from[1]
    else
      count = count + 1
      place[index + 1] = count
      owner[layer.name] = count
      local shared = layer.share and " sharing " .. owner[layer.share] or ""
      local what = layer.kind == "opaque" and layer.group or attributes_text(layer.attrs)
      lines[#lines + 1] = ("%d %s{%s}(%s)%s"):format(count, layer.kind, what, table.concat(from, ","), shared)
    end
  end
  return table.concat(lines, "\n")
end

--- SHA-256 of the canonical form: two trials with equal hashes built the same network.
-- @return 64 hexadecimal digits
function Arch:hash() return require("nac.c.hash").sha256(self:canonical()) end

--- Whether a value is an architecture of this module.
function M.is_arch(value) return getmetatable(value) == Arch end

-- The composite layers that come with the engine, one file each.
for _, kind in ipairs { "mlp", "conv_attn", "self_attention", "deepsets" } do
  M.define(kind, function(...) return require("nac.nn.blocks." .. kind)(...) end)
end

return setmetatable(M, {
  __index = function(_, kind)
    if type(kind) == "string" then error(enum.refusal(kind, kinds, "layer kind"), 2) end
  end,
})
