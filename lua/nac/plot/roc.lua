--- Receiver operating characteristic: the share of a class that is found against the share of the others that is taken for it.
local gnuplot = require "nac.plot.gnuplot"
local metrics = require "nac.metrics"

local M = {}

local MOST = 400 -- points of a curve that are drawn

-- A curve of millions of points looks the same with some of them.
local function thinned(curve)
  local n, rows = curve.false_positive_rate:numel(), {}
  local step = math.max(1, (n - 1) / MOST)
  local at, last = 1, 0
  while at <= n do
    local i = math.floor(at)
    if i ~= last then rows[#rows + 1] = { curve.false_positive_rate:get(i), curve.true_positive_rate:get(i) } end
    last, at = i, at + step
  end
  if last < n then rows[#rows + 1] = { curve.false_positive_rate:get(n), curve.true_positive_rate:get(n) } end
  return rows
end

--- Starts drawing a curve a class, each against all others; of a single output that of class 1.
-- @param scores (N, outputs): logits or probabilities, see nac.metrics.roc
-- @param y answers
-- @param options `classes` = list of names; `logarithmic` = true: the false positive rate on a logarithmic axis, from
-- 1e-4, as triggers are judged
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(scores, y, options, path)
  local classes, out, plots = scores:size(2), {}, {}
  for class = classes == 1 and 1 or 0, math.max(1, classes - 1) do
    local curve = metrics.roc(scores, y, class)
    if curve.area then
      local name = options.classes and options.classes[class + 1] or "class " .. class
      local colour, _, dash = gnuplot.series(#plots + 1)
      out[#out + 1] = gnuplot.data("roc" .. class, thinned(curve))
      plots[#plots + 1] = ("$roc%d using 1:2 with lines lw 2 dt %d lc rgb '%s' title %s"):format(class, dash, colour,
        gnuplot.quote(("%s (area %.3f)"):format(name, curve.area)))
    end
  end
  if #plots == 0 then return nil, "no picture: a curve needs samples of a class and of others" end
  plots[#plots + 1] = ("x with lines dt 3 lc rgb '%s' title 'guessing'"):format(gnuplot.colours.grey)
  local body = table.concat {
    gnuplot.STYLE, "set key outside right center Left reverse\nset xlabel 'false positive rate'\nset ylabel 'true positive rate'\nset yrange [0:1]\n",
    options.logarithmic and "set logscale x\nset xrange [1e-4:1]\nset format x '%g'\n" or "set xrange [0:1]\n",
    table.concat(out), "plot " .. table.concat(plots, ", "),
  }
  return gnuplot.start(path, 780, 560, body)
end

return M
