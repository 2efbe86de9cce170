--- The plane of I and Q of a qubit's readout: what was prepared, what a classifier says, where it is wrong. A
-- point is a trace, integrated over its window; the dashed line is the straight boundary that comes closest to the decisions.
local baseline = require "nac.baseline.qubit"
local gnuplot = require "nac.plot.gnuplot"

local M = {}

local MOST = 2500 -- points of a panel; more are one blot
local c = gnuplot.colours
-- Dark and light, so that the two differ in grey as well.
local LOOKS = { [0] = ("pt 7 ps .45 lc rgb '%s'"):format(c.blue), ("pt 9 ps .55 lc rgb '%s'"):format(c.orange) }

-- Mean I and Q of each trace [N, 2].
local function integrated(x, scale)
  return x:reshape { x:size(1), -1, 2 }:mean(2) * scale
end

local function mean_of(points, labels, class)
  local sum, n = { 0, 0 }, 0
  for i, p in ipairs(points) do
    if labels[i] == class then sum, n = { sum[1] + p[1], sum[2] + p[2] }, n + 1 end
  end
  return n > 0 and { sum[1] / n, sum[2] / n } or nil
end

-- The line of points p with (p - a) . d = t that parts the decisions best, as gnuplot's parametric form; nil where all are one.
local function boundary(points, decisions)
  local a, b = mean_of(points, decisions, 0), mean_of(points, decisions, 1)
  if not a or not b then return nil end
  local d, scores = { b[1] - a[1], b[2] - a[2] }, {}
  for i, p in ipairs(points) do scores[i] = p[1] * d[1] + p[2] * d[2] end
  local t = baseline.threshold(scores, decisions)
  local length2 = d[1] ^ 2 + d[2] ^ 2
  if length2 == 0 then return nil end
  local at = { d[1] * t / length2, d[2] * t / length2 }
  return at, { -d[2], d[1] }
end

-- Least and greatest coordinate with a margin.
local function range(points, k)
  local low, high = math.huge, -math.huge
  for _, p in ipairs(points) do low, high = math.min(low, p[k]), math.max(high, p[k]) end
  local margin = math.max(.05 * (high - low), 1e-6)
  return low - margin, high + margin
end

local function panel(title, series, at, along)
  local out, plots = { ("set title %s"):format(gnuplot.quote(title)) }, {}
  for _, s in ipairs(series) do
    if #s.points > 0 then
      out[#out + 1] = gnuplot.data(s.name, s.points)
      plots[#plots + 1] = ("$%s using 1:2 with points %s %s"):format(s.name, s.look,
        s.title and "title " .. gnuplot.quote(s.title) or "notitle")
    end
  end
  if at then
    out[#out + 1] = gnuplot.data("line" .. #title, {
      { at[1] - 9 * along[1], at[2] - 9 * along[2] }, { at[1] + 9 * along[1], at[2] + 9 * along[2] } })
    plots[#plots + 1] = ("$line%d using 1:2 with lines dt 2 lw 2 lc rgb 'black' title 'boundary'"):format(#title)
  end
  out[#out + 1] = "plot " .. table.concat(plots, ", ")
  return table.concat(out, "\n") .. "\n"
end

local function where(points, labels, class, name, title)
  local list = {}
  for i, p in ipairs(points) do
    if labels[i] == class then list[#list + 1] = p end
  end
  return { name = name, points = list, look = LOOKS[class], title = title }
end

--- Starts drawing three panels.
-- @param part { x = traces as the data set `qubit` gives them, y = 0 and 1 }
-- @param decisions i32 tensor [N] of 0 and 1 (`nac.baseline.qubit.assign`, or from a net's outputs)
-- @param options `scale` = 1024: what the data were divided by; `unit` = "ADC units"; `name` of the classifier
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(part, decisions, options, path)
  local n = math.min(part.x:size(1), MOST)
  if n == 0 then return nil, "no picture: there is no trace" end
  local points = integrated(part.x:slice(1, 1, n):contiguous(), options.scale or 1024):totable()
  local truth, said = part.y:slice(1, 1, n):totable(), decisions:slice(1, 1, n):totable()
  local wrong, right, wrong_of = 0, {}, { [0] = {}, {} }
  for i, p in ipairs(points) do
    if said[i] ~= 0 and said[i] ~= 1 then
      return nil, ("no picture: decisions are 0 (ground) and 1 (excited), number %d is %s; of a net's outputs: scores:argmax(2) - 1"):format(i, said[i])
    end
    if truth[i] == said[i] then
      right[#right + 1] = p
    else
      wrong = wrong + 1
      table.insert(wrong_of[truth[i]], p)
    end
  end
  local at, along = boundary(points, said)
  local unit = options.unit or "ADC units"
  local x1, x2 = range(points, 1)
  local y1, y2 = range(points, 2)
  local errors = {
    { name = "right", points = right, look = ("pt 7 ps .3 lc rgb '%s'"):format("#d8d8d8"), title = "right" },
    { name = "wrong0", points = wrong_of[0], look = LOOKS[0]:gsub("ps %S+", "ps .9"), title = "ground, taken for excited" },
    { name = "wrong1", points = wrong_of[1], look = LOOKS[1]:gsub("ps %S+", "ps 1"), title = "excited, taken for ground" },
  }
  local body = table.concat {
    gnuplot.STYLE, "set size ratio -1\nset clip two\nset bmargin 7\nset tmargin 2.5\nset key below center horizontal samplen 1.5 width 1 maxrows 2\n",
    ("set xlabel 'I (%s)'\nset ylabel 'Q (%s)'\nset xrange [%.6g:%.6g]\nset yrange [%.6g:%.6g]\n"):format(unit, unit, x1, x2, y1, y2),
    "set multiplot layout 1,3\n",
    panel("prepared state", { where(points, truth, 0, "data0", "ground"), where(points, truth, 1, "data1", "excited") }),
    panel("decision" .. (options.name and " of " .. options.name or ""),
      { where(points, said, 0, "said0", "ground"), where(points, said, 1, "said1", "excited") }, at, along),
    panel(("errors: %d of %d (%.2f %%)"):format(wrong, n, 100 * wrong / n), errors, at, along),
    "unset multiplot",
  }
  return gnuplot.start(path, 1440, 580, body)
end

return M
