-- Softmax by two tables; see src/hls/nac_softmax.h.
local cpp = require "nac.hls.cpp"
local reuse = require "nac.hls.reuse"

local UNIT, CHOSEN = 17, 10 -- NAC_IEXP_FRACTION, NAC_ILEADING of core/igraph/igraph.h

return function(op, made)
  local sum_bits = cpp.unsigned_bits(op.n << UNIT)
  local product = 2 * (UNIT + 1) + sum_bits - 1 - UNIT
  local factor, steps = reuse.of_blocks(op, made, { op.outer, op.inner })
  -- not exp2 or exp10, which are functions of C
  made.array(cpp.array("exps" .. op.id, op.table_entries, ("exp(-d) for raw distances d from the maximum, of %s: times 2^-%d"):format(op.layer, UNIT)))
  made.array(cpp.array("reciprocal" .. op.id, op.chosen, ("one over 1 + (i + 1/2) / %d, of %s: times 2^-%d"):format(1 << CHOSEN, op.layer, UNIT)))
  made.header "nac_softmax.h"
  made.config { outer = op.outer, n = op.n, inner = op.inner, outer_block = op.outer // steps[1], inner_block = op.inner // steps[2], reuse_factor = factor,
    n_entries = #op.table_entries, unit = UNIT, chosen = CHOSEN, sum_bits = sum_bits,
    accum_t = ("ap_int<%d>"):format(op.source[1].bits + 2), product_t = ("ap_uint<%d>"):format(product),
    result_t = cpp.fixed(product, UNIT + sum_bits - 1, false), signed = true }
  made.call("nac::softmax<%s>(%s, %s, exps%d, reciprocal%d);", op.config, op.from[1], op.name, op.id, op.id)
end
