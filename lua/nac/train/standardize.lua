--- Sets the standardize layers of a net from the samples that it will be
-- trained on, so that the net itself takes raw units.
local scaling = require "nac.c.scaling"

local M = {}

--- Computes offset and scale of every standardize layer that reads the net's input.
-- @param net a net with weights
-- @param x f32 tensor (N, shape of a sample): the rows that are fitted, no others
-- @param kind "mean_std": (x - mean) / standard deviation; "median_quantile":
-- (x - median) / (95 % quantile - 5 % quantile); a feature that does not vary is
-- only shifted
-- @return number of layers set; raises when the net has none
function M.set(net, x, kind)
  local count = 0
  for _, layer in ipairs(net:layers()) do
    if layer.kind == "standardize" and layer.inputs[1] == 1 then
      scaling.fit(x, layer.attrs.axis, kind, net:tensor(layer.name .. ".offset"), net:tensor(layer.name .. ".scale"))
      count = count + 1
    end
  end
  if count == 0 then
    error("the data are to be standardised, but the net has no layer that does it; put nn.standardize {} first, or call "
      .. "arch:prepend(nn.standardize {})", 0)
  end
  return count
end

return M
