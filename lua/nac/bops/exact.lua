--- `exact`: what is computed, with real shapes and only weights that are not zero.
-- A product with a constant and its addition into the accumulator cost
-- b_a b_w + b_a + b_w + log2(fan_in) bit operations, once an output position
-- (Baskin et al. 2018, arXiv:1804.10969, eq. for MAC operations).
local M = { bits = 8 }

-- One function an operation of the cost terms: (term, o) -> BOPs.
local operations = {}

function operations.matmul_const(term, o)
  local nonzero = term.nonzero * (1 - o.sparsity)
  return term.positions * nonzero * (o.act_bits * o.weight_bits + o.act_bits + o.weight_bits + math.log(term.fan_in, 2))
end

-- Batchnorm after a matrix product is folded into its weights; elsewhere it is
-- a multiplication and an addition an element.
function operations.scale_const(term, o)
  if term.foldable then return 0 end
  return term.elements * (o.act_bits * o.weight_bits + o.act_bits + o.weight_bits)
end

-- Selections, look-ups and rewiring multiply and add nothing.
for _, name in ipairs { "compare", "table", "softmax", "none" } do
  operations[name] = function() return 0 end
end

--- BOPs of one cost term.
-- @param term a cost term of a net (docs/formats.md)
-- @param o checked options (`nac.bops`)
-- @return the number
function M.term(term, o)
  local count = operations[term.op]
  if not count then error(("nac.bops: exact does not know operation '%s' of layer '%s'"):format(term.op, term.layer), 0) end
  return count(term, o)
end

return M
