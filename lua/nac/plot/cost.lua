--- Picture of what each layer costs.
local bars = require "nac.plot.bars"
local gnuplot = require "nac.plot.gnuplot"

local M = {}

local quantities = {
  { "lut", "look-up tables" }, { "ff", "flip-flops" }, { "dsp", "DSP slices" }, { "bram", "block RAMs (18 Kb)" }, { "cycles", "clock cycles" },
}

--- Starts drawing.
-- @param estimate of `nac.estimate.resources`: layers without any cost are left out
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(estimate, path)
  if type(estimate) ~= "table" or type(estimate.layers) ~= "table" then error("an estimate of nac.estimate.resources expected", 3) end
  local shown, longest, used = {}, 0, {}
  for _, layer in ipairs(estimate.layers) do
    local any = false
    for _, q in ipairs(quantities) do
      if layer[q[1]] > 0 then any, used[q[1]] = true, true end
    end
    if any then
      shown[#shown + 1] = layer
      longest = math.max(longest, #layer.layer)
    end
  end
  if #shown == 0 then return nil, "no picture: no layer costs anything" end
  local panels = {}
  for _, q in ipairs(quantities) do
    if used[q[1]] then
      local rows = {}
      for i, layer in ipairs(shown) do rows[i] = { layer.layer, layer[q[1]] } end
      panels[#panels + 1] = bars.panel(q[1], rows, { x = q[2], names = #panels == 0 })
    end
  end
  local left, width, height = 8 * longest + 30, 8 * longest + 60 + 230 * #panels, 90 + 26 * #shown
  local margins = ("%g,%g,%g,.95 spacing screen %g,0"):format(left / width, 1 - 30 / width, 55 / height, 40 / width)
  return gnuplot.start(path, width, height, ("%sunset key\nset multiplot layout 1,%d margins screen %s\n%sunset multiplot"):format(
    gnuplot.STYLE, #panels, margins, table.concat(panels)))
end

return M
