--- Products with constants, for dense layers and convolutions: weights, offsets, configuration (src/hls/nac_matmul.h).
local cpp = require "nac.hls.cpp"
local reuse = require "nac.hls.reuse"

local M = {}

local function zeros(list)
  local n = 0
  for _, x in ipairs(list) do n = n + (x == 0 and 1 or 0) end
  return n
end

-- The groups of weights that share a multiplier, without those of zeros only: weights one group after the other, where
-- the first product of each reads and adds.
local function shared(weights, p, factor)
  local kept, ins, outs = {}, {}, {}
  for first = 0, #weights - 1, factor do
    local any = false
    for k = first + 1, first + factor do any = any or weights[k] ~= 0 end
    if any or (first + factor == #weights and #ins == 0) then -- one at least: arrays have elements
      table.move(weights, first + 1, first + factor, #kept + 1, kept)
      local o = first // p.n_in
      ins[#ins + 1], outs[#outs + 1] = first % p.n_in + o // p.n_out * p.n_in, o
    end
  end
  return kept, ins, outs
end

--- Writes down the constants of an operation.
-- @param op the operation: weights, offsets, strategy, reuse_factor
-- @param made what emitters say (nac.hls.firmware)
-- @param p { outer =, groups =, n_in =, n_out = (of a group), shape = text of the weights' shape }
-- @return fields of the configuration, the call's constants as text
function M.make(op, made, p)
  local id, weights, offsets = op.id, op.weights, op.offsets
  if not offsets or #offsets == 0 then
    offsets = {}
    for i = 1, p.groups * p.n_out do offsets[i] = 0 end
  end
  local fields = { outer = p.outer, groups = p.groups, n_in = p.n_in, n_out = p.n_out, n_zeros = zeros(weights), reuse_factor = op.reuse_factor,
    accum_t = ("ap_int<%d>"):format(op.sum_bits) }
  local constants = ("w%d, b%d"):format(id, id)
  local about = ("weights of %s, %s: raw integers, times 2^%d"):format(op.layer, p.shape, -op.weight_fraction)
  if op.strategy == "resource" then
    local factor = reuse.nearest(p.n_in, p.n_out, op.reuse_factor)
    made.reuse(factor)
    local kept, ins, outs = shared(weights, p, factor)
    fields.reuse_factor, fields.multipliers = factor, #ins
    fields.columns, fields.rows = math.min(factor, p.n_in), math.max(1, factor // p.n_in)
    about = ("%s; %d for each of %d multipliers, %d groups of zeros left out"):format(about, factor, #ins, #weights // factor - #ins)
    made.array(cpp.indices("in" .. id, ins, ("first input of each multiplier of %s"):format(op.layer)))
    made.array(cpp.indices("out" .. id, outs, ("first output of each multiplier of %s"):format(op.layer)))
    constants = ("%s, in%d, out%d"):format(constants, id, id)
    weights = kept
  end
  local w = cpp.array("w" .. id, weights, about)
  local b = cpp.array("b" .. id, offsets, ("offsets of %s, [%d]: raw integers, times 2^%d"):format(op.layer, #offsets, -op.fraction))
  fields.weight_t, fields.bias_t = w.type, b.type
  made.array(w, cpp.numbers(op.weights, op.weight_fraction))
  made.array(b, cpp.numbers(offsets, op.fraction))
  return fields, constants
end

return M
