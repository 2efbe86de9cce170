-- BOPs and estimates of layers beyond dense ones: the definition `exact` against a
-- count that walks over every product and every addition of a net.
local bops = require "nac.bops"
local estimate = require "nac.estimate"
local nac = require "nac"
local nn = nac.nn

local A, W = 7, 5 -- bits of activations and weights

local function log2(x) return math.log(x, 2) end

local function numel(shape)
  local n = 1
  for _, dim in ipairs(shape) do n = n * dim end
  return n
end

-- Calls f for every place of a shape.
local function each(shape, f, at, i)
  at, i = at or {}, i or 1
  if i > #shape then return f(at) end
  for k = 1, shape[i] do
    at[i] = k
    each(shape, f, at, i + 1)
  end
end

-- One function a kind: (layer, net) -> bit operations.
local brute = {}

local function products(weight, fan_in, positions)
  local sum = 0
  for _ = 1, positions do
    each(weight:shape(), function(at)
      if weight:get(table.unpack(at)) ~= 0 then sum = sum + A * W + A + W + log2(fan_in) end
    end)
  end
  return sum
end

function brute.dense(layer, net)
  local weight = net:tensor(layer.name .. ".weight")
  return products(weight, weight:shape()[2], numel(layer.output) // weight:shape()[1])
end

local function convolution(layer, net)
  local weight = net:tensor(layer.name .. ".weight")
  local shape = weight:shape()
  return products(weight, numel(shape) // shape[1], numel(layer.output) // shape[1])
end
brute.conv1d, brute.conv2d = convolution, convolution

-- `outputs` sums of `n` values each.
local function sums(outputs, n)
  local sum = 0
  for _ = 1, outputs do
    for _ = 2, n do sum = sum + A + log2(n) end
  end
  return sum
end

function brute.add(layer) return sums(numel(layer.output), 2) end

local function reduced(func, outputs, n)
  if func == "max" then return outputs * (n - 1) * A end
  local division = 0
  if func == "mean" and log2(n) % 1 ~= 0 then division = outputs * A * W end
  return sums(outputs, n) + division
end

function brute.aggregate(layer) return reduced(layer.attrs.func, numel(layer.output), numel(layer.input) // numel(layer.output)) end

-- Windows without padding.
local function pooled(func, taps) return function(layer) return reduced(func, numel(layer.output), taps(layer)) end end
local function window(layer)
  local size = layer.attrs.size
  return #size == 1 and size[1] ^ (#layer.input - 1) // 1 | 0 or numel(size)
end
local function plane(layer) return numel(layer.input) // layer.input[1] end
brute.max_pool, brute.avg_pool = pooled("max", window), pooled("mean", window)
brute.global_max_pool, brute.global_avg_pool = pooled("max", plane), pooled("mean", plane)

function brute.layernorm(layer)
  local n = layer.input[#layer.input]
  local sum = 0
  for _ = 1, numel(layer.input) do
    sum = sum + (A + log2(n)) + (A ^ 2 + 3 * A + log2(n)) + A ^ 2 + (A * W + A + W)
  end
  return sum
end

for _, kind in ipairs { "relu", "gelu", "tanh", "softmax", "flatten", "reshape", "permute" } do
  brute[kind] = function() return 0 end
end

-- The layers' counts, and what `extra` says of layers by name.
local function count(net, extra)
  local sum = 0
  for _, layer in ipairs(net:layers()) do
    sum = sum + (extra and extra[layer.name] or assert(brute[layer.kind], layer.kind)(layer, net))
  end
  return sum
end

local function thin(net)
  for _, t in ipairs(net:tensors()) do
    if t.name:find "weight$" and #t.tensor:shape() > 1 then
      each(t.tensor:shape(), function(at)
        local k = 0
        for i, v in ipairs(at) do k = k + i * v end
        if k % 3 == 0 then t.tensor:set(0, table.unpack(at)) end
      end)
    end
  end
end

local function check(arch, extra)
  local net <close> = arch:build { seed = 2 }
  thin(net)
  local expected = count(net, extra)
  assert.near(expected, bops.count(net, { act_bits = A, weight_bits = W }), 1e-9 * expected)
  return net:cost()
end

describe("exact BOPs", function()
  it("of convolutions count every weight that is not zero at every position", function()
    check(nn.sequential {
      input = { 4, 9, 7 },
      nn.conv2d { channels = 6, kernel = 3 }, nn.relu {},
      nn.conv2d { channels = 4, kernel = { 1, 3 }, stride = 2, groups = 2 },
      nn.conv2d { channels = 4, kernel = 3, same = true, groups = 4 },
      nn.flatten {}, nn.dense { units = 3 },
    })
    check(nn.sequential { input = { 2, 11 }, nn.conv1d { channels = 3, kernel = 3, dilation = 2 }, nn.gelu {} })
  end)

  it("of a set count shared layers once an element, and the aggregation", function()
    for _, aggregation in ipairs { "mean", "max", "sum" } do
      for _, elements in ipairs { 1, 5, 8 } do
        check(nn.sequential {
          input = { elements, 3 }, nn.deepsets { phi = { 4, 2 }, rho = { units = { 3 }, activations = "identity" }, aggregation = aggregation },
        })
      end
    end
  end)

  it("of pooling count the values of every window", function()
    check(nn.sequential { input = { 2, 9, 9 }, nn.max_pool { size = 2 }, nn.avg_pool { size = { 2, 3 }, stride = 1 }, nn.global_avg_pool {} })
    check(nn.sequential { input = { 2, 9 }, nn.avg_pool { size = 4 }, nn.global_max_pool {} })
  end)

  it("of normalisations are free where they fold, and count where they do not", function()
    local function arch(axis)
      return nn.sequential { input = { 5, 3 }, nn.dense { units = 4 }, nn.batchnorm { axis = axis, name = "n" }, nn.relu {} }
    end
    check(arch(-1), { n = 0 })
    check(arch(1), { n = 20 * (A * W + A + W) })
    check(nn.sequential { input = { 5, 3 }, nn.layernorm {} })
  end)

  it("of attention count every product of two values", function()
    local x = nn.input { 3, 4, 5 }
    local y = nn.conv_attn { hidden = 2, activation = "relu", name = "a" } (x)
    local pairs_of_values = 20 * 20 * 2 * A ^ 2
    check(nn.graph { input = x, output = y }, { ["a.scores"] = pairs_of_values, ["a.mix"] = pairs_of_values })
    local set = nn.input { 6, 4 }
    local z = nn.self_attention { heads = 2, dim = 8, name = "s" } (set)
    local net <close> = nn.graph { input = set, output = nn.add {} (set, z) }:build {}
    local counted = bops.table(net, { act_bits = A, weight_bits = W })
    local by_layer = {}
    for _, row in ipairs(counted.rows) do by_layer[row.layer] = row.bops end
    assert.equal(6 * 6 * 8 * A ^ 2, by_layer["s.scores"])
    assert.equal(6 * 6 * 8 * A ^ 2, by_layer["s.mix"])
  end)
end)

describe("other definitions of BOPs", function()
  it("count products of two values with two widths of activations", function()
    local x = nn.input { 1, 2, 2 }
    local arch = nn.graph { input = x, output = nn.conv_attn { hidden = 3, name = "a" } (x) }
    local function of(definition)
      local rows = {}
      for _, row in ipairs(bops.table(arch, { definition = definition, act_bits = A, weight_bits = W }).rows) do rows[row.layer] = row.bops end
      return rows
    end
    assert.equal(4 * 4 * 3 * A * A, of("ebops")["a.scores"])
    assert.near(4 * 4 * 3 * (A * A + 2 * A + log2(3)), of("hawks2021")["a.scores"], 1e-9)
    assert.near(4 * 4 * 3 * (A * A + 2 * A + 2), of("hawks2021")["a.mix"], 1e-9)
  end)

  it("refuse an operation that they do not know", function()
    local odd = { cost = function() return { { layer = "x", kind = "fft", op = "fft" } } end }
    for _, definition in ipairs { "exact", "hawks2021", "ebops" } do
      assert.error_matches(function() bops.count(odd, { definition = definition }) end, "'fft'")
      assert.error_matches(function() bops.count(odd, { definition = definition }) end, "'x'")
    end
  end)
end)

describe("the estimate", function()
  it("knows the operations of every layer kind of the blocks", function()
    local x = nn.input { 2, 6, 6 }
    local y = nn.conv_attn { hidden = 2, activation = "gelu" } (nn.conv2d { channels = 2, kernel = 3 } (x))
    local image = nn.graph { input = x, output = nn.dense { units = 3 } (nn.flatten {} (nn.layernorm {} (y))) }
    local set = nn.sequential { input = { 6, 4 }, nn.self_attention { heads = 2 }, nn.aggregate { func = "max" } }
    for _, arch in ipairs { image, set } do
      local e = estimate.resources(arch)
      assert.is_true(e.lut > 0 and e.ff > 0 and e.dsp > 0 and e.clock_cycles > 0)
      local narrow = estimate.resources(arch, { precision = "ap_fixed<5,2>" })
      assert.is_true(narrow.dsp < e.dsp)
    end
  end)

  it("shares the multipliers of attention among positions and by the reuse factor", function()
    local term = { layer = "s", kind = "matmul", op = "matmul_values", positions = 10, fan_in = 4, fan_out = 5 }
    local net = { cost = function() return { term } end }
    local one, four = estimate.resources(net), estimate.resources(net, { reuse_factor = 4 })
    assert.same({ 20, 10 }, { one.dsp, one.interval })
    assert.same({ 5, 40 }, { four.dsp, four.interval })
  end)
end)
