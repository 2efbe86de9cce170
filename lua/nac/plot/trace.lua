--- Boxes of what every layer gives, against the numbers that its format can hold: shows at a glance
-- which format is too narrow (boxes beyond its right end) or too coarse (boxes left of its step).
local gnuplot = require "nac.plot.gnuplot"

local M = {}

local SMALLEST = -14 -- powers of two that are shown at least down to

local function log2(x) return math.log(x, 2) end

-- The whiskers, the box and the median of a layer's magnitudes, as powers of two.
local function box_of(row)
  local q = row.quantiles
  return { log2(q[1]), log2(q[2]), log2(q[3]), log2(q[4]), log2(q[5]) }
end

-- From the step of a format to its greatest number.
local function range_of(format) return { log2(format.step), log2(math.max(format.max, format.step)) } end

--- Starts drawing.
-- @param trace of nac.hls.trace
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(trace, path)
  if type(trace) ~= "table" or type(trace.layers) ~= "table" then error("a trace of nac.hls.trace expected", 3) end
  local boxes, ranges, marks, longest, low, high = {}, {}, {}, 0, 0, 1
  local rows = {}
  for _, row in ipairs(trace.layers) do
    if row.quantiles then rows[#rows + 1] = row end
  end
  if #rows == 0 then return nil, "no picture: every number is 0" end
  for i, row in ipairs(rows) do
    local y, b = #rows - i, box_of(row)
    boxes[i] = { y, table.unpack(b) }
    marks[i] = ("%s %d"):format(gnuplot.quote(row.layer), y)
    longest, low, high = math.max(longest, #row.layer), math.min(low, b[1]), math.max(high, b[5])
    if row.format then
      local r = range_of(row.format)
      ranges[#ranges + 1] = { y, r[1], r[2] }
      low, high = math.min(low, r[1]), math.max(high, r[2])
    end
  end
  local c = gnuplot.colours
  local plots = {}
  if #ranges > 0 then
    plots[1] = ("$ranges using (($2+$3)/2):1:2:3:($1-.42):($1+.42) with boxxyerror lc rgb '%s' fs solid .4 noborder title 'step to maximum of the format'")
      :format(c.grey)
  end
  plots[#plots + 1] = ("$boxes using 2:1:2:6 with xerrorbars lc rgb '%s' pt 0 notitle"):format(c.blue)
  plots[#plots + 1] = ("$boxes using 4:1:3:5:($1-.22):($1+.22) with boxxyerror lc rgb '%s' fs solid .7 border -1 title 'middle half of the numbers'")
    :format(c.sky)
  plots[#plots + 1] = ("$boxes using 4:1 with points lc rgb '%s' pt 7 ps .8 title 'median; line: 1 %% to 99 %%'"):format(c.black)
  local height = 120 + 34 * #rows
  return gnuplot.start(path, 560 + 8 * longest, height, table.concat({
    gnuplot.STYLE, gnuplot.data("boxes", boxes), #ranges > 0 and gnuplot.data("ranges", ranges) or "",
    ("set xrange [%g:%g]\nset yrange [-.7:%g]\nset ytics (%s) scale 0\n"):format(math.max(SMALLEST, math.floor(low) - 1), math.ceil(high) + 1, #rows - .3,
      table.concat(marks, ", ")),
    "set xlabel 'magnitude of the numbers, as a power of two'\nset key above\nplot ", table.concat(plots, ", "), "\n",
  }))
end

return M
