-- Nets with number formats on values and parameters: plans of every kind agree, gradients stop where numbers saturate.
local cplan = require "nac.c.plan"
local cpu = require "nac.c.cpu"
local nac = require "nac"
local quant = require "nac.c.quant"
local nn = nac.nn

local function difference(a, b)
  return (a:to "f64" - b:to "f64"):abs():max() / math.max(1e-30, b:to "f64":abs():max())
end

local function step(net, x, y, options)
  local plan <close> = cplan.new(net, options)
  local out = plan:forward(x)
  plan:loss("cross_entropy", x, y)
  local g, gx = plan:backward()
  g.output, g.input = out, gx
  return g
end

-- A net with a random format on every value and parameter.
local function random_net(seed)
  local r = nac.rng.stream(seed, "quantised plans")
  local arch = seed % 2 == 0
    and nn.sequential { input = { 16 }, nn.dense { units = 24 }, nn.relu {}, nn.dense { units = 12 }, nn.tanh {}, nn.dense { units = 5 } }
    or nn.sequential { input = { 2, 7, 7 }, nn.conv2d { channels = 4, kernel = 3 }, nn.relu {}, nn.conv2d { channels = 3, kernel = 1 },
      nn.flatten {}, nn.dense { units = 5 } }
  local net = arch:build { seed = seed }
  local function format()
    return quant.format { width = r:int(3, 9), integer = r:int(-1, 3), signed = r:uniform() < .8,
      rounding = r:choice { "TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV" },
      overflow = r:choice { "SAT", "SAT_SYM", "WRAP", "SAT_ZERO" } }
  end
  for _, t in ipairs(net:tensors()) do net:quantise(t.name, format()) end
  for value = 1, #net:layers() + 1 do net:quantise(value, format()) end
  return net, nac.tensor.randn({ 37, table.unpack(arch.input) }, { seed = seed })
end

describe("plans of quantised nets", function()
  local before = cpu.info().isa
  after_each(function() cpu.use(before) end)

  it("agree on every instruction set with the reference in double", function()
    for _, isa in ipairs(cpu.info().available) do
      cpu.use(isa)
      for seed = 1, 12 do
        local net, x = random_net(seed)
        local y = nac.tensor.zeros({ 37 }, "i32")
        local want = step(net, x, y, { batch = 37, training = true, reference = 64, input_gradient = true })
        for _, reference in ipairs { 0, 32 } do
          local got = step(net, x, y, { batch = 37, training = true, reference = reference, input_gradient = true, piece = 16 })
          for name, g in pairs(want) do
            assert.is_true(difference(got[name], g) < 1e-5, ("%s, seed %d, %s"):format(isa, seed, name))
          end
        end
      end
    end
  end)

  it("compute with the rounded numbers and leave the net's own as they are", function()
    local net = nn.sequential { input = { 2 }, nn.dense { units = 1 } }:build {}
    net:tensor("dense1.weight"):copy(nac.tensor { { 0.3, -0.6 } })
    net:tensor("dense1.bias"):copy(nac.tensor { 0.125 })
    net:quantise("dense1.weight", quant.format { width = 4, integer = 2 }) -- steps of 1/4
    net:quantise(1, quant.format { width = 8, integer = 4 })             -- steps of 1/16
    local y = nac.train.predict(net, nac.tensor { { 1.03, 2 } })
    assert.equal(0.25 * 1 - 0.5 * 2 + 0.125, y:item())
    assert.is_true(net:tensor("dense1.weight"):equal(nac.tensor { { 0.3, -0.6 } }))
  end)

  it("let gradients pass in range and stop beyond", function()
    local net = nn.sequential { input = { 3 }, nn.dense { units = 1, bias = false } }:build {}
    net:tensor("dense1.weight"):copy(nac.tensor { { 0.3, 5, -5 } })
    net:quantise("dense1.weight", quant.format { width = 4, integer = 2 })
    local plan <close> = cplan.new(net, { batch = 1, training = true })
    plan:forward(nac.tensor { { 1, 2, 3 } })
    plan:set_gradient(nac.tensor { { 1 } })
    assert.is_true(plan:backward()["dense1.weight"]:equal(nac.tensor { { 1, 0, 0 } }))
  end)

  it("know formats per channel, per element, and scales that are no power of two", function()
    local net = nn.sequential { input = { 2 }, nn.dense { units = 2, bias = false } }:build {}
    local weight = nac.tensor { { 0.3, 0.3 }, { 0.3, 0.3 } }
    net:tensor("dense1.weight"):copy(weight)
    local function weights_as_used()
      local y = nac.train.predict(net, nac.tensor { { 1, 0 }, { 0, 1 } })
      return y:transpose(1, 2):contiguous()
    end
    local coarse, fine = quant.format { width = 8, integer = 7 }, quant.format { width = 8, integer = 5 }
    net:quantise("dense1.weight", { coarse, fine }, { axis = 1 })
    assert.is_true(weights_as_used():equal(nac.tensor { { 0.5, 0.5 }, { 0.25, 0.25 } }))
    net:quantise("dense1.weight", { coarse, fine }, { axis = 2 })
    assert.is_true(weights_as_used():equal(nac.tensor { { 0.5, 0.25 }, { 0.5, 0.25 } }))
    net:quantise("dense1.weight", { coarse, fine, fine, coarse }, { axis = 0 })
    assert.is_true(weights_as_used():equal(nac.tensor { { 0.5, 0.25 }, { 0.25, 0.5 } }))
    net:quantise("dense1.weight", quant.format { width = 3, integer = 3 }, { scale = 0.2 })
    assert.is_true(weights_as_used():allclose(nac.tensor { { 0.4, 0.4 }, { 0.4, 0.4 } }, 1e-6, 0)) -- 1.5 goes to the even 2
    net:quantise("dense1.weight", nil)
    assert.is_true(weights_as_used():equal(weight))
    assert.is_nil(net:quantiser "dense1.weight")
    assert.error_matches(function() net:quantise("dense1.weight", { coarse, fine, fine }, { axis = 1 }) end, "3 formats, but 1 or 2 are needed")
  end)

  it("are of no use after the formats have changed, whatever they were", function()
    local net = nn.sequential { input = { 4 }, nn.dense { units = 3 } }:build {}
    local x, y = nac.tensor.ones { 2, 4 }, nac.tensor.zeros({ 2 }, "i32")
    local format = quant.format { width = 4, integer = 1 }
    for _, change in ipairs {
      function() net:quantise("dense1.weight", format) end, function() net:quantise(2, format) end,
      function() net:quantise(2, quant.format { width = 3, integer = 1 }) end, function() net:quantise(2, nil) end,
    } do
      local plan <close> = cplan.new(net, { batch = 2, training = true })
      local trainer <close> = require("nac.c.train").new(net, { batch = 2, max_rows = 2 })
      plan:forward(x)
      plan:loss("cross_entropy", x, y)
      change()
      assert.error_matches(function() plan:backward() end, "quantisers of the net have changed")
      assert.error_matches(function() plan:forward(x) end, "quantisers of the net have changed since this plan was made")
      assert.matches("quantisers of the net have changed", select(2, trainer:epoch(x, y, 1, .1)))
      assert.matches("quantisers of the net have changed", select(2, trainer:evaluate(x, y)))
    end
  end)

  it("keep pruned weights zero through training", function()
    local net = nn.sequential { input = { 4 }, nn.dense { units = 3 } }:build {}
    net:set_mask("dense1.weight", nac.tensor.new({ { 1, 0, 1, 1 }, { 0, 0, 1, 1 }, { 1, 1, 1, 0 } }, "u8"))
    local part = { x = nac.tensor.randn({ 64, 4 }, { seed = 1 }), y = nac.tensor.zeros({ 64 }, "i32") }
    nac.train.fit(net, { fit = part }, { epochs = 3 })
    local w = net:tensor "dense1.weight"
    assert.same({ 0, 0, 0, 0 }, { w:get(1, 2), w:get(2, 1), w:get(2, 2), w:get(3, 4) })
    assert.equal(8, net:cost()[1].nonzero)
    assert.is_true(net:mask "dense1.weight":to "i32":sum() == 8)
    assert.is_nil(net:mask "dense1.bias")
  end)
end)
