-- Firmware of a net of tutorial 1 at each precision pair of its configurations: trained with these numbers, compiled with g++ and compared with
-- the exact executor, operation by operation, on all test samples; in parallel (strategy latency) and streamed (resource).
-- usage: nac-lua bench/firmware_t1.lua
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"
local file = require "nac.util.file"
local nac = require "nac"
local nn = nac.nn

local SEED, SPARSITY = 1, .5
local PAIRS = { { 16, 6 }, { 8, 3 }, { 6, 2 }, { 4, 1 }, { 16, "auto" }, { 8, "auto" }, { 6, "auto" }, { 4, "auto" } }

bench.header("firmware of a t1 net on all test samples, half of its weights zero", SEED)
local mnist = nac.dataset.mnist { resize = 8, flatten = true, subset = 10000, seed = SEED }
local test = assert(mnist:test())
local net = nn.sequential { input = { 64 }, nn.dense { units = 64 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 32 }, nn.tanh {}, nn.dense { units = 10 } }
  :build { seed = SEED }
nac.train.fit(net, mnist, { epochs = 10, lr = .003 })

local dir, wrong = os.tmpname(), 0
os.remove(dir)
for _, pair in ipairs(PAIRS) do
  local q <close> = nac.quant.prepare(net, { total_bits = pair[1], int_bits = pair[2], data = mnist.fit, quiet = true })
  nac.prune.magnitude(q, { sparsity = SPARSITY })
  nac.train.fit(q, mnist, { epochs = 3 })
  local graph <close> = nac.quant.lower(q)
  for _, o in ipairs { { io = "parallel" }, { io = "stream", strategy = "resource", reuse_factor = 8 } } do
    o.data, o.force = test, true
    assert(nac.hls.write(graph, dir, o))
    local said, why = nac.hls.csim(dir)
    if not said or not said:find(" 0 mismatches", 1, true) then wrong = wrong + 1 end
    print(("<%d,%s> %-8s accuracy %.4f  %s"):format(pair[1], pair[2], o.io, graph:accuracy(test), said or why))
  end
end
os.execute("rm -r " .. file.quote(dir))
os.exit(wrong == 0, true)
