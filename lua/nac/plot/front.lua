--- Pictures of a Pareto front: every pair of objectives, or three at once.
local axis = require "nac.plot.axis"
local gnuplot = require "nac.plot.gnuplot"
local pareto = require "nac.pareto"

local M = {}

local colours = gnuplot.colours

-- Records that have a finite value of every objective.
local function drawable(records, objectives)
  local out = {}
  for _, record in ipairs(records) do
    local fine = record.values ~= nil and (record.state == nil or record.state == "complete")
    for _, objective in ipairs(objectives) do
      local value = fine and record.values[objective.name]
      fine = fine and value and value == value and math.abs(value) < math.huge
    end
    if fine then out[#out + 1] = record end
  end
  return out
end

-- Which records no other one dominates in these objectives.
local function on_front(records, objectives)
  local points, maximize = {}, {}
  for i, objective in ipairs(objectives) do maximize[i] = objective.direction == "maximize" end
  for i, record in ipairs(records) do
    points[i] = {}
    for j, objective in ipairs(objectives) do
      local value = record.values[objective.name]
      points[i][j] = maximize[j] and -value or value
    end
  end
  local member = {}
  for _, index in ipairs(pareto.front(points)) do member[records[index]] = true end
  return member
end

local function columns(records, names, keep)
  local rows = {}
  for _, record in ipairs(records) do
    if keep(record) then
      local row = {}
      for i, name in ipairs(names) do row[i] = record.values[name] end
      rows[#rows + 1] = row
    end
  end
  return rows
end

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

local function checked(records, objectives, least)
  if type(objectives) ~= "table" or #objectives < least then
    error(("a list of at least %d objectives { name =, direction = } expected"):format(least), 4)
  end
  local good = drawable(records, objectives)
  if #good == 0 then return nil, "no picture: no trial is complete" end
  return good
end

--- Starts drawing every pair of objectives, a panel each.
-- @param records trials with `values`; those not complete are left out
-- @param objectives list of { name =, direction = "maximize" | "minimize" }
-- @param path of the picture (.png, .svg, .pdf)
-- @return a job (see nac.plot.gnuplot), or nil and a message
function M.start_2d(records, objectives, path)
  local good, message = checked(records, objectives, 2)
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
  local body = ("set grid lc rgb '#e0e0e0'\nset border 3\nset tics nomirror\nunset key\n" ..
    "set multiplot layout %d,%d margins screen %g,%g,%g,%g spacing screen %g,%g\n%sunset multiplot"):format(
    down, across, 85 / width, 1 - 30 / width, 60 / height, 1 - 50 / height, 95 / width, 80 / height, table.concat(panels))
  return gnuplot.start(path, width, height, body)
end

--- Starts drawing three objectives at once; a fourth is shown by colour.
-- @param records as for `start_2d`
-- @param objectives list of at least three { name =, direction = }
-- @param path of the picture
-- @return a job, or nil and a message
function M.start_3d(records, objectives, path)
  local good, message = checked(records, objectives, 3)
  if not good then return nil, message end
  local member = on_front(good, objectives)
  local x, y, z, fourth = objectives[2], objectives[3], objectives[1], objectives[4]
  local names = { x.name, y.name, z.name, (fourth or z).name }
  local rest = columns(good, names, function(r) return not member[r] end)
  local front = columns(good, names, function(r) return member[r] end)
  local front_records = {}
  for _, record in ipairs(good) do front_records[#front_records + 1] = member[record] and record or nil end
  local body = {
    gnuplot.data("rest", rest), gnuplot.data("front", front),
    axis.commands("x", x.name, good, "offset 0,-1.5"), axis.commands("y", y.name, good, "offset 2,-1"),
    "set xtics offset -1.2,-0.5\nset ytics offset 0.8,-0.3", -- beside the lines, not on them
    axis.commands("z", z.name, good, "rotate parallel offset -1,0"), axis.commands("cb", (fourth or z).name, front_records, "offset 1.5,0"),
    "set grid lc rgb '#d0d0d0'\nset view 62, 40\nset xyplane relative 0\nset key top left Left reverse",
    "set colorbox user origin 0.85, 0.58 size 0.025, 0.36",
    "set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')",
  }
  local plots = {}
  if #rest > 0 then
    plots[1] = ("$rest using 1:2:3 with points pt 6 ps 1 lc rgb '%s' title 'other trials'"):format(colours.grey)
  end
  plots[#plots + 1] = "$front using 1:2:3 with impulses lc rgb '#d0d0d0' notitle"
  plots[#plots + 1] = "$front using 1:2:3:4 with points pt 7 ps 1.6 palette title 'Pareto front'"
  body[#body + 1] = "splot " .. table.concat(plots, ", ")
  return gnuplot.start(path, 900, 700, table.concat(body, "\n"))
end

local function wait(job, message)
  if not job then return nil, message end
  return job:finish()
end

--- Draws every pair of objectives and waits; as `start_2d`.
-- @return the path, or nil and a message
function M.draw_2d(...) return wait(M.start_2d(...)) end

--- Draws three objectives and waits; as `start_3d`.
-- @return the path, or nil and a message
function M.draw_3d(...) return wait(M.start_3d(...)) end

return M
