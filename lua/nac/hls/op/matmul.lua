-- Products of two values: all at once; of streamed values row after row of the result, one a cycle; with the strategy "resource"
-- block after block.
local reuse = require "nac.hls.reuse"

return function(op, made)
  local m = op.matrix
  local factor, steps = reuse.of_blocks(op, made, { m.count, m.m, 1 })
  made.header "nac_matmul.h"
  made.config { count = m.count, m = m.m, k = m.k, n = m.n, a_transposed = m.ta ~= 0, b_transposed = m.tb ~= 0, reuse_factor = factor,
    count_block = m.count // steps[1], m_block = m.m // steps[2], n_block = m.n // steps[3], accum_t = ("ap_int<%d>"):format(op.sum_bits) }
  made.call("nac::matmul<%s>(%s, %s, %s);", op.config, op.from[1], op.from[2], op.name)
end
