-- Wall clock of the jets search that SNAC-Pack published (500 trials x 5 epochs x 3 folds,
-- batch 128, population 20) on 60 000 simulated jets, beside its 6 hours on an A100 with 630 000.
-- usage: nac-lua bench/jets_snac_pack.lua [trials, default 500]
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"

local TRIALS, SEED = math.tointeger(tonumber(arg[1] or 500)), 1
-- From the draft of arXiv:2605.16138; not measured in this run.
local PUBLISHED = { hours = 6, machine = "one A100", jets = 630000, trials = 500 }

local nac = require "nac"
local folder = os.tmpname()
os.remove(folder)

bench.header("SNAC-Pack's jets search", SEED)
local config = assert(nac.config.load "experiments/jets_snac_pack.yaml")
local begun = bench.clock()
local result = assert(nac.global_search.run(config, {
  trials = TRIALS, seed = SEED, workers = 2, results = folder, quiet = true, pictures = false,
}))
local seconds = bench.clock() - begun
if result.interrupted or not result.test then
  io.stderr:write("the search was not finished; its results: ", folder, "\n")
  os.exit(1)
end
local states = {}
for _, record in ipairs(result.study:trials()) do states[record.state] = (states[record.state] or 0) + 1 end
print(("%d trials (%d complete) x %d epochs x %d folds on 60 000 jets, 2 workers: %.0f s"):format(
  TRIALS, states.complete or 0, config.search.epochs, config.search.n_folds, seconds))
local best = 0
for _, record in ipairs(result.front) do best = math.max(best, record.attrs.performance_metric) end
print(("front of %d; best accuracy on the search folds %.4f, winner on 100 000 test jets %.4f"):format(
  #result.front, best, result.test))
local published = PUBLISHED.hours * 3600
print(("published: %g h on %s with %d jets. A trial here %.2f s, there %.1f s; per trial and jet %.1f times as fast"):format(
  PUBLISHED.hours, PUBLISHED.machine, PUBLISHED.jets, seconds / TRIALS, published / PUBLISHED.trials,
  (published / PUBLISHED.trials / PUBLISHED.jets) / (seconds / TRIALS / 60000)))
os.execute("rm -rf " .. folder)
