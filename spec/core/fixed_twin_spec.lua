-- Exact integer inference against a second evaluation, written in plain Lua integers.
local cnet = require "nac.c.net"
local lower = require("nac.quant.lower").lower
local nac = require "nac"
local plain = require "spec.support.plain_integers"
local quant = require "nac.c.quant"

local convert, goes_up = plain.convert, plain.goes_up

local roundings = { "TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV" }
local overflows = { "SAT", "SAT_SYM", "WRAP", "SAT_ZERO" }

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
      plain.reset()
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
      assert.same(plain.counts, { wrapped = stats.wrapped, saturated = stats.saturated }, "seed " .. seed)
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
        plain.reset()
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
end)
