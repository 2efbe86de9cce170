-- Products of two values.
return function(op, made)
  local m = op.matrix
  made.header "nac_matmul.h"
  made.config { count = m.count, m = m.m, k = m.k, n = m.n, a_transposed = m.ta ~= 0, b_transposed = m.tb ~= 0,
    accum_t = ("ap_int<%d>"):format(op.sum_bits) }
  made.call("nac::matmul<%s>(%s, %s, %s);", op.config, op.from[1], op.from[2], op.name)
end
