--- Errors of the analytic estimate against synthesised designs, and its speed.
-- Usage: nac-lua bench/estimate.lua      (prints the table of docs/estimate.md)
-- Sources: J, Q: draft of arXiv:2605.16138 with arXiv:2402.01876 (after place and
-- route or synthesis by Vivado; their "BOPs" are the numbers of weights, which fix
-- the layers). L: hls4ml legacy tutorial, Vitis 2020.1 csynth and synthesis; its
-- layer sizes are read off accumulator widths. Y: circuits of shifted additions
-- with shared subexpressions, yosys synth_xilinx without DSPs.
-- Zeros: Y known; J, Q not published with the figures, 50 % assumed.
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

local arch, rounds = chain({ 64, 64, 64, 32, 10 }, true), 2000
local start = support.clock()
for _ = 1, rounds do nac.estimate.resources(arch, jets) end
print(("\none estimate of 64-64-64-32-10: %.3f ms"):format((support.clock() - start) * 1000 / rounds))
