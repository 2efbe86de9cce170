-- Sums or maxima along one axis; over the tokens of a stream where they lie along it.
return function(op, made)
  local accum = ("ap_int<%d>"):format(op.sum_bits)
  if op.io == "stream" then
    made.header "nac_stream.h"
    made.config { tokens = op.n, accum_t = accum }
    made.call("nac::reduce_stream<%s, nac::%s_of>(%s, %s);", op.config, op.how, op.from[1], op.name)
    return
  end
  made.header "nac_reduce.h"
  made.config { outer = op.outer, n = op.n, inner = op.inner, accum_t = accum }
  made.call("nac::reduce<%s, nac::%s_of>(%s, %s);", op.config, op.how, op.from[1], op.name)
end
