--- How objectives are named and scaled on an axis.
local M = {}

-- name -> { label, logarithmic }
local known = {
  performance_metric = { "accuracy" },
  accuracy = { "accuracy" },
  bops = { "bit operations (BOPs)", true },
  params = { "parameters", true },
  distance = { "mean distance (px)" },
  avg_resource = { "average resource (% of the board)" },
  clock_cycles = { "latency (clock cycles)" },
  lut = { "look-up tables", true },
  ff = { "flip-flops", true },
  dsp = { "DSP slices" },
  bram = { "block RAMs" },
}

--- Least and greatest value of an objective.
function M.extent(name, records)
  local least, most = math.huge, -math.huge
  for _, record in ipairs(records) do
    local value = record.values[name]
    least, most = math.min(least, value), math.max(most, value)
  end
  return least, most
end

--- The text beside an axis. Where there are no classes, the performance metric is minus the loss (nac.objective).
-- @param name of the objective
-- @param[opt] least its least value
function M.label(name, least)
  if name == "performance_metric" and least and least < 0 then return "minus the loss" end
  if known[name] then return known[name][1] end
  return (name:gsub("_percent$", " (%% of the board)"):gsub("_", " "))
end

--- Whether a quantity spans decades, so that its logarithm is drawn.
-- @param name of the objective
-- @param least its least value
-- @param most its greatest
function M.logarithmic(name, least, most)
  return known[name] ~= nil and known[name][2] and least > 0 and most >= 10 * least or false
end

--- From here on numbers on an axis have units: 12.5k.
M.LARGE = 10000

--- How far the numbers on an axis stand apart: three to six of them, at multiples of 1, 2, 2.5 or 5.
-- @param extent the difference between the greatest and the least value on it
-- @return the step
function M.step(extent)
  if extent <= 0 then return 1 end
  local decade = 10.0 ^ math.floor(math.log(extent / 3, 10))
  for _, factor in ipairs { 1, 2, 2.5, 5 } do
    if extent / (factor * decade) <= 5 then return factor * decade end
  end
  return 10 * decade
end

--- A number in few characters: 1200000 as "1.2M".
function M.short(value)
  for _, unit in ipairs { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } } do
    if math.abs(value) >= unit[1] then return ("%.4g%s"):format(value / unit[1], unit[2]) end
  end
  return ("%.4g"):format(value)
end

-- Large numbers on a linear axis, each with its own unit.
local function large_places(from, to)
  local step, list = M.step(to - from), {}
  for i = math.ceil(from / step), math.floor(to / step) do list[#list + 1] = ('"%s" %.9g'):format(M.short(i * step), i * step) end
  return "(" .. table.concat(list, ",") .. ")"
end

--- Where the numbers stand on an axis. On a logarithmic one at powers of ten, or where that is
-- one or none, at 1, 2 and 5 of each decade; few on a linear one of large numbers.
-- @param logarithmic whether it is
-- @param from its least value
-- @param to its greatest value
-- @return what follows "set xtics"
function M.places(logarithmic, from, to)
  if not logarithmic and math.max(math.abs(from), math.abs(to)) >= M.LARGE then return large_places(from, to) end
  if not logarithmic or to / from >= 100 then return "autofreq" end
  local list = {}
  for power = math.floor(math.log(from, 10)), math.ceil(math.log(to, 10)) do
    for _, digit in ipairs { 1, 2, 5 } do
      local value = digit * 10.0 ^ power
      if value >= from and value <= to then list[#list + 1] = ("%.9g"):format(value) end
    end
  end
  return "(" .. table.concat(list, ",") .. ")"
end

--- The gnuplot commands for one axis: label, scale, range, form of the numbers.
-- An axis is logarithmic for the quantities that span decades, where they do.
-- @param axis "x", "y", "z" or "cb"
-- @param name of the objective
-- @param records whose values will be drawn
-- @param[opt=""] placing what follows the label, such as "offset 0,-1"
-- @return gnuplot text
function M.commands(axis, name, records, placing)
  local least, most = M.extent(name, records)
  local logarithmic = M.logarithmic(name, least, most)
  local from, to
  if logarithmic then
    local margin = (most / least) ^ 0.05
    from, to = least / margin, most * margin
  else
    local margin = most > least and 0.06 * (most - least) or math.max(math.abs(most) * 0.1, 0.5)
    from, to = least - margin, most + margin
  end
  local large = math.max(math.abs(least), math.abs(most)) >= M.LARGE
  return table.concat({
    ('set %slabel "%s" %s'):format(axis, M.label(name, least), placing or ""),
    ("%s logscale %s"):format(logarithmic and "set" or "unset", axis),
    ("set %srange [%.9g:%.9g]"):format(axis, from, to),
    ("set %stics %s"):format(axis, M.places(logarithmic, from, to)),
    ("set format %s '%s'"):format(axis, large and "%.0s%c" or "%.4g"),
  }, "\n")
end

return M
