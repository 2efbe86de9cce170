--- BraggNN: search for small networks that find the centre of a diffraction peak to a fraction of a pixel.
--
--     nac-lua braggnn.lua            the search of braggnn.yaml: 100 trials of 50 epochs, about an hour
--     nac-lua braggnn.lua --quick    a first look: 6 trials of 12 epochs on 1000 peaks, narrow networks
--
-- A patch is 11 x 11 pixels around a peak; the answer is column and row of its centre. Networks are scored on patches cut off
-- the centre at random: where they are cut right around it, always saying "the middle" is off by .38 pixels only. t1.lua explains more.
--
-- New to Lua? `{ a = 1 }` is a table with a field `a`; `a and b or c` is b if a is true, else c.
local nac = require "nac"

-- 1. What may be said on the command line.
local parser = require "argparse" ("braggnn.lua", "Searches for small networks that locate Bragg peaks.")
parser:flag("--quick", "6 trials of 12 epochs on 1000 peaks, narrow networks")
parser:flag("--sample", "the simulated frames that come along, whatever braggnn.yaml says")
parser:flag("--no-local-search", "stop after the global search")
parser:flag("--resume", "go on where an interrupted run stopped")
parser:flag("--force", "replace what another run left in the results folder")
parser:option("--trials", "number of trials"):convert(math.tointeger)
parser:option("--results", "results folder (default: results/braggnn, with --quick results/braggnn_quick)")
parser:option("--workers", "trials at the same time (default: one a core)"):convert(math.tointeger)
local options = parser:parse()
local quick, sample = options.quick, options.sample or options.quick or nil
-- What is done gives its result, or nil and why not.
local function check(value, message)
  if value and not value.interrupted then return value end
  io.stderr:write("braggnn.lua: ", message or "interrupted; to go on: the same command with --resume", "\n")
  os.exit(value and 130 or 1)
end

-- 2. The search.
local config = check(nac.config.load((arg[0]:match("^(.*/)") or "") .. "braggnn.yaml"))
if quick then
  config.dataset.subset_size, config.search.batch_size = 1000, 32
  local space = config.search_space
  space.channel_space, space.mlp_width_space, space.conv_attn.hidden_channel_space = { 2, 4, 8 }, { 4, 8, 16 }, { 1, 2, 4 }
end
local dir = options.results or quick and "results/braggnn_quick" or "results/braggnn"
local result = check(nac.global_search.run(config, {
  trials = options.trials or quick and 6 or nil, epochs = quick and 12 or nil, sample = sample, results = dir,
  workers = options.workers, resume = options.resume, force = options.force,
}))
print(result)
if not result.best then os.exit(1) end

-- 3. The methods in use without networks, and every network of the front, in pixels.
config.dataset.sample = sample or config.dataset.sample
local data = check(nac.dataset.from_config(config.dataset, { base_dir = config.dir }))
local test, rows = data:test(), nac.baseline.bragg.rows(data)
local function add(name, net, params)
  local found = nac.train.predict(net, test.x)
  local d = nac.metrics.distance(found, test.y, { scale = 11 })
  rows[#rows + 1] = { name = name, mean = d.mean, quantiles = d.quantiles, params = params, predicted = found }
end
for _, record in ipairs(result.front) do
  local net = nac.arch.to_nn(result.describe(record)):build {}
  assert(nac.model.load(net, ("%s/weights/trial_%d.npz"):format(dir, record.number)))
  add(("trial %d%s"):format(record.number, record == result.best and ", the winner" or ""), net, record.attrs.params)
end
-- 4. The local search makes the winner's numbers short and its weights few; the firmware of what
-- is left is C++ for Vitis HLS, whose every number is compared with the network's by g++.
if not options.no_local_search then
  local s = config.local_search
  if quick then s.qat_epochs, s.pruning_epochs, s.pruning_iterations, s.precision_pairs = 4, 2, 2, { s.precision_pairs[2] } end
  local small = check(nac.local_search.run(result, nil, s, { workers = options.workers, resume = options.resume, force = options.force }))
  print(small)
  add("after the local search", check(nac.model.load(small.model)))
  local made, why = nac.synthesis.run(small, nil, { data = test, samples = quick and 3 or 1000, force = true })
  print(made or "no firmware: " .. why)
end

-- 5. The table, and peaks with the centre that the last network found.
print("distance from the true centre, pixels      mean  median  75 %   95 %")
for _, row in ipairs(rows) do
  local q = row.quantiles
  print(("  %-38s %6.3f %6.3f %6.3f %6.3f"):format(row.name .. (row.params and (", %d parameters"):format(row.params) or ""),
    row.mean, q[1].distance, q[2].distance, q[3].distance))
end
print("picture: " .. check(nac.plot.patches(test, rows[#rows].predicted, {}, dir .. "/peaks.png")))
