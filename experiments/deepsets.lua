--- Tutorial: search for small networks that say which particle a jet comes from.
--
--     nac-lua deepsets.lua            the search of deepsets.yaml: 1000 trials, then the local search of its winner
--     nac-lua deepsets.lua --quick    a first look: 6 trials of 8 epochs on some of the jets
--
-- A jet is a spray of particles. Here it is a set of eight constituents, each with its momentum
-- and its direction: a network for sets looks at each with the same layers (phi), takes the mean
-- or the maximum, and decides by what comes out (rho). How many layers, how wide: that is searched.
--
-- New to Lua? `local x = ...` makes a variable, `{ a = 1 }` a table with a field `a`,
-- `f { a = 1 }` calls f with that table, `--` starts a comment.

local nac = require "nac"

-- 1. The command line; `nac-lua deepsets.lua --help` prints it.
local parser = require "argparse" ("deepsets.lua", "Searches for small networks that tell jets apart.")
parser:flag("--quick", "6 trials of 8 epochs, 4000 jets")
parser:flag("--no-local-search", "stop after the global search")
parser:flag("--no-firmware", "stop after the local search")
parser:flag("--resume", "go on where an interrupted run stopped")
parser:flag("--force", "replace what another run left in the results folder")
parser:flag("--sample", "the simulated jets that come along, whatever the configuration says")
parser:option("--trials", "number of trials"):convert(math.tointeger)
parser:option("--results", "results folder (default: results/deepsets, with --quick results/deepsets_quick)")
parser:option("--workers", "trials at the same time (default: one a core)"):convert(math.tointeger)
local options = parser:parse()

-- What is done gives its result, or nil and why not.
local function check(value, message)
  if value and not value.interrupted then return value end
  io.stderr:write("deepsets.lua: ", message or "interrupted; to go on: the same command with --resume", "\n")
  os.exit(value and 130 or 1)
end

-- 2. Data, space and objectives stand in a file beside this one. Copy it and change it.
local config = check(nac.config.load((arg[0]:match("^(.*/)") or "") .. "deepsets.yaml"))
local small = config.local_search
if options.quick then
  config.dataset.subset_size, config.search_space.mlp_width_space, config.search_space.bottleneck_range = 4000, { 8, 16 }, { 2, 4 }
  config.search.batch_size = 32
  small.qat_epochs, small.pruning_epochs, small.pruning_iterations, small.precision_pairs = 4, 2, 3, { small.precision_pairs[1] }
end

-- 3. The search: accuracy against bit operations.
local result = check(nac.global_search.run(config, {
  trials = options.trials or options.quick and 6 or nil, epochs = options.quick and 8 or nil, workers = options.workers,
  results = options.results or options.quick and "results/deepsets_quick" or nil, resume = options.resume, force = options.force,
  sample = options.sample,
}))
print(result)

-- 4. Pictures of the jets and of what the winner makes of the test jets.
local ds = check(nac.dataset.from_config(config.dataset, { base_dir = config.dir, sample = options.sample }))
local function picture(kind, ...) print("picture: " .. check(nac.plot[kind](...))) end
picture("samples", require("nac.dataset.jet_image").means(ds, ds.fit), { classes = ds.classes }, result.dir .. "/jets.png")
local best = result.best
if best then
  local trained = check(require("nac.local_search.start").from_results(result.dir))
  local test = check(ds:test())
  local scores = nac.metrics.probabilities(nac.train.predict(trained.nets[1], test.x))
  picture("confusion", scores, test.y, { classes = ds.classes }, result.dir .. "/confusion.png")
  picture("roc", scores, test.y, { classes = ds.classes }, result.dir .. "/roc.png")
end

-- 5. The local search: the winner's numbers are rounded to few bits and its least weights taken away.
if not best or options.no_local_search then return end
small = check(nac.local_search.run(result, nil, small, { workers = options.workers, resume = options.resume, force = options.force }))
print(small)

-- 6. Firmware of what is left: C++ for Vitis HLS, every number of which is compared with the network's.
if options.no_firmware then return end
local made, why = nac.synthesis.run(small, config, { dir = small.dir .. "/hls", samples = options.quick and 20 or nil, force = true })
print(made or why)
