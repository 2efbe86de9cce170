-- Exact integer inference against a second evaluation, written in plain Lua integers.
local cnet = require "nac.c.net"
local lower = require("nac.quant.lower").lower
local nac = require "nac"
local quant = require "nac.c.quant"

local roundings = { "TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV" }
local overflows = { "SAT", "SAT_SYM", "WRAP", "SAT_ZERO" }

-- Whether a number with `rest` of 2^drop left over goes up from `down`.
local function goes_up(mode, negative, down, rest, half)
  if mode == "TRN" or rest == 0 then return false end
  if mode == "TRN_ZERO" then return negative end
  if rest ~= half then return rest > half end
  if mode == "RND" then return true end
  if mode == "RND_ZERO" then return negative end
  if mode == "RND_INF" then return not negative end
  if mode == "RND_CONV" then return down % 2 == 1 end
  return false -- RND_MIN_INF
end

local counts

local function into_range(f, q)
  local most = 1 << (f.signed and f.width - 1 or f.width)
  local max, min = most - 1, f.signed and (f.overflow == "SAT_SYM" and 1 - most or -most) or 0
  if q >= min and q <= max then return q end
  counts[f.overflow == "WRAP" and "wrapped" or "saturated"] = counts[f.overflow == "WRAP" and "wrapped" or "saturated"] + 1
  if f.overflow == "SAT_ZERO" then return 0 end
  if f.overflow ~= "WRAP" then return q > max and max or min end
  q = q % (1 << f.width)
  return f.signed and q >= most and q - (1 << f.width) or q
end

-- raw 2^-fraction in the format.
local function convert(f, raw, fraction)
  local drop = fraction - f.fraction
  if drop <= 0 then return into_range(f, raw << -drop) end
  local down = raw // (1 << drop)
  local rest = raw - (down << drop)
  return into_range(f, goes_up(f.rounding, raw < 0, down, rest, 1 << (drop - 1)) and down + 1 or down)
end

-- Values: lists of integers with `fraction` bits after the point.
local function finest(formats)
  local most = formats[1].fraction
  for _, f in ipairs(formats) do most = math.max(most, f.fraction) end
  return most
end

local function rounded(net, place, v)
  local formats, _, inner = net:quantiser(place)
  if not formats then return v end
  local out = { fraction = finest(formats) }
  for i, raw in ipairs(v) do
    local f = formats[(i - 1) // inner % #formats + 1]
    out[i] = convert(f, raw, v.fraction) << (out.fraction - f.fraction)
  end
  return out
end

local function parameter(net, name)
  local list = {}
  local t = net:tensor(name)
  for i, x in ipairs(t:reshape({ -1 }):totable()) do list[i] = x end
  local formats, _, inner = net:quantiser(name)
  local out = { fraction = finest(formats) }
  for i, x in ipairs(list) do
    local f = formats[(i - 1) // inner % #formats + 1]
    out[i] = f:raw(x) << (out.fraction - f.fraction)
  end
  return out
end

local function shifted(v, fraction)
  local out = { fraction = fraction }
  for i, raw in ipairs(v) do out[i] = raw << (fraction - v.fraction) end
  return out
end

-- Sums of products over `terms(o)`: pairs of a weight's and an input's position.
local function linear(net, layer, x, n, channel, terms)
  local w = parameter(net, layer.name .. ".weight")
  local b = parameter(net, layer.name .. ".bias")
  local fraction = math.max(w.fraction + x.fraction, b.fraction)
  local up, up_b = fraction - w.fraction - x.fraction, fraction - b.fraction
  local y = { fraction = fraction }
  for o = 0, n - 1 do
    local sum = b[channel(o) + 1] << up_b
    terms(o, function(i, j) sum = sum + (w[i + 1] * x[j + 1] << up) end)
    y[o + 1] = sum
  end
  return y
end

local run = {}

function run.dense(net, layer, x)
  local fan_in, units = layer.input[#layer.input], layer.output[#layer.output]
  return linear(net, layer, x, #x // fan_in * units, function(o) return o % units end, function(o, add)
    for i = 0, fan_in - 1 do add(o % units * fan_in + i, o // units * fan_in + i) end
  end)
end

function run.conv2d(net, layer, x)
  local c, h, w = table.unpack(layer.input)
  local oc, oh, ow = table.unpack(layer.output)
  local a = layer.spec
  local groups = a.groups or 1
  local cg = c // groups
  return linear(net, layer, x, oc * oh * ow, function(o) return o // (oh * ow) end, function(o, add)
    local k, row, column = o // (oh * ow), o // ow % oh, o % ow
    for ci = 0, cg - 1 do
      for i = 0, a.kernel - 1 do
        for j = 0, a.kernel - 1 do
          local y, z = row * a.stride + i - a.padding, column * a.stride + j - a.padding
          if y >= 0 and y < h and z >= 0 and z < w then
            add(((k * cg + ci) * a.kernel + i) * a.kernel + j, ((k // (oc // groups) * cg + ci) * h + y) * w + z)
          end
        end
      end
    end
  end)
end

local function each(f) return function(_, _, x, z) return f(x, z) end end

local function map(x, f)
  local y = { fraction = x.fraction }
  for i, raw in ipairs(x) do y[i] = f(raw) end
  return y
end

run.relu = each(function(x) return map(x, function(raw) return math.max(raw, 0) end) end)
run.flatten = each(function(x) return x end)
run.leaky_relu = each(function(x) -- slope 1/4
  local y = map(shifted(x, x.fraction + 2), function(raw) return raw < 0 and raw // 4 or raw end)
  return y
end)
run.add = each(function(x, z)
  local fraction = math.max(x.fraction, z.fraction)
  local a, b = shifted(x, fraction), shifted(z, fraction)
  for i = 1, #a do a[i] = a[i] + b[i] end
  return a
end)
run.mul = each(function(x, z)
  local y = { fraction = x.fraction + z.fraction }
  for i = 1, #x do y[i] = x[i] * z[i] end
  return y
end)
function run.aggregate(_, layer, x) -- along the first axis
  local y, inner = { fraction = x.fraction }, #x // layer.input[1]
  for k = 1, inner do
    y[k] = x[k]
    for i = 1, layer.input[1] - 1 do
      local v = x[i * inner + k]
      y[k] = layer.spec.func == "sum" and y[k] + v or layer.spec.func == "max" and math.max(y[k], v) or y[k]
    end
  end
  return y
end
function run.avg_pool(_, layer, x) -- 2 x 2
  local c, h, w = table.unpack(layer.input)
  local y = { fraction = x.fraction + 2 }
  for k = 0, c - 1 do
    for i = 0, h // 2 - 1 do
      for j = 0, w // 2 - 1 do
        local at = (k * h + 2 * i) * w + 2 * j
        y[#y + 1] = x[at + 1] + x[at + 2] + x[at + w + 1] + x[at + w + 2]
      end
    end
  end
  return y
end
function run.matmul(_, layer, x, z) -- x z^T of one shape
  local m, k = layer.input[1], layer.input[2]
  local y = { fraction = x.fraction + z.fraction }
  for i = 0, m - 1 do
    for j = 0, m - 1 do
      local sum = 0
      for l = 1, k do sum = sum + x[i * k + l] * z[j * k + l] end
      y[#y + 1] = sum
    end
  end
  return y
end

local nets = {
  { { 9 }, { kind = "dense", units = 7 }, { kind = "relu" }, { kind = "dense", units = 5 }, { kind = "leaky_relu", slope = .25 },
    { kind = "dense", units = 3 } },
  { { 3, 6, 7 }, { kind = "conv2d", channels = 4, kernel = 3, stride = 1, padding = 1 }, { kind = "relu" }, { kind = "avg_pool", size = 2 },
    { kind = "conv2d", channels = 6, kernel = 2, stride = 2, padding = 1, groups = 2 }, { kind = "flatten" }, { kind = "dense", units = 4 } },
  { { 4, 5 }, { kind = "dense", units = 5 }, { kind = "relu" }, { kind = "add", inputs = { 3, 1 } }, { kind = "mul", inputs = { 4, 2 } },
    { kind = "aggregate", func = "sum" }, { kind = "dense", units = 3 } },
  { { 4, 5 }, { kind = "dense", units = 3 }, { kind = "dense", units = 3, inputs = { 1 } }, { kind = "matmul", inputs = { 2, 3 }, transpose_b = true },
    { kind = "leaky_relu", slope = .25 }, { kind = "aggregate", func = "max" }, { kind = "dense", units = 2 } },
}

local function evaluate(net, specs, x)
  local values = { rounded(net, 1, x) }
  for i, layer in ipairs(net:layers()) do
    layer.spec = specs[i]
    local inputs = layer.spec.inputs or { i }
    values[i + 1] = rounded(net, i + 1, run[layer.kind](net, layer, values[inputs[1]], values[inputs[2]]))
  end
  return values[#values]
end

local function random_formats(r, n, widest)
  local list = {}
  for i = 1, n do
    list[i] = quant.format { width = r:int(2, widest), integer = r:int(-3, 4), signed = r:uniform() < .8, rounding = r:choice(roundings),
      overflow = r:choice(overflows) }
  end
  return list
end

describe("exact integer inference", function()
  it("equals plain integer arithmetic, rounding and overflow of every mode included", function()
    for seed = 1, 80 do
      local spec = nets[seed % #nets + 1]
      local r = nac.rng.stream(seed, "integer twin")
      local net = cnet.new(spec[1])
      for i = 2, #spec do net:add(spec[i]) end
      net:init(seed)
      local widest = seed % 3 == 0 and 12 or 7
      for _, t in ipairs(net:tensors()) do
        local list = random_formats(r, t.tensor:size(1), widest)
        net:quantise(t.name, r:uniform() < .5 and list or list[1])
      end
      net:quantise(1, random_formats(r, 1, widest)[1])
      for value, layer in ipairs(net:layers()) do
        if r:uniform() < .7 then
          local list = random_formats(r, layer.output[1], widest)
          net:quantise(value + 1, r:uniform() < .5 and list or list[1])
        end
      end
      local graph = lower(net)
      local x = nac.tensor.randn({ 17, table.unpack(spec[1]) }, { seed = seed }) * 3
      x = quant.format("ap_fixed<20,10>"):apply(x) -- on a grid of 2^-10
      local _, raw, fraction = graph:run(x)
      counts = { wrapped = 0, saturated = 0 }
      for i = 1, x:size(1) do
        local list = { fraction = 10 }
        for k, v in ipairs(x[i]:reshape({ -1 }):totable()) do list[k] = math.tointeger(v * 1024) end
        local want = evaluate(net, { table.unpack(spec, 2) }, list)
        assert.equal(want.fraction, fraction)
        for k, v in ipairs(raw[i]:reshape({ -1 }):totable()) do
          if v ~= want[k] then error(("seed %d, sample %d, output %d: %d, not %d\n%s"):format(seed, i, k, v, want[k], (graph:report())), 0) end
        end
      end
      local stats = graph:stats()
      assert.same(counts, { wrapped = stats.wrapped, saturated = stats.saturated }, "seed " .. seed)
      for _, op in ipairs(graph:ops()) do -- intervals hold
        assert(op.min <= op.max)
        if op.output == #graph:ops() then assert(raw:min() >= op.min and raw:max() <= op.max) end
      end
    end
  end)

  it("is so in 64 and 128 bits", function()
    for _, wide in ipairs { { 24, "int64" }, { 38, "int128" } } do
      local bits, type = wide[1], wide[2]
      for i, mode in ipairs(roundings) do
        local net = cnet.new { 16 }
        net:add { kind = "dense", units = 6, bias = false }
        net:init(i)
        local w = net:tensor "dense1.weight"
        w:copy(w * 2)
        local format = quant.format { width = bits + 1, integer = 1 }
        local out = quant.format { width = 34, integer = 4, rounding = mode }
        net:quantise("dense1.weight", format)
        net:quantise(1, format)
        net:quantise(2, out)
        local x = nac.tensor.rand({ 5, 16 }, { seed = i }) * 1.6 - .8
        local graph = lower(net)
        assert.equal(type, graph:ops()[2].type)
        local _, raw = graph:run(x)
        local drop = 2 * bits - 30
        for s = 1, 5 do
          for o = 1, 6 do
            local high, low = 0, 0 -- sum = high 2^18 + low
            for k = 1, 16 do
              local a, b = format:raw(w:get(o, k)), format:raw(x:get(s, k))
              high, low = high + (a >> 18 | (a < 0 and ~(-1 >> 18) or 0)) * b, low + (a & 0x3ffff) * b
            end
            high, low = high + low // 0x40000, low % 0x40000
            local down, rest = high, low
            if drop > 18 then
              down = high // (1 << (drop - 18))
              rest = (high - (down << (drop - 18))) * 0x40000 + low
            end
            if drop >= 18 and goes_up(mode, high < 0, down, rest, 1 << (drop - 1)) then down = down + 1 end
            assert.equal(down, math.tointeger(raw:get(s, o)), type .. " " .. mode)
          end
        end
      end
    end
  end)

  it("computes tables, softmax and means as docs/quantisation.md says", function()
    local function rint(x)
      local down = math.floor(x)
      local rest = x - down
      return math.tointeger(rest > .5 and down + 1 or rest == .5 and down % 2 == 1 and down + 1 or down)
    end
    local function bits(n) return n == 0 and 0 or 1 + bits(n >> 1) end
    for seed = 1, 40 do
      local r = nac.rng.stream(seed, "tables")
      local n, fraction = r:int(2, 20), r:int(-1, 8)
      local out = random_formats(r, 1, 12)[1]
      local input = quant.format { width = r:int(3, 11), integer = 0 }
      input = quant.format { width = input.width, integer = input.width - fraction }
      local x = input:apply(nac.tensor.randn({ 18, n }, { seed = seed }) * 4)
      local function run_one(layer)
        local net = cnet.new { n }
        net:add(layer)
        net:init(1)
        net:quantise(1, input)
        net:quantise(2, out)
        return select(2, lower(net):run(x))
      end
      local soft, sigmoid, log_soft = run_one { kind = "softmax" }, run_one { kind = "sigmoid" }, run_one { kind = "log_softmax" }
      local mean = run_one { kind = "aggregate", func = "mean" }
      local exponent = 0 -- 1 / n < 2^exponent, the least
      while 2.0 ^ (exponent - 1) > 1 / n do exponent = exponent - 1 end
      local constant = rint(2.0 ^ (17 - exponent) / n) -- 17 bits and a sign
      for i = 1, 18 do
        local raw, most, sum, total = {}, math.mininteger, 0, 0
        for k = 1, n do
          raw[k] = input:raw(x:get(i, k))
          most, total = math.max(most, raw[k]), total + raw[k]
        end
        local e = {}
        for k = 1, n do
          e[k] = rint(2 ^ 17 * math.exp(-(most - raw[k]) * 2.0 ^ -fraction))
          sum = sum + e[k]
        end
        local length = bits(sum) - 1
        local reciprocal = rint(2 ^ 17 / (1 + ((sum >> (length - 10)) - 1024 + .5) / 1024))
        counts = { wrapped = 0, saturated = 0 }
        for k = 1, n do
          assert.equal(convert(out, e[k] * reciprocal, 17 + length), math.tointeger(soft:get(i, k)), "softmax, seed " .. seed)
          local log_sum = (length - 17) * 90852 + rint(2 ^ 17 * math.log(1 + ((sum >> (length - 10)) - 1024 + .5) / 1024))
          assert.equal(convert(out, -((most - raw[k]) << (17 - fraction)) - log_sum, 17), math.tointeger(log_soft:get(i, k)),
            "log_softmax, seed " .. seed)
          assert.equal(out:raw(1 / (1 + math.exp(-raw[k] * 2.0 ^ -fraction))), math.tointeger(sigmoid:get(i, k)), "sigmoid, seed " .. seed)
        end
        assert.equal(convert(out, total * constant, fraction + 17 - exponent), math.tointeger(mean:get(i)), "mean, seed " .. seed)
      end
    end
  end)

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
      local bias, out = quant.format { width = r:int(2, 9), integer = r:int(-6, 3) }, random_formats(r, 1, 12)[1]
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
            counts = { wrapped = 0, saturated = 0 }
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
