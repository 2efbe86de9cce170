--- The report of a local search: every precision and iteration, the front of
-- accuracy against effective BOPs, the winner.
local pareto = require "nac.pareto"
local quantity = require "nac.report.quantity"

local M = {}

--- The rows that no other beats in accuracy and effective BOPs.
-- @param curves of nac.local_search.curves
-- @return list of rows, the cheapest first
function M.front(curves)
  local rows, points = {}, {}
  for _, curve in ipairs(curves) do
    for _, r in ipairs(curve.rows) do
      rows[#rows + 1] = r
      points[#points + 1] = { -r.accuracy, r.bops }
    end
  end
  local front = {}
  for _, index in ipairs(pareto.front(points)) do front[#front + 1] = rows[index] end
  table.sort(front, function(a, b) return a.bops < b.bops end)
  return front
end

-- One line of the table; the spread over folds where there are several.
local function line(label, iteration, sparsity, metric, spread, bops, scaled, mark)
  return (("  %-12s %9s %9s %9s%s %15s %15s  %s"):format(label, iteration, sparsity, metric, spread and (" %7s"):format(spread) or "", bops, scaled, mark)
    :gsub("%s+$", ""))
end

--- The report as text.
-- @param result of `nac.local_search.run`
-- @return text
function M.text(result)
  local function score(value) return quantity.score(quantity.shown(result.metric, value)) end
  local function spread(r) -- with as many digits as the metric has
    local digits = score(r.accuracy):match "^%-?%d+%.(%d+)$"
    return digits and ("%%.%df"):format(#digits):format(r.std) or quantity.score(r.std)
  end
  local folds = #result.job.nets > 1
  local lines = { "", line("precision", "iteration", "sparsity", result.metric, folds and "+-", "effective BOPs", "scaled BOPs", "") }
  local on_front = {}
  for _, r in ipairs(result.front) do on_front[r] = true end
  for _, curve in ipairs(result.curves) do
    for _, r in ipairs(curve.rows) do
      lines[#lines + 1] = line(r.label, r.iteration, ("%.4f"):format(r.sparsity), score(r.accuracy), folds and spread(r),
        ("%.0f"):format(r.bops), ("%.0f"):format(r.scaled_bops), (on_front[r] and "front" or "") .. (r == curve.chosen and " kept" or ""))
    end
  end
  local function add(...) lines[#lines + 1] = (...):format(select(2, ...)) end
  if result.constant_guess then add("a constant guess scores %s", score(result.constant_guess)) end
  if result.fault then add("failed: %s", result.fault) end
  if result.best then
    local r = result.best
    add("winner: %s after iteration %d: %s %s on select%s, sparsity %.4f, %.0f effective BOPs", r.label, r.iteration, result.metric, score(r.accuracy),
      result.test and (", %s on test"):format(score(result.test)) or "", r.sparsity, r.bops)
  end
  if result.model then add("its net: %s", result.model) end
  add("results: %s", result.dir)
  for _, path in ipairs(result.pictures) do add("picture: %s", path) end
  for _, note in ipairs(result.notes) do add("note: %s", note) end
  add("time: %.1f s", result.seconds)
  return table.concat(lines, "\n")
end

return M
