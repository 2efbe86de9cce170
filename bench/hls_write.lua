-- How long writing a firmware project takes: nets of the tutorials' sizes, 8 bit, 256 and 1000 samples for the test bench.
-- usage: nac-lua bench/hls_write.lua
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"
local file = require "nac.util.file"
local nac = require "nac"
local nn = nac.nn

local seed, turns = 1, 5

local cases = {
  { "jets 16-64-32-32-5", { input = { 16 }, nn.standardize {}, nn.dense { units = 64 }, nn.relu {}, nn.dense { units = 32 }, nn.relu {},
    nn.dense { units = 32 }, nn.relu {}, nn.dense { units = 5 } } },
  { "t1 64-128-64-10", { input = { 64 }, nn.dense { units = 128 }, nn.relu {}, nn.dense { units = 64 }, nn.relu {}, nn.dense { units = 10 } } },
  { "set of 8 x 3, 32-32-5", { input = { 8, 3 }, nn.dense { units = 32 }, nn.relu {}, nn.aggregate { func = "mean" }, nn.dense { units = 32 }, nn.relu {},
    nn.dense { units = 5 } } },
  { "image of 11 x 11, two convolutions", { input = { 1, 11, 11 }, nn.conv2d { channels = 8, kernel = 3 }, nn.relu {}, nn.conv2d { channels = 4, kernel = 3 },
    nn.relu {}, nn.flatten {}, nn.dense { units = 16 }, nn.relu {}, nn.dense { units = 2 } } },
}

-- Seconds on the clock and of the processor.
local function seconds(f)
  local start, cpu = bench.clock(), os.clock()
  f()
  return bench.clock() - start, os.clock() - cpu
end

bench.header(("writing firmware; medians of %d turns"):format(turns), seed)
print(("%-38s %-8s %-9s %8s %8s %8s"):format("net", "io", "strategy", "samples", "ms", "cpu ms"))
local dir = os.tmpname()
os.remove(dir)
for _, case in ipairs(cases) do
  local net <close> = nn.sequential(case[2]):build { seed = seed }
  local x = nac.tensor.randn({ 1000, table.unpack(case[2].input) }, { seed = seed })
  local q <close> = nac.quant.prepare(net, { total_bits = 8, int_bits = "auto", data = { x = x, y = nac.tensor.zeros({ 1000 }, "i32") }, quiet = true })
  for _, o in ipairs { { io = "parallel", strategy = "latency" }, { io = "stream", strategy = "resource", reuse_factor = 4 } } do
    for _, n in ipairs { 256, 1000 } do
      local times, cpu = {}, {}
      o.data, o.force = x:slice(1, 1, n), true
      for turn = 1, turns do times[turn], cpu[turn] = seconds(function() assert(nac.hls.write(q, dir, o)) end) end
      print(("%-38s %-8s %-9s %8d %8.1f %8.1f"):format(case[1], o.io, o.strategy, n, 1000 * bench.summary(times).median,
        1000 * bench.summary(cpu).median))
    end
  end
end
os.execute("rm -r " .. file.quote(dir))
