--- Parallel coordinates: each trial is a line across its parameters and its values, coloured by the first objective.
local axis = require "nac.plot.axis"
local gnuplot = require "nac.plot.gnuplot"
local trials = require "nac.plot.trials"

local M = {}

local MOST = 14 -- axes that fit; further parameters are left out, and the title says so

-- One axis: how a record's value is placed from 0 to 1, and which marks stand beside it.
local function numeric(label, values, logarithmic)
  local least, most = math.huge, -math.huge
  for _, v in pairs(values) do least, most = math.min(least, v), math.max(most, v) end
  local f = logarithmic and math.log or function(x) return x end
  local low, high = f(least), f(most)
  local function place(v) return high > low and (f(v) - low) / (high - low) or .5 end
  local marks = { { place(least), axis.short(least) } }
  if most > least then marks[2] = { place(most), axis.short(most) } end
  return { label = label, values = values, place = place, marks = marks }
end

local function categorical(label, values)
  local list, index = {}, {}
  for _, v in pairs(values) do
    local text = tostring(v)
    if not index[text] then index[text], list[#list + 1] = true, text end
  end
  table.sort(list, function(a, b)
    local x, y = tonumber(a), tonumber(b)
    if x and y and x ~= y then return x < y end
    return a < b
  end)
  local marks = {}
  for i, text in ipairs(list) do
    index[text] = #list > 1 and (i - 1) / (#list - 1) or .5
    marks[i] = { index[text], text }
  end
  return { label = label, values = values, place = function(v) return index[tostring(v)] end, marks = marks }
end

local function axis_of(label, values, logarithmic)
  local distinct, count, numbers = {}, 0, true
  for _, v in pairs(values) do
    numbers = numbers and type(v) == "number"
    if not distinct[tostring(v)] then distinct[tostring(v)], count = true, count + 1 end
  end
  if numbers and count > 8 then return numeric(label, values, logarithmic) end
  return categorical(label, values)
end

-- The axes: parameters in the order in which trials drew them, then the objectives.
local function axes_of(records, objectives)
  local list, seen, left = {}, {}, 0
  for _, record in ipairs(records) do
    for _, name in ipairs(record.order or {}) do
      if not seen[name] then
        seen[name] = true
        if #list + #objectives < MOST then
          local values = {}
          for i, r in ipairs(records) do values[i] = r.params[name] end
          local drawn = record.distributions and record.distributions[name] -- rows of a table know none
          list[#list + 1] = axis_of(name, values, drawn and drawn.log)
        else
          left = left + 1
        end
      end
    end
  end
  for _, objective in ipairs(objectives) do
    local values = {}
    for i, r in ipairs(records) do values[i] = r.values[objective.name] end
    local least, most = axis.extent(objective.name, records)
    list[#list + 1] = numeric(objective.name, values, axis.logarithmic(objective.name, least, most))
  end
  return list, left
end

-- The best trials are drawn last, so that they lie on top.
local function lines_of(records, axes, objective)
  local order = {}
  for i in ipairs(records) do order[i] = i end
  local sign = objective.direction == "maximize" and 1 or -1
  table.sort(order, function(a, b)
    local x, y = sign * records[a].values[objective.name], sign * records[b].values[objective.name]
    if x ~= y then return x < y end
    return a < b
  end)
  local out = { "$lines << END" }
  for _, i in ipairs(order) do
    for k, a in ipairs(axes) do
      local v = a.values[i]
      if v == nil then
        out[#out + 1] = "" -- a parameter that this trial did not draw: the line has a gap
      else
        out[#out + 1] = ("%d %.6g %.9g"):format(k, a.place(v), records[i].values[objective.name])
      end
    end
    out[#out + 1] = ""
  end
  out[#out + 1] = "END"
  return table.concat(out, "\n")
end

--- Starts drawing.
-- @param records trials with `params`, `order` and `values`; those not complete are left out
-- @param objectives list of { name =, direction = }; the first gives the colour
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(records, objectives, path)
  local good, message = trials.checked(records, objectives, 1, 3)
  if not good then return nil, message end
  local axes, left = axes_of(good, objectives)
  local out = { lines_of(good, axes, objectives[1]), axis.commands("cb", objectives[1].name, good), require("nac.plot.front3d").PALETTE,
    "unset key\nunset border\nunset ytics\nunset xtics\nset bmargin 9\nset tmargin 3\nset lmargin 13",
    ("set xrange [0.7:%.1f]\nset yrange [-.06:1.06]"):format(#axes + .9) }
  for k, a in ipairs(axes) do
    out[#out + 1] = ("set arrow from %d,0 to %d,1 nohead lc rgb '#808080'\nset label %s at %d,-.07 right rotate by 40"):format(k, k, gnuplot.quote(a.label), k)
    for _, mark in ipairs(a.marks) do
      out[#out + 1] = ("set label %s at %g,%g left font ',8' front"):format(gnuplot.quote(mark[2]), k + .04, mark[1])
    end
  end
  if left > 0 then out[#out + 1] = ("set title '%d further parameters are not shown'"):format(left) end
  out[#out + 1] = "plot $lines using 1:2:3 with lines lw 1.2 palette"
  return gnuplot.start(path, math.max(700, 110 * #axes), 560, table.concat(out, "\n"))
end

return M
