--- mlp: dense layers over the last axis, so that the elements of a set share
-- them. Attributes: `units`, a list of widths; `activations` ("relu") and `norms`
-- ("none": none, batch, layer, batch_positions), each a word for all layers or a
-- list; `bias`: true, false, or left out for "wherever no batchnorm follows"; `dropout`:
-- rate behind each activation, but not the last layer's where `output` is true.
local attributes = require "nac.nn.blocks.attributes"
local dense_stack = require "nac.nn.blocks.dense_stack"

return function(x, given)
  local a = attributes.check(given, {
    units = { type = "list" }, activations = { type = "string list", default = "relu" },
    norms = { type = "string list", default = "none" }, bias = { type = "boolean", optional = true },
    dropout = { type = "float", optional = true }, output = { type = "boolean", optional = true },
  })
  for _, layer in ipairs(dense_stack.layers(a, #x:shape())) do x = layer(x) end
  return x
end
