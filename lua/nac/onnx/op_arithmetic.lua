--- Products and sums of ONNX files, with constants or of two values, for nac.onnx.nodes.
local tensor = require "nac.tensor"

local M = {}

-- The Add of a vector of `units` numbers that alone reads a product: its constant, the node.
local function bias_behind(s, node, units)
  local add = s:only_reader(node.output[1], "Add")
  if not add then return nil end
  for i = 1, 2 do
    local other = s:constant(add.input[i])
    if add.input[3 - i] == node.output[1] and other and other.tensor():numel() == units then return other, add end
  end
  return nil
end

-- A dense layer from its weights (units, features), with the Add behind it where there is one.
local function dense(s, node, weight, bias, add)
  local units = weight.tensor:size(1)
  local value = s:put(node, { kind = "dense", units = units, bias = bias ~= nil, inputs = { (s:value(node.input[1])) } },
    { weight = weight, bias = bias and { tensor = bias.tensor(), format = bias.format } })
  if add then
    s.done[add] = true
    s.values[add.output[1]] = value
  end
end

function M.MatMul(s, node)
  local right = s:constant(node.input[2])
  if not right then
    s:put(node, { kind = "matmul", inputs = { (s:value(node.input[1])), (s:value(node.input[2])) } })
    return
  end
  local weight = right.tensor()
  if weight:rank() ~= 2 then s:refuse("constant '%s' must be a matrix", node.input[2]) end
  local bias, add = bias_behind(s, node, weight:size(2))
  dense(s, node, { tensor = weight:transpose(), format = right.format }, bias, add)
end

function M.Gemm(s, node, a)
  local _, shape = s:value(node.input[1])
  if (a.alpha or 1) ~= 1 or (a.beta or 1) ~= 1 or (a.transA or 0) ~= 0 or #shape ~= 1 then
    s:refuse("only x W + b of rows is read: alpha and beta 1, transA 0, an input (N, features)")
  end
  local right, bias = s:needs(node, 2), s:needs(node, 3, true)
  local weight = right.tensor()
  if weight:rank() ~= 2 then s:refuse("constant '%s' must be a matrix", node.input[2]) end
  dense(s, node, { tensor = (a.transB or 0) ~= 0 and weight or weight:transpose(), format = right.format }, bias)
end

-- A constant beside a value, as numbers along an axis of the sample: the axis (0: every element), the numbers.
local function along(s, const, shape)
  local t = const.tensor()
  local sizes, n, rank = t:shape(), t:numel(), #shape
  if n == 1 then return rank, t:reshape({ 1 }):expand { shape[rank] } end
  while #sizes > rank and sizes[1] == 1 do table.remove(sizes, 1) end
  if table.concat(sizes, "x") == table.concat(shape, "x") and rank > 1 then return 0, t:reshape { n } end
  for i, d in ipairs(sizes) do
    local axis = rank - #sizes + i
    if d == n and shape[axis] == n then return axis, t:reshape { n } end
  end
  return s:refuse("a constant of %s numbers beside a value of %s", table.concat(sizes, "x"), table.concat(shape, "x"))
end

-- (x - offset) scale, with constants.
local function fixed(s, node, value, offset, scale, axis)
  if s.quantised then s:refuse("a constant beside a value has no exact form in a quantised net; make it part of the product before it") end
  local n = (offset or scale):numel()
  s:put(node, { kind = "standardize", axis = axis, inputs = { value } }, {
    offset = { tensor = (offset or tensor.zeros { n }) }, scale = { tensor = (scale or tensor.ones { n }) },
  })
end

-- The value and the constant of a node that has one of each; nil where both are values.
local function beside(s, node)
  local a, b = s:constant(node.input[1]), s:constant(node.input[2])
  if not a and not b then return nil end
  return b or a, a and node.input[2] or node.input[1], b ~= nil
end

function M.Add(s, node)
  local const, name = beside(s, node)
  if not const then
    s:put(node, { kind = "add", inputs = { (s:value(node.input[1])), (s:value(node.input[2])) } })
    return
  end
  local value, shape = s:value(name)
  local axis, numbers = along(s, const, shape)
  fixed(s, node, value, numbers:neg(), nil, axis)
end

function M.Sub(s, node)
  local const, name, second = beside(s, node)
  if not const or not second then s:refuse("a value minus a constant is read") end
  local value, shape = s:value(name)
  local axis, offset = along(s, const, shape)
  local mul = s:only_reader(node.output[1], "Mul")
  local factor = mul and beside(s, mul)
  local scale_axis, scale
  if factor and factor.tensor():numel() == offset:numel() then scale_axis, scale = along(s, factor, shape) end
  if not scale or scale_axis ~= axis then return fixed(s, node, value, offset, nil, axis) end
  fixed(s, node, value, offset, scale, axis)
  s.done[mul] = true
  s.values[mul.output[1]] = s.values[node.output[1]]
end

local function scaled(s, node, const, name, inverse)
  local value, shape = s:value(name)
  if const.tensor():numel() == 1 then
    local by = const.tensor():reshape({ 1 }):get(1)
    s:put(node, { kind = "scale", value = inverse and 1 / by or by, inputs = { value } })
    return
  end
  local axis, numbers = along(s, const, shape)
  fixed(s, node, value, nil, inverse and 1 / numbers or numbers, axis)
end

function M.Mul(s, node)
  local const, name = beside(s, node)
  if const then return scaled(s, node, const, name) end
  s:put(node, { kind = "mul", inputs = { (s:value(node.input[1])), (s:value(node.input[2])) } })
end

function M.Div(s, node)
  local const, name, second = beside(s, node)
  if not const or not second then s:refuse("a value divided by a constant is read") end
  scaled(s, node, const, name, true)
end

return M
