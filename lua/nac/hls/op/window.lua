-- Pooling, all windows at once.
return function(op, made)
  local w = op.window
  made.header "nac_conv.h"
  made.config { channels = w.c, h = w.h, w = w.w, oh = w.oh, ow = w.ow, kh = w.kh, kw = w.kw, sh = w.sh, sw = w.sw, dh = w.dh, dw = w.dw,
    top = w.top, left = w.left, accum_t = ("ap_int<%d>"):format(op.sum_bits), signed = true }
  made.call("nac::window<%s, nac::%s_of>(%s, %s);", op.config, op.how, op.from[1], op.name)
end
