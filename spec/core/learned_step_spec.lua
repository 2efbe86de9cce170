-- Learned step sizes: their gradient against the formula and against differences, training, files, integers.
local cnet = require "nac.c.net"
local nac = require "nac"
local quant = require "nac.c.quant"
local twin = require "spec.support.core_twin"

local nn = nac.nn

-- A net of one dense layer with steps on the input (value 1), the weights and the output (value 2).
local function one_layer(o)
  local net = cnet.new { 5 }
  net:add { kind = "dense", units = 4, bias = false }
  net:add_step("dense1.weight", o.channels and 4 or 1)
  net:add_step(1)
  net:add_step(2)
  net:init(3)
  net:tensor("dense1.weight.step"):copy(o.channels and nac.tensor { .2, .1, -.15, .3 } or nac.tensor { .17 })
  net:tensor("input.step"):fill(.3)
  net:tensor("dense1.output.step"):fill(.1137)
  local format = quant.format { width = 3, integer = 3, overflow = o.overflow or "SAT" }
  net:quantise("dense1.weight", o.channels and { format, format, format, format } or format, { learned = o.how })
  net:quantise(1, quant.format { width = 4, integer = 0, signed = false }, { learned = o.how })
  net:quantise(2, quant.format { width = 4, integer = 0 }, { learned = o.how })
  return net
end

local function rint(x)
  local down = math.floor(x)
  return (x - down > .5 or x - down == .5 and down % 2 == 1) and down + 1 or down
end

-- Rounds like the paper's equation 1, and the derivative of equation 3.
local function eq1(x, s, lo, hi)
  local v = x / s
  local y = rint(math.max(lo, math.min(hi, v))) * s
  local d = v < lo and lo or v > hi and hi or rint(v) - v
  return y, d, v >= lo and v <= hi
end

local function step_used(s, how) return how == "powers" and 2.0 ^ rint(math.log(math.abs(s), 2)) or math.abs(s) end

describe("learned steps", function()
  it("have the gradient of the paper's equation 3 with its scale, in float, in double, in pieces, per channel", function()
    for _, how in ipairs { "free", "powers" } do
      for _, channels in ipairs { false, true } do
        local net = one_layer { how = how, channels = channels }
        local rows = 37
        local x, gy = twin.randn({ rows, 5 }, 1) * 2, twin.randn({ rows, 4 }, 2)
        local want = { ["dense1.weight.step"] = {}, ["input.step"] = { 0 }, ["dense1.output.step"] = { 0 } }
        local function s(name, i) return step_used(net:tensor(name):get(i or 1), how) end
        local w, dw, inside = {}, {}, {}
        for o = 1, 4 do
          w[o], dw[o], inside[o] = {}, {}, {}
          for i = 1, 5 do w[o][i], dw[o][i], inside[o][i] = eq1(net:tensor("dense1.weight"):get(o, i), s("dense1.weight.step", channels and o), -4, 3) end
        end
        local gw = { { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 } }
        for r = 1, rows do
          local q, dq, gx = {}, {}, { 0, 0, 0, 0, 0 }
          for i = 1, 5 do q[i], dq[i] = eq1(x:get(r, i), s "input.step", 0, 15) end
          for o = 1, 4 do
            local sum = 0
            for i = 1, 5 do sum = sum + w[o][i] * q[i] end
            local _, d, passes = eq1(sum, s "dense1.output.step", -8, 7)
            want["dense1.output.step"][1] = want["dense1.output.step"][1] + gy:get(r, o) * d / math.sqrt(4 * 7)
            for i = 1, 5 do
              local g = passes and gy:get(r, o) or 0
              gw[o][i], gx[i] = gw[o][i] + g * q[i], gx[i] + g * w[o][i]
            end
          end
          for i = 1, 5 do want["input.step"][1] = want["input.step"][1] + gx[i] * dq[i] / math.sqrt(5 * 15) end
        end
        for o = 1, 4 do
          local k = channels and o or 1
          local sign = net:tensor("dense1.weight.step"):get(k) < 0 and -1 or 1
          for i = 1, 5 do
            local list = want["dense1.weight.step"]
            list[k] = (list[k] or 0) + sign * gw[o][i] * dw[o][i] / math.sqrt((channels and 5 or 20) * 3)
          end
        end
        twin.each_isa(function()
          local first
          for _, mode in ipairs { { reference = 64 }, { reference = 32 }, {}, { piece = 16 }, { piece = 1 } } do
            local _, g = twin.step(net, x, gy, mode)
            for name, list in pairs(want) do twin.near(g[name], nac.tensor(list, "f64"), 2e-5, name .. " " .. how) end
            for o = 1, 4 do
              for i = 1, 5 do
                assert(math.abs(g["dense1.weight"]:get(o, i) - (inside[o][i] and gw[o][i] or 0)) < 1e-4)
              end
            end
            if not mode.reference then
              first = first or g
              for name in pairs(want) do assert.is_true(g[name]:equal(first[name]), name .. " in pieces") end
            end
          end
        end)
      end
    end
  end)

  it("have the gradient of differences where the loss is smooth in them: all numbers out of range", function()
    local net = one_layer { how = "free" }
    net:tensor("dense1.weight"):copy(twin.randn({ 4, 5 }, 5):abs() * 10 + 10) -- all at the greatest integer
    net:tensor("input.step"):fill(100)
    net:tensor("dense1.output.step"):fill(1000)
    net:quantise(2, nil)
    local x, gy = twin.randn({ 9, 5 }, 1):abs() * 100 + 1e4, twin.randn({ 9, 4 }, 2)
    local function loss()
      local y = twin.step(net, x, gy, { reference = 64 })
      return (y:to "f64" * gy:to "f64"):sum()
    end
    local _, g = twin.step(net, x, gy, { reference = 64 })
    for name, share in pairs { ["dense1.weight.step"] = math.sqrt(20 * 3), ["input.step"] = math.sqrt(5 * 15) } do
      local t, h = net:tensor(name), name == "input.step" and .5 or 2 ^ -8
      local s = t:get(1)
      t:set(s + h, 1)
      local up = loss()
      t:set(s - h, 1)
      local down = loss()
      t:set(s, 1)
      local slope = (up - down) / (2 * h)
      assert(math.abs(g[name]:get(1) * share - slope) < 1e-4 * math.abs(slope), name)
    end
  end)

  it("are trained by every optimiser, better than steps that stay", function()
    local data = twin.clouds(400, 4, 6, 1)
    local arch = nn.sequential { input = { 6 }, nn.dense { units = 16 }, nn.relu {}, nn.dense { units = 4 } }
    local float = arch:build { seed = 1 }
    nac.train.fit(float, { fit = data }, { epochs = 10, patience = false, batch = 32, lr = 5e-3 })
    local o = { total_bits = 2, weights = { total_bits = 2, int_bits = "learned" }, int_bits = "learned", data = data, quiet = true }
    for _, optimiser in ipairs { "adam", "adamw", "sgd", "rmsprop", "adagrad" } do
      local q = nac.quant.prepare(float, o)
      local before = nac.train.evaluate(q, data).loss
      local steps = q:tensor("dense1.weight.step"):clone()
      nac.train.fit(q, { fit = data }, { epochs = 4, patience = false, batch = 32, lr = optimiser == "sgd" and .05 or 3e-3, optimizer = optimiser })
      assert.is_false(q:tensor("dense1.weight.step"):equal(steps), optimiser)
      assert.is_true(nac.train.evaluate(q, data).loss < before, optimiser)
    end
  end)

  it("that are powers of two are what integers compute; free ones have to be settled", function()
    local data = twin.clouds(200, 3, 6, 2)
    local arch = nn.sequential { input = { 6 }, nn.dense { units = 12 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 8 },
      nn.tanh {}, nn.dense { units = 3 } }
    local float = arch:build { seed = 2 }
    nac.train.fit(float, { fit = data }, { epochs = 5, patience = false, batch = 32 })
    for _, per in ipairs { "tensor", "channel", "element" } do
      local q, report = nac.quant.prepare(float, { total_bits = 4, int_bits = "learned", per = per, data = data, quiet = true })
      assert.equal(10, #report.formats)
      nac.train.fit(q, { fit = data }, { epochs = 3, patience = false, batch = 32, lr = 3e-3 })
      local graph = nac.quant.lower(q)
      local y = nac.train.predict(q, data.x)
      assert.is_true(graph:run(data.x):equal(y:to "f64"), per)
      local settled = nac.quant.settle(q)
      assert.equal(float:n_params() - 24, settled:n_params()) -- batchnorm folded
      assert.is_true(nac.train.predict(settled, data.x):equal(y))
      assert.is_true(nac.quant.lower(settled):run(data.x):equal(graph:run(data.x)))
      assert.equal("powers", select(4, q:quantiser(1)))
      assert.is_nil((select(4, settled:quantiser(1))))
    end
    local q = nac.quant.prepare(float, { total_bits = 4, int_bits = "learned", steps = "free", data = data, quiet = true })
    assert.error_matches(function() nac.quant.lower(q) end, "the net's input has the scale %d%.%d+, which has no integer form.*quant%.settle")
    assert.is_true(nac.quant.lower(nac.quant.settle(q)):accuracy(data) > .4)
  end)

  it("are kept in files and copies, and go on training as if never stored", function()
    local data = twin.clouds(200, 3, 6, 2)
    local float = nn.sequential { input = { 6 }, nn.dense { units = 12 }, nn.relu {}, nn.dense { units = 3 } }:build { seed = 2 }
    for _, how in ipairs { "powers", "free" } do
      local q = nac.quant.prepare(float, { total_bits = 3, int_bits = "learned", steps = how, per = "channel", data = data, quiet = true })
      nac.train.fit(q, { fit = data }, { epochs = 1, patience = false, batch = 32 })
      local path = os.tmpname()
      assert(nac.model.save(q, path .. ".yaml"))
      local again = assert(nac.model.load(path .. ".yaml"))
      for _, made in ipairs { again, nac.quant.copy(q) } do
        assert.is_true(nac.train.predict(made, data.x):equal(nac.train.predict(q, data.x)))
        assert.equal(how, select(4, made:quantiser "dense1.weight"))
      end
      nac.train.fit(again, { fit = data }, { epochs = 1, patience = false, batch = 32, seed = 5 })
      nac.train.fit(q, { fit = data }, { epochs = 1, patience = false, batch = 32, seed = 5 })
      assert.is_true(nac.train.predict(again, data.x):equal(nac.train.predict(q, data.x)))
      for _, name in ipairs { path, path .. ".yaml", path .. ".npz" } do os.remove(name) end
    end
  end)

  it("bear what training does to them: 0, below 0, huge", function()
    local net = one_layer { how = "powers" }
    local x = twin.randn({ 4, 5 }, 1)
    for _, s in ipairs { 0, -.25, 1e-38, 3e38, -3e38 } do
      net:tensor("dense1.weight.step"):fill(s)
      local y = twin.step(net, x, twin.randn({ 4, 4 }, 2))
      assert.is_true(y:isfinite())
      local ok, graph = pcall(nac.quant.lower, net)
      if s == -.25 then assert.is_true(graph:run(x):equal(y:to "f64")) end
      assert(ok or tostring(graph):find("bits", 1, true), tostring(graph))
    end
  end)

  it("are refused where they make no sense", function()
    local net = cnet.new { 3 }
    net:add { kind = "dense", units = 2 }
    net:add_step("dense1.weight", 2)
    assert.error_matches(function() net:add_step "dense1.weight" end, "this place has learned steps already")
    assert.error_matches(function() net:add_step("dense1.bias", 0) end, "at least one step")
    assert.error_matches(function() net:add_step "dense9.bias" end, "no parameter 'dense9.bias'")
    net:init(1)
    local format = quant.format { width = 4, integer = 1 }
    assert.error_matches(function() net:add_step "dense1.bias" end, "has its weights already")
    assert.error_matches(function() net:quantise("dense1.bias", format, { learned = "free" }) end, "net:add_step before")
    assert.error_matches(function() net:quantise("dense1.weight", format, { learned = "free" }) end, "1 formats, but dense1.weight.step holds 2")
    local wraps = quant.format { width = 4, integer = 1, overflow = "WRAP" }
    assert.error_matches(function() net:quantise("dense1.weight", { wraps, wraps }, { learned = "free" }) end, "saturates: overflow SAT or SAT_SYM, not WRAP")
    local float = nn.sequential { input = { 3 }, nn.dense { units = 2 } }:build { seed = 1 }
    local function refused(spec, message) assert.error_matches(function() nac.quant.prepare(float, spec) end, message) end
    refused({ total_bits = 4, int_bits = "learned" }, "int_bits = \"learned\" needs data")
    refused({ total_bits = 4, int_bits = "learnt" }, "an integer, \"auto\" or \"learned\", got learnt")
    refused({ total_bits = 4, int_bits = 2, biases = { int_bits = "learned", total_bits = 8 } }, "biases have no learned steps")
    refused({ int_bits = "learned", data = nac.tensor.zeros { 4, 3 } }, "total_bits is missing")
    refused({ total_bits = 4, int_bits = "learned", steps = "power", data = nac.tensor.zeros { 4, 3 } }, "nearest: powers")
    refused({ total_bits = 4, int_bits = "learned", data = nac.tensor { { 1, 2, 0 / 0 } } }, "learned steps need finite numbers")
    assert(nac.quant.prepare(float, { total_bits = 4, int_bits = "learned", data = nac.tensor.zeros { 4, 3 } })) -- starts at 1
  end)
end)
