--- Windows of convolutions and pooling, and axes, between our attributes and ONNX's.
local M = {}

--- An axis counted from 1 (negative: from the end) counted from 1.
function M.axis(axis, rank) return axis > 0 and axis or rank + 1 + axis end

-- A list of one number a dimension: its own, or the only one.
local function spread(list, dims)
  local out = {}
  for i = 1, dims do out[i] = type(list) == "table" and (list[i] or list[1]) or list end
  return out
end

local function joined(a, b)
  local out = { table.unpack(a) }
  return table.move(b, 1, #b, #out + 1, out)
end

-- What "same" pads along one dimension: the odd one behind.
local function same_padding(n, kernel, stride, dilation)
  local total = math.max(0, ((n + stride - 1) // stride - 1) * stride + (kernel - 1) * dilation + 1 - n)
  return total // 2, total - total // 2
end

--- The attributes of a Conv node.
-- @param layer conv1d or conv2d of net:layers()
function M.conv(layer)
  local attrs, dims = layer.attrs, #layer.input - 1
  local kernel, stride, dilation = spread(attrs.kernel, dims), spread(attrs.stride, dims), spread(attrs.dilation, dims)
  local before = spread(attrs.padding, dims)
  local after = { table.unpack(before) }
  if attrs.same then
    for i = 1, dims do before[i], after[i] = same_padding(layer.input[i + 1], kernel[i], stride[i], dilation[i]) end
  end
  return { kernel_shape = kernel, strides = stride, dilations = dilation, pads = joined(before, after), group = attrs.groups }
end

--- The attributes of a pooling node.
-- @param layer max_pool or avg_pool of net:layers()
function M.pool(layer)
  local attrs, dims = layer.attrs, #layer.input - 1
  local size, stride, padding = spread(attrs.size, dims), spread(attrs.stride, dims), spread(attrs.padding, dims)
  for i = 1, dims do stride[i] = stride[i] > 0 and stride[i] or size[i] end
  return { kernel_shape = size, strides = stride, pads = joined(padding, padding) }
end

local function all_equal(a, b)
  for i = 1, #a do
    if a[i] ~= b[i] then return false end
  end
  return true
end

--- `padding` or `same` for the pads of a node.
-- @param pads of the node: before each dimension, then behind
-- @param input lengths of the dimensions
-- @param kernel, stride, dilation lists
-- @return { padding = list } or { same = true }; nil where neither gives these pads
function M.padding(pads, input, kernel, stride, dilation)
  local dims = #input
  local before, after = { table.unpack(pads, 1, dims) }, { table.unpack(pads, dims + 1) }
  if all_equal(before, after) then return { padding = before } end
  for i = 1, dims do
    local first, last = same_padding(input[i], kernel[i], stride[i], dilation[i])
    if before[i] ~= first or after[i] ~= last then return nil end
  end
  return { same = true }
end

return M
