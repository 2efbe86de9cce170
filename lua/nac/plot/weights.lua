--- Histograms of the weights of each layer, before and after quantisation.
local axis = require "nac.plot.axis"
local gnuplot = require "nac.plot.gnuplot"

local M = {}

local BINS = 61

-- Shares of the numbers in BINS equal ranges of [-limit, limit].
local function histogram(values, limit)
  local counts = {}
  for i = 1, BINS do counts[i] = 0 end
  for _, v in ipairs(values) do
    local bin = math.floor((v + limit) / (2 * limit) * BINS) + 1
    bin = math.max(1, math.min(BINS, bin))
    counts[bin] = counts[bin] + 1
  end
  local rows = {}
  for i = 1, BINS do rows[i] = { -limit + (i - .5) * 2 * limit / BINS, counts[i] / math.max(1, #values) } end
  return rows
end

local function unrounded(_, entry) return entry.tensor:contiguous():reshape { entry.tensor:numel() }:totable() end

-- The numbers of a parameter, rounded to the formats that it has.
local function rounded(net, entry)
  local values = unrounded(net, entry)
  local formats, scale, inner = net:quantiser(entry.name)
  if not formats then return values end
  for i, v in ipairs(values) do
    local at = (i - 1) // inner % #formats + 1
    local step = type(scale) == "table" and scale[at] or scale ~= 0 and scale or 1
    values[i] = step * formats[at]:quantise(v / step)
  end
  return values
end

-- name -> numbers of the weights of each product (not of biases and normalisations), and the names in order.
local function weights_of(net, numbers)
  local found, order = {}, {}
  for _, entry in ipairs(net:tensors()) do
    if entry.role == "parameter" and entry.name:match "%.weight$" and entry.tensor:rank() > 1 then
      found[entry.name] = numbers(net, entry)
      order[#order + 1] = entry.name
    end
  end
  return found, order
end

--- Starts drawing a panel a layer: the weights of one net as they are trained, and of another one with the same layers
-- rounded to its formats. A net that `nac.quant.prepare` has made may stand for both: its weights are trained unrounded.
-- @param before a net
-- @param after a quantised net, or nil
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(before, after, path)
  local first, order = weights_of(before, unrounded)
  local second = after and weights_of(after, rounded) or {}
  if #order == 0 then return nil, "no picture: the net has no weights" end
  local panels = {}
  for i, name in ipairs(order) do
    local limit = 1e-12
    for _, list in ipairs { first[name], second[name] or {} } do
      for _, v in ipairs(list) do limit = math.max(limit, math.abs(v)) end
    end
    local plots, out = {}, { ("set title %s\nset xtics %g"):format(gnuplot.quote(name), axis.step(2 * limit)) }
    out[#out + 1] = gnuplot.data("before" .. i, histogram(first[name], limit))
    plots[1] = ("$before%d using 1:2 with boxes fs solid .5 noborder lc rgb '%s' title 'before'"):format(i, gnuplot.colours.sky)
    if second[name] then
      out[#out + 1] = gnuplot.data("after" .. i, histogram(second[name], limit))
      plots[2] = ("$after%d using 1:2 with histeps lw 1.5 lc rgb '%s' title 'quantised'"):format(i, gnuplot.colours.vermilion)
    end
    out[#out + 1] = "plot " .. table.concat(plots, ", ")
    panels[i] = table.concat(out, "\n") .. "\n"
  end
  local across = math.min(3, #panels)
  local down = (#panels + across - 1) // across
  return gnuplot.start(path, 420 * across, 300 * down, table.concat {
    gnuplot.STYLE, "set xlabel 'weight'\nset ylabel 'share of the weights'\nset logscale y\nset format y '%.0e'\nset yrange [1e-5:1.5]\n",
    "set key above\nset boxwidth 1 relative\n", ("set multiplot layout %d,%d\n"):format(down, across), table.concat(panels), "unset multiplot",
  })
end

return M
