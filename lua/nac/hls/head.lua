--- What the top function gives: the net's own outputs ("logits"), the index of the greatest ("argmax"), or
-- one bit an output ("threshold"). The last two are operations of the firmware alone, after the integer graph.
local cpp = require "nac.hls.cpp"

local M = {}

local heads = {}

-- Index of the greatest of all outputs, from 0; the first of equals.
function heads.argmax(op, x)
  op.shape, op.size, op.min, op.max = { 1 }, 1, 0, math.max(x.size - 1, 1)
  op.about = ("the index, from 0, of the greatest of %d outputs (the first of equals)"):format(x.size)
  op.expected = function(raw) return raw:reshape({ raw:size(1), x.size }):argmax(2):to "f64":reshape { raw:size(1), 1 } - 1 end
  op.emit = function(o, made)
    local levels = 0
    while 1 << levels < x.size do levels = levels + 1 end
    made.header "nac_head.h"
    made.config { n = x.size, levels = levels }
    made.call("nac::argmax<%s>(%s, %s);", o.config, o.from[1], o.name)
  end
end

-- For each output whether it lies above a number.
function heads.threshold(op, x, threshold)
  local limit = math.max(x.min - 1, math.min(x.max, math.floor(threshold * 2.0 ^ x.fraction)))
  op.shape, op.size, op.min, op.max = x.shape, x.size, 0, 1
  op.about = ("1 where the output is above %g, else 0"):format(threshold)
  op.expected = function(raw) return (raw - limit):clamp(0, 1) end
  op.emit = function(o, made)
    made.header "nac_head.h"
    made.config { n = o.size, limit = math.tointeger(limit), accum_t = ("ap_int<%d>"):format(x.bits + 2) }
    made.call("nac::threshold<%s>(%s, %s);", o.config, o.from[1], o.name)
  end
end

--- The outputs that can be asked for.
M.names = { "logits", "argmax", "threshold" }

--- Appends the operation that an output asks for.
-- @param ops as nac.hls.graph reads them
-- @param x the operation that gives the net's outputs
-- @param o options: output, threshold
-- @return the operation that gives the top function's
function M.add(ops, x, o)
  if o.output == "logits" then return x end
  local id = #ops + 1
  local op = { op = o.output, layer = "output", id = id, source = { x }, from = {}, inputs = { x.id }, fraction = 0, sum_bits = 1,
    name = ("layer%d_out"):format(id), type = ("layer%d_t"):format(id), config = "config" .. id, is_head = true }
  heads[o.output](op, x, o.threshold)
  op.bits = cpp.unsigned_bits(math.tointeger(op.max))
  op.type_text = ("ap_uint<%d>"):format(op.bits)
  ops[id] = op
  return op
end

return M
