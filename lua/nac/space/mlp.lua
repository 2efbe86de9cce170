--- Multi-layer perceptrons as a configuration declares them: 1 to `num_blocks`
-- hidden layers, each with a width, an activation and a normalisation.
-- Parameters of a trial: num_layers (hidden layers), width1, act1, norm1, ...
local M = {}

--- Draws one description.
-- @param s section `search_space` of a configuration
-- @param trial gives the values (`trial:int`, `trial:choice`)
-- @param io {input = width of the flat input, outputs = number of outputs}
-- @return the parameters of an MLP block
function M.draw(s, trial, io)
  local widths, activations, normalizations = { io.input }, {}, {}
  for i = 1, trial:int("num_layers", 1, s.num_blocks) do
    widths[i + 1] = trial:choice("width" .. i, s.mlp_width_space)
    activations[i] = trial:choice("act" .. i, s.act_space)
    normalizations[i] = trial:choice("norm" .. i, s.norm_space)
  end
  local last = #widths
  widths[last + 1], activations[last], normalizations[last] = io.outputs, s.output_activation, "none"
  return { widths = widths, activations = activations, normalizations = normalizations }
end

return M
