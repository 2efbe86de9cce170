-- y (outer, out) = x (outer, in) w^T + offset.
local cpp = require "nac.hls.cpp"
local reuse = require "nac.estimate.reuse"

local function zeros(list)
  local n = 0
  for _, x in ipairs(list) do n = n + (x == 0 and 1 or 0) end
  return n
end

return function(op, made)
  local n_in, n_out = op.n, op.inner
  local offsets = op.offsets
  if not offsets or #offsets == 0 then
    offsets = {}
    for i = 1, n_out do offsets[i] = 0 end
  end
  local factor = op.strategy == "resource" and reuse.nearest(n_in, n_out, op.reuse_factor) or 1
  if factor ~= op.reuse_factor then made.reuse(op, factor) end
  made.array(cpp.array("w" .. op.id, op.weights, ("weights of %s, [%d][%d]: raw integers, times 2^%d"):format(op.layer, n_out, n_in, -op.weight_fraction)))
  made.array(cpp.array("b" .. op.id, offsets, ("offsets of %s, [%d]: raw integers, times 2^%d"):format(op.layer, n_out, -op.fraction)))
  made.header "nac_matmul.h"
  made.config { outer = op.outer, n_in = n_in, n_out = n_out, n_zeros = zeros(op.weights), reuse_factor = factor,
    columns = math.min(factor, n_in), rows = math.max(1, factor // n_in), multipliers = n_in * n_out // factor,
    accum_t = ("ap_int<%d>"):format(op.sum_bits) }
  made.call("nac::matmul_const_%s<%s>(%s, %s, w%d, b%d);", op.strategy, op.config, op.from[1], op.name, op.id, op.id)
end
