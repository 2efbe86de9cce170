--- Operations of ONNX files that go along axes or move numbers, for nac.onnx.nodes.
-- ONNX counts the batch as axis 0, so its axis 1 is our axis 1.
local M = {}

-- An axis of ONNX (0 the batch) as an axis of a sample, counted from 1.
local function axis_of(s, axis, rank)
  local own = axis < 0 and rank + 1 + axis or axis
  if own < 1 or own > rank then s:refuse("axis %d of the batch and %d more dimensions cannot be had", axis, rank) end
  return own
end

local function softmax(kind)
  return function(s, node, a)
    local value, shape = s:value(node.input[1])
    local old = (s.model.opsets[""] or 1) < 13 -- there, all dimensions from the axis on are one
    local axis = axis_of(s, a.axis or old and 1 or -1, #shape)
    if old and axis ~= #shape then s:refuse("along axis %d of opset %d; the last one is meant by every opset", axis, s.model.opsets[""] or 1) end
    s:put(node, { kind = kind, axis = axis, inputs = { value } })
  end
end
M.Softmax, M.LogSoftmax = softmax "softmax", softmax "log_softmax"

function M.Flatten(s, node, a)
  local value, shape = s:value(node.input[1])
  local axis = a.axis or 1
  if axis ~= 1 and axis ~= -#shape then s:refuse("axis %d; only axis 1, which keeps the batch, is read", axis) end
  s:put(node, { kind = "flatten", inputs = { value } })
end

function M.BatchNormalization(s, node, a)
  if (a.training_mode or 0) ~= 0 then s:refuse("in training mode; export the model in evaluation mode") end
  local parameters = {}
  for i, suffix in ipairs { "weight", "bias", "running_mean", "running_var" } do parameters[suffix] = { tensor = s:needs(node, i + 1).tensor() } end
  s:put(node, { kind = "batchnorm", axis = 1, eps = a.epsilon or 1e-5, inputs = { (s:value(node.input[1])) } }, parameters)
end

function M.LayerNormalization(s, node, a)
  local value, shape = s:value(node.input[1])
  local axis = axis_of(s, a.axis or -1, #shape)
  local bias = s:needs(node, 3, true)
  s:put(node, { kind = "layernorm", rank = #shape - axis + 1, eps = a.epsilon or 1e-5, inputs = { value } },
    { weight = { tensor = s:needs(node, 2).tensor() }, bias = bias and { tensor = bias.tensor() } })
end

-- Axes from an attribute (older opsets) or an input.
local function axes_of(s, node, a, input)
  local const = s:needs(node, input, true)
  local axes = const and const.integers() or type(a.axes) == "table" and a.axes or nil
  if not axes or #axes == 0 then s:refuse("without axes it goes over the batch, too") end
  return axes
end

local function reduce(func)
  return function(s, node, a)
    local value, shape = s:value(node.input[1])
    local axes, kept = {}, { table.unpack(shape) }
    for i, axis in ipairs(axes_of(s, node, a, 2)) do axes[i] = axis_of(s, axis, #shape) end
    table.sort(axes)
    for i = #axes, 1, -1 do
      value = s:add(node, { kind = "aggregate", func = func, axis = axes[i], inputs = { value } })
      kept[axes[i]] = 1
    end
    if (a.keepdims or 1) ~= 0 then value = s:add(node, { kind = "reshape", shape = kept, inputs = { value } }) end
    s.values[node.output[1]] = value
  end
end
M.ReduceMean, M.ReduceMax, M.ReduceSum = reduce "mean", reduce "max", reduce "sum"

function M.Concat(s, node, a)
  local inputs, rank = {}, nil
  for i, name in ipairs(node.input) do
    local value, shape = s:value(name)
    inputs[i], rank = value, #shape
  end
  if #inputs < 2 or #inputs > 4 then s:refuse("%d values; 2 to 4 can be joined at once", #inputs) end
  s:put(node, { kind = "concat", axis = axis_of(s, a.axis or 1, rank), inputs = inputs })
end

function M.Slice(s, node, a)
  local value, shape = s:value(node.input[1])
  local function list(i, given)
    local const = s:needs(node, i, true)
    return const and const.integers() or given
  end
  local starts, ends, axes, steps = list(2, a.starts), list(3, a.ends), list(4, a.axes), list(5)
  if type(starts) ~= "table" or type(ends) ~= "table" or type(axes) ~= "table" or #starts ~= #axes or #ends ~= #axes then
    s:refuse("starts, ends and axes must be given, of one length")
  end
  for i = 1, #axes do
    if steps and steps[i] ~= 1 then s:refuse("steps of 1 are read") end
    local axis = axis_of(s, axes[i], #shape)
    local n = shape[axis]
    local first, last = starts[i] < 0 and starts[i] + n or starts[i], ends[i] < 0 and ends[i] + n or math.min(ends[i], n)
    value = s:add(node, { kind = "slice", axis = axis, first = math.max(first, 0) + 1, last = math.max(last, 1), inputs = { value } })
  end
  s.values[node.output[1]] = value
end

local function reshape(s, node, value, from, to)
  local elements = 1
  for _, d in ipairs(from) do elements = elements * d end
  local flat = #to == 1 and (to[1] == -1 or to[1] == elements)
  s:put(node, flat and { kind = "flatten", inputs = { value } } or { kind = "reshape", shape = to, inputs = { value } })
end

function M.Reshape(s, node, a)
  local value, shape = s:value(node.input[1])
  local const = s:needs(node, 2, true)
  local to = const and const.integers() or type(a.shape) == "table" and a.shape
  if not to or #to < 2 then s:refuse("the new shape must keep the batch and have 1 or more dimensions") end
  local batch = table.remove(to, 1)
  if batch ~= 0 and batch ~= -1 and batch ~= s.model.batch then s:refuse("it changes the batch") end
  for i, d in ipairs(to) do
    if d == 0 then to[i] = shape[i] or s:refuse("dimension %d is not there to be kept", i) end
  end
  reshape(s, node, value, shape, to)
end

function M.Squeeze(s, node, a)
  local value, shape = s:value(node.input[1])
  local goes, to = {}, {}
  for _, axis in ipairs(axes_of(s, node, a, 2)) do goes[axis_of(s, axis, #shape)] = true end
  for i, d in ipairs(shape) do
    if not goes[i] then to[#to + 1] = d elseif d ~= 1 then s:refuse("dimension %d is %d, not 1", i, d) end
  end
  reshape(s, node, value, shape, to)
end

function M.Unsqueeze(s, node, a)
  local value, shape = s:value(node.input[1])
  local axes = axes_of(s, node, a, 2)
  local new, to = {}, {}
  for _, axis in ipairs(axes) do new[axis_of(s, axis, #shape + #axes)] = true end
  local from = 1
  for i = 1, #shape + #axes do
    to[i] = new[i] and 1 or shape[from]
    if not new[i] then from = from + 1 end
  end
  reshape(s, node, value, shape, to)
end

function M.Transpose(s, node, a)
  local value, shape = s:value(node.input[1])
  if type(a.perm) ~= "table" or a.perm[1] ~= 0 or #a.perm ~= #shape + 1 then s:refuse("it moves the batch") end
  s:put(node, { kind = "permute", order = { table.unpack(a.perm, 2) }, inputs = { value } })
end

return M
