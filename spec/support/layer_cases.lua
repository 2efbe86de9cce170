--- Small nets around each layer kind, over many shapes, for specs that check
-- every kind in the same way. A new kind needs its row here.
local cnet = require "nac.c.net"

local M = {}

local flat = { { 1 }, { 3 }, { 5 }, { 17 } }
local any = { { 1 }, { 4 }, { 1, 3 }, { 2, 1 }, { 3, 5 }, { 2, 3, 4 } }

-- The layer alone on inputs of these shapes, with each set of attributes.
local function alone(kind, shapes, ...)
  local list = {}
  local sets = select("#", ...) > 0 and { ... } or { {} }
  for _, shape in ipairs(shapes) do
    for _, attributes in ipairs(sets) do
      local layer = { kind = kind }
      for key, value in pairs(attributes) do layer[key] = value end
      list[#list + 1] = { shape = shape, layers = { layer } }
    end
  end
  return list
end

-- A graph: layers with `inputs` (values count from 1, the input; k + 1 is layer k's output).
local function graph(shape, ...) return { shape = shape, layers = { ... } } end

local function dense(units, from) return { kind = "dense", units = units, inputs = { from } } end

local function add(a, b) return { kind = "add", inputs = { a, b } } end

local function joined(...)
  local all = {}
  for _, list in ipairs { ... } do table.move(list, 1, #list, #all + 1, all) end
  return all
end

--- kind -> list of { shape = of a sample, layers = as net:add takes them }
M.cases = {
  dense = alone("dense", any, { units = 1 }, { units = 5 }, { units = 3, bias = false }),
  conv2d = joined(
    alone("conv2d", { { 1, 1, 1 }, { 2, 3, 5 } }, { channels = 3, kernel = 1 }),
    alone("conv2d", { { 1, 5, 4 }, { 4, 6, 7 } }, { channels = 2, kernel = 3 }, { channels = 3, kernel = { 1, 3 }, stride = 2, bias = false },
      { channels = 2, kernel = 3, same = true, stride = { 2, 1 } }, { channels = 1, kernel = { 3, 2 }, padding = { 2, 1 } }),
    alone("conv2d", { { 4, 6, 7 } }, { channels = 4, kernel = 2, groups = 4, dilation = 2 }, { channels = 6, kernel = 3, groups = 2 })),
  conv1d = joined(
    alone("conv1d", { { 1, 4 }, { 3, 7 } }, { channels = 2, kernel = 1 }, { channels = 5, kernel = 4 }, { channels = 2, kernel = 3, same = true }),
    alone("conv1d", { { 4, 9 } }, { channels = 4, kernel = 3, stride = 2, padding = 1, groups = 2 }, { channels = 2, kernel = 2, dilation = 3 })),
  batchnorm = joined(alone("batchnorm", any, {}, { eps = 0.1, momentum = 1 }), alone("batchnorm", { { 3, 5 }, { 2, 3, 4 } }, { axis = -1 }),
    alone("batchnorm", { { 8 }, { 33 }, { 2, 4, 5 }, { 2, 9, 2 } }, {}, { axis = 1 }), alone("batchnorm", { { 2, 3, 5 } }, { axis = 2 }),
    { graph({ 4 }, dense(4, 1), { kind = "tanh" }, add(3, 2), { kind = "batchnorm", eps = 0.5 }, add(5, 3),
      { kind = "batchnorm", eps = 0.5 }, add(7, 2)) }),
  relu = alone("relu", any),
  leaky_relu = alone("leaky_relu", any, {}, { slope = 0.5 }),
  tanh = alone("tanh", any),
  sigmoid = alone("sigmoid", any),
  gelu = alone("gelu", any, {}, { approximate = true }),
  silu = alone("silu", any),
  elu = alone("elu", any, {}, { alpha = 0.7 }),
  softplus = alone("softplus", any),
  hard_tanh = alone("hard_tanh", any),
  hard_sigmoid = alone("hard_sigmoid", any),
  softmax = joined(alone("softmax", any, {}, { axis = 1 }), alone("softmax", { { 2, 3, 17 } }, { axis = 2 }, { axis = -3 })),
  log_softmax = joined(alone("log_softmax", any, {}, { axis = 1 }), alone("log_softmax", { { 2, 3, 17 } }, { axis = 2 }, { axis = -3 })),
  aggregate = joined(alone("aggregate", any, { func = "mean" }, { func = "max" }, { func = "sum", axis = -1 }),
    alone("aggregate", { { 3, 17 }, { 2, 3, 4 } }, { func = "max", axis = 2 }, { func = "mean", axis = 2 })),
  add = {
    graph({ 4 }, dense(4, 1), add(1, 2)),                                        -- residual
    graph({ 4 }, dense(4, 1), add(2, 1), { kind = "relu" }),
    graph({ 2, 3 }, add(1, 1)),                                                  -- twice the same
    graph({ 4 }, dense(5, 1), add(2, 2), add(3, 2)),
    graph({ 4 }, dense(4, 1), dense(3, 2), dense(3, 2), add(3, 4)),              -- diamond
    graph({ 4 }, dense(4, 1), { kind = "gelu" }, add(3, 2), { kind = "tanh" }, add(5, 4), { kind = "sigmoid" }, add(7, 3)),
    graph({ 2, 3 }, dense(3, 1), { kind = "flatten" }, { kind = "flatten", inputs = { 2 } }, add(3, 4)), -- two names for one value
    graph({ 4 }, dense(4, 1), dense(2, 2), { kind = "relu", inputs = { 2 } }),   -- a branch that leads nowhere
  },
  layernorm = joined(alone("layernorm", { { 4 }, { 7 }, { 3, 5 }, { 2, 3, 17 } }, {}, { rank = 0 }, { eps = 0.1, axis = 1 }),
    alone("layernorm", { { 3, 5 }, { 3, 4, 5 } }, { rank = 2 }, { axis = 2 }), alone("layernorm", { { 1 } }, {})),
  max_pool = joined(alone("max_pool", { { 2, 7 }, { 1, 5, 6 }, { 2, 4, 37 } }, { size = 2 }, { size = 3, stride = 2, padding = 1 },
    { size = 3, stride = 1 }, { size = 2, stride = 3, padding = 1 }),
    alone("max_pool", { { 2, 5, 6 } }, { size = { 1, 3 }, stride = { 2, 1 }, padding = { 0, 1 } })),
  avg_pool = joined(alone("avg_pool", { { 2, 7 }, { 1, 5, 6 }, { 2, 4, 37 } }, { size = 2 }, { size = 3, stride = 2, padding = 1 },
    { size = 3, stride = 2, padding = 1, count_include_pad = false }, { size = 3, stride = 3, padding = 1 }),
    alone("avg_pool", { { 2, 5, 6 } }, { size = { 1, 3 }, stride = { 2, 1 }, padding = { 0, 1 } })),
  global_avg_pool = alone("global_avg_pool", { { 3, 1 }, { 1, 5 }, { 2, 3, 3 }, { 3, 1, 17 } }),
  global_max_pool = alone("global_max_pool", { { 3, 1 }, { 1, 5 }, { 2, 3, 3 }, { 3, 1, 17 } }),
  mul = {
    graph({ 4 }, dense(4, 1), { kind = "mul", inputs = { 1, 2 } }),
    graph({ 2, 3 }, dense(3, 1), { kind = "mul", inputs = { 2, 2 } }, add(3, 2)),
    graph({ 1 }, { kind = "mul", inputs = { 1, 1 } }),
  },
  scale = alone("scale", any, { value = -0.25 }),
  matmul = {
    graph({ 3, 5 }, dense(4, 1), { kind = "matmul", inputs = { 2, 1 }, transpose_a = true }),
    graph({ 3, 5 }, { kind = "matmul", inputs = { 1, 1 }, transpose_b = true }),
    graph({ 3, 3 }, dense(3, 1), { kind = "matmul", inputs = { 2, 2 } }),
    graph({ 3, 3 }, dense(3, 1), { kind = "matmul", inputs = { 2, 1 }, transpose_a = true, transpose_b = true }),
    graph({ 2, 3, 4 }, dense(5, 1), { kind = "permute", order = { 1, 3, 2 } }, { kind = "matmul", inputs = { 3, 1 } }),
    graph({ 2, 1, 17 }, dense(17, 1), { kind = "matmul", inputs = { 1, 2 }, transpose_b = true }),
    graph({ 4, 6 }, dense(3, 1), { kind = "dense", units = 3, bias = false, inputs = { 1 } }, dense(3, 1), -- attention
      { kind = "matmul", inputs = { 2, 3 }, transpose_b = true },
      { kind = "scale", value = 0.5 }, { kind = "softmax" }, { kind = "matmul", inputs = { 7, 4 } }, dense(6, 8), add(9, 1)),
  },
  concat = {
    graph({ 4 }, dense(3, 1), { kind = "concat", inputs = { 1, 2 } }),
    graph({ 2, 3 }, dense(1, 1), { kind = "concat", axis = 2, inputs = { 1, 2, 1, 2 } }),
    graph({ 2, 3 }, dense(3, 1), { kind = "concat", inputs = { 2, 2, 2 } }, { kind = "tanh" }, add(4, 4)),
    graph({ 2, 3, 2 }, { kind = "tanh" }, { kind = "concat", axis = -2, inputs = { 2, 1 } }),
  },
  reshape = joined(alone("reshape", { { 2, 6 }, { 12 } }, { shape = { 3, -1 } }, { shape = 12 }, { shape = { 2, 3, 2 } })),
  permute = joined(alone("permute", { { 4, 5 }, { 1, 3 } }, { order = { 2, 1 } }, { order = { 1, 2 } }),
    alone("permute", { { 2, 3, 5 } }, { order = { 3, 1, 2 } }, { order = { 2, 1, 3 } }, { order = { 3, 2, 1 } }, { order = { 2, 3, 1 } })),
  slice = joined(alone("slice", { { 5 }, { 4, 3 } }, { first = 2 }, { first = 2, last = 3 }, { last = 1 }, { axis = -1, first = -2 }),
    { graph({ 6 }, dense(6, 1), { kind = "slice", last = 3 }, { kind = "slice", first = 4, inputs = { 2 } }, add(3, 4)) }),
  opaque = { -- squares; what passes to sums of pairs
    { shape = { 3 }, layers = { { kind = "opaque", shape = { 3 }, forward = function(x) return x * x end, backward = function(x, _, gy) return gy * x * 2 end } } },
    { shape = { 4 }, layers = { { kind = "dense", units = 6 }, { kind = "opaque", shape = { 3 },
      forward = function(x) return x:reshape { x:size(1), 3, 2 }:sum(3) end,
      backward = function(x, _, gy) return gy:reshape { x:size(1), 3, 1 }:expand { x:size(1), 3, 2 }:contiguous():reshape { x:size(1), 6 } end } } },
  },
  flatten = alone("flatten", any),
  dropout = alone("dropout", flat, { rate = 0 }, { rate = 0.4 }),
  identity = alone("identity", any),
  standardize = alone("standardize", any, {}, { axis = 1 }, { axis = 0 }),
}

-- Layers that use the parameters of another.
M.cases["shared dense"] = { { shape = { 3 }, layers = {
  { kind = "dense", units = 3, name = "a" }, { kind = "tanh" }, { kind = "dense", units = 3, share = "a" },
} } }
M.cases["shared batchnorm"] = { { shape = { 3 }, layers = {
  { kind = "batchnorm", name = "a" }, { kind = "tanh" }, { kind = "batchnorm", share = "a" },
} } }

--- Kinds that have no case.
function M.missing()
  local missing = {}
  for _, kind in ipairs(cnet.kinds()) do
    if not M.cases[kind] then missing[#missing + 1] = kind end
  end
  return missing
end

--- Calls f(kind, case) for every case.
function M.each(f)
  local kinds = {}
  for kind in pairs(M.cases) do kinds[#kinds + 1] = kind end
  table.sort(kinds)
  for _, kind in ipairs(kinds) do
    for _, case in ipairs(M.cases[kind]) do f(kind, case) end
  end
end

--- The case's layers behind a convolution, which puts 16 samples side by side
-- (docs/architecture.md); nil for samples that are no rows or images, or of one
-- channel (normalised, the convolution's gradient is then zero).
function M.behind_convolution(case)
  local conv = #case.shape == 3 and "conv2d" or #case.shape == 2 and "conv1d"
  if not conv or case.shape[1] == 1 then return nil end
  local layers = { { kind = conv, channels = case.shape[1], kernel = 1, bias = false } }
  for _, layer in ipairs(case.layers) do
    local copy = {}
    for key, value in pairs(layer) do copy[key] = value end
    if layer.inputs then
      copy.inputs = {}
      for i, value in ipairs(layer.inputs) do copy.inputs[i] = value + 1 end
    end
    layers[#layers + 1] = copy
  end
  layers[#layers + 1] = { kind = "identity" }
  return { shape = case.shape, layers = layers }
end

--- "2x3" and the layer's attributes, for messages.
function M.text(case)
  local words = {}
  for _, layer in ipairs(case.layers) do
    local list = {}
    for key, value in pairs(layer) do
      if key ~= "kind" and type(value) ~= "table" then list[#list + 1] = key .. "=" .. tostring(value) end
    end
    table.sort(list)
    words[#words + 1] = layer.kind .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(words, " ") .. " on " .. table.concat(case.shape, "x")
end

return M
