--- Tutorial 3: search for the smallest network that tells a qubit's state from its readout.
--
--     nac-lua t3.lua            the search of t3.yaml on 100 000 simulated traces
--     nac-lua t3.lua --quick    a first look: 8 trials of 8 epochs on the 4000 traces that come along
--
-- A readout pulse passes a resonator whose frequency depends on the qubit; a digitiser records
-- I and Q, 770 samples each. Which part of them a network looks at (the window) is searched
-- together with its layers. Tutorial 1, t1.lua, explains the steps that all have.
--
-- New to Lua? `local x = ...` makes a variable, `{ a = 1 }` a table with a field `a`,
-- `a and b or c` is b if a is true, else c. `--` starts a comment.
local nac = require "nac"

-- 1. What may be said on the command line.
local parser = require "argparse" ("t3.lua", "Searches for the smallest network that reads a qubit.")
parser:flag("--quick", "8 trials of 8 epochs on the shipped sample")
parser:flag("--sample", "the shipped sample of 4000 traces instead of 100 000")
parser:flag("--no-local-search", "stop after the global search")
parser:flag("--resume", "go on where an interrupted run stopped")
parser:flag("--force", "replace what another run left in the results folder")
parser:option("--results", "results folder (default: results/t3, with --quick results/t3_quick)")
parser:option("--workers", "trials at the same time (default: one a core)"):convert(math.tointeger)
local options = parser:parse()
local quick, sample = options.quick, options.sample or options.quick

-- What is done gives its result, or nil and why not.
local function check(value, message)
  if value and not value.interrupted then return value end
  io.stderr:write("t3.lua: ", message or "interrupted; to go on: the same command with --resume", "\n")
  os.exit(value and 130 or 1)
end

-- 2. The search.
local config = check(nac.config.load((arg[0]:match("^(.*/)") or "") .. "t3.yaml"))
if sample then config.search.n_folds, config.search.batch_size, config.search.learning_rate = 1, 32, 1e-3 end -- few traces
local dir = options.results or quick and "results/t3_quick" or "results/t3"
local result = check(nac.global_search.run(config, {
  trials = quick and 8 or nil, epochs = quick and 8 or nil, sample = sample, results = dir, workers = options.workers, resume = options.resume,
  force = options.force,
}))
print(result)
if not result.best then os.exit(1) end

-- 3. What is in use without networks, on the winner's window: a threshold on I and Q integrated,
-- and the matched filter, which no linear method beats in white noise.
local settings = result.settings(result.best)
config.dataset.sample = sample
local all = check(nac.dataset.from_config(config.dataset, { base_dir = config.dir }))
local data = all:with(settings)
local test, rows = data:test(), nac.baseline.qubit.rows(data)
rows[#rows + 1] = { name = "winner of the search", accuracy = result.test }
print(("window: %d samples from %d on"):format(settings.window_size, settings.start_location))

-- 4. The local search makes the winner's numbers short and its weights few; the firmware of what
-- is left is C++ for Vitis HLS, whose every number is compared with the network's by g++.
local decide
if options.no_local_search then
  decide = rows[2].classifier
else
  local s = config.local_search
  if quick then s.qat_epochs, s.pruning_epochs, s.pruning_iterations = 3, 2, 2 end
  local small = check(nac.local_search.run(result, nil, s, { workers = options.workers, resume = options.resume, force = options.force }))
  print(small)
  rows[#rows + 1] = { name = "after the local search", accuracy = small.test }
  local net = assert(nac.model.load(small.model))
  local made, why = nac.synthesis.run(small, nil, { data = test, samples = 200, output = "threshold", force = true })
  print(made or "no firmware: " .. why)
  decide = net
end

-- 5. The table and two pictures.
print("share a of the test traces that is assigned rightly (as a fidelity, 2 a - 1):")
for _, row in ipairs(rows) do print(("  %-34s %.4f  (%.4f)"):format(row.name, row.accuracy, 2 * row.accuracy - 1)) end
local said = decide.weights and nac.baseline.qubit.assign(decide, test.x) or nac.train.predict(decide, test.x):reshape({ -1 }):gt(0):to "i32"
local window = { settings.start_location, settings.window_size }
print("picture: " .. check(nac.plot.iq(test, said, { name = decide.weights and "the matched filter" or "the network" }, dir .. "/iq.png")))
config.dataset.start_location, config.dataset.window_size, config.dataset.subset_size = 0, 770, 3000
local whole = check(nac.dataset.from_config(config.dataset, { base_dir = config.dir })).fit
print("picture: " .. check(nac.plot.traces(whole, { window = window }, dir .. "/traces.png")))
