-- The larger of two values, element by element.
local cpp = require "nac.hls.cpp"

return function(op, made)
  made.header "nac_elementwise.h"
  made.config { n = op.size, common_t = cpp.fixed(op.sum_bits, op.fraction, true) }
  made.call("nac::max<%s>(%s, %s, %s);", op.config, op.from[1], op.from[2], op.name)
end
