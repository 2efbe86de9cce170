local compare = require "nac.compare"
local nac = require "nac"
local rng = require "nac.rng"
local tensor = require "nac.tensor"

local function scores(list) return tensor.new(list, "f64") end

describe("paired comparison", function()
  it("is zero with no width for equal networks", function()
    local a = { scores { 1, 0, 1, 1 }, scores { 0, 1, 1, 1 } }
    local r = compare.paired(a, a)
    assert.same({ 0, 0, 0 }, { r.difference, r.low, r.high })
    assert.equal(.75, r.base)
    assert.is_true(compare.no_worse(r, 0))
  end)

  it("follows its formula", function()
    -- differences by seed: mean -.5 and 0; by sample (mean over seeds): -1, 0, 0, 0
    local r = compare.paired({ scores { 1, 1, 1, 1 }, scores { 1, 1, 0, 0 } }, { scores { 0, 1, 0, 1 }, scores { 0, 1, 1, 0 } })
    assert.near(-.25, r.difference, 1e-12)
    -- variances .125 / 2 seeds and .25 / 4 samples, 3 degrees of freedom: t = 3.18
    assert.near(3.18 * math.sqrt(.125), (r.high - r.low) / 2, .02)
    assert.near(r.difference, (r.low + r.high) / 2, 1e-12)
  end)

  it("holds the truth in about 95 of 100 experiments", function()
    local g, inside, experiments, seeds, n = rng.stream(7, "compare"), 0, 400, 5, 200
    local truth = .03
    for _ = 1, experiments do
      local of_sample, base, candidate = {}, {}, {}
      for i = 1, n do of_sample[i] = { g:normal(), .1 * g:normal() } end
      for k = 1, seeds do
        local shift, a, b = .01 * g:normal(), {}, {}
        for i = 1, n do
          a[i] = of_sample[i][1] + .05 * g:normal()
          b[i] = of_sample[i][1] + of_sample[i][2] + truth + shift + .05 * g:normal()
        end
        base[k], candidate[k] = scores(a), scores(b)
      end
      local r = compare.paired(base, candidate)
      if r.low <= truth and truth <= r.high then inside = inside + 1 end
    end
    assert.is_true(inside / experiments > .92 and inside / experiments < .99, ("%d of %d"):format(inside, experiments))
  end)

  it("refuses lists that cannot be paired", function()
    assert.has_error(function() compare.paired({ scores { 1 } }, {}) end)
    assert.has_error(function() compare.paired({ scores { 1 } }, { scores { 1, 2 } }) end)
  end)
end)

describe("scores of samples", function()
  it("add up to the accuracy, of the integer network where it is quantised", function()
    local data = nac.dataset.xor {}
    local net = nac.nn.sequential { input = { 2 }, nac.nn.dense { units = 8 }, nac.nn.relu {}, nac.nn.dense { units = 2 } }:build { seed = 1 }
    nac.train.fit(net, data, { epochs = 5 })
    local part = data:parts().search
    assert.near(nac.train.evaluate(net, part).accuracy, compare.scores(net, part):mean(), 1e-12)
    local q = nac.quant.prepare(net, { total_bits = 6, int_bits = "auto", data = data:parts().fit, quiet = true })
    local graph = nac.quant.lower(q)
    assert.near(graph:accuracy(part), compare.scores(q, part, { quantised = true }):mean(), 1e-12)
  end)

  it("are minus the distance where the answers are positions", function()
    local net = nac.nn.sequential { input = { 2 }, nac.nn.identity {} }:build { seed = 1 }
    local part = { x = tensor.new { { 0, 0 }, { 3, 4 } }, y = tensor.new { { 0, 0 }, { 0, 0 } } }
    assert.same({ 0, -10 }, compare.scores(net, part, { scale = 2 }):totable())
  end)
end)
