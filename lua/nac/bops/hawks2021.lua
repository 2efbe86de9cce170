--- `hawks2021`: pruned weights save their products but still pay their additions
-- (Baskin et al. 2018; Hawks et al. 2021, arXiv:2102.11289, eq. 2):
-- n_out fan_in ((1 - p) b_a b_w + b_a + b_w + log2 fan_in), once an output position.
local M = { bits = 8 }

--- BOPs of one cost term.
-- @param term a cost term of a net (docs/formats.md)
-- @param o checked options (`nac.bops`)
-- @return the number
function M.term(term, o)
  if term.op ~= "matmul_const" then return 0 end
  local dense = term.nonzero / term.weights * (1 - o.sparsity)
  return term.positions * term.weights
    * (dense * o.act_bits * o.weight_bits + o.act_bits + o.weight_bits + math.log(term.fan_in, 2))
end

return M
