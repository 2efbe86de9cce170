-- y = w x + offset, constants per channel.
local cpp = require "nac.hls.cpp"

return function(op, made)
  local offsets = op.offsets
  if not offsets or #offsets == 0 then
    offsets = {}
    for i = 1, #op.weights do offsets[i] = 0 end
  end
  made.array(cpp.array("w" .. op.id, op.weights, ("factors of %s: raw integers, times 2^%d"):format(op.layer, -op.weight_fraction)))
  made.array(cpp.array("b" .. op.id, offsets, ("offsets of %s: raw integers, times 2^%d"):format(op.layer, -op.fraction)))
  made.header "nac_elementwise.h"
  made.config { n = op.size, n_weights = #op.weights, inner = op.inner, accum_t = ("ap_int<%d>"):format(op.sum_bits) }
  made.call("nac::scale<%s>(%s, %s, w%d, b%d);", op.config, op.from[1], op.name, op.id, op.id)
end
