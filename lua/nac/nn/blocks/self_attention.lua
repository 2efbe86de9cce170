--- self_attention: multi-head scaled dot-product attention among the elements of
-- a set (elements, features) (Vaswani et al. 2017, arXiv:1706.03762, eq. 1).
-- Attributes: `heads` (1); `dim`, the width of all heads' queries, keys and
-- values together (the features); `bias = true`. The result has the set's shape;
-- a residual sum is the user's: nn.add {} (x, y).
local attributes = require "nac.nn.blocks.attributes"

return function(x, given)
  local nn = require "nac.nn"
  local shape = x:shape()
  if #shape ~= 2 then
    error(("a set (elements, features) is needed, what comes in is %s"):format(table.concat(shape, "x")), 0)
  end
  local a = attributes.check(given, {
    heads = { type = "integer", default = 1 }, dim = { type = "integer", default = shape[2] },
    bias = { type = "boolean", default = true },
  })
  if a.dim % a.heads ~= 0 then error(("dim %d is not a multiple of heads %d"):format(a.dim, a.heads), 0) end
  local elements, width = shape[1], a.dim // a.heads
  local function projected(name, factor)
    local y = nn.dense { units = a.dim, bias = a.bias, name = name } (x)
    if factor then y = nn.scale { value = factor } (y) end
    if a.heads == 1 then return y end
    return nn.permute { order = { 2, 1, 3 } } (nn.reshape { shape = { elements, a.heads, width } } (y))
  end
  -- A scaled query rather than scaled products: the factor folds into its weights.
  local query = projected("query", 1 / math.sqrt(width))
  local key, value = projected "key", projected "value"
  local scores = nn.matmul { transpose_b = true, name = "scores" } (query, key)
  local weights = nn.softmax {} (scores)
  local mixed = nn.matmul { name = "mix" } (weights, value)
  if a.heads > 1 then
    mixed = nn.reshape { shape = { elements, a.dim } } (nn.permute { order = { 2, 1, 3 } } (mixed))
  end
  return nn.dense { units = shape[2], bias = a.bias, name = "project" } (mixed)
end
