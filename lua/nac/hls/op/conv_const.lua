-- Convolution with constants, all windows at once.
local cpp = require "nac.hls.cpp"

return function(op, made)
  local w = op.window
  local offsets = op.offsets
  if not offsets or #offsets == 0 then
    offsets = {}
    for i = 1, w.o do offsets[i] = 0 end
  end
  made.only("latency")
  made.array(cpp.array("w" .. op.id, op.weights, ("weights of %s, [%d][%d][%d][%d]: raw integers, times 2^%d"):format(op.layer, w.o,
    w.c // w.groups, w.kh, w.kw, -op.weight_fraction)))
  made.array(cpp.array("b" .. op.id, offsets, ("offsets of %s, [%d]: raw integers, times 2^%d"):format(op.layer, w.o, -op.fraction)))
  made.header "nac_conv.h"
  made.config { groups = w.groups, channels = w.c // w.groups, outputs = w.o // w.groups, h = w.h, w = w.w, oh = w.oh, ow = w.ow, kh = w.kh,
    kw = w.kw, sh = w.sh, sw = w.sw, dh = w.dh, dw = w.dw, top = w.top, left = w.left, accum_t = ("ap_int<%d>"):format(op.sum_bits), signed = true }
  made.call("nac::conv_const<%s>(%s, %s, w%d, b%d);", op.config, op.from[1], op.name, op.id, op.id)
end
