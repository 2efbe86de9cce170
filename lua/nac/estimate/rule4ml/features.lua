--- What rule4ml sees of a network: a list of Keras layers, and numbers over all of them.
local reuse = require "nac.estimate.reuse"

local M = {}

local function product(shape, first)
  local n = 1
  for i = first or 1, #shape do n = n * shape[i] end
  return n
end

-- Kinds of a net -> the layer type of rule4ml, or a function of the layer that gives it.
local TYPES = {
  dense = "dense", batchnorm = "batchnormalization", relu = "relu", sigmoid = "sigmoid", tanh = "tanh", softmax = "softmax",
  flatten = "flatten", dropout = "dropout", add = "add", concat = "concatenate",
  conv1d = "conv1d", conv2d = "conv2d",
  max_pool = function(layer) return #layer.input == 2 and "maxpooling1d" or "maxpooling2d" end,
  avg_pool = function(layer) return #layer.input == 2 and "averagepooling1d" or "averagepooling2d" end,
}
-- No layers of a Keras model, or without hardware: scaling of the inputs is left out there, too.
local SKIPPED = { identity = true, quantise = true, standardize = true }

local ACTIVATIONS = { relu = true, sigmoid = true, tanh = true, softmax = true }

-- A number or the list of one a dimension -> height and width; 1-D kernels have the height 1.
local function pair(v, rank)
  if type(v) == "number" then v = rank == 3 and { v, v } or { v } end
  return #v == 1 and 1 or v[1], v[#v]
end

-- Operations of a layer: add, mult, lookup, logical.
local function count(row, layer)
  local n = row.input
  if row.type == "dense" then
    row.add, row.mult = (n - 1 + row.bias) * row.output, n * row.output
  elseif row.type == "conv1d" or row.type == "conv2d" then
    local k, positions = row.fan_in, product(layer.output, 2)
    row.add, row.mult = positions * row.filters * (k - 1 + row.bias), positions * row.filters * k
  elseif row.type == "batchnormalization" then
    row.add, row.mult = n, n
  elseif row.type == "add" then
    row.add = (#layer.inputs - 1) * n
  elseif row.type == "relu" then
    row.logical = n
  elseif row.type == "softmax" then
    row.lookup, row.add, row.mult = n + 1, n - 1, n
  elseif ACTIVATIONS[row.type] then
    row.lookup = n
  end
end

local function row_of(layer, kind, wanted_reuse)
  local row = {
    type = kind, input = product(layer.input), output = product(layer.output), params = layer.params, trainable = layer.params,
    filters = 0, kernel_h = 0, kernel_w = 0, stride_h = 0, stride_w = 0, reuse = wanted_reuse, add = 0, mult = 0, lookup = 0, logical = 0,
  }
  local attrs = layer.attrs or {}
  row.bias = attrs.bias == false and 0 or 1
  if kind == "dense" then
    if #layer.input > 1 then
      error(("rule4ml: layer '%s' is dense over the rows of a %s input, which rule4ml was not trained on; the estimator analytic takes it")
        :format(layer.name, table.concat(layer.input, "x")), 0)
    end
    row.reuse = reuse.nearest(row.input, row.output, wanted_reuse)
  elseif kind == "conv1d" or kind == "conv2d" then
    row.filters = layer.output[1]
    row.kernel_h, row.kernel_w = pair(attrs.kernel, #layer.input)
    row.stride_h, row.stride_w = pair(attrs.stride or 1, #layer.input)
    row.fan_in = layer.input[1] * row.kernel_h * row.kernel_w // (attrs.groups or 1)
    row.reuse = reuse.nearest(row.fan_in, row.filters, wanted_reuse)
  elseif kind == "batchnormalization" then
    row.params = 2 * layer.params -- mean and variance are Keras weights that are not trained
  end
  count(row, layer)
  return row
end

--- The layers as rule4ml's nodes.
-- @param net a net
-- @param wanted_reuse reuse factor of the whole network
-- @param[opt] keras { functional = whether the model lists its input layer (Keras' functional
-- models do, Sequential ones do not), relu_class = {[layer name] = true}: relus that are a layer
-- `ReLU` and no `Activation("relu")`, for which rule4ml counts no operations }
-- @return list of { type=, input=, output= (sizes), params=, trainable=, filters=, kernel_h=, kernel_w=,
-- stride_h=, stride_w=, reuse=, add=, mult=, lookup=, logical= (operations) }; raises where rule4ml has no such layer
function M.layers(net, wanted_reuse, keras)
  keras = keras or {}
  local list = {}
  if keras.functional then
    local shape = net:input_shape()
    list[1] = row_of({ input = shape, output = shape, params = 0, inputs = {} }, "inputlayer", wanted_reuse)
  end
  for _, layer in ipairs(net:layers()) do
    if not SKIPPED[layer.kind] then
      local kind = TYPES[layer.kind]
      if type(kind) == "function" then kind = kind(layer) end
      if not kind then
        error(("rule4ml: layer '%s' is of kind %s, which rule4ml does not know; the estimator analytic takes all kinds"):format(
          layer.name, layer.kind), 0)
      end
      local row = row_of(layer, kind, wanted_reuse)
      if keras.relu_class and keras.relu_class[layer.name] then row.logical = 0 end
      list[#list + 1] = row
    end
  end
  return list
end

-- Means over the layers of a type: which numbers of a row go by which name.
local MEANS = { inputs = "input", outputs = "output", parameters = "params", reuse = "reuse" }

--- The numbers over the whole network, by rule4ml's names: "dense_inputs_mean", "relu_count", "total_mult" ...
-- Filters, kernels and strides of convolutions are 0: rule4ml never fills them in.
-- @param list of `layers`
-- @param bits width of the type
-- @return function(name) -> number, or nil where there is no such number
function M.numbers(list, bits)
  local function sum(field, kind)
    local total, n = 0, 0
    for _, row in ipairs(list) do
      if not kind or row.type == kind then total, n = total + row[field], n + 1 end
    end
    return total, n
  end
  local function number(name)
    if name == "bit_width" then return bits end
    if name == "reuse_mean" then return sum("reuse") / #list end
    local operation = name:match "^total_(%l+)$"
    if operation then return (sum(operation)) end
    local kind, what = name:match "^(%w+)_([%l_]+)$"
    if what == "count" then return select(2, sum("input", kind)) end
    local field = what and what:match "^(%l[%l_]*)_mean$"
    if not field then return nil end
    if not MEANS[field] then return 0 end
    local total, n = sum(MEANS[field], kind)
    return n == 0 and 0 or total / n
  end
  local found = {} -- six networks ask for the same
  return function(name)
    if found[name] == nil then found[name] = number(name) end
    return found[name]
  end
end

return M
