-- y (outer, out) = x (outer, in) w^T + offset.
local product = require "nac.hls.product"

return function(op, made)
  local fields, constants = product.make(op, made, { outer = op.outer, groups = 1, n_in = op.n, n_out = op.inner,
    shape = ("[%d][%d]"):format(op.inner, op.n) })
  made.header "nac_matmul.h"
  made.config(fields)
  made.call("nac::matmul_const_%s<%s>(%s, %s, %s);", op.strategy, op.config, op.from[1], op.name, constants)
end
