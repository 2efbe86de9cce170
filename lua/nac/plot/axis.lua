--- How objectives are named and scaled on an axis.
local M = {}

-- name -> { label, logarithmic }
local known = {
  performance_metric = { "accuracy" },
  accuracy = { "accuracy" },
  bops = { "bit operations (BOPs)", true },
  params = { "parameters", true },
  avg_resource = { "average resource (% of the board)" },
  clock_cycles = { "latency (clock cycles)" },
  lut = { "look-up tables", true },
  ff = { "flip-flops", true },
  dsp = { "DSP slices" },
  bram = { "block RAMs" },
}

--- The text beside an axis.
function M.label(name)
  if known[name] then return known[name][1] end
  return (name:gsub("_percent$", " (%% of the board)"):gsub("_", " "))
end

--- Whether the values of an objective are drawn on a logarithmic axis: it is
-- one of those that span decades, and none is 0 or negative.
-- @param name of the objective
-- @param records whose values will be drawn
function M.is_logarithmic(name, records)
  if not (known[name] and known[name][2]) then return false end
  local least, most = math.huge, 0
  for _, record in ipairs(records) do
    local value = record.values[name]
    if value <= 0 then return false end
    least, most = math.min(least, value), math.max(most, value)
  end
  return most > 5 * least
end

return M
