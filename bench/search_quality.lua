--- Hypervolume that NSGA-II reaches on known problems: medians over seeds.
-- Usage: nac-lua bench/search_quality.lua [seeds]
-- ZDT1, ZDT2 (Zitzler, Deb & Thiele 2000): 10 variables, reference (1.1, 1.1).
-- DTLZ2 (Deb et al. 2002): 7 variables, 3 objectives, reference (1.1, 1.1, 1.1).
-- Beside ours: Optuna 5.0 (NSGA-II of the same population; medians of 11 seeds).
local nac = require "nac"

local function zdt(second)
  return function(trial)
    local x1, sum = trial:float("x1", 0, 1), 0
    for i = 2, 10 do sum = sum + trial:float("x" .. i, 0, 1) end
    local g = 1 + sum
    return { f1 = x1, f2 = g * second(x1 / g) }
  end
end

local function dtlz2(trial)
  local x = {}
  for i = 1, 7 do x[i] = trial:float("x" .. i, 0, 1) end
  local g = 1
  for i = 3, 7 do g = g + (x[i] - .5) ^ 2 end
  local a, b = x[1] * math.pi / 2, x[2] * math.pi / 2
  return { f1 = g * math.cos(a) * math.cos(b), f2 = g * math.cos(a) * math.sin(b), f3 = g * math.sin(a) }
end

local problems = {
  { "ZDT1", zdt(function(r) return 1 - math.sqrt(r) end), 2,
    { [20] = { [200] = .035, [1000] = .563 }, [50] = { [200] = 0, [1000] = .417 } } },
  { "ZDT2", zdt(function(r) return 1 - r * r end), 2, { [20] = { [200] = 0, [1000] = .122 } } },
  { "DTLZ2", dtlz2, 3, { [20] = { [200] = .457, [1000] = .698 }, [50] = { [200] = .363, [1000] = .674 } } },
}

local seeds = math.tointeger(arg[1] or 11)

local function median(objective, n_objectives, sampler, population, trials)
  local volumes, minimize, reference = {}, {}, {}
  for i = 1, n_objectives do
    minimize[i] = "f" .. i
    reference["f" .. i] = 1.1
  end
  for seed = 1, seeds do
    local study = nac.study { sampler = sampler, minimize = minimize, seed = seed, population = population }
    study:optimize(objective, { trials = trials })
    volumes[seed] = study:hypervolume(reference)
  end
  table.sort(volumes)
  return volumes[(seeds + 1) // 2]
end

print(("hypervolume, median of %d seeds (seeds 1 to %d); nac-lua %s"):format(seeds, seeds, nac.version))
for _, p in ipairs(problems) do
  for _, trials in ipairs { 200, 1000 } do
    local line = ("%-6s %5d  random %.3f"):format(p[1], trials, median(p[2], p[3], "random", nil, trials))
    for _, population in ipairs { 20, 50 } do
      local peer = p[4][population] and p[4][population][trials]
      line = line .. ("  population %d: %.3f (Optuna %s)"):format(
        population, median(p[2], p[3], "nsga2", population, trials), peer and ("%.3f"):format(peer) or "-")
    end
    print(line)
  end
end
