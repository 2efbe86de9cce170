-- What a plan for a large batch makes twice instead of storing, and holds for a
-- piece only: the numbers are those of a small plan, and memory stays low.
local cplan = require "nac.c.plan"
local twin = require "spec.support.core_twin"

-- A set of 8 positions; with a mean over it, a branch that is added, and layers
-- whose gradients read their input, their output, or both.
local function deepsets()
  return twin.net({ 8, 3 }, {
    { kind = "dense", units = 24, name = "first" },
    { kind = "batchnorm", axis = -1, name = "norm1" },
    { kind = "relu" },
    { kind = "dense", units = 24, name = "second" },
    { kind = "batchnorm", axis = -1, name = "norm2" },
    { kind = "gelu" },
    { kind = "aggregate", func = "max" },
    { kind = "dense", units = 32, name = "third" },
    { kind = "batchnorm", name = "norm3" },
    { kind = "tanh" },
    { kind = "dense", units = 5, name = "last" },
  })
end

local ROWS = 600

describe("a plan for a large batch", function()
  it("gives the bits of a plan for a small one", function()
    local net <close> = deepsets()
    for _, rows in ipairs { 2, 17, 40 } do
      local x, gy = twin.randn({ rows, 8, 3 }, rows, "x"), twin.randn({ rows, 5 }, rows, "gy")
      for _, reference in ipairs { 0, 32 } do
        local y, want = twin.step(net, x, gy, { reference = reference })
        local large, got = twin.step(net, x, gy, { reference = reference, batch = 5000 })
        assert(twin.same(large, y), "output")
        for name, g in pairs(want) do assert(twin.same(got[name], g), "gradient of " .. name) end
      end
    end
  end)

  it("gives the same numbers as in double, and the same bits for every size of the pieces", function()
    local net <close> = deepsets()
    local x, gy = twin.randn({ ROWS, 8, 3 }, 1, "x"), twin.randn({ ROWS, 5 }, 1, "gy")
    local want_y, want = twin.step(net, x, gy, { reference = 64 })
    twin.each_isa(function()
      local y, first = twin.step(net, x, gy, { piece = 64 })
      twin.near(y, want_y, 5e-5, "output")
      for name, g in pairs(first) do
        if not name:find("^%a+%.bias") then twin.near(g, want[name], 5e-4, name) end -- biases before batchnorm: zero
      end
      for _, piece in ipairs { 16, 208, 1000 } do
        local again, got = twin.step(net, x, gy, { piece = piece })
        assert(twin.same(again, y), "output")
        for name, g in pairs(first) do assert(twin.same(g, got[name]), ("%s with pieces of %d"):format(name, piece)) end
      end
    end)
  end)

  it("stores neither what is read in one piece only nor what is cheap to make again", function()
    local net <close> = deepsets()
    local values = 0 -- elements a sample
    for _, layer in ipairs(net:layers()) do
      local n = 1
      for _, d in ipairs(layer.output) do n = n * d end
      values = values + n
    end
    local plan <close> = cplan.new(net, { batch = 20000, training = true })
    assert(plan:info().bytes < .6 * 20000 * values * 4, ("%d bytes for %d values a sample"):format(plan:info().bytes, values))
    local evaluation <close> = cplan.new(net, { batch = 20000 })
    assert(evaluation:info().bytes < .15 * 20000 * values * 4, ("%d bytes in evaluation"):format(evaluation:info().bytes))
  end)
end)
