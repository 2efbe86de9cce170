-- Training step of MLP 64-64-64-32-10 with batchnorm and relu, batch 128, Adam,
-- one thread: samples per second of nac.train.fit (shuffling, gathering of
-- batches and the epoch's evaluation included) and, where a Python with PyTorch
-- is given, of PyTorch eager with its fused Adam (batches sliced from memory),
-- both sides taking turns in one run.
-- usage: nac-lua bench/train_step.lua [python]
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"
local nac = require "nac"

local SEED, BATCH, SAMPLES, TURNS = 1, 128, 10240, 7
local FLOP = 55168 -- a sample: 2 a MAC, forward, weight and input gradients, no input gradient for the first layer

local function network()
  local nn = nac.nn
  local arch = nn.sequential { input = { 64 } }
  for _, units in ipairs { 64, 64, 32 } do
    arch:add(nn.dense { units = units })
    arch:add(nn.batchnorm {})
    arch:add(nn.relu {})
  end
  arch:add(nn.dense { units = 10 })
  return arch:build { seed = SEED }
end

local function part(n)
  local labels = {}
  for i = 1, n do labels[i] = (i * 7919) % 10 end
  return { x = nac.tensor.randn({ n, 64 }, { seed = SEED }), y = nac.tensor.new(labels, "i32") }
end

local net = network()
local data = { task = "classification", fit = part(SAMPLES), search = part(BATCH) }

local function epochs(n)
  local start = bench.clock()
  nac.train.fit(net, data, { epochs = n, batch = BATCH, optimizer = { kind = "adam", lr = 1e-3 },
    patience = false, plateau = false, seed = SEED })
  return n * SAMPLES / (bench.clock() - start)
end

local function line(name, rates)
  local s = bench.summary(rates)
  print(("%-28s %9.0f samples/s (%.0f to %.0f)  %6.3f ms/step  %6.1f GFLOP/s"):format(
    name, s.median, s.min, s.max, 1e3 * BATCH / s.median, s.median * FLOP / 1e9))
  return s.median
end

bench.header("training step, MLP 64-64-64-32-10 batchnorm relu, batch 128, Adam, one thread", SEED)
local peer = arg[1] and bench.peer(arg[1] .. " bench/peers/train_step.py")
local version = peer and peer.ask()
epochs(20)
local ours, theirs, ratios = {}, {}, {}
for turn = 1, TURNS do
  ours[turn] = epochs(100)
  if peer then
    theirs[turn] = tonumber(peer.ask("10"))
    ratios[turn] = ours[turn] / theirs[turn]
  end
end
local rate = line("nac-lua", ours)
if peer then
  line(version .. " eager", theirs)
  peer.close()
  local r = bench.summary(ratios)
  print(("ratio %.2f (%.2f to %.2f over %d turns)"):format(r.median, r.min, r.max, TURNS))
else
  print("no Python with PyTorch given: the peer's column is left out (make bench-peers)")
end
do
  local peak = require("nac.c.cpu").sgemm_gflops(1024)
  print(("sgemm 1024^3: %.1f GFLOP/s; the training step runs at %.0f %% of it"):format(
    peak, 100 * rate * FLOP / 1e9 / peak))
end
