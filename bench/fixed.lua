-- Exact integer inference of 8-bit nets beside the float prediction of the same quantised nets.
-- usage: nac-lua bench/fixed.lua
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"
local nac = require "nac"
local nets = require "bench.nets"

local seed, turns = 1, 5

local function seconds(f)
  local start = bench.clock()
  f()
  return bench.clock() - start
end

bench.header(("exact integer inference, 8 bit, one thread; medians of %d turns"):format(turns), seed)
print(("%-42s %8s %12s %12s %7s %10s"):format("net", "samples", "integer /s", "float /s", "ratio", "lower ms"))
for _, case in ipairs { { "mlp64", 10000 }, { "mlp784", 10000 }, { "deepsets", 4096 }, { "conv", 1000 }, { "openhls", 1000 } } do
  local described = nets.find(case[1])
  local x = nets.data(described, case[2], seed)
  local float <close> = nets.build(described, seed)
  local net <close> = nac.quant.prepare(float, { total_bits = 8, int_bits = "auto", output = true, data = x, quiet = true })
  local graph
  local integer, predicted, lowered = {}, {}, {}
  for turn = 1, turns do
    lowered[turn] = seconds(function() graph = nac.quant.lower(net) end)
    integer[turn] = seconds(function() graph:run(x) end)
    predicted[turn] = seconds(function() nac.train.predict(net, x) end)
  end
  local a, b = bench.summary(integer).median, bench.summary(predicted).median
  print(("%-42s %8d %12.0f %12.0f %7.3f %10.2f"):format(described.title, case[2], case[2] / a, case[2] / b, b / a,
    1000 * bench.summary(lowered).median))
end
