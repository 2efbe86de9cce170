local nac = require "nac"
local visibility = require "nac.study.visibility"

-- ZDT1 (Zitzler, Deb & Thiele 2000) with 5 variables.
local function zdt1(trial)
  local x1, sum = trial:float("x1", 0, 1), 0
  for i = 2, 5 do sum = sum + trial:float("x" .. i, 0, 1) end
  local g = 1 + 9 * sum / 4
  return { f1 = x1, f2 = g * (1 - math.sqrt(x1 / g)) }
end

-- Discrete: the front is known (width small, everything else at its best).
local function discrete(trial)
  local width, depth = trial:int("width", 8, 64, { step = 8 }), trial:int("depth", 1, 4)
  local act = trial:choice("act", { "tanh", "relu", "sigmoid", "gelu" })
  local norm = trial:choice("norm", { false, true })
  local rate = trial:float("rate", 1e-5, 1, { log = true })
  local loss = math.abs(math.log(rate, 10) + 3) + (act == "relu" and 0 or 1) + (norm and 0 or .5) + 4 / depth
  return { loss = loss + 8 / width, size = width * depth }
end

local function volume(sampler, objective, minimize, reference, trials, seed)
  local s = nac.study { sampler = sampler, minimize = minimize, seed = seed, population = 20 }
  return s:optimize(objective, { trials = trials }):hypervolume(reference)
end

describe("NSGA-II", function()
  it("finds a larger hypervolume than random search on every seed", function()
    for seed = 1, 5 do
      local random = volume("random", zdt1, { "f1", "f2" }, { f1 = 1.1, f2 = 6 }, 200, seed)
      local ours = volume("nsga2", zdt1, { "f1", "f2" }, { f1 = 1.1, f2 = 6 }, 200, seed)
      assert.is_true(ours > random + .3)
      random = volume("random", discrete, { "loss", "size" }, { loss = 8, size = 256 }, 150, seed)
      ours = volume("nsga2", discrete, { "loss", "size" }, { loss = 8, size = 256 }, 150, seed)
      assert.is_true(ours >= random)
    end
  end)

  it("repeats few points of a small discrete space", function()
    local seen, distinct = {}, 0
    local s = nac.study { sampler = "nsga2", minimize = { "a", "b" }, seed = 2, population = 10 }
    s:optimize(function(t)
      local i, j = t:int("i", 1, 12), t:choice("j", { 1, 2, 3, 4, 5, 6, 7, 8 })
      local key = i .. " " .. j
      distinct = distinct + (seen[key] and 0 or 1)
      seen[key] = true
      return { a = i, b = j - i }
    end, { trials = 60 })
    assert.is_true(distinct >= 48)
  end)

  it("moves into the feasible region when almost every trial is pruned", function()
    local s = nac.study { sampler = "nsga2", minimize = { "a", "b" }, seed = 1, population = 10 }
    s:optimize(function(t)
      local x, y = t:float("x", 0, 1), t:float("y", 0, 1)
      t:require("size", x + y, { max = .1 }) -- half a percent of the square
      return { a = x, b = 1 - x + y }
    end, { trials = 200 })
    local late = 0
    for i = 101, 200 do
      if s:trials()[i].state == "complete" then late = late + 1 end
    end
    assert.is_true(late > 50)
  end)

  it("carries parameters that exist in some trials only", function()
    local s = nac.study { sampler = "nsga2", minimize = { "a", "b" }, seed = 1, population = 8 }
    s:optimize(function(t)
      local depth, sum = t:int("depth", 1, 5), 0
      for i = 1, depth do sum = sum + t:choice("w" .. i, { 8, 16, 32 }) end
      return { a = sum, b = 1 / sum + math.abs(depth - 3) }
    end, { trials = 60 })
    for _, r in ipairs(s:trials()) do
      assert.equal("complete", r.state)
      assert.equal(r.params.depth + 1, #r.order)
    end
  end)

  it("takes a population of a sixth of the trials, 4 to 50, unless one is given", function()
    assert.equal(4, visibility.population(3))
    assert.equal(5, visibility.population(30))
    assert.equal(50, visibility.population(10000))
    local s = nac.study { sampler = "nsga2", minimize = { "a", "b" } }
    s:optimize(function(t) return { a = t:int("n", 1, 3), b = 1 } end, { trials = 12 })
    assert.equal(4, s.population)
  end)

  it("shows trial n the generations before its own and nothing else", function()
    assert.equal(0, visibility.count(4, { generation = 5 }))
    assert.equal(5, visibility.count(9, { generation = 5 }))
    assert.equal(0, visibility.count(7, { lag = 7 }))
    assert.equal(3, visibility.count(10, { lag = 7 }))
  end)
end)
