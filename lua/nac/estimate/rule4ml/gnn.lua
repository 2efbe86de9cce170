--- rule4ml's graph network: the layers are nodes of a chain (GIN convolutions, Xu et al.
-- 2019, with GraphNorm, Cai et al. 2021, attention pooling and dense layers on top).
-- In double precision, so that what differs from PyTorch is PyTorch's rounding.
local tensor = require "nac.tensor"

local M = {}

-- Fields of a layer, by the names that the settings file gives them.
local FIELDS = {
  layer_input_size = "input", layer_output_size = "output", layer_parameter_count = "params",
  layer_trainable_parameter_count = "trainable", layer_filters = "filters", layer_kernel_height = "kernel_h",
  layer_kernel_width = "kernel_w", layer_stride_height = "stride_h", layer_stride_width = "stride_w", layer_reuse = "reuse",
  layer_op_add = "add", layer_op_mult = "mult", layer_op_lookup = "lookup", layer_op_logical = "logical",
}

local function refuse(fmt, ...) error("rule4ml: " .. fmt:format(...), 0) end

-- A weight by name, in f64. A size of -1 is free; linear weights are (out, in).
local function weight(state, name, rows, columns)
  local t = state[name]
  if not t then refuse("the weights hold no '%s'", name) end
  local shape = t:shape()
  local fits = #shape == (columns and 2 or 1) and (rows == -1 or shape[1] == rows) and (not columns or columns == -1 or shape[2] == columns)
  if not fits or t:dtype() == "i32" then refuse("weight '%s' has the shape %s, which does not fit", name, table.concat(shape, "x")) end
  return t:to "f64", shape[1], shape[2]
end

-- A linear layer of n inputs, as a function of rows, and its number of outputs.
local function linear(state, name, n, bias)
  local w, out = weight(state, name .. ".weight", -1, n)
  local columns = w:transpose():contiguous()
  local b = bias and weight(state, name .. ".bias", out)
  return function(x)
    local y = x:matmul(columns)
    return b and y + b or y
  end, out
end

-- The name of an embedding: its number counts all inputs of the model.
local function embedding(state, group, what)
  for name in pairs(state) do
    if name:match("^" .. group .. "%.%l%d+_(.*)_embedding%.weight$") == what then return weight(state, name, -1, -1) end
  end
  refuse("the weights hold no embedding of '%s'", what)
end

-- Normalises h + offset, without ever adding the offset to every row of h.
local function graph_norm(state, name, n, offset)
  local scale, bias, mean_scale = weight(state, name .. ".weight", n), weight(state, name .. ".bias", n), weight(state, name .. ".mean_scale", n)
  return function(h)
    local centred = h - (mean_scale * (h:mean(1, { keep = true }) + offset) - offset)
    local factor = scale / ((centred * centred):mean(1, { keep = true }) + 1e-5):sqrt()
    return centred * factor + bias
  end
end

-- `factor` times itself and the sum over its neighbours in a chain, for each row.
local function with_neighbours(x, factor)
  local n = x:size(1)
  local sum = x * factor
  if n > 1 then
    sum:slice(1, 1, n - 1):add_(x:slice(1, 2, n))
    sum:slice(1, 2, n):add_(x:slice(1, 1, n - 1))
  end
  return sum
end

-- A graph convolution: neighbours with a loop on itself, and (1 + eps) times itself.
local function convolution(state, i, n)
  local name = ("gconvs.%d"):format(i)
  local factor = 2 + weight(state, name .. ".eps", 1):item()
  local first, hidden = linear(state, name .. ".nn.0", n, true)
  local second, out = linear(state, name .. ".nn.2", hidden, false)
  local norm = graph_norm(state, ("norms.%d"):format(i), out, weight(state, name .. ".nn.2.bias", out))
  return function(x) return norm(second(first(with_neighbours(x, factor)):relu())):relu() end, out
end

-- Layers name0, name1, ... as long as there are any.
local function stack(make, present, n)
  local list, i = {}, 0
  while present(i) do
    list[#list + 1], n = make(i, n)
    i = i + 1
  end
  return list, n
end

-- log(1 + e^x); where 1 + e^x rounds to 1 it is e^x.
local function softplus(x)
  if x > 20 then return x end
  return x < -30 and math.exp(x) or math.log(1 + math.exp(x))
end

-- Where the numerical layers count from: after the embeddings of the whole network.
local function numerical_name(state, i, first)
  local name = ("numerical_layers.g%d_numerical_layer"):format(first + i)
  return state[name .. ".weight"] and name
end

-- The numbers of the layers, one row each: the networks of all targets ask for the same.
local kept = setmetatable({}, { __mode = "k" })

local function numbers_of(layers, fields, key)
  local mine = kept[layers] or {}
  kept[layers] = mine
  if not mine[key] then
    local all = {}
    for _, layer in ipairs(layers) do
      for _, field in ipairs(fields) do
        all[#all + 1] = layer[FIELDS[field] or field] or refuse("the settings ask for '%s' of a layer, which is unknown", field)
      end
    end
    mine[key] = tensor.new(all, "f64"):reshape { #layers, #fields }
  end
  return mine[key]
end

--- The network for one target.
-- @param state its tensors, by PyTorch's names
-- @param settings the model's settings file: names and orders of the inputs
-- @return function(inputs) -> number; `inputs` = {layers = list of features, number = function(name),
-- category = function(name) -> index from 0}. Raises where the weights do not fit
function M.network(state, settings)
  local categories = { "strategy", "board", "hls4ml_version", "vivado_version" }
  local tables, width = {}, 0
  for i, name in ipairs(categories) do
    tables[i] = embedding(state, "global_embeddings", name)
    width = width + tables[i]:size(2)
  end
  local kinds, _, kind_width = embedding(state, "sequential_embeddings", "layer_type")
  local labels, fields = settings.global_numerical_labels, settings.sequential_numerical_labels
  local numerical, n = stack(function(i, n) return linear(state, numerical_name(state, i, #categories), n, false) end,
    function(i) return numerical_name(state, i, #categories) end, #labels)
  width = width + n
  local convolutions = stack(function(i, m) return convolution(state, i, m) end,
    function(i) return state[("gconvs.%d.eps"):format(i)] end, kind_width + #fields)
  local pooled = 0
  for i = 1, #convolutions do pooled = pooled + state[("gconvs.%d.nn.2.weight"):format(i - 1)]:size(1) end
  local gate = linear(state, "attention_pool.gate_nn.0", pooled, true)
  local dense, last = stack(function(i, m) return linear(state, ("dense_layers.%d"):format(i), m, true) end,
    function(i) return state[("dense_layers.%d.weight"):format(i)] end, width + pooled)
  local output = linear(state, "output_layer", last, true)
  if #convolutions == 0 then refuse "the weights hold no graph convolution" end

  local vectors, key = kinds:totable(), table.concat(fields, " ")
  local function nodes(layers)
    local all = {}
    for _, layer in ipairs(layers) do
      local kind = vectors[(settings.sequential_categorical_maps.layer_type[layer.type] or #vectors) + 1]
      if not kind then refuse("the weights know no layer type '%s'", layer.type) end
      table.move(kind, 1, kind_width, #all + 1, all)
    end
    return tensor.concat({ tensor.new(all, "f64"):reshape { #layers, kind_width }, numbers_of(layers, fields, key) }, 2)
  end

  return function(inputs)
    local x, results = nodes(inputs.layers), {}
    for i, layer in ipairs(convolutions) do
      x = layer(x)
      results[i] = x
    end
    local all = tensor.concat(results, 2)
    local weights = gate(all)
    weights = (weights - weights:max()):exp()
    local pool = (weights / weights:sum() * all):sum(1)
    local numbers = {}
    for i, label in ipairs(labels) do
      numbers[i] = inputs.number(label) or refuse("the settings ask for '%s', which is unknown", label)
    end
    local z = tensor.new(numbers, "f64"):reshape { 1, #numbers }
    for _, layer in ipairs(numerical) do z = layer(z) end
    local parts = {}
    for i, name in ipairs(categories) do parts[i] = tables[i][inputs.category(name) + 1] end
    parts[#parts + 1], parts[#parts + 2] = z:reshape { z:size(2) }, pool
    z = tensor.concat(parts):reshape { 1, width + pooled }
    for _, layer in ipairs(dense) do z = layer(z):relu() end
    return softplus(output(z):item())
  end
end

return M
