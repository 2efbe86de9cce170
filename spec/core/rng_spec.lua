local rng = require "nac.rng"

describe("a random stream", function()
  it("gives the same numbers for the same parts and others for others", function()
    local function first(...) return rng.stream(...):u64() end
    assert.equal(first(1, "a", 2, 3), first(1, "a", 2, 3))
    local seen = {}
    for _, parts in ipairs { { 1, "a", 2, 3 }, { 2, "a", 2, 3 }, { 1, "b", 2, 3 }, { 1, "a", 3, 3 }, { 1, "a", 2, 4 }, { 1, "a", 3, 2 } } do
      local x = first(table.unpack(parts))
      assert.is_nil(seen[x])
      seen[x] = true
    end
  end)

  it("keeps integers in their range", function()
    local r = rng.stream(1, "spec")
    local counts = {}
    for _ = 1, 6000 do
      local i = r:int(-2, 3)
      counts[i] = (counts[i] or 0) + 1
    end
    for i = -2, 3 do assert.is_true(counts[i] > 850 and counts[i] < 1150) end
    assert.error_matches(function() r:int(2, 1) end, "no integers in 2..1")
  end)
end)
