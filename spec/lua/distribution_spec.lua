local distribution = require "nac.distribution"
local rng = require "nac.rng"

local all = {
  distribution.int(-3, 4), distribution.int(1, 100, { log = true }), distribution.int(8, 64, { step = 8 }), distribution.int(5, 5),
  distribution.float(-1, 2), distribution.float(1e-5, 1e-1, { log = true }), distribution.float(0, 1, { step = .25 }),
  distribution.float(2, 2), distribution.choice { "relu", true, 3, 2.5 },
}

describe("a distribution", function()
  it("draws what it contains, all of it", function()
    for _, d in ipairs(all) do
      local r, seen, n = rng.stream(1, "spec"), {}, 0
      for _ = 1, 400 do
        local v = d:uniform(r)
        assert.is_true(d:contains(v))
        assert.equal(v, d:normal(v))
        n = n + (seen[v] and 0 or 1)
        seen[v] = true
      end
      local size = d.kind == "choice" and 4 or d.kind == "int" and not d.log and (d.high - d.low) // d.step + 1
      if size then assert.equal(size, n) end
    end
  end)

  it("maps numbers to the unit interval and back", function()
    for _, d in ipairs(all) do
      if d.kind ~= "choice" then
        local r = rng.stream(2, "spec")
        for _ = 1, 100 do
          local v = d:uniform(r)
          local u = d:to_unit(v)
          assert.is_true(u >= 0 and u <= 1)
          assert.is_true(math.abs(d:from_unit(u) - v) <= 1e-12 * math.max(1, math.abs(v)))
        end
        assert.is_true(d:contains(d:from_unit(-1)) and d:contains(d:from_unit(2)))
      end
    end
  end)

  it("comes back from JSON as the same object", function()
    for _, d in ipairs(all) do assert.equal(d, distribution.from_json(d:to_json())) end
    assert.is_nil((distribution.from_json '{"name":"Normal","attributes":{}}'))
    assert.is_nil((distribution.from_json '{"name":"IntDistribution","attributes":{"low":5,"high":1}}'))
  end)

  it("tells integers from reals and whole steps from others", function()
    assert.is_true(distribution.int(1, 4):contains(2.0))
    assert.is_false(distribution.int(1, 4):contains(2.5))
    assert.is_false(distribution.int(8, 64, { step = 8 }):contains(12))
    assert.is_false(distribution.float(0, 1, { step = .25 }):contains(.3))
    assert.is_false(distribution.float(0, 1):contains(0 / 0))
    assert.is_false(distribution.choice { 1, 2 }:contains "1")
    assert.equal("float", math.type(distribution.float(0, 4):normal(2)))
    assert.equal("integer", math.type(distribution.int(0, 4):normal(2.0)))
  end)

  it("ends at the last whole step", function()
    assert.equal(8, distribution.int(2, 9, { step = 2 }).high)
    assert.is_true(math.abs(distribution.float(0, 1, { step = .3 }).high - .9) < 1e-12)
  end)

  it("refuses ranges without sense", function()
    for _, case in ipairs {
      { distribution.int, { 4, 1 }, "low 4 is above high 1" }, { distribution.int, { 1.5, 4 }, "low of an integer range" },
      { distribution.int, { 0, 4, { log = true } }, "starts at 1 or more" }, { distribution.float, { 0, 1 / 0 }, "finite" },
      { distribution.int, { 1, 4, { step = 0 } }, "step must be" }, { distribution.float, { 1, 4, { log = true, step = 1 } }, "no step" },
      { distribution.choice, { {} }, "an empty one" }, { distribution.choice, { { 1, 1 } }, "repeats 1" },
      { distribution.choice, { "relu" }, "got string" },
    } do
      local ok, message = pcall(case[1], table.unpack(case[2]))
      assert.is_false(ok)
      assert.matches(case[3], message, 1, true)
    end
  end)
end)
