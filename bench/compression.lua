-- The local search: accuracy after quantisation and pruning on the test set, over three seeds, with the learning
-- rate of each precision that is best on the part select of the first; and its wall clock at the settings of two recorded runs of
-- the predecessor.
-- usage: nac-lua bench/compression.lua [accuracy] [least_loss] [t1] [t2]; least_loss: accuracy with the weights of the
-- epochs with the least loss
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"
local nac = require "nac"
local nn = nac.nn

-- SNAC-Pack, recorded on 2026-11-21 on 2 virtual cores (Cascade Lake 2.5 GHz): t1's local search 42 s, t2's full
-- setting for its dense net about 37 CPU minutes (extrapolated from three iterations). Not measured in this run.
local RECORDED_T1, RECORDED_T2 = 42, 37 * 60

local folder = os.tmpname()
os.remove(folder)

local function net_of(input, widths)
  local arch = nn.sequential { input = { input } }
  for _, width in ipairs(widths) do
    arch:add { nn.dense { units = width, bias = false }, nn.batchnorm {}, nn.relu {} }
  end
  return arch:add(nn.dense { units = 10 })
end

local function run(nets, data, settings, options)
  options.dir, options.force, options.quiet, options.pictures = folder, true, true, false
  local result = assert(nac.local_search.run(nets, data, settings, options))
  assert(not result.fault, result.fault)
  return result
end

local function mean(list)
  local sum = 0
  for _, v in ipairs(list) do sum = sum + v end
  return sum / #list
end

local SEEDS, RATES = 3, { 1e-3, 2e-3, 3e-3 }
local WIDTHS, SHOWN = { 8, 6, 4 }, { 0, 4, 8, 12 } -- bits, iterations: dense, 59, 83 and 93 % zeros

-- The data and the dense float net of a seed.
local function float_net(seed)
  local mnist = nac.dataset.mnist { resize = 16, flatten = true, subset = 10000, seed = seed }
  local parts, test = mnist:parts(), assert(mnist:test())
  local net = net_of(256, { 128, 128 }):build { seed = seed }
  nac.train.fit(net, parts, { epochs = 20, lr = 3e-3, seed = seed })
  return { net = net, parts = parts, test = test, seed = seed }
end

-- Whose weights count. Where all of the part fit is learned the loss on search grows from overconfidence, and its least lies
-- where little was trained.
local kept_epoch = "last"

-- Rows of a local search of some precisions at one rate, scored on a part: bits -> iteration -> row.
local function compressed(from, widths, lr, part)
  local precisions, found = {}, {}
  for i, bits in ipairs(widths) do precisions[i] = { total_bits = bits, int_bits = "auto" } end
  local result = run(from.net, { fit = from.parts.fit, search = from.parts.search, select = part },
    { qat_epochs = 20, pruning_epochs = 20, pruning_iterations = 12, pruning_rate = .8, kept_epoch = kept_epoch, precision_pairs = precisions },
    { seed = from.seed, search = { learning_rate = lr } })
  for i, curve in ipairs(result.curves) do
    found[widths[i]] = {}
    for _, r in ipairs(curve.rows) do found[widths[i]][r.iteration] = r end
  end
  return found
end

-- For each precision the rate with the best mean accuracy on select, over the iterations that are shown.
local function choose_rates(from)
  local best = {}
  print "mean accuracy on select, seed 1:"
  for _, lr in ipairs(RATES) do
    local found, line = compressed(from, WIDTHS, lr, from.parts.select), ("  rate %-6g"):format(lr)
    for _, bits in ipairs(WIDTHS) do
      local sum = 0
      for _, iteration in ipairs(SHOWN) do sum = sum + found[bits][iteration].accuracy / #SHOWN end
      line = line .. ("  %d bits %.4f"):format(bits, sum)
      if not best[bits] or sum > best[bits].mean then best[bits] = { lr = lr, mean = sum } end
    end
    print(line)
  end
  return best
end

-- Accuracy relative to the dense float net, in points, on the 10 000 test images.
local function accuracy()
  bench.header("256-128-128-10 on MNIST at 16 x 16, 10 000 images, 20 epochs an iteration, kept_epoch " .. kept_epoch .. "; mean of seeds 1 to 3", 1)
  local all, float = {}, {}
  for seed = 1, SEEDS do
    all[seed] = float_net(seed)
    float[seed] = nac.train.evaluate(all[seed].net, all[seed].test).accuracy
  end
  local best = choose_rates(all[1])
  print(("float, dense: %.2f %% of the test images"):format(100 * mean(float)))
  print("bits   rate   zeros    points (least, most of the seeds)      effective BOPs")
  for _, bits in ipairs(WIDTHS) do
    local found = {}
    for seed, from in ipairs(all) do found[seed] = compressed(from, { bits }, best[bits].lr, from.test)[bits] end
    for _, iteration in ipairs(SHOWN) do
      local points = {}
      for seed = 1, SEEDS do points[seed] = 100 * (found[seed][iteration].accuracy - float[seed]) end
      local s, r = bench.summary(points), found[1][iteration]
      print(("%4d %6g %5.1f %%   %+6.2f (%+.2f, %+.2f) %26.0f"):format(bits, best[bits].lr, 100 * r.sparsity, mean(points), s.min, s.max, r.bops))
    end
  end
end

local function least_loss()
  kept_epoch = "best"
  accuracy()
  kept_epoch = "last"
end

local pairs_of_t1 = { { total_bits = 16, int_bits = 6 }, { total_bits = 8, int_bits = 3 }, { total_bits = 6, int_bits = 2 }, { total_bits = 4, int_bits = 1 } }

-- 5 pruning and 4 QAT fits of 2 epochs, as the predecessor's t1.
local function t1()
  bench.header("t1's local search (separated, 8 x 8 MNIST, 10 000 images)", 1)
  local mnist = nac.dataset.mnist { resize = 8, flatten = true, subset = 10000 }
  local net = net_of(64, { 128, 64 }):build { seed = 1 }
  nac.train.fit(net, mnist, { epochs = 2 })
  local times = {}
  for turn = 1, 5 do
    times[turn] = run(net, mnist, { mode = "separated", qat_epochs = 2, pruning_epochs = 2, pruning_iterations = 5,
      precision_pairs = pairs_of_t1 }, {}).seconds
  end
  local s = bench.summary(times)
  print(("%.2f s (%.2f to %.2f over 5 runs); the recorded %d s are %.0f times as long"):format(s.median, s.min, s.max, RECORDED_T1, RECORDED_T1 / s.median))
end

-- 4 precisions x 3 folds x (1 + 10) x 10 epochs of 20 000 images.
local function t2()
  bench.header("t2's full local search, 256-16-64-5-5-10 on Fashion-MNIST at 16 x 16", 1)
  local data = nac.dataset.fashion_mnist { resize = 16, flatten = true, subset = 20000 }
  local nets = {}
  for i, part in ipairs(data:folds(3)) do
    nets[i] = net_of(256, { 16, 64, 5, 5 }):build { seed = i }
    nac.train.fit(nets[i], part, { epochs = 15, seed = i })
  end
  local seconds = run(nets, data, { qat_epochs = 10, pruning_epochs = 10, pruning_iterations = 10, pruning_rate = .7,
    precision_pairs = pairs_of_t1 }, {}).seconds
  print(("%.1f s; the recorded %d CPU seconds on two cores (%d s) are %.0f times as long"):format(
    seconds, RECORDED_T2, RECORDED_T2 // 2, RECORDED_T2 / 2 / seconds))
end

local parts = { accuracy = accuracy, least_loss = least_loss, t1 = t1, t2 = t2 }
for _, name in ipairs(#arg > 0 and arg or { "accuracy", "t1", "t2" }) do
  (parts[name] or error("usage: nac-lua bench/compression.lua [accuracy] [least_loss] [t1] [t2]", 0))()
end
os.execute("rm -rf " .. folder)
