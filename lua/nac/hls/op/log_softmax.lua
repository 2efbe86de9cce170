-- The logarithm of softmax by two tables; see src/hls/nac_log_softmax.h.
local cpp = require "nac.hls.cpp"

local UNIT, CHOSEN, LOG2 = 17, 10, 90852 -- NAC_IEXP_FRACTION, NAC_ILEADING, NAC_ILOG2 of core/igraph

return function(op, made)
  local sum_bits = cpp.unsigned_bits(op.n << UNIT)
  made.array(cpp.array("exps" .. op.id, op.table_entries, ("exp(-d) for raw distances d from the maximum, of %s: times 2^-%d"):format(op.layer, UNIT)))
  made.array(cpp.array("logs" .. op.id, op.chosen, ("log of 1 + (i + 1/2) / %d, of %s: times 2^-%d"):format(1 << CHOSEN, op.layer, UNIT)))
  made.header "nac_log_softmax.h"
  made.config { outer = op.outer, n = op.n, inner = op.inner, n_entries = #op.table_entries, unit = UNIT, chosen = CHOSEN, sum_bits = sum_bits,
    up = op.up, log2 = LOG2, sum_t = ("ap_uint<%d>"):format(sum_bits), accum_t = ("ap_int<%d>"):format(op.sum_bits), signed = true }
  made.call("nac::log_softmax<%s>(%s, %s, exps%d, logs%d);", op.config, op.from[1], op.name, op.id, op.id)
end
