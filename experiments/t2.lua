--- Tutorial 2: search for small networks of convolutions and attention that tell clothes apart.
--
--     nac-lua t2.lua            the search of t2.yaml: 15 trials of 15 epochs on 3 folds, then its local search
--     nac-lua t2.lua --sample   the same with the 6000 images that come along
--     nac-lua t2.lua --quick    a first look with them: 6 trials of 2 epochs on one fold
--
-- Each trial draws a chain of blocks: two convolutions, attention over the image, a dense layer or
-- nothing. Blocks that cannot follow on what stands before are not offered, so every network that is
-- drawn is the network that is built, trained and counted. Read t1.lua first; new here is what is marked "new".

local nac = require "nac"

-- 1. What may be said on the command line; `nac-lua t2.lua --help` prints it.
local parser = require "argparse" ("t2.lua", "Searches for small networks that tell clothes apart.")
parser:flag("--quick", "6 trials of 2 epochs on one fold of the shipped sample")
parser:flag("--sample", "the shipped sample of the data instead of the full set")
parser:flag("--no-local-search", "stop after the global search")
parser:flag("--no-firmware", "stop after the local search")
parser:flag("--resume", "go on where an interrupted run stopped")
parser:flag("--force", "replace what another run left in the results folder")
parser:option("--results", "results folder (default: results/t2, with --quick results/t2_quick)")
parser:option("--workers", "trials at the same time (default: one a core)"):convert(math.tointeger)
local options = parser:parse()

local function check(value, message)
  if value and not value.interrupted then return value end
  io.stderr:write("t2.lua: ", message or "interrupted; to go on: the same command with --resume", "\n")
  os.exit(value and 130 or 1)
end

-- 2. The configuration. new: it is a plain table, so a script may change what it likes before the search.
local config = check(nac.config.load((arg[0]:match("^(.*/)") or "") .. "t2.yaml"))
if options.quick then
  config.search.n_trials, config.search.epochs, config.search.n_folds = 6, 2, 1
  config.search.learning_rate, config.search.schedule = 0.001, "constant" -- two epochs are too few for a schedule
  local s = config.local_search
  s.qat_epochs, s.pruning_epochs, s.pruning_iterations = 1, 1, 3
  s.precision_pairs = { { total_bits = 8, int_bits = "auto" }, { total_bits = 4, int_bits = "auto" } }
end

-- 3. The search.
local result = check(nac.global_search.run(config, {
  results = options.results or options.quick and "results/t2_quick" or nil,
  sample = options.sample or options.quick, workers = options.workers, resume = options.resume, force = options.force,
}))
print(result)
if not result.best then os.exit(1) end

-- 4. new: the networks themselves. `describe` gives what a trial built as a table, the same as in its
-- file trial_yamls/trial_N_arch.yaml: a list of components, each with its kind and its parameters.
local built = {}
for _, record in ipairs(result.study:trials()) do
  for _, component in ipairs(result.describe(record).components) do
    local kind = component.block_type
    built[kind] = (built[kind] or 0) + 1
  end
end
for _, kind in ipairs { "Conv", "ConvAttn", "MLP" } do print(("%-8s was built %d times"):format(kind, built[kind] or 0)) end

-- 5. The local search: fewer bits and fewer weights for the winner.
if options.no_local_search then return end
local small = check(nac.local_search.run(result, nil, config.local_search,
  { workers = options.workers, resume = options.resume, force = options.force }))
print(small)

-- 6. Firmware of its winner, compiled by g++ and compared number by number. A network that the board cannot hold
-- gives none: the message says how much is missing, and `reuse_factor` or fewer channels would help.
if options.no_firmware then return end
local firmware, why = nac.synthesis.run(small, nil, { dir = small.dir .. "/hls", samples = 100, force = true })
print(firmware or "no firmware: " .. why)
if firmware and not firmware.csim then os.exit(1) end
