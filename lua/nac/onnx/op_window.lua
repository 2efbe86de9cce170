--- Convolutions and pooling of ONNX files, for nac.onnx.nodes.
local geometry = require "nac.onnx.geometry"

local M = {}

local function filled(n, value)
  local list = {}
  for i = 1, n do list[i] = value end
  return list
end

-- Attribute of a window: a list as long as there are dimensions.
local function window(s, list, n, otherwise, name)
  if list == nil then return filled(n, otherwise) end
  if type(list) ~= "table" or #list ~= n then s:refuse("attribute '%s' must have %d numbers", name, n) end
  return list
end

-- `padding` or `same` from pads or auto_pad.
local function padding_of(s, a, lengths, kernel, stride, dilation)
  local auto = a.auto_pad or "NOTSET"
  if auto == "SAME_UPPER" then return { same = true } end
  if auto == "VALID" then return { padding = 0 } end
  if auto ~= "NOTSET" then s:refuse("auto_pad %s; NOTSET, VALID and SAME_UPPER are read", auto) end
  local made = geometry.padding(window(s, a.pads, 2 * #lengths, 0, "pads"), lengths, kernel, stride, dilation)
  return made or s:refuse("pads %s are neither equal on both sides nor those of SAME_UPPER", table.concat(a.pads, ","))
end

function M.Conv(s, node, a)
  local value, shape = s:value(node.input[1])
  local dims = #shape - 1
  if dims ~= 1 and dims ~= 2 then s:refuse("convolutions of 1 and 2 dimensions are read, this one has %d", dims) end
  local weight, bias = s:needs(node, 2), s:needs(node, 3, true)
  local w = weight.tensor()
  local sizes = w:shape()
  if #sizes ~= dims + 2 then s:refuse("weights of %d dimensions; %d are expected", #sizes, dims + 2) end
  local kernel = { table.unpack(sizes, 3) }
  local stride, dilation = window(s, a.strides, dims, 1, "strides"), window(s, a.dilations, dims, 1, "dilations")
  local layer = padding_of(s, a, { table.unpack(shape, 2) }, kernel, stride, dilation)
  layer.kind, layer.channels, layer.kernel, layer.stride, layer.dilation = dims == 1 and "conv1d" or "conv2d", sizes[1], kernel, stride, dilation
  layer.groups, layer.bias, layer.inputs = a.group or 1, bias ~= nil, { value }
  s:put(node, layer, { weight = { tensor = w, format = weight.format }, bias = bias and { tensor = bias.tensor(), format = bias.format } })
end

local function pool(kind)
  return function(s, node, a)
    local value, shape = s:value(node.input[1])
    local dims = #shape - 1
    local size, stride = window(s, a.kernel_shape, dims, 1, "kernel_shape"), window(s, a.strides, dims, 1, "strides")
    local ones = window(s, a.dilations, dims, 1, "dilations")
    local padding = padding_of(s, a, { table.unpack(shape, 2) }, size, stride, ones)
    for i = 1, dims do
      if ones[i] ~= 1 then s:refuse("pooling with dilations is not read") end
      if padding.same then padding = { padding = filled(dims, 0), same = true } end
      local rest = stride[i] > 0 and (shape[i + 1] + 2 * (type(padding.padding) == "table" and padding.padding[i] or 0) - size[i]) % stride[i]
      if (padding.same or a.ceil_mode == 1) and rest ~= 0 then s:refuse("windows that reach over the edge (ceil_mode, SAME) are not read") end
    end
    local include = nil
    if kind == "avg_pool" then include = (a.count_include_pad or 0) == 1 end
    s:put(node, { kind = kind, size = size, stride = stride, padding = padding.padding, count_include_pad = include, inputs = { value } })
  end
end
M.MaxPool, M.AveragePool = pool "max_pool", pool "avg_pool"

-- Whether a Flatten keeps the batch and nothing else.
local function plain_flatten(node)
  for _, a in ipairs(node.attribute) do
    if a.name == "axis" and a.i ~= 1 then return false end
  end
  return true
end

-- ONNX keeps the pooled dimensions, as 1.
local function global(kind)
  return function(s, node)
    local value, shape = s:value(node.input[1])
    local pooled = s:add(node, { kind = kind, inputs = { value } })
    local flatten = s:only_reader(node.output[1], "Flatten")
    if flatten and plain_flatten(flatten) then
      s.done[flatten] = true
      s.values[flatten.output[1]] = pooled
    else
      s:put(node, { kind = "reshape", shape = { shape[1], table.unpack(filled(#shape - 1, 1)) }, inputs = { pooled } })
    end
  end
end
M.GlobalAveragePool, M.GlobalMaxPool = global "global_avg_pool", global "global_max_pool"

return M
