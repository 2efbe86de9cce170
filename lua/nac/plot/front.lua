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

-- One panel: all trials, the front of all objectives, the front of this pair.
local function panel(number, records, x, y, member)
  local pair = on_front(records, { x, y })
  local names = { x.name, y.name }
  local line = columns(records, names, function(r) return pair[r] end)
  table.sort(line, function(a, b) return a[1] < b[1] end)
  local out = {
    gnuplot.data("rest" .. number, columns(records, names, function(r) return not member[r] end)),
    gnuplot.data("front" .. number, columns(records, names, function(r) return member[r] end)),
    gnuplot.data("pair" .. number, line),
    ("set xlabel %s"):format(gnuplot.quote(axis.label(x.name))),
    ("set ylabel %s"):format(gnuplot.quote(axis.label(y.name))),
    axis.is_logarithmic(x.name, records) and "set logscale x" or "unset logscale x",
    axis.is_logarithmic(y.name, records) and "set logscale y" or "unset logscale y",
  }
  local plots = {}
  local function add(name, style, title)
    plots[#plots + 1] = ("$%s%d using 1:2 with %s title %s"):format(name, number, style, gnuplot.quote(title))
  end
  if #records > 0 then
    -- a block without points is an error to gnuplot
    if next(member) and #columns(records, names, function(r) return not member[r] end) > 0 then
      add("rest", ("points pt 7 ps 0.9 lc rgb '%s'"):format(colours.grey), "other trials")
    end
    add("pair", ("lines lw 1.5 dt 2 lc rgb '%s'"):format(colours.vermilion), "front of these two")
    add("front", ("points pt 7 ps 1.1 lc rgb '%s'"):format(colours.blue), "Pareto front")
    out[#out + 1] = "plot " .. table.concat(plots, ", ")
  end
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
  local panels = {}
  for i = 1, #objectives do
    for j = i + 1, #objectives do
      -- the quality goes up the page, the cost along it
      panels[#panels + 1] = panel(#panels + 1, good, objectives[j], objectives[i], member)
    end
  end
  local across = math.min(3, #panels)
  local down = (#panels + across - 1) // across
  local body = ("set grid lc rgb '#e0e0e0'\nset key at graph 0.98, graph 0.04 right bottom Left reverse samplen 2 opaque\n" ..
    "set border 3\nset tics nomirror\nset format x '%%.4g'\nset format y '%%.4g'\n" ..
    "set xtics rotate by -30\nset offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\nset multiplot layout %d,%d\n%sunset multiplot")
    :format(down, across, table.concat(panels))
  return gnuplot.start(path, 480 * across, 400 * down, body)
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
  local body = {
    gnuplot.data("rest", rest), gnuplot.data("front", front),
    ("set xlabel %s offset 0,-1.5"):format(gnuplot.quote(axis.label(x.name))),
    ("set ylabel %s offset 0,-1"):format(gnuplot.quote(axis.label(y.name))),
    ("set zlabel %s rotate parallel offset -1,0"):format(gnuplot.quote(axis.label(z.name))),
    ("set cblabel %s"):format(gnuplot.quote(axis.label((fourth or z).name))),
    axis.is_logarithmic(x.name, good) and "set logscale x" or "",
    axis.is_logarithmic(y.name, good) and "set logscale y" or "",
    "set format x '%.3g'\nset format y '%.3g'\nset format z '%.3g'\nset format cb '%.4g'",
    "set grid lc rgb '#d0d0d0'\nset view 62, 40\nset xyplane relative 0.05\nset key top left",
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
