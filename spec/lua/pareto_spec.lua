local pareto = require "nac.pareto"
local rng = require "nac.rng"

-- Random points; few distinct values, so that ties and equal points occur.
local function cloud(seed, n, d)
  local r, points = rng.stream(seed, "spec"), {}
  for i = 1, n do
    points[i] = {}
    for k = 1, d do points[i][k] = r:below(8) end
  end
  return points
end

-- The naive twins: every pair compared.
local function naive_front(points)
  local front = {}
  for i, p in ipairs(points) do
    local beaten = false
    for _, q in ipairs(points) do beaten = beaten or pareto.dominates(q, p) end
    if not beaten then front[#front + 1] = i end
  end
  return front
end

local function naive_ranks(points)
  local ranks, left, rank = {}, #points, 0
  while left > 0 do
    rank = rank + 1
    local now = {}
    for i, p in ipairs(points) do
      local beaten = ranks[i] ~= nil
      for j, q in ipairs(points) do
        beaten = beaten or not ranks[j] and pareto.dominates(q, p)
      end
      if not beaten then now[#now + 1] = i end
    end
    for _, i in ipairs(now) do ranks[i] = rank end
    left = left - #now
  end
  return ranks
end

describe("the Pareto front", function()
  it("equals that of comparing every pair", function()
    for d = 1, 4 do
      for seed = 1, 12 do
        local points = cloud(seed, 3 * seed - 2, d)
        assert.same(naive_front(points), pareto.front(points))
        assert.same(naive_ranks(points), (pareto.ranks(points)))
      end
    end
  end)

  it("is empty for no points and keeps equal ones", function()
    assert.same({}, pareto.front {})
    assert.same({ 1, 2 }, pareto.front { { 1, 2 }, { 1, 2 } })
  end)

  it("refuses nan and points of different length", function()
    assert.error_matches(function() pareto.front { { 0 / 0, 1 } } end, "value 1 of point 1 is nan")
    assert.error_matches(function() pareto.front { { 1, 2 }, { 1 } } end, "point 2 has 1 values")
  end)

  it("takes 100 000 points of two values no longer, per point, than a few times 1000", function()
    local function per_point(n)
      local r, points = rng.stream(1, "spec"), {}
      for i = 1, n do
        local x = r:uniform()
        points[i] = { x, 1 - x + .3 * r:uniform() }
      end
      local begun = os.clock()
      for _ = 1, n < 10000 and 20 or 1 do pareto.ranks(points) end
      return (os.clock() - begun) / n / (n < 10000 and 20 or 1)
    end
    assert.is_true(per_point(100000) < 20 * per_point(1000))
  end)
end)

describe("the front of a study", function()
  it("kept up trial by trial equals the front of all", function()
    local front = require "nac.study.front"
    for d = 1, 3 do
      for seed = 1, 10 do
        local points, objectives, best, gone = cloud(seed, 40, d), {}, {}, 0
        for k = 1, d do objectives[k] = { name = "f" .. k, direction = k == 1 and "maximize" or "minimize" } end
        for i, p in ipairs(points) do
          local values = {}
          for k = 1, d do values["f" .. k] = k == 1 and -p[k] or p[k] end
          gone = gone + #front.insert(best, { number = i, state = "complete", attrs = {}, values = values }, objectives)
        end
        local numbers = {}
        for i, r in ipairs(front.list(best, objectives)) do numbers[i] = r.number end
        assert.same(naive_front(points), numbers)
        assert.equal(#points, gone + #numbers)
      end
    end
  end)
end)

describe("crowding distance", function()
  it("is infinite at the ends and the scaled gap of the neighbours between", function()
    local points = { { 0, 4 }, { 1, 2 }, { 4, 0 } }
    assert.same({ math.huge, 2, math.huge }, pareto.crowding(points, { 1, 2, 3 }))
  end)
end)
