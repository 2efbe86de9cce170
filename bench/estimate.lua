--- Errors of the analytic estimate against synthesised designs, and its speed.
-- Usage: nac-lua bench/estimate.lua      (prints the table of docs/estimate.md)
-- Sources: J, Q: draft of arXiv:2605.16138 with arXiv:2402.01876 (after place and
-- route or synthesis by Vivado; their "BOPs" are the numbers of weights, which fix
-- the layers). L: hls4ml legacy tutorial, Vitis 2020.1 csynth and synthesis; its
-- layer sizes are read off accumulator widths. Y: circuits of shifted additions
-- with shared subexpressions, yosys synth_xilinx without DSPs. K: csynth reports of
-- Vitis HLS 2021.1 in the repository ArgyKokk/hls4ml_MLP_estimator (commit 72e2e22),
-- folders DSP_reuse1 and 2, xc7z007s-clg225-2. T: csynth report of Vivado HLS 2019.1 of
-- hls4ml's tutorial part 1 (16 bits, xcu250), as its users print it.
-- Zeros: Y, K known; T not pruned; J, Q not published with the figures, 50 % assumed.
local boards = require "nac.estimate.boards"
local nac = require "nac"
local support = require "bench.support"

local function chain(widths, softmax)
  local arch = nac.nn.sequential { input = { widths[1] } }
  for i = 2, #widths do
    arch:add(nac.nn.dense { units = widths[i] })
    if i < #widths then arch:add(nac.nn.relu {}) end
  end
  if softmax then arch:add(nac.nn.softmax {}) end
  return arch
end

local jets = { board = "vu13p", sparsity = .5 }
local shared = { board = "vu13p", sparsity = .5, reuse_factor = 12 }
local qubit = { board = "zcu102", clock_ns = 3.225, sparsity = .5 }
local legacy = { board = "pynq-z2", layers = { dense1 = { reuse_factor = 32, strategy = "resource" }, softmax1 = { reuse_factor = 32 } } }
local function circuit(precision, sparsity) return { board = "vu13p", precision = precision, sparsity = sparsity } end

-- name, widths, hw, real {lut, ff, dsp, cycles}, softmax
local designs = {
  { "J baseline", { 24, 120, 60, 32, 64, 64, 64, 32, 44, 5 }, jets, { lut = 155080, ff = 25714, dsp = 262, clock_cycles = 21 } },
  { "J smallest", { 24, 64, 32, 16, 32, 5 }, jets, { lut = 34472, dsp = 0, clock_cycles = 10 } },
  { "J NAC, interval 12", { 24, 120, 32, 16, 32, 5 }, shared, { lut = 54075, dsp = 0, clock_cycles = 25 } },
  { "J best, interval 12", { 24, 128, 32, 16, 32, 5 }, shared, { lut = 57728, dsp = 0, clock_cycles = 24 } },
  { "Q 500 inputs", { 500, 2, 1 }, qubit, { lut = 6996, clock_cycles = 4 } },
  { "Q 800 inputs (4 hidden assumed)", { 800, 4, 1 }, qubit, { lut = 15045, clock_cycles = 6 } },
  { "L csynth", { 64, 8, 8, 10 }, legacy, { lut = 11935, ff = 9052, dsp = 96, clock_cycles = 79 }, true },
  { "L after synthesis", { 64, 8, 8, 10 }, legacy, { lut = 5755, ff = 6526 }, true },
  { "Y 6 bit, 80 % zeros", { 16, 64, 32, 32, 5 }, circuit("ap_fixed<6,2>", .8), { lut = 10562, ff = 4087 } },
  { "Y 6 bit, 50 % zeros", { 16, 64, 32, 32, 5 }, circuit("ap_fixed<6,2>", .5), { lut = 26268, ff = 10315 } },
  { "Y 8 bit, 50 % zeros", { 16, 64, 32, 32, 5 }, circuit("ap_fixed<8,3>", .5), { lut = 43836, ff = 13108 } },
  { "Y 16-16-8-5, 8 bit, 50 % zeros", { 16, 16, 8, 5 }, circuit("ap_fixed<8,3>", .5), { lut = 4047, ff = 1634 } },
  { "Y 64-8-10", { 64, 8, 10 }, circuit("ap_fixed<8,3>", 0), { lut = 9000 } },
  { "Y 64-32-10", { 64, 32, 10 }, circuit("ap_fixed<8,3>", 0), { lut = 33000 } },
  { "Y 64-128-10", { 64, 128, 10 }, circuit("ap_fixed<8,3>", 0), { lut = 220000 } },
  { "Y 784-32-10, 80 % zeros", { 784, 32, 10 }, circuit("ap_fixed<8,3>", .8), { lut = 129000 } },
}

-- Reports of HLS itself: name, widths, hw, real {lut, dsp, clock_cycles, ff}.
local reports = {
  { "L", { 64, 8, 8, 10 }, legacy, { 11935, 96, 79, 9052 } },
  { "T jets, 16 bit", { 16, 64, 32, 32, 5 }, { board = "alveo-u250", precision = "ap_fixed<16,6>" }, { 109157, 2774, 10, 13339 } },
}
local small = { name = "xc7z007s", lut = 14400, ff = 28800, dsp = 66, bram = 100, level_ns = boards.find("pynq-z2").level_ns }
-- One of K at intervals 1 and 2: zeros of each layer, type of the weights, clock.
local function k(name, widths, zeros, precision, clock_ns, one, two)
  local layers = {}
  for i, n in ipairs(zeros) do layers["dense" .. i] = { sparsity = n / (widths[i] * widths[i + 1]) } end
  for interval, real in ipairs { one, two } do
    reports[#reports + 1] = { ("K %s, interval %d"):format(name, interval), widths,
      { board = small, precision = precision, clock_ns = clock_ns, layers = layers, reuse_factor = interval }, real }
  end
end
k("arrhythmia", { 274, 8, 16 }, { 924, 36 }, "ap_fixed<8,2>", 3.33, { 31704, 177, 40, 34282 }, { 28553, 177, 38, 24123 })
k("breast cancer", { 10, 5, 3, 2 }, { 0, 5, 2 }, "ap_fixed<8,1>", 5, { 2098, 35, 22, 1957 }, { 2108, 34, 20, 1635 })
k("cardio", { 21, 3, 3 }, { 1, 0 }, "ap_fixed<8,1>", 3.33, { 2579, 36, 29, 3684 }, { 2109, 36, 27, 2406 })
k("activity", { 561, 20, 64, 64, 6 }, { 4381, 472, 2130, 86 }, "ap_fixed<8,2>", 5, { 237120, 413, 229, 246315 }, { 216929, 413, 225, 192762 })
k("jets", { 16, 64, 32, 32, 5 }, { 165, 930, 438, 27 }, "ap_fixed<8,1>", 3.33, { 72661, 814, 58, 85255 }, { 62431, 796, 54, 60582 })
k("digits", { 196, 56, 64, 32, 10 }, { 5100, 936, 576, 27 }, "ap_fixed<8,2>", 5, { 230334, 657, 89, 218745 }, { 215814, 657, 85, 176831 })

local columns = { "lut", "ff", "dsp", "clock_cycles" }

-- "36706 / 34472 (+6 %)"
local function cell(estimate, real)
  if not real then return ("%d"):format(estimate) end
  if real == 0 then return ("%d / 0"):format(estimate) end
  return ("%d / %d (%+.0f %%)"):format(estimate, real, 100 * (estimate / real - 1))
end

support.header("analytic estimate against synthesised designs (estimate / real)", 0)
print("| design | LUT | FF | DSP | cycles |\n|---|---|---|---|---|")
local errors = { lut = {}, ff = {}, dsp = {}, clock_cycles = {} }
for _, design in ipairs(designs) do
  local name, widths, hw, real, softmax = table.unpack(design, 1, 5)
  local e = nac.estimate.resources(chain(widths, softmax), hw)
  local cells = { name }
  for _, key in ipairs(columns) do
    cells[#cells + 1] = cell(e[key], real[key])
    if real[key] and real[key] > 0 then table.insert(errors[key], math.abs(math.log(e[key] / real[key]))) end
  end
  print("| " .. table.concat(cells, " | ") .. " |")
end
local medians = { "median factor off" }
for _, key in ipairs(columns) do
  medians[#medians + 1] = key == "dsp" and "" or ("%.2f"):format(math.exp(support.summary(errors[key]).median))
end
print("| " .. table.concat(medians, " | ") .. " |")

print("\nreports of HLS (csynth), estimate / real\n| design | LUT | DSP | cycles | FF |\n|---|---|---|---|---|")
local off = { {}, {}, {}, {} }
for _, report in ipairs(reports) do
  local name, widths, hw, real = table.unpack(report)
  local e = nac.estimate.resources(chain(widths, true), hw)
  local cells = { name }
  for i, found in ipairs { e.csynth.lut, e.csynth.dsp, e.clock_cycles, e.ff } do
    cells[#cells + 1] = cell(found, real[i])
    table.insert(off[i], math.abs(math.log(found / real[i])))
  end
  print("| " .. table.concat(cells, " | ") .. " |")
end
for i, list in ipairs(off) do off[i] = ("%.2f"):format(math.exp(support.summary(list).median)) end
print("| median factor off | " .. table.concat(off, " | ") .. " |")

-- Random architectures of each of the predecessors' spaces: none may fail.
local trials, failed = 1000, 0
print(("\n%d random architectures a space: failed, and ms an estimate of the described net (median, most)"):format(trials))
for _, case in ipairs(require("spec.support.spaces").all()) do
  local times, before = {}, failed
  local study = nac.study { sampler = "random", maximize = { "lut" }, seed = 1 }
  study:optimize(function(trial)
    local net = require("nac.arch").to_nn(case.space:draw(trial), { head = true }):net()
    local start = support.clock()
    local e = nac.estimate.resources(net, { board = "zcu102" })
    times[#times + 1] = (support.clock() - start) * 1000
    return { lut = e.lut }
  end, { trials = trials, workers = 0 })
  for _, record in ipairs(study:trials()) do
    if record.state ~= "complete" then
      failed = failed + 1
      print(("%s, trial %d: %s"):format(case.name, record.number, record.reason))
    end
  end
  local t = support.summary(times)
  print(("%-9s %4d failed, %.3f %.3f ms"):format(case.name, failed - before, t.median, t.max))
end
os.exit(failed == 0, true)
