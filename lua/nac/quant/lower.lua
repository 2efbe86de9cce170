--- Quantised nets as integer graphs, run exactly: what the hardware will compute.
local cfixed = require "nac.c.fixed"
local parts = require "nac.train.part"
local report = require "nac.quant.report"

local graph = {}
graph.__index = graph

--- The net's outputs in exact integer arithmetic.
-- @param x f32 tensor (N, shape of a sample)
-- @return f64 tensor (N, shape of the output): the numbers that the raw integers stand for
-- @return f64 tensor of the raw integers themselves (exact up to 2^53)
-- @return bits after the binary point: number = raw * 2^-bits
function graph:run(x)
  local number, raw = self.c:run(x:contiguous())
  if not number then require("nac.util.signal").interrupted() end
  local _, fraction = self.c:output()
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
  local number, raw = self.c:run(x:contiguous(), found.output)
  if not number then require("nac.util.signal").interrupted() end
  return number, raw, found.fraction
end

--- The operations in order, each a table: op, layer, inputs and output (values from 1), shifts (bits
-- that inputs move left first), type, sum_bits (that hold every sum inside), exact, exact_in_float,
-- exact_in_double, error, weights, weight_fraction, table (entries), wrapped, saturated; and of the
-- output shape, fraction, bits, min and max (raw), formats.
-- @return list
function graph:ops() return self.c:ops() end

--- How many numbers did not fit their formats since the last reset.
-- @return `{ wrapped =, saturated =, layers = { { layer =, op =, wrapped =, saturated =, share = of all numbers }, ... } }`
function graph:stats() return report.stats(self.c:ops(), self.rows) end

--- Sets the counts of `stats` to zero.
function graph:reset()
  self.c:reset()
end

--- Which layers need what, and where fake quantisation gives the very same numbers.
-- @return text, one line an operation; the list of rows
function graph:report() return report.text(self.c:ops()) end

--- Share of the samples whose greatest output is their class.
-- @param part `{ x = f32 tensor (N, ...), y = i32 labels from 0 }`
-- @return accuracy of the integer network
function graph:accuracy(part)
  local x, y = parts.check(part)
  local right, n = 0, 0
  for first = 1, x:shape()[1], 4096 do
    local last = math.min(first + 4095, x:shape()[1])
    local best = self:run(x:slice(1, first, last)):argmax(2)
    local label = y:slice(1, first, last)
    for i = 1, last - first + 1 do
      right = right + (best[i] - 1 == label[i] and 1 or 0)
      n = n + 1
    end
  end
  return right / n
end

--- Frees the graph.
function graph:close() self.c:close() end
graph.__close = graph.close

local M = {}

--- Lowers a quantised net: its input and every parameter have a number format (`net:quantise`). A value
-- without one keeps its exact result; functions by table (tanh, softmax, ...) need one on their output.
-- Raises, naming the layer, where the net has no integer form.
-- @param net a net with weights
-- @return graph with the methods run, at, ops, stats, report, accuracy, reset, close; it keeps no link to the net
function M.lower(net)
  return setmetatable({ c = cfixed.lower(net) }, graph)
end

return M
