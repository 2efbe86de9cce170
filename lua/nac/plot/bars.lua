--- Horizontal bars, one below the other: what pictures of importances and of costs are made of.
local axis = require "nac.plot.axis"
local gnuplot = require "nac.plot.gnuplot"

local M = {}

-- Half-toned fills keep stacked parts apart in grey.
local fills = { "solid 1", "solid .75", "pattern 2", "pattern 5" }

--- The gnuplot commands of one panel.
-- @param name of its data blocks, unlike other panels'
-- @param rows list of { label, number, ... }: a number a series, stacked; the first row is the uppermost
-- @param options `x` label of the values, `series` titles where there are several, `names` = false: without the rows' labels
-- @return text
function M.panel(name, rows, options)
  local out, marks, most = {}, {}, 0
  local block = {}
  for i, row in ipairs(rows) do
    local y, sum = #rows - i, 0
    local cells = { y }
    for k = 2, #row do
      cells[#cells + 1] = sum
      sum = sum + row[k]
      cells[#cells + 1] = sum
    end
    most = math.max(most, sum)
    block[i] = cells
    if options.names ~= false then marks[i] = ("%s %d"):format(gnuplot.quote(row[1]), y) end
  end
  out[1] = gnuplot.data(name, block)
  local to = most > 0 and 1.08 * most or 1
  out[2] = ("set xlabel %s\nset xrange [0:%.9g]\nset yrange [-.6:%g]"):format(gnuplot.quote(options.x), to, #rows - .4)
  out[3] = options.names == false and "unset ytics" or "set ytics (" .. table.concat(marks, ", ") .. ") scale 0"
  out[4] = "set format x '%.4g'\nset xtics " .. (to >= axis.LARGE and axis.places(false, 0, to) or ("%.3g"):format(axis.step(most)))
  local plots = {}
  for k = 1, #rows[1] - 1 do
    local colour = gnuplot.series(k)
    plots[k] = ("$%s using %d:1:%d:%d:($1-.38):($1+.38) with boxxyerror lc rgb '%s' fs %s border -1 %s"):format(name, 2 * k + 1, 2 * k, 2 * k + 1,
      colour, fills[(k - 1) % #fills + 1], options.series and "title " .. gnuplot.quote(options.series[k]) or "notitle")
  end
  out[5] = "plot " .. table.concat(plots, ", ")
  return table.concat(out, "\n") .. "\n"
end

return M
