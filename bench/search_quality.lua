--- How good the samplers are on known problems: medians over seeds, in this process.
-- Usage: nac-lua bench/search_quality.lua [seeds [singles]]
--
-- Hypervolume: ZDT1, ZDT2 (Zitzler, Deb & Thiele 2000; 10 variables, reference
-- (1.1, 1.1)), DTLZ2 (Deb et al. 2002; 7 variables, 3 objectives, reference
-- (1.1, 1.1, 1.1)). Best value: single-objective problems, with their minimum.
-- TPE runs with a lag of 0, as its peer does, of 1, its default, and of 7; `singles`
-- prints these alone.
-- Beside ours: Optuna 5.0 (NSGA-II of the same population, TPE; medians of 11 seeds;
-- TPE on ZDT1 of 7, on DTLZ2 of 5).
local nac = require "nac"
local proc = require "nac.c.proc"

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

local function numbers(trial, n, low, high)
  local x = {}
  for i = 1, n do x[i] = trial:float("x" .. i, low, high) end
  return x
end

local hartmann = {
  weight = { 1, 1.2, 3, 3.2 },
  a = { { 10, 3, 17, 3.5, 1.7, 8 }, { .05, 10, 17, .1, 8, 14 }, { 3, 3.5, 1.7, 10, 17, 8 }, { 17, 8, .05, 10, .1, 14 } },
  p = {
    { .1312, .1696, .5569, .0124, .8283, .5886 }, { .2329, .4135, .8307, .3736, .1004, .9991 },
    { .2348, .1451, .3522, .2883, .3047, .6650 }, { .4047, .8828, .8732, .5743, .1091, .0381 },
  },
}

local function hartmann6(trial)
  local x, sum = numbers(trial, 6, 0, 1), 0
  for i, weight in ipairs(hartmann.weight) do
    local exponent = 0
    for j = 1, 6 do exponent = exponent + hartmann.a[i][j] * (x[j] - hartmann.p[i][j]) ^ 2 end
    sum = sum + weight * math.exp(-exponent)
  end
  return -sum
end

local function branin(trial)
  local x, y = trial:float("x", -5, 10), trial:float("y", 0, 15)
  return (y - 5.1 / (4 * math.pi ^ 2) * x * x + 5 / math.pi * x - 6) ^ 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10
end

local function rosenbrock5(trial)
  local x, sum = numbers(trial, 5, -5, 10), 0
  for i = 1, 4 do sum = sum + 100 * (x[i + 1] - x[i] ^ 2) ^ 2 + (1 - x[i]) ^ 2 end
  return sum
end

local function ackley5(trial)
  local x, squares, waves = numbers(trial, 5, -32.768, 32.768), 0, 0
  for i = 1, 5 do
    squares, waves = squares + x[i] ^ 2, waves + math.cos(2 * math.pi * x[i])
  end
  return -20 * math.exp(-.2 * math.sqrt(squares / 5)) - math.exp(waves / 5) + 20 + math.exp(1)
end

-- Stands for a search of hyper-parameters: log, integers, a rate and two choices.
local function mixed6(trial)
  local rate = math.log(trial:float("lr", 1e-5, 1e-1, { log = true }), 10)
  local layers, width = trial:int("n_layers", 1, 5), trial:int("log2w", 3, 8)
  local drop = trial:float("drop", 0, .5)
  local act, norm = trial:choice("act", { "relu", "leaky", "gelu", "tanh" }), trial:choice("norm", { "none", "batch", "layer" })
  local shift = ({ relu = 0, leaky = 1, gelu = 2, tanh = -1 })[act]
  return (rate + 2.5 - .5 * shift) ^ 2 + .3 * (layers - 3) ^ 2 + .2 * (width - 6 + layers - 3) ^ 2
    + 4 * (drop - .1 * (layers - 1)) ^ 2 + ({ relu = .3, leaky = .1, gelu = 0, tanh = .6 })[act]
    + ({ none = .4, batch = .1, layer = 0 })[norm] + (act == "gelu" and norm ~= "layer" and .15 or 0)
end

local fronts = {
  { "ZDT1", zdt(function(r) return 1 - math.sqrt(r) end), 2,
    { [20] = { [200] = .035, [1000] = .563 }, [50] = { [200] = 0, [1000] = .417 } }, .069 },
  { "ZDT2", zdt(function(r) return 1 - r * r end), 2, { [20] = { [200] = 0, [1000] = .122 } } },
  { "DTLZ2", dtlz2, 3, { [20] = { [200] = .457, [1000] = .698 }, [50] = { [200] = .363, [1000] = .674 } }, .627 },
}

local singles = { -- name, objective, minimum, Optuna's TPE after 100 and 200
  { "Hartmann6", hartmann6, -3.3224, -3.232, -3.291 },
  { "Branin", branin, .39789, .4158, .4027 },
  { "Rosenbrock5", rosenbrock5, 0, 119, 35.7 },
  { "Ackley5", ackley5, 0, 7.22, 4.23 },
  { "mixed6", mixed6, 0, .1025, .0070 },
}

local seeds = math.tointeger(arg[1] or 11)

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

local function volume(objective, n_objectives, options, trials)
  local volumes, minimize, reference = {}, {}, {}
  for i = 1, n_objectives do
    minimize[i] = "f" .. i
    reference["f" .. i] = 1.1
  end
  for seed = 1, seeds do
    options.minimize, options.seed = minimize, seed
    local study = nac.study(options)
    study:optimize(objective, { trials = trials })
    volumes[seed] = study:hypervolume(reference)
  end
  return median(volumes)
end

-- Medians of the best values after 100 and 200 trials.
local function least(objective, sampler, lag)
  local after = { {}, {} }
  for seed = 1, seeds do
    local study = nac.study { minimize = "f", sampler = sampler, seed = seed, lag = lag }
    for i = 1, 2 do
      study:optimize(objective, { trials = 100 * i })
      after[i][seed] = study:front()[1].values.f
    end
  end
  return ("%.4g / %.4g"):format(median(after[1]), median(after[2]))
end

local function or_dash(x) return x and ("%.3f"):format(x) or "-" end

print(("medians of %d seeds (1 to %d), workers 0; nac-lua %s; Optuna's in brackets"):format(seeds, seeds, nac.version))
local only_singles = arg[2] == "singles"
if not only_singles then print "hypervolume" end
for _, p in ipairs(only_singles and {} or fronts) do
  for _, trials in ipairs { 200, 1000 } do
    local line = ("%-6s %5d  random %.3f"):format(p[1], trials, volume(p[2], p[3], { sampler = "random" }, trials))
    for _, population in ipairs { 20, 50 } do
      line = line .. ("  nsga2 %d: %.3f (%s)"):format(population,
        volume(p[2], p[3], { sampler = "nsga2", population = population }, trials), or_dash(p[4][population] and p[4][population][trials]))
    end
    if trials == 200 then
      line = line .. ("  tpe: %.3f, lag 0: %.3f (%s)"):format(
        volume(p[2], p[3], { sampler = "tpe" }, trials), volume(p[2], p[3], { sampler = "tpe", lag = 0 }, trials), or_dash(p[5]))
    end
    print(line)
  end
end

print "best value after 100 / 200 trials"
print(("%-12s %9s  %-18s %-18s %-18s %-18s %s"):format("", "minimum", "random", "tpe, lag 0", "tpe, lag 1", "tpe, lag 7", "(TPE)"))
for _, p in ipairs(singles) do
  print(("%-12s %9.5g  %-18s %-18s %-18s %-18s (%.4g / %.4g)"):format(p[1], p[3],
    least(p[2], "random", 0), least(p[2], "tpe", 0), least(p[2], "tpe", 1), least(p[2], "tpe", 7), p[4], p[5]))
end
if only_singles then return end

-- 10 mixed parameters, as in bench/trial_overhead.lua.
local function overhead(n_objectives)
  local minimize, names = { "f1", "f2" }, { "relu", "tanh", "sigmoid" }
  if n_objectives == 1 then minimize[2] = nil end
  local study = nac.study { minimize = minimize, sampler = "tpe", seed = 1 }
  local line, done = {}, 0
  for _, goal in ipairs { 100, 1000, 9900, 10000 } do
    local begun = proc.clock()
    study:optimize(function(t)
      local sum = 0
      for i = 1, 4 do sum = sum + t:int("i" .. i, 1, 50) end
      for i = 1, 3 do sum = sum + #t:choice("c" .. i, names) end
      for i = 1, 3 do sum = sum + t:float("x" .. i, 0, 1) end
      return { f1 = sum, f2 = -t.params.i1 * t.params.x1 }
    end, { trials = goal })
    line[#line + 1] = ("%.2f"):format((proc.clock() - begun) / (goal - done) * 1000)
    done = goal
  end
  return table.concat(line, "  ")
end

print "tpe, ms a trial: trials 1-100, -1000, -9900, -10000"
print("one objective   " .. overhead(1) .. "  (Optuna: 7.5 mean of the first 100, 17.6 of 1000)")
print("two objectives  " .. overhead(2) .. "  (Optuna: 30 and 68)")
