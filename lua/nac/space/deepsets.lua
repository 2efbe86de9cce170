--- NAC's space of DeepSets. Parameters: bottleneck_dim (exponent of 2),
-- aggregator_type, phi_len, phi_MLP_width_0, phi_MLP_acts_0, phi_MLP_norms_0, ...,
-- rho_len, rho_MLP_width_0, ... (`nac.space.draw`).
local draw = require "nac.space.draw"

local M = {}

--- Draws the components of one description.
-- @param s section `search_space` of a configuration
-- @param trial gives the values
-- @param io {shape = {elements, features}, outputs = number of outputs,
-- output_activation = of rho's last layer; drawn, as NAC does, when left out}
-- @return the list of components
function M.draw(s, trial, io)
  local bottleneck = 1 << trial:int("bottleneck_dim", s.bottleneck_range[1], s.bottleneck_range[2])
  local aggregation = trial:choice("aggregator_type", s.aggregator_space)
  local phi = draw.dense(s, trial, "phi_MLP", {
    inputs = io.shape[2], outputs = bottleneck, layers = trial:int("phi_len", s.phi_len_range[1], s.phi_len_range[2]),
  })
  local rho = draw.dense(s, trial, "rho_MLP", {
    inputs = bottleneck, outputs = io.outputs, layers = trial:int("rho_len", s.rho_len_range[1], s.rho_len_range[2]),
    output_activation = io.output_activation,
  })
  return { { block_type = "DeepSets", name = "deepsets", params = { phi = phi, aggregation = aggregation, rho = rho } } }
end

return M
