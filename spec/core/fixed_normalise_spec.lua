-- Normalisation and the logarithm of softmax in exact integers, against a second evaluation in plain Lua.
local cnet = require "nac.c.net"
local lower = require("nac.quant.lower").lower
local nac = require "nac"
local plain = require "spec.support.plain_integers"
local quant = require "nac.c.quant"

local convert = plain.convert
local roundings = { "TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV" }
local overflows = { "SAT", "SAT_SYM", "WRAP", "SAT_ZERO" }

local function random_format(r, widest)
  return quant.format { width = r:int(2, widest), integer = r:int(-3, 4), signed = r:uniform() < .8, rounding = r:choice(roundings),
    overflow = r:choice(overflows) }
end

describe("exact integers", function()
  -- Mean 0, variance 1 of a list of integers, as docs/quantisation.md says; sums stay below 2^63 here.
  local function normalised(raw, fraction, eps)
    local n, sum, squares, up = #raw, 0, 0, 0
    for _, x in ipairs(raw) do sum = sum + x end
    for _, x in ipairs(raw) do squares = squares + (n * x - sum) ^ 2 // 1 | 0 end
    while n > 1 and n * (n - 1) << up < 8192 do up = up + 2 end
    local added = math.floor(eps * n ^ 3 * 2.0 ^ (2 * fraction + up) + .5)
    squares = (squares << up) + math.max(added, 1)
    local place, k = 0, 0
    while squares >> (place + 1) > 0 do place = place + 1 end
    while 4 ^ (k + 1) <= n do k = k + 1 end
    local low = place > 10 and squares >> (place - 10) or squares << (10 - place)
    local m = 1 + (low - 1024 + .5) / 1024
    local root = math.floor(2 ^ 17 * math.sqrt(n / 4 ^ k / (m * (1 + place % 2))) + .5)
    local after = 17 -- bits after the point: 18 hold the root of n - 1, with a little more
    while math.sqrt(n - 1) * (1 + 2 ^ -11) >= 2.0 ^ (17 - after) do after = after - 1 end
    local y = { fraction = after }
    local f = quant.format { width = 40, integer = 40 - after }
    for i, x in ipairs(raw) do
      local p = (n * x - sum) * root
      y[i] = p == 0 and 0 or convert(f, p, 17 + place // 2 - k - up // 2)
    end
    return y
  end

  it("normalises as docs/quantisation.md says, near what the float layer gives", function()
    for seed = 1, 60 do
      local r = nac.rng.stream(seed, "normalise")
      local n, fraction, eps = r:int(1, 20), r:int(-1, 8), r:choice { 0, 1e-5, .1 }
      local width = r:int(3, 11)
      local input, weight = quant.format { width = width, integer = width - fraction }, quant.format { width = r:int(2, 9), integer = 2 }
      local bias, out = quant.format { width = r:int(2, 9), integer = r:int(-6, 3) }, random_format(r, 12)
      local net = cnet.new { 3, n }
      net:add { kind = "layernorm", eps = eps }
      net:init(1)
      for name, format in pairs { ["layernorm1.weight"] = weight, ["layernorm1.bias"] = bias } do
        net:tensor(name):copy(nac.tensor.randn({ n }, { seed = seed, purpose = name }))
        net:quantise(name, format)
      end
      net:quantise(1, input)
      local x = input:apply(nac.tensor.randn({ 18, 3, n }, { seed = seed }) * r:choice { 0, .2, 4 })
      local exact = lower(net)
      local near = exact:run(x)
      net:quantise(2, out)
      local raw = select(2, lower(net):run(x))
      local fraction_y
      for s = 1, 18 do
        for row = 1, 3 do
          local list = {}
          for k = 1, n do list[k] = input:raw(x:get(s, row, k)) end
          local y = normalised(list, fraction, eps)
          fraction_y = math.max(y.fraction + weight.fraction, bias.fraction)
          local mean, var = 0, 0
          for k = 1, n do mean = mean + x:get(s, row, k) / n end
          for k = 1, n do var = var + (x:get(s, row, k) - mean) ^ 2 / n end
          for k = 1, n do
            local w, b = net:tensor "layernorm1.weight":get(k), net:tensor "layernorm1.bias":get(k)
            plain.reset()
            local sum = (weight:raw(w) * y[k] << (fraction_y - y.fraction - weight.fraction)) + (bias:raw(b) << (fraction_y - bias.fraction))
            assert.equal(convert(out, sum, fraction_y), math.tointeger(raw:get(s, row, k)), "seed " .. seed)
            local want = var + eps == 0 and 0 or (x:get(s, row, k) - mean) / math.sqrt(var + eps)
            local allowed = exact:ops()[2].error * math.abs(weight:quantise(w)) + 1e-12
            assert(math.abs(near:get(s, row, k) - want * weight:quantise(w) - bias:quantise(b)) <= allowed, "seed " .. seed)
          end
        end
      end
    end
  end)

  it("normalises and takes logarithms of softmax alike in 32, 64 and 128 bits", function()
    local function run(layer, width, x)
      local net = cnet.new { 8 }
      net:add(layer)
      net:add { kind = "identity" }
      net:init(1)
      for _, t in ipairs(net:tensors()) do net:quantise(t.name, quant.format { width = 3, integer = 2 }) end
      net:quantise(1, quant.format { width = width, integer = 3 })
      local graph = lower(net)
      local _, raw = graph:run(x)
      return raw, graph:ops()[2].type
    end
    local x = quant.format("ap_fixed<6,3>"):apply(nac.tensor.randn({ 40, 8 }, { seed = 3 }) * 2)
    local narrow, type = run({ kind = "layernorm", eps = 2 ^ -6 }, 6, x) -- eps is a whole number of units
    assert.equal("int32", type)
    for _, wide in ipairs { { 12, "int64" }, { 40, "int128" } } do
      local raw
      raw, type = run({ kind = "layernorm", eps = 2 ^ -6 }, wide[1], x)
      assert.equal(wide[2], type)
      assert.is_true(raw:equal(narrow), type)
    end
    local logs = run({ kind = "log_softmax" }, 6, x)
    assert.is_true(run({ kind = "log_softmax" }, 15, x):equal(logs))
    local net = cnet.new { 8 } -- coarse steps: distances of 2^40
    net:add { kind = "log_softmax" }
    net:add { kind = "identity" }
    net:init(1)
    net:quantise(1, quant.format { width = 6, integer = 40 })
    local graph = lower(net)
    assert.equal("int64", graph:ops()[2].type)
    local number = graph:run(x * 2.0 ^ 37)
    for s = 1, 40 do
      local row, most, count = x[s]:totable(), -math.huge, 0
      for _, v in ipairs(row) do most = math.max(most, v) end
      for _, v in ipairs(row) do count = count + (v == most and 1 or 0) end
      for k, v in ipairs(row) do assert(math.abs(number:get(s, k) - (v - most) * 2.0 ^ 37 + math.log(count)) < 1e-3) end
    end
  end)
end)
