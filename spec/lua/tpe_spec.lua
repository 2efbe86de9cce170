local nac = require "nac"

-- Medians of the best value after so many trials, over a few seeds.
local function median_best(sampler, objective, trials, seeds)
  local best = {}
  for seed = 1, seeds do
    local study = nac.study { minimize = "f", sampler = sampler, seed = seed, lag = 0 }
    study:optimize(objective, { trials = trials })
    best[seed] = study:front()[1].values.f
  end
  table.sort(best)
  return best[(seeds + 1) // 2]
end

local function branin(trial)
  local x, y = trial:float("x", -5, 10), trial:float("y", 0, 15)
  return (y - 5.1 / (4 * math.pi ^ 2) * x * x + 5 / math.pi * x - 6) ^ 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10
end

-- Log, step, integer and choice; the best choice moves the best rate.
local function mixed(trial)
  local rate = trial:float("rate", 1e-5, 1e-1, { log = true })
  local width = trial:int("width", 8, 256, { log = true })
  local depth = trial:int("depth", 1, 9, { step = 2 })
  local drop = trial:float("drop", 0, .5, { step = .05 })
  local act = trial:choice("act", { "relu", "gelu", "tanh", "none" })
  local shift = ({ relu = 0, gelu = 1, tanh = -1, none = 0 })[act]
  return (math.log(rate, 10) + 2.5 - .5 * shift) ^ 2 + (math.log(width / 64, 2)) ^ 2 / 4 + .1 * (depth - 5) ^ 2
    + 4 * (drop - .2) ^ 2 + ({ relu = .3, gelu = 0, tanh = .6, none = 1 })[act]
end

-- Each depth has parameters of its own.
local function conditional(trial)
  local depth, sum = trial:int("depth", 1, 4), 0
  for i = 1, depth do sum = sum + (trial:float("x" .. i, -3, 3) - i / 2) ^ 2 end
  return sum / depth + .5 * (4 - depth)
end

describe("the sampler tpe", function()
  it("finds better values than random search on numbers, mixed and conditional parameters", function()
    for name, case in pairs {
      branin = { branin, 60, .3, .39789 }, mixed = { mixed, 80, .25, 0 }, conditional = { conditional, 80, .8, 0 },
    } do
      local ours = median_best("tpe", case[1], case[2], 5) - case[4]
      local random = median_best("random", case[1], case[2], 5) - case[4]
      assert(ours < case[3] * random, ("%s: %g, random %g"):format(name, ours, random))
    end
  end)

  it("dominates more than random search with two objectives", function()
    local function zdt1(trial)
      local x1, sum = trial:float("x1", 0, 1), 0
      for i = 2, 6 do sum = sum + trial:float("x" .. i, 0, 1) end
      local g = 1 + 9 * sum / 5
      return { f1 = x1, f2 = g * (1 - math.sqrt(x1 / g)) }
    end
    for seed = 1, 3 do
      local volume = {}
      for _, sampler in ipairs { "tpe", "random" } do
        local study = nac.study { minimize = { "f1", "f2" }, sampler = sampler, seed = seed }
        study:optimize(zdt1, { trials = 120 })
        volume[sampler] = study:hypervolume { f1 = 1.1, f2 = 6 }
      end
      assert(volume.tpe > 1.2 * volume.random, ("%g, random %g"):format(volume.tpe, volume.random))
    end
  end)

  it("gives equal trials in this process and in one, two and five workers", function()
    local function values(workers)
      local study = nac.study { minimize = "f", sampler = { "tpe", startup = 5 }, seed = 2 }
      study:optimize(conditional, { trials = 30, workers = workers })
      local list = {}
      for i, r in ipairs(study:trials()) do list[i] = r.values.f end
      return list
    end
    local first = values(0)
    for _, workers in ipairs { 1, 2, 5 } do assert.same(first, values(workers)) end
  end)

  it("keeps away from trials that missed a bound", function()
    local function missed(sampler)
      local study = nac.study { minimize = "f", sampler = sampler, seed = 1 }
      study:optimize(function(trial)
        local x, y = trial:float("x", 0, 1), trial:float("y", 0, 1)
        trial:require("size", x + y, { max = .5 })
        return -x
      end, { trials = 80 })
      local n = 0
      for _, r in ipairs(study:trials()) do n = n + (r.state == "pruned" and 1 or 0) end
      return n
    end
    assert.is_true(missed "tpe" < .7 * missed "random")
  end)

  it("takes the later and better of the trials that were pruned while they ran for the better ones", function()
    local study = nac.study {
      minimize = "f", sampler = { "tpe", startup = 4, good = .3 }, seed = 3, lag = 0,
      pruner = { should_prune = function(_, trial, step) return step >= trial.params.x end },
    }
    study:optimize(function(trial)
      trial:float("x", 1, 20)
      for step = 1, 20 do trial:report(step, 1) end
    end, { trials = 40 })
    local early, late = 0, 0
    for i, r in ipairs(study:trials()) do
      assert.equal("pruned", r.state)
      if i <= 10 then early = early + r.params.x / 10 elseif i > 30 then late = late + r.params.x / 10 end
    end
    assert.is_true(late > early + 3)
  end)

  it("avoids to repeat a trial of a small discrete space", function()
    local study = nac.study { minimize = "f", sampler = "tpe", seed = 1, lag = 0 }
    study:optimize(function(trial) return trial:int("a", 1, 6) * #trial:choice("b", { "x", "xx", "xxx", "xxxx", "xxxxx" }) end,
      { trials = 25 })
    local seen, different = {}, 0
    for _, r in ipairs(study:trials()) do
      local key = r.params.a .. r.params.b
      different = different + (seen[key] and 0 or 1)
      seen[key] = true
    end
    assert.is_true(different >= 20)
  end)

  it("goes on when a range changes from trial to trial", function()
    local study = nac.study { minimize = "f", sampler = { "tpe", startup = 3 }, seed = 1, lag = 0 }
    study:optimize(function(trial)
      local high = 2 + trial.number % 5
      return trial:float("x", 0, high) + trial:int("n", 1, high)
    end, { trials = 30 })
    for _, r in ipairs(study:trials()) do assert.equal("complete", r.state) end
  end)

  it("takes equal values, a single value and huge losses", function()
    local study = nac.study { minimize = { "f", "g" }, sampler = { "tpe", startup = 3 }, seed = 1, lag = 0 }
    study:optimize(function(trial)
      trial:float("same", 2, 2)
      local x = trial:choice("x", { 1e300, -1e300, 0 })
      return { f = x, g = 0 }
    end, { trials = 25 })
    for _, r in ipairs(study:trials()) do assert.equal("complete", r.state) end
  end)

  it("refuses options that it does not know and values out of range", function()
    local function refused(options, message)
      assert.error_matches(function() nac.study { minimize = "f", sampler = options } end, message, 1, true)
    end
    refused({ "tpe", startups = 3 }, "unknown option of sampler tpe 'startups'; allowed: candidates, good, population, startup")
    refused({ "tpe", startup = 0 }, "option startup of sampler tpe must be an integer of 1 or more, got 0")
    refused({ "tpe", good = 1.5 }, "option good of sampler tpe must be a number between 0 and 1, got 1.5")
  end)
end)
