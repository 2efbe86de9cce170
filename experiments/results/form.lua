--- How numbers and tables are written in docs/results.md.
local M = {}

--- A number, or nothing.
function M.number(x, form) return type(x) == "number" and form:format(x) or "" end

--- A whole number with thin gaps between its thousands.
function M.grouped(x)
  if not x then return "" end
  local text = ("%.0f"):format(x)
  repeat
    local changed
    text, changed = text:gsub("^(-?%d+)(%d%d%d)", "%1 %2")
  until changed == 0
  return text
end

--- A table in Markdown.
function M.table_of(columns, rows)
  local lines = { "| " .. table.concat(columns, " | ") .. " |", "|" .. ("---|"):rep(#columns) }
  for _, row in ipairs(rows) do lines[#lines + 1] = "| " .. table.concat(row, " | ") .. " |" end
  return table.concat(lines, "\n") .. "\n"
end

--- How a score is shown: accuracies in percent, distances in pixels (scores are minus the distance).
function M.shown(out, x)
  if not x then return "" end
  if out.metric == "accuracy" then return ("%.2f"):format(100 * x) end
  return ("%.4f"):format(-x)
end

--- A mean with its interval.
function M.with_interval(out, r)
  if not r then return "" end
  local low, high = r.low, r.high
  if out.metric ~= "accuracy" then low, high = high, low end
  return ("%s (%s to %s)"):format(M.shown(out, r.mean), M.shown(out, low), M.shown(out, high))
end

--- A difference to the baseline with its interval.
function M.difference(out, d)
  if not d then return "" end
  local unit = out.metric == "accuracy" and 100 or 1
  local form = out.metric == "accuracy" and "%+.2f (%+.2f to %+.2f)" or "%+.4f (%+.4f to %+.4f)"
  return form:format(unit * d.difference, unit * d.low, unit * d.high)
end

return M
