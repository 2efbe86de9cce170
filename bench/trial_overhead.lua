--- What a trial costs beside its objective: milliseconds a trial of an objective
-- that only draws 10 mixed parameters (4 integers, 3 choices, 3 reals), for
-- sampler, storage and number of workers; then how the cost grows with history.
-- usage: nac-lua bench/trial_overhead.lua [trials]
-- Peer (Optuna 5.0, first 100 trials, one process, on the same kind of machine): in
-- memory 1.5 (random) and 1.1 (NSGA-II, population 20); in SQLite 57 and 87.
local nac = require "nac"
local proc = require "nac.c.proc"
local support = require "bench.support"

local trials = math.tointeger(arg[1] or 200)
local path = os.tmpname()

local function objective(t)
  local sum = 0
  for i = 1, 4 do sum = sum + t:int("i" .. i, 1, 50) end
  for i = 1, 3 do sum = sum + #t:choice("c" .. i, { "relu", "tanh", "sigmoid" }) end
  for i = 1, 3 do sum = sum + t:float("x" .. i, 0, 1) end
  return { gain = sum, price = t.params.i1 * t.params.x1 }
end

local function clean()
  for _, ending in ipairs { "", "-wal", "-shm", ".lock" } do os.remove(path .. ending) end
end

local function milliseconds(sampler, storage, workers, n)
  clean()
  local study = nac.study {
    sampler = sampler, storage = storage and path, maximize = { "gain" }, minimize = { "price" }, seed = 1, population = 20,
  }
  local begun = proc.clock()
  study:optimize(objective, { trials = n, workers = workers })
  local took = proc.clock() - begun
  study:close()
  return took / n * 1000
end

support.header("trial overhead, ms a trial, mean of the first " .. trials .. " trials", 1)
print(("%-8s %-8s %10s %10s %10s"):format("sampler", "storage", "workers 0", "1", "2"))
for _, sampler in ipairs { "random", "nsga2" } do
  for _, storage in ipairs { false, true } do
    local line = ("%-8s %-8s"):format(sampler, storage and "sqlite" or "memory")
    for _, workers in ipairs { 0, 1, 2 } do
      line = line .. (" %10.2f"):format(milliseconds(sampler, storage, workers, trials))
    end
    print(line)
  end
end

local n = 20000
local study = nac.study { sampler = "nsga2", maximize = { "gain" }, minimize = { "price" }, seed = 1, population = 20 }
study:optimize(objective, { trials = 1000 })
local begun = proc.clock()
study:optimize(objective, { trials = 2000 })
local early = proc.clock() - begun
study:optimize(objective, { trials = n - 1000 })
begun = proc.clock()
study:optimize(objective, { trials = n })
local late = proc.clock() - begun
print(("nsga2, memory, workers 0: %.3f ms a trial in the second thousand, %.3f in the last of %d: %.2f times")
  :format(early, late, n, late / early))
clean()
