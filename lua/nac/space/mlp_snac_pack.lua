--- The MLP space that SNAC-Pack really searched, whatever its configuration
-- said, with its parameter names. `num_layers` counts the output layer.
-- Unlike there, every layer that is drawn is also built.
local M = {}

-- Of hidden layers 1 to 4. Files with lists of their own may have up to eight, of which
-- those without a list take the last one here.
local widths = { { 8, 16, 32, 64, 128 }, { 8, 16, 32, 64 }, { 8, 16, 32 }, { 8, 16 } }
local activations = { "relu", "tanh", "sigmoid" }
local booleans = { true, false }

--- Draws one description; see `nac.space.mlp`. Where the space comes from a file
-- with lists of its own (`s.mlp_lists`), these are drawn from.
function M.draw(s, trial, io)
  local p, lists = { widths = { io.input }, activations = {}, normalizations = {} }, s.mlp_lists or {}
  local function choice(name, list) return trial:choice(name, lists[name] or list) end
  local hidden = choice("num_layers", { 2, 3, 4, 5 }) - 1
  for i = 1, hidden do
    p.widths[i + 1] = choice("hidden_units" .. i, widths[math.min(i, #widths)])
    p.activations[i] = choice("activation" .. i, activations)
    p.normalizations[i] = choice("batchnorm" .. i, booleans) and "batch" or "none"
  end
  p.widths[hidden + 2], p.activations[hidden + 1], p.normalizations[hidden + 1] = io.outputs, s.output_activation, "none"
  return p
end

return M
