-- Fast kernels against their naive twins, over sizes that leave rests at every
-- width of vectors and tiles, through the layers and the optimisers that use them.
local cplan = require "nac.c.plan"
local ctrain = require "nac.c.train"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

-- Fails unless one step of the net gives the reference's numbers with every set.
local function compare(net, rows, seed, what)
  local x = twin.randn({ rows, table.unpack(net:input_shape()) }, seed, "x")
  local gy = twin.randn({ rows, table.unpack(net:output_shape()) }, seed, "gy")
  local want_y, want = twin.step(net, x, gy, { reference = 64 })
  twin.each_isa(function()
    local y, got = twin.step(net, x, gy)
    twin.near(y, want_y, 1e-5, what .. ": y")
    for name, g in pairs(want) do twin.near(got[name], g, 1e-5, what .. ": " .. name) end
  end)
end

describe("the matrix product", function()
  it("fits its twin for sizes around the tiles", function()
    local dice = twin.dice(11)
    local sizes = { 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 47, 48, 49, 63, 64, 65, 80, 130 }
    for seed = 1, 60 do
      local rows, inputs, units = sizes[dice(1, #sizes)], sizes[dice(1, #sizes)], sizes[dice(1, #sizes)]
      local net <close> = twin.net({ inputs }, { { kind = "dense", units = units, bias = seed % 2 == 0 } }, seed)
      compare(net, rows, seed, ("%d rows, %d to %d"):format(rows, inputs, units))
    end
  end)

  it("fits it for long sums, which are cut", function()
    for seed, size in ipairs { { 3, 511, 5 }, { 5, 513, 17 }, { 2, 1100, 3 }, { 1030, 3, 2 } } do
      local net <close> = twin.net({ size[2] }, { { kind = "dense", units = size[3] } }, seed)
      compare(net, size[1], seed, table.concat(size, " "))
    end
  end)
end)

describe("elementwise kernels", function()
  it("fit their twins for every rest of a vector", function()
    for _, kind in ipairs { "relu", "leaky_relu", "tanh", "sigmoid", "softmax" } do
      for n = 1, 35 do
        local net <close> = twin.net({ n }, { { kind = kind } })
        if not (kind == "softmax" and n == 1) then compare(net, 3, n, kind .. " of " .. n) end
      end
    end
  end)

  it("do not touch what lies beside their rows", function()
    -- each row is computed alone and must equal the same row in the batch
    for n = 1, 35 do
      local net <close> = twin.net({ n }, { { kind = "dense", units = 36 - n }, { kind = "batchnorm" }, { kind = "tanh" }, { kind = "softmax" } })
      local plan <close> = cplan.new(net, { batch = 5 })
      local x = twin.randn({ 5, n }, n)
      local all = plan:forward(x)
      for r = 1, 5 do assert(twin.same(plan:forward(x:slice(1, r, r)), all:slice(1, r, r):contiguous())) end
    end
  end)
end)

describe("batch normalisation", function()
  it("fits its twin for every rest of channels and rows", function()
    for c = 1, 35 do
      local net <close> = twin.net({ c }, { { kind = "batchnorm" } })
      for _, role in ipairs { "weight", "bias" } do
        local t = net:tensor("batchnorm1." .. role)
        t:copy(twin.randn(t:shape(), c, role))
      end
      compare(net, 15 + c, c, c .. " channels")
    end
  end)
end)

describe("the cross-entropy", function()
  it("fits its twin for every number of classes, also with large logits", function()
    for n = 1, 35 do
      local net <close> = twin.net({ n }, { { kind = "identity" } })
      local labels = {}
      for i = 1, 9 do labels[i] = (i * 7) % n end
      for _, spread in ipairs { 1, 30 } do
        local x = twin.randn({ 9, n }, n) * spread
        local options = { loss = "cross_entropy", y = tensor.new(labels, "i32") }
        options.reference = 64
        local _, want, want_score = twin.step(net, x, nil, options)
        options.reference = nil
        twin.each_isa(function()
          local _, got, score = twin.step(net, x, nil, options)
          assert(math.abs(score.loss - want_score.loss) <= 1e-6 * math.max(1, want_score.loss))
          assert.equal(want_score.accuracy, score.accuracy)
          assert(twin.largest(got.x:to("f64") - want.x) <= 1e-6)
        end)
      end
    end
  end)

  it("counts the first of equal largest logits as the answer, as its twin does", function()
    local net <close> = twin.net({ 20 }, { { kind = "identity" } })
    local x = tensor.zeros { 3, 20 }
    x:set(1, 2, 18)
    x:set(1, 2, 19)
    for _, case in ipairs { { 0, 17, 0, 3 }, { 1, 18, 1, 0 }, { 0, 18, 5, 1 }, { 19, 19, 19, 0 } } do
      local y = tensor.new({ case[1], case[2], case[3] }, "i32")
      for _, reference in ipairs { 0, 32, 64 } do
        twin.each_isa(function()
          local plan <close> = cplan.new(net, { batch = 3, reference = reference })
          plan:forward(x)
          assert.equal(case[4] / 3, plan:loss("cross_entropy", x, y).accuracy)
        end)
      end
    end
  end)
end)

-- One step of each optimiser in Lua's double; state is the caller's.
local steps = {}

function steps.adam(p, g, state, o)
  local b1, b2 = 0.9, 0.999
  state.t = (state.t or 0) + 1
  state.m = b1 * (state.m or 0) + (1 - b1) * g
  state.v = b2 * (state.v or 0) + (1 - b2) * g * g
  return p - o.lr * (state.m / (1 - b1 ^ state.t)) / (math.sqrt(state.v / (1 - b2 ^ state.t)) + 1e-8)
end

function steps.sgd(p, g, state, o)
  local mu = o.momentum or 0
  state.v = state.v and mu * state.v + g or g
  return p - o.lr * (o.nesterov and g + mu * state.v or state.v)
end

describe("optimiser steps", function()
  local options = {
    { optimizer = "adam", lr = 0.01 }, { optimizer = "adam", lr = 0.01, l1 = 0.02, l2 = 0.1 },
    { optimizer = "sgd", lr = 0.1 }, { optimizer = "sgd", lr = 0.1, momentum = 0.8 },
    { optimizer = "sgd", lr = 0.1, momentum = 0.8, nesterov = true, l1 = 0.01, l2 = 0.05 },
  }

  -- Gradients of mean((x w - y)^2) for one sample x = 1...: 2 (w - y) / n for a net
  -- of n outputs, one input.
  it("fit their definition for every rest of a vector", function()
    for _, o in ipairs(options) do
      for _, n in ipairs { 1, 2, 3, 5, 8, 15, 16, 17, 33 } do
        twin.each_isa(function()
          local net <close> = twin.net({ 1 }, { { kind = "dense", units = n, bias = false } }, n)
          local x, y = tensor.ones { 1, 1 }, twin.randn({ 1, n }, n)
          local given = { loss = "mse", batch = 1, max_rows = 1 }
          for key, value in pairs(o) do given[key] = value end
          local trainer <close> = ctrain.new(net, given)
          local w, states = {}, {}
          for i = 1, n do w[i], states[i] = net:tensor("dense1.weight"):get(i, 1), {} end
          for step = 1, 4 do
            assert(trainer:epoch(x, y, step, o.lr))
            for i = 1, n do
              local sign = w[i] > 0 and 1 or w[i] < 0 and -1 or 0
              local g = 2 * (w[i] - y:get(1, i)) / n + (o.l2 or 0) * w[i] + (o.l1 or 0) * sign
              w[i] = steps[o.optimizer](w[i], g, states[i], o)
            end
          end
          for i = 1, n do
            assert(math.abs(net:tensor("dense1.weight"):get(i, 1) - w[i]) < 1e-5, o.optimizer .. " of " .. n)
          end
        end)
      end
    end
  end)
end)
