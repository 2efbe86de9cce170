--- What tuning gains on the winner of the first tutorial: 100 trials against the
-- tutorial's settings, equal epochs, judged by loss and by accuracy.
-- Usage: nac-lua bench/tuning.lua [seeds]
--
-- Test accuracies are means of five further trainings (seeds 1 to 5) with the
-- settings, so that no lucky weights count. Tuning itself never sees the test set.
local nac = require "nac"

local SEEDS = tonumber(arg[1]) or 4
local TRIALS, EPOCHS, AGAIN = 100, 10, 5

local folder = arg[0]:match "^(.*/)" or ""
local config = assert(nac.config.load(folder .. "../experiments/t1.yaml"))
local data = assert(nac.dataset.from_config(config.dataset, { base_dir = config.dir }))
local results = os.tmpname()
os.remove(results)
local searched = assert(nac.global_search.run(config, { results = results, log = "quiet", pictures = false }))
local description = searched.describe(searched.best)
os.execute("rm -rf " .. results)
local arch, test = nac.arch.to_nn(description), assert(data:test())

local function mean_test(settings)
  local sum = 0
  for seed = 1, AGAIN do
    local options = nac.tune.fit_options(settings)
    options.epochs, options.seed = EPOCHS, seed
    local net <close> = arch:build { seed = seed }
    nac.train.fit(net, data, options)
    sum = sum + nac.train.evaluate(net, test).accuracy
  end
  return sum / AGAIN
end

local cpu = require("nac.c.cpu").info()
print(("%s, %s; %d trials of at most %d epochs; %d parameters"):format(cpu.model, cpu.isa, TRIALS, EPOCHS, arch:net():n_params()))
print "judged by  seed  search          select          test            best settings                    pruned  seconds"
for _, objective in ipairs { "loss", "accuracy" } do
  for seed = 1, SEEDS do
    local t = assert(nac.tune.run(arch, data, {
      trials = TRIALS, epochs = EPOCHS, seed = seed, workers = 2, objective = objective, start = { learning_rate = config.search.learning_rate },
    }))
    local pruned = 0
    for _, record in ipairs(t.study:trials()) do pruned = pruned + (record.state == "pruned" and 1 or 0) end
    local b = t.best
    print(("%-9s  %4d  %.4f -> %.4f  %.4f -> %.4f  %.4f -> %.4f  %-31s  %6d  %7.1f"):format(
      objective, seed, t.start.search.accuracy, t.search.accuracy, t.start.select.accuracy, t.select.accuracy,
      mean_test(t.start.settings), mean_test(b), ("%s %.4f, batch %d, %s"):format(b.optimizer, b.learning_rate, b.batch_size, b.schedule),
      pruned, t.seconds))
  end
end
