local hypervolume = require "nac.hypervolume"
local rng = require "nac.rng"

-- The naive twin: counts the unit cells of a small grid that are dominated.
local function naive(points, reference)
  local d, cell, count = #reference, {}, 0
  local function visit(k)
    if k > d then
      for _, p in ipairs(points) do
        local covers = true
        for j = 1, d do covers = covers and p[j] <= cell[j] end
        if covers then
          count = count + 1
          return
        end
      end
      return
    end
    for x = 0, reference[k] - 1 do
      cell[k] = x
      visit(k + 1)
    end
  end
  visit(1)
  return count
end

describe("hypervolume", function()
  it("equals a count of grid cells in one to five dimensions", function()
    for d = 1, 5 do
      for seed = 1, 6 do
        local r, points, reference = rng.stream(seed, "spec", d), {}, {}
        for k = 1, d do reference[k] = 5 end
        for i = 1, 4 * seed do
          points[i] = {}
          for k = 1, d do points[i][k] = r:below(7) end
        end
        assert.equal(naive(points, reference), hypervolume.of(points, reference))
      end
    end
  end)

  it("is 0 for no points and for points outside the reference", function()
    assert.equal(0, hypervolume.of({}, { 1, 1 }))
    assert.equal(0, hypervolume.of({ { 2, 0 }, { 1, 0 } }, { 1, 1 }))
  end)

  it("does not change its arguments", function()
    local points = { { 3, 1, 2 }, { 1, 3, 2 }, { 2, 2, 1 } }
    hypervolume.of(points, { 5, 5, 5 })
    assert.same({ { 3, 1, 2 }, { 1, 3, 2 }, { 2, 2, 1 } }, points)
  end)

  it("refuses a reference of another length", function()
    assert.error_matches(function() hypervolume.of({ { 1, 2 } }, { 1 }) end, "point 1 has 2 values, the reference 1")
  end)
end)
