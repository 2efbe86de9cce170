--- `ebops`: effective bit operations of HGQ (Sun et al. 2024, arXiv:2405.00645):
-- the sum of b_a b_w over weights that are not zero, where b_w spans from a
-- weight's highest to its lowest non-zero bit, in the formats of a quantised net. Without weight values b_w is the
-- full width, an upper bound. A product of two values costs b_a b_a.
local enum = require "nac.util.enum"

local M = { bits = 8 }

-- Without products of the network's own: a layernorm's are not in the definition.
local free = { "scale_const", "add", "max", "compare", "table", "softmax", "layernorm", "none" }

-- Bits from the highest to the lowest one of an integer; 0 for 0.
local function span(n)
  if n == 0 then return 0 end
  n = math.abs(n)
  while n % 2 == 0 do n = n // 2 end
  local bits = 0
  while n > 0 do n, bits = n // 2, bits + 1 end
  return bits
end

-- Sum of spans of a tensor's values in the number formats that the net has for it: format (e / inner) mod n of element e.
local function spans_in_formats(tensor, list, inner)
  local sum = 0
  for e, x in ipairs(tensor:contiguous():reshape({ tensor:numel() }):totable()) do
    sum = sum + span(list[(e - 1) // inner % #list + 1]:raw(x))
  end
  return sum
end

-- Sum of spans of a tensor's values on the grid of a fixed-point type.
local function spans(tensor, precision)
  local width, whole = precision:match "ap_u?fixed<(%d+),(-?%d+)>"
  if not width then error(("nac.bops: precision such as ap_fixed<8,3> is expected, not '%s'"):format(precision), 0) end
  width, whole = tonumber(width), tonumber(whole)
  local scale, top = 2.0 ^ (width - whole), 2.0 ^ (width - 1)
  local sum = 0
  local function walk(item)
    if type(item) == "table" then
      for _, each in ipairs(item) do walk(each) end
    else
      -- Round to nearest, saturate.
      local n = math.floor(item * scale + 0.5)
      sum = sum + span(math.tointeger(math.max(-top, math.min(top - 1, n))))
    end
  end
  walk(tensor:totable())
  return sum
end

--- BOPs of one cost term.
-- @param term a cost term of a net (docs/formats.md)
-- @param o checked options (`nac.bops`)
-- @return the number
function M.term(term, o)
  if term.op == "matmul_values" then return term.positions * term.fan_in * term.fan_out * o.act_bits ^ 2 end
  if term.op == "mul_values" then return term.elements * o.act_bits ^ 2 end
  if term.op ~= "matmul_const" then
    enum.check(term.op, free, ("operation of layer '%s' for ebops"):format(term.layer), -1)
    return 0
  end
  local built = o.net.built and o.net:built()
  local list, scale, inner
  if built then list, scale, inner = o.net:quantiser(term.weight) end
  if list and scale == 0 then
    return term.positions * o.act_bits * spans_in_formats(o.net:tensor(term.weight), list, inner)
  end
  if o.precision and o.weights then
    local tensor = o.net.tensor and o.net:tensor(term.weight)
    if not tensor then
      error(("nac.bops: ebops with weights needs a net with weights (arch:build); layer '%s' has none"):format(term.layer), 0)
    end
    return term.positions * o.act_bits * spans(tensor, o.precision)
  end
  return term.positions * term.nonzero * (1 - o.sparsity) * o.act_bits * o.weight_bits
end

return M
