--- Widths in the formats of a quantised net, layer by layer.
local places = require "nac.quant.places"

local M = {}

local function widest(list)
  local most
  for _, format in ipairs(list or {}) do most = math.max(most or 0, format.width) end
  return most
end

--- A function that gives the options for a cost term: those of the net, with the widths of the formats that the
-- layer's weights and its first input have; where they have none, the net's options stand.
-- @param net a net
-- @param o checked options (`nac.bops`)
-- @return function(term) -> options; or nil where the net has no formats or `o` names widths of its own
function M.of(net, o)
  if o.given_bits or not net.quantiser or not net.built or not net:built() then return nil end
  local layers = net:layers()
  local inputs, any = {}, false
  for i, layer in ipairs(layers) do
    local value = layer.inputs[1] and places.source(layer.inputs[1], layers)
    inputs[layer.name] = value and widest(net:quantiser(value))
    any = any or inputs[layer.name] ~= nil or net:quantiser(i + 1) ~= nil
  end
  if not any then return nil end
  return function(term)
    local weights = term.weight and widest(net:quantiser(term.weight))
    return setmetatable({ act_bits = inputs[term.layer] or o.act_bits, weight_bits = weights or o.weight_bits }, { __index = o })
  end
end

return M
