--- Samples of a data set of images, in a grid with their labels.
local gnuplot = require "nac.plot.gnuplot"

local M = {}

-- Open marks: what lies below is seen. A white one below each makes it stand out in grey as well.
local function mark_of(s, below)
  local mark = ({ 2, 6, 4, 8 })[(s - 1) % 4 + 1]
  local size = s == 1 and 1.1 or 1.9 -- the first shows within the others
  if below then return ("pt %d ps %g lw 5 lc rgb 'white'"):format(mark, size) end
  return ("pt %d ps %g lw 1.8 lc rgb '%s'"):format(mark, size, (gnuplot.series(s + 1)))
end

-- A line of marks and names above the panels.
local function legend(names, height)
  local out = {}
  for s, name in ipairs(names) do
    out[s] = ("set label %d %s at screen %.3g, screen %.4g point %s offset character 1,0\n"):format(100 + s, gnuplot.quote(name),
      .06 + (s - 1) / #names * .8, 1 - 14 / height, mark_of(s))
  end
  return table.concat(out)
end

-- The pixels of sample i as rows from top to bottom; the mean of several channels.
local function pixels(x, i, shape)
  local c, h, w = 1, shape[#shape - 1], shape[#shape]
  if #shape == 3 then c = shape[1] end
  local flat = x:slice(1, i, i):contiguous():reshape { c * h * w }:totable()
  local rows = {}
  for r = 1, h do
    rows[r] = {}
    for col = 1, w do
      local sum = 0
      for k = 0, c - 1 do sum = sum + flat[(k * h + r - 1) * w + col] end
      rows[r][col] = sum / c
    end
  end
  return rows
end

local function panel(k, rows, title, points)
  local out, h, w = { ("$image%d << END"):format(k) }, #rows, #rows[1]
  for r = h, 1, -1 do
    local cells = {}
    for col = 1, w do cells[col] = ("%.4g"):format(rows[r][col]) end
    out[#out + 1] = table.concat(cells, " ")
  end
  out[#out + 1] = "END"
  out[#out + 1] = ("set title %s offset 0,-.8\nset xrange [-.5:%g]\nset yrange [-.5:%g]"):format(gnuplot.quote(title), w - .5, h - .5)
  local plots = { ("$image%d matrix with image"):format(k) }
  for s, p in ipairs(points or {}) do -- row and column from the upper left corner
    out[#out + 1] = ("$point%d_%d << END\n%.6g %.6g\nEND"):format(k, s, p[2], h - 1 - p[1])
  end
  for _, below in ipairs { true, false } do
    for s = 1, #(points or {}) do plots[#plots + 1] = ("$point%d_%d using 1:2 with points %s"):format(k, s, mark_of(s, below)) end
  end
  out[#out + 1] = "plot " .. table.concat(plots, ", ")
  return table.concat(out, "\n") .. "\n"
end

--- Starts drawing.
-- @param part { x = (N, H, W) or (N, C, H, W) or, with `shape`, (N, H W); y = classes }: the first samples are shown
-- @param options `count` = 20; `shape` = { H, W } of flat samples; `classes` = names; `titles` = list instead of the class;
-- `points` = list a sample of { row, column } to be marked, `point_names` = what they are; `columns` = 5
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(part, options, path)
  local x = part.x
  local shape = options.shape
  if not shape then
    shape = x:shape()
    table.remove(shape, 1)
  end
  if #shape < 2 then error("samples are flat: say shape = { height, width }", 3) end
  local count = math.min(options.count or 20, x:size(1))
  if count == 0 then return nil, "no picture: there is no sample" end
  local columns = math.min(options.columns or 5, count)
  local down, out = (count + columns - 1) // columns, {}
  for i = 1, count do
    local class = part.y and part.y:rank() == 1 and part.y:get(i)
    local title = options.titles and options.titles[i] or class and (options.classes and options.classes[class // 1 + 1] or tostring(class // 1)) or ""
    out[i] = panel(i, pixels(x, i, shape), title, options.points and options.points[i])
  end
  local top = options.point_names and 30 or 0
  local height = 150 * down + top
  return gnuplot.start(path, 130 * columns, height, table.concat {
    "set palette gray negative\nunset colorbox\nunset key\nunset tics\n", ("set size ratio %g\n"):format(shape[#shape - 1] / shape[#shape]),
    ("set multiplot layout %d,%d%s\n"):format(down, columns,
      top > 0 and (" margins .01,.99,.01,%.4g spacing .02,%.4g"):format(1 - (top + 20) / height, 24 / height)
        or "\nset lmargin .5\nset rmargin .5\nset bmargin .2\nset tmargin 1.4"),
    options.point_names and legend(options.point_names, height) or "", out[1], "unset label\n", table.concat(out, "", 2), "unset multiplot",
  })
end

return M
