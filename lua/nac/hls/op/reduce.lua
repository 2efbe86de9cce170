-- Sums or maxima along one axis.
return function(op, made)
  made.header "nac_reduce.h"
  made.config { outer = op.outer, n = op.n, inner = op.inner, accum_t = ("ap_int<%d>"):format(op.sum_bits) }
  made.call("nac::reduce<%s, nac::%s_of>(%s, %s);", op.config, op.how, op.from[1], op.name)
end
