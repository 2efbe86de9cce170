--- conv_attn: attention over the positions of an image (channels, height, width)
-- or a sequence (channels, length), with a residual sum (BraggNN, Liu et al.
-- 2022, IUCrJ 9, 104). Attributes: `hidden`, the channels of queries, keys and
-- values; `activation` after the sum ("identity"); `scaled = false`, whether
-- products are divided by sqrt(hidden). Queries, keys and values are 1 x 1
-- convolutions, and so is the projection back; all have biases.
local attributes = require "nac.nn.blocks.attributes"

return function(x, given)
  local nn = require "nac.nn"
  local a = attributes.check(given, {
    hidden = { type = "integer" }, activation = { type = "string", default = "identity" },
    scaled = { type = "boolean", default = false },
  })
  local shape = x:shape()
  if #shape ~= 2 and #shape ~= 3 then
    error(("an image (channels, height, width) or a sequence (channels, length) is needed, what comes in is %s")
      :format(table.concat(shape, "x")), 0)
  end
  local conv = #shape == 3 and nn.conv2d or nn.conv1d
  local positions = shape[2] * (shape[3] or 1)
  local function projected(name, factor)
    local y = conv { channels = a.hidden, kernel = 1, name = name } (x)
    if factor then y = nn.scale { value = factor } (y) end
    return #shape == 3 and nn.reshape { shape = { a.hidden, positions } } (y) or y
  end
  -- A scaled query rather than scaled products: the factor folds into its weights.
  local query = projected("query", a.scaled and 1 / math.sqrt(a.hidden))
  local key, value = projected "key", projected "value"
  -- (positions, positions): row i has what position i takes from each position.
  local scores = nn.matmul { transpose_a = true, name = "scores" } (query, key)
  local weights = nn.softmax {} (scores)
  local mixed = nn.matmul { transpose_b = true, name = "mix" } (value, weights) -- (hidden, positions)
  if #shape == 3 then mixed = nn.reshape { shape = { a.hidden, shape[2], shape[3] } } (mixed) end
  local back = conv { channels = shape[1], kernel = 1, name = "project" } (mixed)
  return attributes.activate(nn.add {} (x, back), a.activation)
end
