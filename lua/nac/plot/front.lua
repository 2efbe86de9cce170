--- Picture of a Pareto front: every pair of objectives, a panel each.
local axis = require "nac.plot.axis"
local gnuplot = require "nac.plot.gnuplot"
local trials = require "nac.plot.trials"

local M = {}

local colours, columns, on_front = gnuplot.colours, trials.columns, trials.on_front

-- The legend of all panels, along the top edge: gnuplot's own does not become
-- wider than a panel. Drawn with the first panel.
local function legend(width, height)
  local function at(pixels) return 0.5 + pixels / width end
  local y = ("screen %.4f"):format(1 - 20 / height)
  local text = 'set label %d "%s" at screen %.4f, %s left point pt 7 ps 1.1 lc rgb "%s" offset 1,0\n'
  return text:format(1, "other trials", at(-260), y, colours.grey) .. text:format(2, "Pareto front", at(-120), y, colours.blue)
    .. ("set arrow 1 from screen %.4f, %s to screen %.4f, %s nohead lw 1.5 lc rgb '%s'\n"):format(
      at(18), y, at(45), y, colours.vermilion)
    .. ('set label 3 "front of these two quantities" at screen %.4f, %s left\n'):format(at(54), y)
end

-- One panel: all trials, the front of all objectives, the front of this pair.
local function panel(number, records, x, y, member)
  local pair = on_front(records, { x, y })
  local names = { x.name, y.name }
  local line = columns(records, names, function(r) return pair[r] end)
  table.sort(line, function(a, b) return a[1] < b[1] end)
  local rest = columns(records, names, function(r) return not member[r] end)
  local out = {
    gnuplot.data("rest" .. number, rest),
    gnuplot.data("front" .. number, columns(records, names, function(r) return member[r] end)),
    gnuplot.data("pair" .. number, line),
    axis.commands("x", x.name, records), axis.commands("y", y.name, records),
  }
  local plots = {}
  local function add(name, style)
    plots[#plots + 1] = ("$%s%d using 1:2 with %s"):format(name, number, style)
  end
  -- a block without points is an error to gnuplot
  if #rest > 0 then add("rest", ("points pt 7 ps 0.9 lc rgb '%s'"):format(colours.grey)) end
  -- what a front attains lies between its points as steps
  add("pair", ("%s lw 1.5 lc rgb '%s'"):format(x.direction == "maximize" and "fsteps" or "steps", colours.vermilion))
  add("front", ("points pt 7 ps 1.1 lc rgb '%s'"):format(colours.blue))
  out[#out + 1] = "plot " .. table.concat(plots, ", ")
  return table.concat(out, "\n") .. "\n"
end

--- Starts drawing every pair of objectives, a panel each.
-- @param records trials with `values`; those not complete are left out
-- @param objectives list of { name =, direction = "maximize" | "minimize" }
-- @param path of the picture (.png, .svg, .pdf)
-- @return a job (see nac.plot.gnuplot), or nil and a message
function M.start(records, objectives, path)
  local good, message = trials.checked(records, objectives, 2, 3)
  if not good then return nil, message end
  local member = on_front(good, objectives)
  local count = #objectives * (#objectives - 1) // 2
  local across = math.min(3, count)
  local down = (count + across - 1) // across
  local width, height = math.max(640, 480 * across), 380 * down + 60
  local panels = {}
  for i = 1, #objectives do
    for j = i + 1, #objectives do
      -- the quality goes up the page, the cost along it
      panels[#panels + 1] = panel(#panels + 1, good, objectives[j], objectives[i], member)
    end
  end
  panels[1] = legend(width, height) .. panels[1] .. "unset label\nunset arrow\n"
  local body = (gnuplot.STYLE .. "unset key\n" ..
    "set multiplot layout %d,%d margins screen %g,%g,%g,%g spacing screen %g,%g\n%sunset multiplot"):format(
    down, across, 85 / width, 1 - 30 / width, 60 / height, 1 - 50 / height, 95 / width, 80 / height, table.concat(panels))
  return gnuplot.start(path, width, height, body)
end

return M
