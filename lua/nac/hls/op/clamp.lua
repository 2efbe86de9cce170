-- Into [lo, hi]; relu is lo = 0 without hi.
local cpp = require "nac.hls.cpp"

local SURE = 2.0 ^ 53 -- beyond, the limits of a value are not known to the last bit

return function(op, made)
  local x = op.source[1]
  local up = 2.0 ^ (op.fraction - x.fraction)
  made.header "nac_elementwise.h"
  made.config { n = op.size, lo = op.lo, hi = op.hi, common_t = cpp.fixed(op.sum_bits, op.fraction, true),
    has_lo = x.min <= -SURE or op.lo > x.min * up, has_hi = x.max >= SURE or op.hi < x.max * up }
  made.call("nac::clamp<%s>(%s, %s);", op.config, op.from[1], op.name)
end
