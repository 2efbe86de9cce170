--- Picture of which parameters of a search decide, a panel each objective.
local axis = require "nac.plot.axis"
local bars = require "nac.plot.bars"
local gnuplot = require "nac.plot.gnuplot"
local importance = require "nac.study.importance"
local record = require "nac.study.record"

local M = {}

local MOST = 20 -- parameters shown

--- Starts drawing.
-- @param records trials with `params` and `values`; at least 10 complete ones
-- @param objectives list of { name =, direction = }
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(records, objectives, path)
  local panels, longest, most = {}, 0, 0
  for i, objective in ipairs(objectives) do
    local list, message = importance.of(records, objective)
    if not list then return nil, "no picture: " .. message end
    if #list == 0 then return nil, "no picture: the trials have no parameters" end
    local rows = {}
    for k = 1, math.min(MOST, #list) do
      rows[k] = { list[k].name, list[k].importance }
      longest = math.max(longest, #list[k].name)
    end
    most = math.max(most, #rows)
    local label = axis.label(objective.name, (axis.extent(objective.name, record.valued(records, { objective }))))
    panels[i] = ("set title %s\n"):format(gnuplot.quote(label)) .. bars.panel("panel" .. i, rows, { x = "importance" })
  end
  local width = (260 + 8 * longest) * #panels
  return gnuplot.start(path, width, 130 + 24 * most, ("%sunset key\nset lmargin %d\nset multiplot layout 1,%d\n%sunset multiplot"):format(
    gnuplot.STYLE, longest + 3, #panels, table.concat(panels)))
end

return M
