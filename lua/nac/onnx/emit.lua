--- The nodes of each layer kind in float ONNX (opset 20), one function a kind.
--
-- A function gets the layer at work: `g` the graph, `layer` of net:layers(), `x` and
-- `inputs` the names of its values, `parameter(suffix)` a tensor, `constant(suffix)` it
-- as a constant of the graph. It gives the name of its output. Axes of samples count
-- from 1 as ours do, because the batch is axis 0 there; so attributes are often the same.
local geometry = require "nac.onnx.geometry"

local M = {}

local LARGEST = math.maxinteger

-- Kinds that are one operation without parameters.
local function plain(op, attributes)
  return function(at)
    local made = {}
    for name, from in pairs(attributes or {}) do made[name] = type(from) == "string" and at.layer.attrs[from] or from end
    return at.g:node(op, at.layer.name, at.inputs, made)
  end
end

M.relu = plain "Relu"
M.tanh = plain "Tanh"
M.sigmoid = plain "Sigmoid"
M.softplus = plain "Softplus"
M.add = plain "Add"
M.mul = plain "Mul"
M.identity = plain "Identity"
M.dropout = plain "Identity" -- in evaluation
M.flatten = plain("Flatten", { axis = 1 })
M.softmax = plain("Softmax", { axis = "axis" })
M.log_softmax = plain("LogSoftmax", { axis = "axis" })
M.concat = plain("Concat", { axis = "axis" })

-- Attributes that are floats there, integers here where they happen to be whole.
function M.leaky_relu(at) return at.g:node("LeakyRelu", at.layer.name, at.inputs, { alpha = at.layer.attrs.slope + 0.0 }) end
function M.elu(at) return at.g:node("Elu", at.layer.name, at.inputs, { alpha = at.layer.attrs.alpha + 0.0 }) end
function M.hard_sigmoid(at) return at.g:node("HardSigmoid", at.layer.name, at.inputs, { alpha = 1 / 6, beta = 0.5 }) end

function M.gelu(at)
  return at.g:node("Gelu", at.layer.name, at.inputs, { approximate = at.layer.attrs.approximate and "tanh" or "none" })
end

function M.silu(at)
  local gate = at.g:node("Sigmoid", at.layer.name .. "_gate", { at.x })
  return at.g:node("Mul", at.layer.name, { at.x, gate })
end

function M.hard_tanh(at)
  local name = at.layer.name
  return at.g:node("Clip", name, { at.x, at.g:number(name .. ".min", -1), at.g:number(name .. ".max", 1) })
end

function M.scale(at)
  return at.g:node("Mul", at.layer.name, { at.x, at.g:number(at.layer.name .. ".value", at.layer.attrs.value) })
end

function M.dense(at)
  local layer = at.layer
  if #layer.input == 1 then
    local inputs = { at.x, at.constant "weight", layer.attrs.bias and at.constant "bias" or nil }
    return at.g:node("Gemm", layer.name, inputs, { transB = 1 })
  end
  local turned = at.g:constant((layer.share or layer.name) .. ".weight_t", at.parameter("weight"):transpose())
  local product = at.g:node("MatMul", layer.attrs.bias and layer.name .. "_product" or layer.name, { at.x, turned })
  return layer.attrs.bias and at.g:node("Add", layer.name, { product, at.constant "bias" }) or product
end

local function conv(at)
  local inputs = { at.x, at.constant "weight", at.layer.attrs.bias and at.constant "bias" or nil }
  return at.g:node("Conv", at.layer.name, inputs, geometry.conv(at.layer))
end
M.conv1d, M.conv2d = conv, conv

function M.max_pool(at) return at.g:node("MaxPool", at.layer.name, at.inputs, geometry.pool(at.layer)) end

function M.avg_pool(at)
  local attributes = geometry.pool(at.layer)
  attributes.count_include_pad = at.layer.attrs.count_include_pad and 1 or 0
  return at.g:node("AveragePool", at.layer.name, at.inputs, attributes)
end

local function global(op)
  return function(at)
    local name = at.layer.name
    return at.g:node("Flatten", name, { at.g:node(op, name .. "_pool", { at.x }) }, { axis = 1 })
  end
end
M.global_avg_pool, M.global_max_pool = global "GlobalAveragePool", global "GlobalMaxPool"

local REDUCE = { mean = "ReduceMean", max = "ReduceMax", sum = "ReduceSum" }

function M.aggregate(at)
  local name, attrs = at.layer.name, at.layer.attrs
  return at.g:node(REDUCE[attrs.func], name, { at.x, at.g:integers(name .. ".axis", { attrs.axis }) }, { keepdims = 0 })
end

-- The batch, then the dimensions of a sample in an order, as perm.
local function perm_of(order)
  local perm = { 0 }
  for i, axis in ipairs(order) do perm[i + 1] = axis end
  return perm
end

local function swapped(rank, a, b)
  local order = {}
  for i = 1, rank do order[i] = i end
  order[a], order[b] = b, a
  return order
end

function M.permute(at) return at.g:node("Transpose", at.layer.name, at.inputs, { perm = perm_of(at.layer.attrs.order) }) end

function M.reshape(at)
  local shape = at.g:integers(at.layer.name .. ".shape", { 0, table.unpack(at.layer.output) }) -- 0: as it comes
  return at.g:node("Reshape", at.layer.name, { at.x, shape })
end

function M.slice(at)
  local name, attrs = at.layer.name, at.layer.attrs
  local starts = attrs.first > 0 and attrs.first - 1 or attrs.first
  local ends = attrs.last > 0 and attrs.last or attrs.last == -1 and LARGEST or attrs.last + 1
  return at.g:node("Slice", name, { at.x, at.g:integers(name .. ".starts", { starts }), at.g:integers(name .. ".ends", { ends }),
    at.g:integers(name .. ".axes", { attrs.axis }) })
end

function M.matmul(at)
  local layer, inputs = at.layer, { at.inputs[1], at.inputs[2] }
  local rank = #layer.output
  for i, side in ipairs { "a", "b" } do
    if layer.attrs["transpose_" .. side] then
      local name = layer.name .. "_" .. side
      inputs[i] = at.g:node("Transpose", name, { inputs[i] }, { perm = perm_of(swapped(rank, rank - 1, rank)) })
    end
  end
  return at.g:node("MatMul", layer.name, inputs)
end

-- A vector along an axis, shaped to stand beside samples of a rank.
local function along(at, suffix, tensor)
  local rank, axis = #at.layer.input, at.layer.attrs.axis
  local dims = axis == 0 and at.layer.input or tensor:shape()
  for i = 1, axis == 0 and 0 or rank - geometry.axis(axis, rank) do dims[i + 1] = 1 end
  return at.g:constant((at.layer.share or at.layer.name) .. "." .. suffix, tensor, dims)
end

local function shift_and_scale(at, offset, scale)
  local moved = at.g:node("Sub", at.layer.name .. "_moved", { at.x, along(at, "offset", offset) })
  return at.g:node("Mul", at.layer.name, { moved, along(at, "scale", scale) })
end

function M.standardize(at) return shift_and_scale(at, at.parameter "offset", at.parameter "scale") end

function M.batchnorm(at)
  local attrs, g = at.layer.attrs, at.g
  local inputs = { at.x, at.constant "weight", at.constant "bias", at.constant "running_mean", at.constant "running_var" }
  local axis, rank = geometry.axis(attrs.axis, #at.layer.input), #at.layer.input
  if axis == 1 then return g:node("BatchNormalization", at.layer.name, inputs, { epsilon = attrs.eps + 0.0 }) end
  local perm = perm_of(swapped(rank, 1, axis)) -- there, channels are the first dimension
  inputs[1] = g:node("Transpose", at.layer.name .. "_in", { at.x }, { perm = perm })
  local y = g:node("BatchNormalization", at.layer.name, inputs, { epsilon = attrs.eps + 0.0 })
  return g:node("Transpose", at.layer.name .. "_back", { y }, { perm = perm })
end

function M.layernorm(at)
  local attrs, g, rank = at.layer.attrs, at.g, #at.layer.input
  local inputs = { at.x, at.constant "weight", at.constant "bias" }
  if attrs.axis == 0 then
    local axis = attrs.rank == 0 and 1 or rank - attrs.rank + 1
    return g:node("LayerNormalization", at.layer.name, inputs, { axis = axis, epsilon = attrs.eps + 0.0 })
  end
  local perm = perm_of(swapped(rank, geometry.axis(attrs.axis, rank), rank)) -- there, it is the last dimensions
  inputs[1] = g:node("Transpose", at.layer.name .. "_in", { at.x }, { perm = perm })
  local y = g:node("LayerNormalization", at.layer.name, inputs, { axis = -1, epsilon = attrs.eps + 0.0 })
  return g:node("Transpose", at.layer.name .. "_back", { y }, { perm = perm })
end

return M
