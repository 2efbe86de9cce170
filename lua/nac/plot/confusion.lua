--- Confusion matrix: which class is taken for which.
local gnuplot = require "nac.plot.gnuplot"
local metrics = require "nac.metrics"

local M = {}

--- Starts drawing: a row a true class, a column a predicted one; shares of the row, in percent, and by shade.
-- @param scores (N, outputs)
-- @param y answers
-- @param options `classes` = list of names; `threshold` = 0 of a single output
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(scores, y, options, path)
  local counts = metrics.confusion(scores, y, options.threshold)
  local n = counts:size(1)
  local rows, labels, marks = {}, {}, {}
  for truth = 1, n do
    local sum = 0
    for k = 1, n do sum = sum + counts:get(truth, k) end
    for k = 1, n do
      local share = sum > 0 and 100 * counts:get(truth, k) / sum or 0
      rows[#rows + 1] = { k - 1, n - truth, share }
      if sum > 0 then
        labels[#labels + 1] = ("set label \"%s\" at %d,%d center front tc rgb '%s'%s"):format(("%.1f"):format(share), k - 1, n - truth,
          share > 55 and "#ffffff" or "#000000", n > 6 and " font ',9'" or "")
      end
    end
    marks[truth] = options.classes and options.classes[truth] or tostring(truth - 1)
  end
  local function tics(place)
    local list = {}
    for i, name in ipairs(marks) do list[i] = ("%s %d"):format(gnuplot.quote(name), place(i)) end
    return "(" .. table.concat(list, ",") .. ")"
  end
  local body = table.concat({
    gnuplot.data("cells", rows), table.concat(labels, "\n"),
    "set xlabel 'predicted'\nset ylabel 'true'\nset cblabel 'share of the true class (%)'\nset cbrange [0:100]\nunset key\nset tics scale 0",
    "set palette defined (0 '#ffffff', 1 '#08306b')\nset size square",
    ("set xrange [-.5:%g]\nset yrange [-.5:%g]\nset xtics %s\nset ytics %s"):format(n - .5, n - .5, tics(function(i) return i - 1 end),
      tics(function(i) return n - i end)),
    "plot $cells using 1:2:3 with image",
  }, "\n")
  local side = math.max(460, 60 * n + 160)
  return gnuplot.start(path, side + 60, side, body)
end

return M
