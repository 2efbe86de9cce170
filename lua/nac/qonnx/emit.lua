--- The nodes of each layer kind in QONNX (opset 11), for what qonnx executes and
-- hls4ml 1.3 converts to the same integers. Functions as in nac.onnx.emit; here `quantised(suffix,
-- turned)` is a parameter behind its Quant node. A function may give nil and why the
-- tools have no exact form of the layer.
local float = require "nac.onnx.emit"
local geometry = require "nac.onnx.geometry"

local M = { relu = float.relu, add = float.add, flatten = float.flatten, identity = float.identity, dropout = float.dropout }

function M.dense(at)
  local layer = at.layer
  if #layer.input ~= 1 then return nil, "hls4ml cannot read a dense layer over the last of several axes; write it as conv1d of kernel 1, or flatten" end
  local product = at.g:node("MatMul", layer.attrs.bias and layer.name .. "_product" or layer.name, { at.x, at.quantised("weight", true) })
  return layer.attrs.bias and at.g:node("Add", layer.name, { product, at.quantised "bias" }) or product
end

local function conv(at)
  local attributes, channels = geometry.conv(at.layer), at.layer.input[1]
  for _, d in ipairs(attributes.dilations) do
    if d ~= 1 then return nil, "hls4ml cannot read a dilation; take a larger kernel with zeros" end
  end
  local depthwise = attributes.group == channels and at.layer.attrs.channels == channels
  if attributes.group ~= 1 and not depthwise then
    return nil, ("hls4ml cannot read %d groups of %d channels; take 1, or %d (depthwise)"):format(attributes.group, channels, channels)
  end
  local inputs = { at.x, at.quantised "weight", at.layer.attrs.bias and at.quantised "bias" or nil }
  return at.g:node("Conv", at.layer.name, inputs, attributes)
end
M.conv1d, M.conv2d = conv, conv

function M.max_pool(at)
  if #at.layer.input ~= 3 then return nil, "hls4ml 1.3 cannot read pooling of one dimension; take conv1d with a stride, or images of height 1" end
  return float.max_pool(at)
end

function M.reshape(at)
  if #at.layer.output ~= 1 then return nil, "hls4ml can only read a reshape that flattens" end
  return at.g:node("Reshape", at.layer.name, { at.x, at.g:integers(at.layer.name .. "_shape", { 1, at.layer.output[1] }) })
end

--- Why a kind is not here and what to take instead.
M.instead = {
  tanh = "take relu; hls4ml's table of tanh gives other numbers",
  sigmoid = "take relu inside the net and leave a last sigmoid out",
  softmax = "leave it out and take the logits",
  log_softmax = "leave it out and take the logits",
  standardize = "write the net behind it (option standardized = true) and scale the inputs before",
  batchnorm = "fold it (nac.quant.prepare does)",
  avg_pool = "qonnx cannot turn its channels for hls4ml; take max_pool, or a convolution with a stride",
  global_avg_pool = "hls4ml's means are rounded otherwise; flatten, or take a convolution over all positions",
}

return M
