-- Mean 0 and variance 1 without division; see src/hls/nac_normalise.h.
local cpp = require "nac.hls.cpp"

local CHOSEN = 10 -- NAC_ILEADING of core/igraph/igraph.h

return function(op, made)
  local x = op.source[1]
  local most = math.max(math.abs(x.min), math.abs(x.max), x.max - x.min) // 1 | 0
  made.array(cpp.array("root" .. op.id, op.chosen,
    ("one over the root of a sum of squares of %s, for places of its leading one that are even, then odd: times 2^17"):format(op.layer)))
  made.header "nac_normalise.h"
  made.config { outer = op.outer, n = op.n, inner = op.inner, chosen = CHOSEN, up = op.up, drop = op.drop, eps = op.eps, sum_bits = op.sum_bits,
    distance_t = ("ap_int<%d>"):format(cpp.unsigned_bits(most * op.n) + 2), accum_t = ("ap_int<%d>"):format(op.sum_bits), signed = true }
  made.call("nac::normalise<%s>(%s, %s, root%d);", op.config, op.from[1], op.name, op.id)
end
