-- Pooling: all windows at once, or from a stream.
local windows = require "nac.hls.windows"

return function(op, made)
  local fields = { channels = op.window.c, accum_t = ("ap_int<%d>"):format(op.sum_bits) }
  if op.io == "stream" then
    made.header "nac_stream.h"
    made.config(windows.streamed(op.window, fields))
    made.call("nac::window_stream<%s, nac::%s_of>(%s, %s);", op.config, op.how, op.from[1], op.name)
    return
  end
  made.header "nac_conv.h"
  made.config(windows.whole(op.window, fields))
  made.call("nac::window<%s, nac::%s_of>(%s, %s);", op.config, op.how, op.from[1], op.name)
end
