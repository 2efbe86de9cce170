-- Convolution with constants: all windows at once, window after window, or from a stream.
local product = require "nac.hls.product"
local windows = require "nac.hls.windows"

return function(op, made)
  local w = op.window
  local inputs, outputs = w.c // w.groups, w.o // w.groups
  local fields, constants = product.make(op, made, { outer = 1, groups = w.groups, n_in = inputs * w.kh * w.kw, n_out = outputs,
    shape = ("[%d][%d][%d][%d]"):format(w.o, inputs, w.kh, w.kw) })
  made.config(fields, "_product")
  if op.io == "stream" then
    made.header "nac_stream.h"
    made.config(windows.streamed(w, { product_t = op.config .. "_product" }))
    made.call("nac::conv_stream_%s<%s>(%s, %s, %s);", op.strategy, op.config, op.from[1], op.name, constants)
    return
  end
  made.header "nac_conv.h"
  made.config(windows.whole(w, { groups = w.groups, channels = inputs, outputs = outputs, accum_t = ("ap_int<%d>"):format(op.sum_bits),
    product_t = op.config .. "_product" }))
  made.call("nac::conv_const_%s<%s>(%s, %s, %s);", op.strategy, op.config, op.from[1], op.name, constants)
end
