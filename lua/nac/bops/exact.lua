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

-- Each product of two values, as in attention.
function operations.matmul_values(term, o) return term.positions * term.fan_in * term.fan_out * o.act_bits ^ 2 end

function operations.mul_values(term, o) return term.elements * o.act_bits ^ 2 end

-- Batchnorm after a matrix product is folded into its weights; elsewhere it is
-- a multiplication and an addition an element.
function operations.scale_const(term, o)
  if term.foldable then return 0 end
  return term.elements * (o.act_bits * o.weight_bits + o.act_bits + o.weight_bits)
end

-- Additions into a sum of n values, which is log2(n) bits wider than they are. A
-- mean's division is a shift where n is a power of two, else a product an output.
function operations.add(term, o)
  local outputs = 1
  for _, dim in ipairs(term.out_shape or {}) do outputs = outputs * dim end
  local n = 1 + term.elements / outputs
  if not (term.func and term.out_shape) then n = 2 end -- the sum of two values
  local bops = term.elements * (o.act_bits + math.log(n, 2))
  local shift = math.log(n, 2) % 1 == 0
  if term.func == "mean" and not shift then bops = bops + outputs * o.act_bits * o.weight_bits end
  return bops
end

-- A comparison of two values is a subtraction; relu only looks at a sign.
function operations.max(term, o) return term.elements * o.act_bits end

-- Mean, variance (a square and two additions), product with its inverse root
-- (b_a b_a), scale and shift, for each element of rows of n.
function operations.layernorm(term, o)
  local a, w = o.act_bits, o.weight_bits
  local log = math.log(term.elements / term.positions, 2)
  return term.elements * ((a + log) + (a + a ^ 2 + 2 * a + log) + a ^ 2 + (a * w + a + w))
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
