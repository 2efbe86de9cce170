--- Tutorial 1: search for small networks that read handwritten digits, make the best one smaller and firmware of it.
--
--     nac-lua t1.lua            the search of t1.yaml: 30 trials of 10 epochs, its local search, firmware
--     nac-lua t1.lua --quick    a first look: 6 trials of 2 epochs
--
-- Each trial draws a network, counts what it would cost in hardware, trains it
-- on MNIST and reports both. The search learns from the trials so far (NSGA-II)
-- and keeps those that no other beats in every respect: the Pareto front.
--
-- New to Lua? `local x = ...` makes a variable, `{ a = 1 }` a table with a field `a`, `f { a = 1 }` calls
-- f with that table, `a and b or c` is b if a is true, else c; `--` starts a comment.
local nac = require "nac"

-- 1. What may be said on the command line; `nac-lua t1.lua --help` prints it.
local parser = require "argparse" ("t1.lua", "Searches for small networks that read handwritten digits.")
parser:flag("--quick", "6 trials of 2 epochs")
parser:flag("--sample", "the sample of the data that comes along, even where the full set is")
parser:flag("--no-local-search", "stop after the global search")
parser:flag("--no-firmware", "stop after the local search")
parser:flag("--resume", "go on where an interrupted run stopped")
parser:flag("--force", "replace what another run left in the results folder")
parser:option("--results", "results folder (default: results/t1, with --quick results/t1_quick)")
parser:option("--workers", "trials at the same time (default: one a core)"):convert(math.tointeger)
local options = parser:parse()
local quick = options.quick

-- What is done gives its result, or nil and why not.
local function check(value, message)
  if value and not value.interrupted then return value end
  io.stderr:write("t1.lua: ", message or "interrupted; to go on: the same command with --resume", "\n")
  os.exit(value and 130 or 1)
end

-- 2. What is searched: the data, the space of networks and the objectives
-- stand in a file beside this one. Copy it and change it.
local config = check(nac.config.load((arg[0]:match("^(.*/)") or "") .. "t1.yaml"))

-- 3. The search, and its report: one line a network on the front. `search` is the accuracy that the search saw,
-- `select` the one that chose the winner, `test` is measured once, at the end. Then comes the network's cost.
local result = check(nac.global_search.run(config, {
  trials = quick and 6 or nil, epochs = quick and 2 or nil, results = options.results or quick and "results/t1_quick" or nil,
  sample = options.sample, workers = options.workers, resume = options.resume, force = options.force,
}))
print(result)

-- 4. Everything is a plain table that a script can use.
local best = result.best
if not best then os.exit(1) end
print(("The winner has %d parameters and needs %d bit operations an image."):format(best.attrs.params, best.attrs.bops))
if options.no_local_search then return end

-- 5. The local search: the winner's numbers are rounded to few bits and its least weights are
-- taken away, in turns with training. The report has a line for each precision and sparsity; those
-- marked `front` are not beaten in accuracy and bit operations at once, the nets of those marked `kept`
-- lie in the results folder as best_model_*.
local settings = config.local_search
if quick then settings.qat_epochs, settings.pruning_epochs, settings.pruning_iterations = 2, 2, 5 end
local small = check(nac.local_search.run(result, nil, settings, { workers = options.workers, resume = options.resume, force = options.force }))
print(small)
print("The front of accuracy against effective bit operations:")
for _, row in ipairs(small.front) do
  print(("  %.4f  %9d BOPs  %s, %.0f %% zeros"):format(row.accuracy, row.bops // 1, row.label, 100 * row.sparsity))
end
if options.no_firmware then return end

-- 6. Firmware: C++ for Vitis HLS, without --quick of the net of each precision, then of the winner with its cost. g++
-- compiles it here, and every number that it computes on the test set must be the one that the network computes.
local proven = true
local function firmware_of(model, name)
  local made, why = nac.synthesis.run(model, config, { dir = small.dir .. "/" .. name, force = true })
  proven = proven and (not made or made.csim ~= nil) -- a net that does not fit the board gives no firmware
  return made, why or made.csim or made.csim_fault
end
for _, curve in ipairs(quick and {} or small.curves) do
  print(("firmware of %s: %s"):format(curve.label, select(2, firmware_of(curve.model, "hls" .. curve.label:gsub("%W+", "_")))))
end
local made, said = firmware_of(small, "hls")
print(made or said)
if not proven then os.exit(1) end
