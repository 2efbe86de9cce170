--- What an integer graph needs, layer by layer, as text: accumulators, types, exactness, overflows.
local M = {}

--- Sums the counts of operations up.
-- @param ops as `graph:ops()` gives them
-- @param samples that were run
-- @return see `graph:stats`
function M.stats(ops, samples)
  local total = { samples = samples, wrapped = 0, saturated = 0, layers = {} }
  for _, op in ipairs(ops) do
    local over = op.wrapped + op.saturated
    total.wrapped, total.saturated = total.wrapped + op.wrapped, total.saturated + op.saturated
    if over > 0 then
      local n = samples
      for _, d in ipairs(op.shape) do n = n * d end
      total.layers[#total.layers + 1] = {
        layer = op.layer, op = op.op, wrapped = op.wrapped, saturated = op.saturated, share = over / math.max(n, 1),
      }
    end
  end
  return total
end

--- See `graph:warnings`.
function M.warnings(stats, share)
  local list = {}
  for _, row in ipairs(stats.layers) do
    if row.share > share then
      list[#list + 1] = ("layer '%s': %d numbers (%.1f %%) of %d samples did not fit their format and were %s"):format(row.layer,
        row.wrapped + row.saturated, 100 * row.share, stats.samples, row.wrapped > 0 and "wrapped around" or "saturated")
    end
  end
  return list
end

local function formats_of(op)
  if not op.formats then return ("%d bits, %d after the point"):format(op.bits, op.fraction) end
  return tostring(op.formats[1]) .. (#op.formats > 1 and (" and %d more"):format(#op.formats - 1) or "")
end

-- Whether fake quantisation in float gives this operation's very numbers.
local function equality(op)
  if op.exact_in_float then return "float" end
  if op.exact_in_double then return "double" end
  if op.table > 0 then return ("table, error %.2g"):format(op.error) end
  if not op.exact then return ("constant <%d,%d>, error %.2g"):format(op.weight_bits, op.weight_bits - op.weight_fraction, op.error) end
  return "no: sums are too wide"
end

--- The report of `graph:report`.
-- @param ops as `graph:ops()` gives them
-- @return text; the list of rows `{ layer, op, sum_bits, type, equal, result, overflows }`
function M.text(ops)
  local rows = {}
  local lines = { ("%-20s %-13s %5s  %-7s %-33s %9s  %s"):format("layer", "operation", "bits", "type", "equal in", "overflows", "result") }
  for _, op in ipairs(ops) do
    local row = {
      layer = op.layer, op = op.op, sum_bits = op.sum_bits, type = op.type, equal = equality(op), result = formats_of(op),
      overflows = op.wrapped + op.saturated,
    }
    rows[#rows + 1] = row
    lines[#lines + 1] = ("%-20s %-13s %5d  %-7s %-33s %9d  %s"):format(row.layer, row.op, row.sum_bits, row.type, row.equal,
      row.overflows, row.result)
  end
  return table.concat(lines, "\n"), rows
end

return M
