--- `hawks2021`: pruned weights save their products but still pay their additions
-- (Baskin et al. 2018; Hawks et al. 2021, arXiv:2102.11289, eq. 2):
-- n_out fan_in ((1 - p) b_a b_w + b_a + b_w + log2 fan_in), once an output
-- position. A product of two values has b_a for b_w and no zeros.
local enum = require "nac.util.enum"

local M = { bits = 8 }

-- Outside the definition, which is of sums of products.
local free = { "scale_const", "add", "max", "compare", "table", "softmax", "layernorm", "mul_values", "none" }

--- BOPs of one cost term.
-- @param term a cost term of a net (docs/formats.md)
-- @param o checked options (`nac.bops`)
-- @return the number
function M.term(term, o)
  if term.op == "matmul_const" then
    local dense = term.nonzero / term.weights * (1 - o.sparsity)
    return term.positions * term.weights
      * (dense * o.act_bits * o.weight_bits + o.act_bits + o.weight_bits + math.log(term.fan_in, 2))
  elseif term.op == "matmul_values" then
    return term.positions * term.fan_in * term.fan_out * (o.act_bits ^ 2 + 2 * o.act_bits + math.log(term.fan_in, 2))
  end
  enum.check(term.op, free, ("operation of layer '%s' for BOPs of hawks2021"):format(term.layer), -1)
  return 0
end

return M
