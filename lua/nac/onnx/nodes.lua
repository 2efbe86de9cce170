--- What each operation of ONNX becomes: functions of (state of nac.onnx.import, node,
-- its attributes). Activations and constants are here, the rest in files of their subject.
local M = {}

--- Operation -> function.
M.ops = {}
local ops = M.ops

--- What to do about operations that are refused.
M.instead = {
  Quant = "a quantised net: read it with nac.qonnx.read",
  Erf = "there is no layer for this operation; export with opset 20, which has Gelu",
  QuantizeLinear = "there is no layer for this operation; QONNX's Quant nodes are read by nac.qonnx.read",
  DequantizeLinear = "there is no layer for this operation; QONNX's Quant nodes are read by nac.qonnx.read",
}

local function plain(kind, attributes)
  return function(s, node)
    local layer = { kind = kind, inputs = { (s:value(node.input[1])) } }
    for key, value in pairs(attributes or {}) do layer[key] = value end
    s:put(node, layer)
  end
end

ops.Relu, ops.Tanh, ops.Sigmoid, ops.Softplus = plain "relu", plain "tanh", plain "sigmoid", plain "softplus"
ops.Identity, ops.Dropout = plain "identity", plain "identity"

local function near(a, b) return math.abs(a - b) < 1e-6 end

function ops.LeakyRelu(s, node, a) s:put(node, { kind = "leaky_relu", slope = a.alpha or 0.01, inputs = { (s:value(node.input[1])) } }) end
function ops.Elu(s, node, a) s:put(node, { kind = "elu", alpha = a.alpha or 1, inputs = { (s:value(node.input[1])) } }) end

function ops.Gelu(s, node, a)
  s:put(node, { kind = "gelu", approximate = a.approximate == "tanh", inputs = { (s:value(node.input[1])) } })
end

function ops.HardSigmoid(s, node, a)
  if not near(a.alpha or 0.2, 1 / 6) or not near(a.beta or 0.5, 0.5) then
    s:refuse("alpha %g and beta %g; our hard_sigmoid has 1/6 and 1/2", a.alpha or 0.2, a.beta or 0.5)
  end
  s:put(node, { kind = "hard_sigmoid", inputs = { (s:value(node.input[1])) } })
end

function ops.Clip(s, node, a)
  local low, high = s:needs(node, 2, true), s:needs(node, 3, true)
  local min = low and low.tensor():get(1) or a.min or -math.huge
  local max = high and high.tensor():get(1) or a.max or math.huge
  local kind = min == -1 and max == 1 and "hard_tanh" or min == 0 and max > 1e30 and "relu"
  if not kind then s:refuse("limits %g and %g; there are layers for -1 and 1 (hard_tanh), and for 0 alone (relu)", min, max) end
  s:put(node, { kind = kind, inputs = { (s:value(node.input[1])) } })
end

function ops.Constant(s, node, a)
  local proto = a.value
  if type(proto) ~= "table" or not proto.dims then
    if a.value_float then proto = { name = node.output[1], dims = {}, data_type = 1, float_data = { a.value_float }, external_data = {} }
    elseif type(a.value_ints) == "table" then
      proto = { name = node.output[1], dims = { #a.value_ints }, data_type = 7, int64_data = a.value_ints, external_data = {} }
    else s:refuse("its value is of a kind that cannot be read") end
  end
  proto.name = node.output[1]
  s.model.constants[node.output[1]] = proto
end

for _, subject in ipairs { "op_arithmetic", "op_axis", "op_window" } do
  for op, read in pairs(require("nac.onnx." .. subject)) do ops[op] = read end
end

return M
