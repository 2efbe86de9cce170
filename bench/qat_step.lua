-- What rounding costs in a training step: samples per second with 8-bit formats
-- on weights, biases and activations against the float step, taking turns, one
-- thread. Two float steps are compared with: the network's as it was, and the
-- prepared one's without its formats (batchnorms folded away).
-- usage: nac-lua bench/qat_step.lua
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"
local ctrain = require "nac.c.train"
local nac = require "nac"
local nn = nac.nn

local TURNS, SECONDS = 7, .4

local function rate(net, x, y, batch)
  local trainer <close> = ctrain.new(net, { batch = batch, max_rows = x:size(1) })
  local n, start = 0, bench.clock()
  repeat
    trainer:epoch(x, y, 1, 1e-3)
    n = n + x:size(1)
  until bench.clock() - start > SECONDS
  return n / (bench.clock() - start)
end

local function without_formats(net)
  for _, t in ipairs(net:tensors()) do
    if t.role == "parameter" then net:quantise(t.name, nil) end
  end
  for value = 1, #net:layers() + 1 do net:quantise(value, nil) end
  return net
end

local function compare(name, arch, batch, rows, recorded)
  local x = nac.tensor.randn({ rows, table.unpack(arch.input) }, { seed = 1 })
  local y = nac.tensor.zeros({ rows }, "i32")
  local float = arch:build {}
  local function prepared() return nac.quant.prepare(float, { total_bits = 8, int_bits = 3, quiet = true }) end
  local quantised, folded = prepared(), without_formats(prepared())
  local costs, folded_costs, rates = {}, {}, {}
  for turn = 1, TURNS do
    local f, q, g = rate(float, x, y, batch), rate(quantised, x, y, batch), rate(folded, x, y, batch)
    costs[turn], folded_costs[turn], rates[turn] = f / q, g / q, q
  end
  local median = bench.summary(rates).median
  print(("%-37s %9.0f samples/s, %.2f times the float step's time, %.2f times the folded one's; Brevitas recorded %.0f: %.0f times"):format(
    name, median, bench.summary(costs).median, bench.summary(folded_costs).median, recorded, median / recorded))
end

bench.header("training step with 8-bit formats; Brevitas' figures were recorded on another machine", 1)
local mlp = nn.sequential { input = { 64 } }
for _, units in ipairs { 64, 64, 32 } do mlp:add { nn.dense { units = units }, nn.batchnorm {}, nn.relu {} } end
compare("MLP 64-64-64-32-10, batch 128", mlp:add(nn.dense { units = 10 }), 128, 8192, 9800)

local sets = nn.sequential { input = { 8, 3 } }
for _, units in ipairs { 64, 64, 32 } do sets:add { nn.dense { units = units }, nn.relu {} } end
sets:add { nn.aggregate { func = "mean" }, nn.dense { units = 32 }, nn.relu {}, nn.dense { units = 5 } }
compare("DeepSets 3-64-64-32 mean, batch 4096", sets, 4096, 8192, 13400)
