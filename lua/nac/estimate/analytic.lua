--- Analytic estimate of hls4ml-style firmware (io_parallel): LUT, FF, DSP, BRAM,
-- latency and interval of each layer. Every assumption, with its source and the
-- errors against synthesised designs, stands in docs/estimate.md.
local digits = require "nac.estimate.digits"
local reuse = require "nac.estimate.reuse"
local weights = require "nac.estimate.weights"

local M = {}

-- Constants, as docs/estimate.md names them.
local LUT_PER_ADDER_BIT = 0.94 -- fit to synthesised adder graphs
local LEVEL_NS = 1.4           -- one level of three-input additions, with routing (UltraScale+)
local CSYNTH_ADDER = 1.43      -- what HLS counts for an addition, LUT a bit of the accumulator: fit to csynth reports
local MOST_BALANCED = 4096     -- products: HLS leaves the additions of more as a chain
local ACCUMULATOR_BITS = 16    -- hls4ml's default accumulators
local LIVE_REGISTERS = 2.3      -- registers a partial sum, fit to one design: inputs wait for their level too
local CLOCK_USABLE = 0.875     -- HLS keeps 12.5 % of the period in reserve
local WIDEST_LUT_PRODUCT = 10  -- bits: wider constant products go to DSPs
local WIDEST_LUT_MULTIPLIER = 5 -- bits: wider multipliers of two signals go to DSPs
local TABLE_BITS = 18          -- width of the function tables
local DEEPEST_LUT_ROM = 64     -- deeper weight memories go to block RAM

local function log2(x) return math.log(x, 2) end
local function ceil(x) return math.ceil(x - 1e-9) end

-- DSPs of one multiplier (27 x 18 bits each).
local function dsp_of(bits)
  if bits <= 18 then return 1 end
  return bits <= 27 and 2 or ceil(bits / 17) * ceil(bits / 26)
end

local function level_ns(hw) return hw.board.level_ns or LEVEL_NS end

-- Levels of three-input additions that fit between two registers.
local function levels_per_cycle(hw) return math.max(1, math.floor(hw.clock_ns * CLOCK_USABLE / level_ns(hw))) end

-- Whether hardly more than one level fits into a cycle: relu and products then take one of their own.
local function tight(hw) return hw.clock_ns * CLOCK_USABLE < 1.5 * level_ns(hw) end

local function levels(leaves) return leaves <= 1 and 0 or ceil(math.log(leaves, 3)) end

-- All products at once, as sums of shifted inputs (or DSPs when wide).
local function dense_latency(t, hw, out, known)
  local n_out = t.weights / t.fan_in
  local weight_bits = known and known.weight_bits or hw.bits
  local in_lut = weight_bits <= WIDEST_LUT_PRODUCT
  local nonzero = known and known.nonzero or t.nonzero * (1 - hw.sparsity)
  local leaves, deepest -- summands an output: mean, most
  if known and in_lut then
    leaves, deepest = math.max(1, known.digits / n_out), math.max(1, known.busiest)
  else
    local per_weight = in_lut and digits.expected(t.fan_in, hw.bits, hw.bits - hw.int_bits) or 1
    leaves = math.max(1, nonzero / n_out * per_weight)
    deepest = leaves
  end
  local width = (in_lut and hw.bits or hw.bits + weight_bits) + 1 + log2(leaves) / 2
  local step = levels_per_cycle(hw)
  local depth = levels(deepest) + 1 -- and one for rounding into the next type
  out.cycles = math.max(1, ceil(depth / step)) + ((not in_lut or tight(hw)) and 1 or 0)
  if nonzero > MOST_BALANCED then -- a chain of additions of two
    out.cycles = math.max(out.cycles, ceil(nonzero / n_out * level_ns(hw) / (hw.clock_ns * CLOCK_USABLE)))
  end
  out.lut = LUT_PER_ADDER_BIT * n_out * leaves * width
  local products = known and known.multipliers
    or digits.multipliers(t.fan_in, n_out // 1 | 0, hw.bits, hw.bits - hw.int_bits, nonzero / t.weights)
  local dsps = products * dsp_of(math.max(hw.bits, weight_bits))
  out.dsp = in_lut and 0 or dsps / out.reuse_factor
  out.csynth = { lut = nonzero * CSYNTH_ADDER * math.max(ACCUMULATOR_BITS, hw.bits), dsp = dsps }
  out.ff = n_out * hw.bits
  for stage = 1, ceil(depth / step) - 1 do
    local sums = math.max(1, leaves / 3 ^ (step * stage))
    out.ff = out.ff + LIVE_REGISTERS * n_out * sums * (width + log2(leaves) / 2)
  end
  if not in_lut then out.ff = out.ff + products / out.reuse_factor * hw.bits end
end

-- Multipliers shared in time, weights in memory; only a whole group of zeros leaves no multiplier.
local function dense_resource(t, hw, out, known)
  local n_out, rf = t.weights / t.fan_in, out.reuse_factor
  local multipliers = known and known.groups(rf) or ceil(t.weights / rf)
  local sum_bits = 2 * hw.bits + ceil(log2(t.fan_in))
  local step = levels_per_cycle(hw)
  out.cycles = rf + 2 + ceil((levels(math.max(1, multipliers / n_out)) + 1) / step)
  if hw.bits > WIDEST_LUT_MULTIPLIER then
    out.dsp = multipliers * dsp_of(hw.bits)
  else
    out.lut = multipliers * hw.bits * hw.bits
  end
  out.lut = out.lut + multipliers * hw.bits * (rf - 1) / 3 -- inputs selected
    + LUT_PER_ADDER_BIT * multipliers * sum_bits           -- accumulated
  if rf > DEEPEST_LUT_ROM then
    out.bram = ceil(multipliers * hw.bits / 36) * ceil(rf / 512)
  else
    out.lut = out.lut + multipliers * hw.bits * ceil(rf / 64) * (rf > 1 and 1 or 0)
  end
  out.ff = 2 * t.fan_in * hw.bits + multipliers * 4 * hw.bits + 2 * n_out * sum_bits + n_out * hw.bits
end

-- As many times the hardware, for positions that are computed at once.
local function copies(n, out)
  for _, sums in ipairs { out, out.csynth } do
    for _, key in ipairs { "lut", "ff", "dsp", "bram" } do sums[key] = sums[key] and sums[key] * n end
  end
end

-- One function an operation of the cost terms.
local operations = {}

function operations.matmul_const(t, hw, out, known)
  local n_out = t.weights // t.fan_in
  out.reuse_factor = reuse.nearest(t.fan_in, n_out, hw.reuse_factor)
  out.interval = out.reuse_factor
  if hw.strategy == "resource" then dense_resource(t, hw, out, known) else dense_latency(t, hw, out, known) end
  if hw.at_once and hw.strategy ~= "resource" then
    copies(t.positions, out)
  elseif t.positions > 1 then
    -- Positions follow one another through the same hardware.
    out.cycles = out.cycles + (t.positions - 1) * out.reuse_factor
    out.interval = t.positions * out.reuse_factor
  end
end

-- Folded into the weights before it, or one constant product an element.
function operations.scale_const(t, hw, out)
  if t.foldable then return end
  if hw.bits > WIDEST_LUT_PRODUCT then
    out.dsp = t.elements * dsp_of(hw.bits)
  else
    out.lut = LUT_PER_ADDER_BIT * t.elements * hw.bits * digits.expected(1, hw.bits, hw.bits - hw.int_bits)
  end
  out.lut, out.ff, out.cycles = out.lut + t.elements * 2 * hw.bits, t.elements * 2 * hw.bits, 1
end

-- Multipliers of two signals: LUTs where narrow, DSPs else.
local function multipliers(n, hw, out)
  if hw.bits <= WIDEST_LUT_MULTIPLIER then
    out.lut = out.lut + n * hw.bits * hw.bits
  else
    out.dsp = out.dsp + n * dsp_of(hw.bits)
  end
end

-- Products of two values for one position of the output, shared among positions
-- as in a convolution, and by the reuse factor; or for all positions at once.
function operations.matmul_values(t, hw, out)
  local in_turn = hw.at_once and 1 or t.positions
  local outputs = t.fan_out * t.positions // in_turn
  local products = t.fan_in * outputs
  local rf = math.min(hw.reuse_factor, products)
  local parallel, sum_bits = ceil(products / rf), 2 * hw.bits + log2(t.fan_in)
  multipliers(parallel, hw, out)
  out.lut = out.lut + LUT_PER_ADDER_BIT * parallel * sum_bits
  out.ff = parallel * 2 * hw.bits + outputs * hw.bits
  local depth = levels(math.max(1, parallel / outputs)) + 1
  out.interval = in_turn * rf
  out.cycles = 1 + ceil(depth / levels_per_cycle(hw)) + out.interval - 1
end

function operations.mul_values(t, hw, out)
  multipliers(t.elements, hw, out)
  out.ff, out.cycles = t.elements * hw.bits, 1
end

-- Elements summed into one output of an `add` or compared in a `max`.
local function summands(t)
  local outputs = 1
  for _, dim in ipairs(t.out_shape or {}) do outputs = outputs * dim end
  return 1 + (t.func and t.out_shape and t.elements / outputs or 1), outputs
end

-- Trees of additions; a mean of n that is no power of two takes one constant product an output.
function operations.add(t, hw, out)
  local n, outputs = summands(t)
  local width = hw.bits + log2(n)
  out.lut = LUT_PER_ADDER_BIT * t.elements * width
  if t.func == "mean" and log2(n) % 1 ~= 0 then
    out.lut = out.lut + LUT_PER_ADDER_BIT * outputs * hw.bits * digits.expected(1, hw.bits, hw.bits - hw.int_bits)
  end
  out.cycles = math.max(1, ceil(levels(n) / levels_per_cycle(hw)))
  out.ff = (t.func and outputs or t.elements) * hw.bits * out.cycles
end

-- A tree of pairs: a comparison and a selection each.
function operations.max(t, hw, out)
  local n, outputs = summands(t)
  out.lut = t.elements * 1.5 * hw.bits
  out.cycles = math.max(1, ceil(ceil(log2(n)) / levels_per_cycle(hw)))
  out.ff = outputs * hw.bits * out.cycles
end

-- Rows follow one another through the same hardware, one a cycle; or all have hardware of their own.
local function one_after_another(t, hw, out)
  local rows = math.max(1, t.positions or 1)
  if hw.at_once then return copies(rows, out) end
  out.interval, out.cycles = rows, out.cycles + rows - 1
end

-- Mean and variance of a row of n, a table of inverse roots, a product and a
-- constant product an element.
function operations.layernorm(t, hw, out)
  local n = t.elements / t.positions
  multipliers(2 * n, hw, out) -- squares, and products with the inverse root
  out.lut = out.lut + LUT_PER_ADDER_BIT * n * (4 * hw.bits + 2 * log2(n) + hw.bits
    * digits.expected(1, hw.bits, hw.bits - hw.int_bits))
  out.bram = 1
  out.ff = n * 4 * hw.bits
  out.cycles = 2 * ceil((levels(n) + 1) / levels_per_cycle(hw)) + 5 -- two sums; squares, table (2), product, scale
  one_after_another(t, hw, out)
end

-- A comparison with zero rides in the rounding level of the layer before it, where there is time.
function operations.compare(t, hw, out)
  if tight(hw) then out.cycles = 1 end
  out.lut = t.elements * hw.bits / 2
  if t.kind == "leaky_relu" then out.lut = out.lut + LUT_PER_ADDER_BIT * 2 * t.elements * hw.bits end
end

-- 1024 entries; a block RAM answers two a cycle, during the interval.
operations["table"] = function(t, hw, out)
  out.bram = ceil(t.elements / (2 * hw.reuse_factor))
  out.lut = t.elements * (hw.bits + 10)
  out.ff = t.elements * (hw.bits + 10)
  out.cycles = 2
end

-- Of each row: greatest element, exponential table, sum, table of inverses, products.
function operations.softmax(t, hw, out)
  local n = t.elements // (t.positions or 1)
  local tree = ceil((ceil(log2(math.max(2, n))) + levels(n)) / levels_per_cycle(hw))
  out.cycles = ceil(6 * level_ns(hw) / LEVEL_NS) + tree + (hw.reuse_factor > 1 and 2 * (math.min(n, hw.reuse_factor) - 1) or 0)
  out.bram = ceil(n / (2 * hw.reuse_factor)) + 1
  out.dsp = n
  out.lut = n * (3 * TABLE_BITS + 2 * hw.bits + 10)
  out.ff = n * 10 * TABLE_BITS
  one_after_another(t, hw, out)
end

function operations.none() end

-- The options as one layer has them: its own, those of its number formats, the network's.
local function options_of(hw, layer, known)
  local own = hw.layers and hw.layers[layer]
  if not own and not (known and known.bits) then return hw end
  local here = setmetatable({}, { __index = hw })
  if known and known.bits then here.bits = known.bits end
  for key, value in pairs(own or {}) do here[key] = value end
  return here
end

--- Estimates a net.
-- @param terms the net's cost terms (docs/formats.md)
-- @param hw checked hardware options (`nac.estimate`)
-- @param[opt] net the net; where its weights are known, they count as they are
-- @return list of {layer=, kind=, lut=, ff=, dsp=, bram=, cycles=, interval=, reuse_factor=, csynth = {lut=, dsp=}
-- where HLS reports something else than what synthesis leaves}
function M.layers(terms, hw, net)
  local rows, greatest = {}, 1
  local known = weights.known(net, terms, hw)
  for i, t in ipairs(terms) do
    local count = operations[t.op]
    if not count then
      error(("nac.estimate: analytic does not know operation '%s' of layer '%s'"):format(t.op, t.layer), 0)
    end
    local out = { layer = t.layer, kind = t.kind, lut = 0, ff = 0, dsp = 0, bram = 0, cycles = 0, interval = 1 }
    local here = options_of(hw, t.layer, known[t.layer])
    count(t, here, out, known[t.layer])
    if here.strategy ~= "resource" and out.reuse_factor then greatest = math.max(greatest, out.reuse_factor) end
    rows[i] = out
  end
  -- In the latency strategy the whole network is one pipeline: its interval is
  -- waited for once, not in every layer.
  if greatest > 1 then rows[#rows].cycles = rows[#rows].cycles + greatest - 1 end
  return rows
end

return M
