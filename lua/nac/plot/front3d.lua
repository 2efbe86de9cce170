--- Pictures of a Pareto front in three objectives; a fourth is shown by colour. As a still, or turning.
local axis = require "nac.plot.axis"
local gnuplot = require "nac.plot.gnuplot"
local trials = require "nac.plot.trials"

local M = {}

-- viridis: rising brightness, so that it can be read in grey as well
M.PALETTE = "set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')"

-- What the picture holds, and the command that draws it from the present point of view.
local function scene(records, objectives)
  local good, message = trials.checked(records, objectives, 3, 4)
  if not good then return nil, message end
  local member = trials.on_front(good, objectives)
  local x, y, z, fourth = objectives[2], objectives[3], objectives[1], objectives[4]
  local names = { x.name, y.name, z.name, (fourth or z).name }
  local rest = trials.columns(good, names, function(r) return not member[r] end)
  local front = trials.columns(good, names, function(r) return member[r] end)
  local front_records = {}
  for _, record in ipairs(good) do front_records[#front_records + 1] = member[record] and record or nil end
  local body = {
    gnuplot.data("rest", rest), gnuplot.data("front", front),
    axis.commands("x", x.name, good, "offset 0,-1.5"), axis.commands("y", y.name, good, "offset 5,-1"),
    "set xtics offset -1.2,-0.5\nset ytics offset 0.8,-0.3", -- beside the lines, not on them
    axis.commands("z", z.name, good, "rotate parallel offset -1,0"), axis.commands("cb", (fourth or z).name, front_records, "offset 1.5,0"),
    "set grid lc rgb '#d0d0d0'\nset xyplane relative 0\nset key top left Left reverse",
    "set colorbox user origin 0.885, 0.58 size 0.025, 0.36", M.PALETTE,
  }
  local plots = {}
  if #rest > 0 then
    plots[1] = ("$rest using 1:2:3 with points pt 6 ps 1 lc rgb '%s' title 'other trials'"):format(gnuplot.colours.grey)
  end
  plots[#plots + 1] = "$front using 1:2:3 with impulses lc rgb '#d0d0d0' notitle"
  plots[#plots + 1] = "$front using 1:2:3:4 with points pt 7 ps 1.6 palette title 'Pareto front'"
  return table.concat(body, "\n"), "splot " .. table.concat(plots, ", ")
end

--- Starts drawing three objectives at once.
-- @param records trials with `values`; those not complete are left out
-- @param objectives list of at least three { name =, direction = "maximize" | "minimize" }
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(records, objectives, path)
  local body, plot = scene(records, objectives)
  if not body then return nil, plot end
  return gnuplot.start(path, 900, 700, body .. "\nset view 62, 40\n" .. plot)
end

--- Starts drawing the same, turning once around its upright axis in 72 frames.
-- @param records as for `start`
-- @param objectives likewise
-- @param path of the animation (.gif)
-- @return a job, or nil and a message
function M.start_turning(records, objectives, path)
  local body, plot = scene(records, objectives)
  if not body then return nil, plot end
  -- labels that lie along an axis would stand on their heads behind it
  return gnuplot.start(path, 800, 620, table.concat {
    body, "\nset zlabel norotate\nset xlabel offset 0,-3.5\nset ylabel offset 0,-3.5\n",
    "do for [i=0:71] { set view 62, (40 + 5 * i) % 360, 0.78, 1.2; ", plot, " }",
  }, 10)
end

return M
