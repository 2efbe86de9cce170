-- What rounding costs in a training step: samples per second with 8-bit formats
-- on weights, biases and activations against the float step, taking turns, one
-- thread; ratios of our own steps are of processor time. Two float steps are
-- compared with: the network's as it was, and the prepared one's without its
-- formats (batchnorms folded away). Where a Python with
-- Brevitas is given, its quantisation-aware step (8-bit weights and activations) takes turns.
-- usage: nac-lua bench/qat_step.lua [python]
package.path = "./?.lua;" .. package.path
local json = require "dkjson"
local bench = require "bench.support"
local ctrain = require "nac.c.train"
local nac = require "nac"
local nn = nac.nn

local TURNS, SECONDS = 7, .4
local python = arg[1]
local theirs = python and bench.peer(("OMP_NUM_THREADS=1 '%s' bench/peers/engine.py 2>/dev/null"):format(python))
local version = theirs and theirs.ask()
local missed = {}

-- Samples a second, and seconds of processor time a sample: of the steps that are compared with each other it is these that
-- count, as other work on the machine does not lengthen them.
local function rate(net, x, y, batch)
  local trainer <close> = ctrain.new(net, { batch = batch, max_rows = x:size(1) })
  trainer:epoch(x, y, 1, 1e-3) -- its memory is touched for the first time
  local n, start, begun = 0, bench.clock(), os.clock()
  repeat
    trainer:epoch(x, y, 1, 1e-3)
    n = n + x:size(1)
  until os.clock() - begun > SECONDS
  return n / (bench.clock() - start), (os.clock() - begun) / n
end

local function without_formats(net)
  for _, t in ipairs(net:tensors()) do
    if t.role == "parameter" then net:quantise(t.name, nil) end
  end
  for value = 1, #net:layers() + 1 do net:quantise(value, nil) end
  return net
end

-- How a ratio stands to what is claimed.
local function verdict(what, ratio, claim, least)
  local ok = least and ratio >= claim or not least and ratio <= claim
  if not ok then missed[#missed + 1] = what end
  return ("%s %.2f (%s %g: %s)"):format(what, ratio, least and ">=" or "<=", claim, ok and "ok" or "MISSED")
end

local function compare(case)
  local arch, batch, rows = case.arch, case.batch, case.rows
  local x = nac.tensor.randn({ rows, table.unpack(arch.input) }, { seed = 1 })
  local y = nac.tensor.zeros({ rows }, "i32")
  local float = arch:build {}
  local function prepared() return nac.quant.prepare(float, { total_bits = 8, int_bits = 3, quiet = true }) end
  local quantised, folded = prepared(), without_formats(prepared())
  local ask = json.encode { what = "train", seconds = SECONDS,
    net = { name = case.title, input = arch.input, layers = case.layers, bits = 8, batch = batch, batches = rows // batch } }
  local costs, folded_costs, rates, peer, ratios = {}, {}, {}, {}, {}
  for turn = 1, TURNS do
    local _, float_cost = rate(float, x, y, batch)
    local q, cost = rate(quantised, x, y, batch)
    local _, folded_cost = rate(folded, x, y, batch)
    costs[turn], folded_costs[turn], rates[turn] = cost / float_cost, cost / folded_cost, q
    if theirs then
      local answer = theirs.ask(ask)
      peer[turn] = tonumber(answer) or error(answer, 0)
      ratios[turn] = q / peer[turn]
    end
  end
  local function median(list) return bench.summary(list).median end
  print(("%-37s %9.0f samples/s; %s; of the folded one's %.2f"):format(case.title, median(rates),
    verdict("of the float step's time", median(costs), 1.6), median(folded_costs)))
  if theirs then
    print(("%-37s %9.0f samples/s; %s"):format("  Brevitas on this machine", median(peer), verdict("times as fast", median(ratios), case.claim, true)))
  else
    print(("%-37s %9.0f samples/s; times as fast %.0f"):format("  Brevitas, recorded elsewhere", case.recorded, median(rates) / case.recorded))
  end
end

bench.header("training step with 8-bit formats" .. (version and ", Brevitas on " .. version or "; Brevitas recorded on another machine"), 1)
local mlp = nn.sequential { input = { 64 } }
for _, units in ipairs { 64, 64, 32 } do mlp:add { nn.dense { units = units }, nn.batchnorm {}, nn.relu {} } end
compare { title = "MLP 64-64-64-32-10, batch 128", arch = mlp:add(nn.dense { units = 10 }), layers = "64 bn relu 64 bn relu 32 bn relu 10", batch = 128,
  rows = 8192, recorded = 9800, claim = 35 }

local sets = nn.sequential { input = { 8, 3 } }
for _, units in ipairs { 64, 64, 32 } do sets:add { nn.dense { units = units }, nn.relu {} } end
sets:add { nn.aggregate { func = "mean" }, nn.dense { units = 32 }, nn.relu {}, nn.dense { units = 5 } }
compare { title = "DeepSets 3-64-64-32 mean, batch 4096", arch = sets, layers = "64 relu 64 relu 32 relu mean 32 relu 5", batch = 4096, rows = 8192,
  recorded = 13400, claim = 7 }
if theirs then theirs.close() end
if #missed > 0 then print("missed: " .. table.concat(missed, ", ")) end
