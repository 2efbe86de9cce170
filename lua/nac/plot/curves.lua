--- Pictures of curves: several lines through points, a panel each pair of quantities.
local axis = require "nac.plot.axis"
local gnuplot = require "nac.plot.gnuplot"

local M = {}

local MANY = 60 -- points of a line beyond which they are not marked

local function extent(panel, column)
  local least, most = math.huge, -math.huge
  for _, line in ipairs(panel.lines) do
    for _, point in ipairs(line.points) do least, most = math.min(least, point[column]), math.max(most, point[column]) end
  end
  if column == 2 and panel.level then least, most = math.min(least, panel.level[2]), math.max(most, panel.level[2]) end
  return least, most
end

local function range(least, most, logarithmic, part)
  if logarithmic then
    local factor = math.max(1.15, (most / least) ^ (part or 0))
    return least / factor, most * factor
  end
  local margin = most > least and (part or .05) * (most - least) or .05
  return least - margin, most + margin
end

-- Whether points have labels, which need room on both sides.
local function has_labels(panel)
  for _, line in ipairs(panel.lines) do
    for _, point in ipairs(line.points) do
      if point[3] then return true end
    end
  end
  return false
end

-- How numbers from low to high are written so that neighbouring ones differ.
local function format_of(low, high)
  local digits = math.ceil(math.log(math.max(math.abs(low), math.abs(high)) / (high - low), 10)) + 2
  return ("%%.%dg"):format(math.max(4, math.min(digits, 12)))
end

-- Labels of points, where points have one.
local function labels_of(line, name)
  local rows = {}
  for _, point in ipairs(line.points) do
    if point[3] then rows[#rows + 1] = ("%.9g %.9g %s"):format(point[1], point[2], gnuplot.quote(point[3])) end
  end
  if #rows == 0 then return "", nil end
  return ("$%s << END\n%s\nEND\n"):format(name, table.concat(rows, "\n")), ("$%s using 1:2:3 with labels offset 0,1 notitle"):format(name)
end

-- What stands behind gnuplot's "with".
local function style_of(line, mark, dash)
  local many = #line.points > MANY
  if line.style == "points" then return ("points pt %d ps %s"):format(mark, many and ".5" or "1") end
  if line.style == "lines" or many then return ("lines lw 1.5 dt %d"):format(dash) end
  return ("linespoints pt %d ps 0.9 lw 1.5 dt %d"):format(mark, dash)
end

local function panel_text(panel, number)
  local least, most = extent(panel, 1)
  local logarithmic = panel.logarithmic and least > 0 and most >= 3 * least
  local from, to = range(least, most, logarithmic, has_labels(panel) and .16 or nil)
  local low, high = range(extent(panel, 2))
  if panel.from then low = math.max(low, math.min(panel.from, high - 1e-9)) end
  local out = {
    ("set xlabel %s\nset ylabel %s"):format(gnuplot.quote(panel.x), gnuplot.quote(panel.y)),
    ("%s logscale x\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]"):format(logarithmic and "set" or "unset", from, to, low, high),
    ("set format y '%s'\nset format x '%s'"):format(format_of(low, high), most >= axis.LARGE and "%.0s%c" or "%.4g"),
    "set xtics " .. (panel.whole and most - least <= 5 and "1" or axis.places(logarithmic, from, to)),
  }
  local plots = {}
  for i, line in ipairs(panel.lines) do
    if #line.points > 0 then
      local name = ("line%d_%d"):format(number, i)
      local rows = {}
      for j, point in ipairs(line.points) do rows[j] = { point[1], point[2] } end
      out[#out + 1] = gnuplot.data(name, rows)
      local colour, mark, dash = gnuplot.series(i)
      plots[#plots + 1] = ("$%s using 1:2 with %s lc rgb '%s' title %s"):format(name, style_of(line, mark, dash), colour,
        gnuplot.quote(line.title))
      local block, plot = labels_of(line, name .. "_text")
      out[#out + 1], plots[#plots + 1] = block, plot
    end
  end
  if panel.level then
    plots[#plots + 1] = ("%.9g with lines dt 2 lc rgb '%s' title %s"):format(panel.level[2], gnuplot.colours.grey, gnuplot.quote(panel.level[1]))
  end
  out[#out + 1] = "plot " .. table.concat(plots, ", ")
  return table.concat(out, "\n") .. "\n"
end

--- Starts drawing curves.
-- @param panels list of { x =, y = labels, lines = { { title =, points = { { x, y[, label] }, ... }, style = "lines" | "points", both if
-- left out }, ... }, logarithmic = whether x may be, whole = whether x are whole numbers, from = least y that is shown, level =
-- { title, y } of a dashed line }
-- @param path of the picture (.png, .svg, .pdf)
-- @return a job (see nac.plot.gnuplot), or nil and a message
function M.start(panels, path)
  local texts = {}
  for i, panel in ipairs(panels) do texts[i] = panel_text(panel, i) end
  local body = (gnuplot.STYLE .. "set key outside top center horizontal\n" ..
    "set multiplot layout 1,%d\n%sunset multiplot"):format(#panels, table.concat(texts))
  return gnuplot.start(path, 620 * #panels, 460, body)
end

return M
