--- Quantised nets as integer graphs, run exactly: what the hardware will compute.
local cfixed = require "nac.c.fixed"
local enum = require "nac.util.enum"
local guard = require "nac.train.guard"
local inputs = require "nac.quant.input"
local parts = require "nac.train.part"
local report = require "nac.quant.report"
local signal = require "nac.util.signal"
local tensor = require "nac.tensor"

local graph = {}
graph.__index = graph

local function run(self, x, value)
  local number, raw = guard.call(3, self.c.run, self.c, x:contiguous(), value)
  if not number then error(signal.interrupted(), 0) end
  self.samples = self.samples + x:size(1)
  return number, raw
end

--- The net's outputs in exact integer arithmetic.
-- @param x f32 tensor (N, shape of a sample)
-- @return f64 tensor (N, shape of the output): the numbers that the raw integers stand for
-- @return f64 tensor of the raw integers themselves (exact up to 2^53)
-- @return bits after the binary point: number = raw * 2^-bits
function graph:run(x)
  local value, fraction = self.c:output()
  local number, raw = run(self, x, value)
  return number, raw, fraction
end

--- A value inside the graph, in exact integer arithmetic.
-- @param x f32 tensor (N, shape of a sample)
-- @param layer name of a layer: its output, as it was rounded
-- @return the numbers, the raw integers, bits after the binary point
function graph:at(x, layer)
  local found
  for _, op in ipairs(self.c:ops()) do
    if op.layer == layer then found = op end
  end
  if not found then error(("the graph has no layer '%s'"):format(layer), 2) end
  local number, raw = run(self, x, found.output)
  return number, raw, found.fraction
end

--- The operations in order, each a table: op, layer, inputs and output (values from 1), shifts (bits
-- that inputs move left first), type, sum_bits (that hold every sum inside), exact, exact_in_float,
-- exact_in_double, error, weights, weight_bits, weight_fraction, table (entries), wrapped, saturated; and of the
-- output shape, fraction, bits, min and max (raw), formats.
-- @return list
function graph:ops() return self.c:ops() end

--- How many numbers did not fit their formats since the last reset.
-- @return `{ samples =, wrapped =, saturated =, layers = { { layer =, op =, wrapped =, saturated =, share = of its
-- numbers }, ... } }`, the layers where it happened
function graph:stats() return report.stats(self.c:ops(), self.samples) end

--- Sentences on layers where more than `share` of the numbers did not fit: a format too narrow for its values.
-- @param[opt=0.01] share
-- @return list of texts, each with count and layer
function graph:warnings(share) return report.warnings(self:stats(), share or 0.01) end

--- Sets the counts of `stats` to zero.
function graph:reset()
  self.c:reset()
  self.samples = 0
end

--- Which layers need what, and where fake quantisation gives the very same numbers.
-- @return text, one line an operation; the list of rows
function graph:report() return report.text(self.c:ops()) end

-- Samples whose class is predicted: the greatest output's; of a single output, class 1 above 0.
local function right_in(number, y)
  local n = number:size(1)
  local scores = number:reshape { n, -1 }
  local class
  if scores:size(2) > 1 then
    class = scores:argmax(2):to "f64" - 1
  else
    class = scores:reshape { n }:clamp(0, 1e-300) * 1e300 -- 1 where positive: numbers are 0 or at least 2^-200
  end
  return n - (class - y:to "f64"):abs():clamp(0, 1):sum()
end

--- Share of the samples whose class the integer network predicts: that of the greatest output, the first of
-- equals; a single output stands for class 1 where it is positive.
-- @param part `{ x = f32 tensor (N, ...), y = i32 labels from 0 }`, or a stream
-- @return accuracy
function graph:accuracy(part)
  local right, n = 0, 0
  local function add(x, y)
    for first = 1, x:size(1), 4096 do
      local last = math.min(first + 4095, x:size(1))
      right = right + right_in(self:run(x:slice(1, first, last)), y:slice(1, first, last))
    end
    n = n + x:size(1)
  end
  if parts.is_stream(part) then
    for x, y in part:pieces(0) do add(x, y) end
  else
    add(part.x, part.y)
  end
  return right / n
end

--- Frees the graph.
function graph:close() self.c:close() end
graph.__close = graph.close

local M = {}

-- The format that inputs arrive in and its type, or nil for the net's own.
local function format_of_input(net, options)
  if type(options) ~= "table" then error("lower: options are a table, got " .. type(options), 0) end
  for key in pairs(options) do enum.check(key, { "input", "data" }, "option of lower", -1) end
  local input, x = options.input, options.data
  if input == nil or input == "standardised" then return nil end
  if input == "auto" then
    if not inputs.is_raw(net) then return nil end
    if type(x) == "table" and not tensor.is(x) then x = x.x end
    input = inputs.choose(net, x)
  end
  return inputs.read(input)
end

--- Lowers a quantised net: its input and every parameter have a number format (`net:quantise`). A value
-- without one keeps its exact result; functions by table (tanh, softmax, ...) need one on their output.
-- Raises, naming the layer, where the net has no integer form.
-- @param net a net with weights
-- @param options `input` = the type that inputs arrive in, in raw units: "ap_int<16>", "ap_ufixed<12,4>", a format; rounding
-- to the net's own format and a standardize layer in front are then integer operations with constants of 18
-- bits. "auto": where a standardize layer reads the input, chosen from `data` (a tensor or part; integers where all of it
-- is). Default, "standardised": the graph begins with the net's own format; a standardize layer in front is done in float
-- on the way in.
-- @return graph with the methods run, at, ops, stats, report, accuracy, reset, close and the field input (the type
-- of raw inputs, or nil); it keeps no link to the net
function M.lower(net, options)
  local known, format, text = pcall(format_of_input, net, options or {})
  if not known then error(format, 2) end
  return setmetatable({ c = guard.call(2, cfixed.lower, net, format), samples = 0, input = text }, graph)
end

return M
