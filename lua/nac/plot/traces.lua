--- Mean traces of a qubit's readout: I and Q of both states against time, with the 95 % interval of each mean.
local gnuplot = require "nac.plot.gnuplot"
local tensor = require "nac.tensor"

local M = {}

local c = gnuplot.colours
local LOOKS = { [0] = { colour = c.blue, dash = 1, title = "ground" }, { colour = c.orange, dash = 2, title = "excited" } }

-- Rows of a class as [n, samples, 2]; nil where there is none.
local function of_class(part, class, scale)
  local list = {}
  for i, label in ipairs(part.y:totable()) do
    if label == class then list[#list + 1] = i end
  end
  if #list < 2 then return nil end
  local x = part.x:rows(tensor.new(list, "i32")) * scale
  return x:reshape { #list, -1, 2 }
end

-- Means over `smooth` neighbouring samples of each trace: their mean, and the interval of the mean over traces.
local function curve(x, channel, options)
  local n, length = x:size(1), x:size(2)
  local smooth = math.min(options.smooth or 10, length)
  local bins = length // smooth
  local one = x:select(3, channel):contiguous():slice(2, 1, bins * smooth):contiguous():reshape { n, bins, smooth }:mean(3)
  local mean, spread, rows = one:mean(1):totable(), one:std(1, { correction = 1 }):totable(), {}
  for k = 1, bins do
    local time = ((options.start or 0) + (k - .5) * smooth) * (options.sample_ns or 2.6)
    local half = 1.96 * spread[k] / n ^ .5
    rows[k] = { time, mean[k], mean[k] - half, mean[k] + half }
  end
  return rows
end

--- Starts drawing a panel for I and one for Q.
-- @param part { x = traces as the data set `qubit` gives them, y = 0 and 1 }
-- @param options `scale` = 1024: what the data were divided by; `unit` = "ADC units"; `sample_ns` = 2.6; `start` = 0: number of
-- the first sample; `smooth` = 10: neighbouring samples that a point is the mean of; `window` = { start, size } to be shaded
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(part, options, path)
  local out = { gnuplot.STYLE, "set key outside top center horizontal\nset style fill transparent solid .3 noborder\nset xlabel 'time (ns)'\n" }
  if options.window then
    local ns = options.sample_ns or 2.6
    out[#out + 1] = ("set object 1 rectangle from first %.6g, graph 0 to first %.6g, graph 1 behind fc rgb '#eeeeee' fs solid 1 noborder\n"):format(
      options.window[1] * ns, (options.window[1] + options.window[2]) * ns)
  end
  out[#out + 1] = "set multiplot layout 1,2\n"
  for channel, name in ipairs { "I", "Q" } do
    local plots = {}
    for class = 0, 1 do
      local x = of_class(part, class, options.scale or 1024)
      if x then
        local block, look = name .. class, LOOKS[class]
        out[#out + 1] = gnuplot.data(block, curve(x, channel, options))
        plots[#plots + 1] = ("$%s using 1:3:4 with filledcurves lc rgb '%s' notitle"):format(block, look.colour)
        plots[#plots + 1] = ("$%s using 1:2 with lines lw 2 dt %d lc rgb '%s' title %s"):format(block, look.dash, look.colour,
          gnuplot.quote(("%s, mean of %d"):format(look.title, x:size(1))))
      end
    end
    if #plots == 0 then return nil, "no picture: a mean needs two traces of a state" end
    out[#out + 1] = ("set ylabel '%s (%s)'\nplot %s\n"):format(name, options.unit or "ADC units", table.concat(plots, ", "))
  end
  out[#out + 1] = "unset multiplot"
  return gnuplot.start(path, 1240, 460, table.concat(out))
end

return M
