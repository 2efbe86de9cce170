--- Animation of a search: trials appear in the order of their numbers, the front grows.
local axis = require "nac.plot.axis"
local gnuplot = require "nac.plot.gnuplot"
local trials = require "nac.plot.trials"

local M = {}

local FRAMES = 60 -- at most; with more trials several appear at once
local LAST = 12 -- how often the last one is shown

local function frame(number, records, count, objectives)
  local shown = table.move(records, 1, count, 1, {})
  local x, y = objectives[2], objectives[1]
  local names = { x.name, y.name }
  local member = trials.on_front(shown, { x, y })
  local line = trials.columns(shown, names, function(r) return member[r] end)
  table.sort(line, function(a, b) return a[1] < b[1] end)
  local ages = {}
  for i, r in ipairs(shown) do ages[i] = { r.values[x.name], r.values[y.name], r.number or i - 1 } end
  return gnuplot.data("trials" .. number, ages) .. gnuplot.data("front" .. number, line) ..
    ("set label 1 'trial %d of %d' at graph .02,.96\n"):format(count, #records) ..
    ("plot $trials%d using 1:2:3 with points pt 7 ps 1 palette title 'trials', $front%d using 1:2 with %s lw 2 lc rgb '%s' title 'front'"):format(
      number, number, x.direction == "maximize" and "fsteps" or "steps", gnuplot.colours.vermilion)
end

--- Starts drawing the first objective against the second.
-- @param records trials with `values`, in the order of their numbers; those not complete are left out
-- @param objectives list of at least two { name =, direction = }
-- @param path of the animation (.gif)
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(records, objectives, path)
  local good, message = trials.checked(records, objectives, 2, 3)
  if not good then return nil, message end
  local last = good[#good].number or #good - 1
  local out = {
    gnuplot.STYLE, "set key outside top center horizontal", axis.commands("x", objectives[2].name, good),
    axis.commands("y", objectives[1].name, good), "set cblabel 'trial number'", ("set cbrange [0:%d]"):format(math.max(1, last)),
    require("nac.plot.front3d").PALETTE,
  }
  local frames = math.min(FRAMES, #good)
  for i = 1, frames do out[#out + 1] = frame(i, good, #good * i // frames, objectives) end
  for _ = 1, LAST do out[#out + 1] = "replot" end
  return gnuplot.start(path, 760, 560, table.concat(out, "\n"), 15)
end

return M
