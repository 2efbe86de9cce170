--- The rows of all units as curves: means over folds, one curve a precision; and
-- which point of a curve is the one to keep.
local units = require "nac.local_search.unit"

local M = {}

local function mean_and_std(values)
  local sum, square = 0, 0
  for _, v in ipairs(values) do sum = sum + v end
  local mean = sum / #values
  for _, v in ipairs(values) do square = square + (v - mean) ^ 2 end
  return mean, math.sqrt(square / #values)
end

-- One row an iteration: means over the folds that have it.
local function mean_rows(job, pair, by_iteration)
  local rows = {}
  for iteration = 0, #by_iteration do
    local group = by_iteration[iteration]
    local columns = { accuracy = {}, sparsity = {}, bops = {}, ebops = {}, lut = {} }
    for _, r in ipairs(group or {}) do
      for key, list in pairs(columns) do list[#list + 1] = r[key] end
    end
    if group then
      local accuracy, std = mean_and_std(columns.accuracy)
      local sparsity, bops = (mean_and_std(columns.sparsity)), (mean_and_std(columns.bops))
      local function mean_of_all(key) return #columns[key] == #group and mean_and_std(columns[key]) or nil end
      local width = pair and pair.total_bits or 32
      rows[#rows + 1] = {
        iteration = iteration, accuracy = accuracy, std = std, sparsity = sparsity, bops = bops, folds = #group,
        ebops = mean_of_all "ebops", lut = mean_of_all "lut",
        scaled_bops = job.base_bops * (width / 32) ^ 2 * (1 - sparsity), label = units.label(pair), units = group,
      }
    end
  end
  return rows
end

--- The cheapest row that is at most so far behind the most accurate.
-- @param rows mean rows
-- @param tolerance accuracy that a smaller net may be behind; where the metric is minus a loss, the part of it
-- @return a row
function M.choose(rows, tolerance)
  local top, best = -math.huge, nil
  for _, r in ipairs(rows) do top = math.max(top, r.accuracy) end
  local least = top - tolerance * (top < 0 and -top or 1)
  for _, r in ipairs(rows) do
    if r.accuracy >= least and (not best or r.bops < best.bops or r.bops == best.bops and r.accuracy > best.accuracy) then best = r end
  end
  return best
end

--- The fold that scores best in a row.
-- @param row a mean row
-- @return { unit =, iteration = }
function M.best_fold(row)
  local best
  for _, r in ipairs(row.units) do
    if not best or r.accuracy > best.accuracy then best = r end
  end
  return { unit = best.unit, iteration = row.iteration }
end

--- Reads what the units have done.
-- @param job of the local search
-- @param list of units
-- @return list of { label =, pair =, rows =, chosen = row, best = { unit =, iteration = } }; precisions without a row are left out
function M.collect(job, list)
  local curves, by_label = {}, {}
  for _, unit in ipairs(list) do
    local label = units.label(unit.pair)
    local curve = by_label[label]
    if not curve then
      curve = { label = label, pair = unit.pair, by_iteration = {} }
      by_label[label], curves[#curves + 1] = curve, curve
    end
    for _, row in ipairs(units.rows(job, unit)) do
      row.unit = unit
      local group = curve.by_iteration[row.iteration] or {}
      curve.by_iteration[row.iteration] = group
      group[#group + 1] = row
    end
  end
  local out = {}
  for _, curve in ipairs(curves) do
    curve.rows = mean_rows(job, curve.pair, curve.by_iteration)
    curve.by_iteration = nil
    if #curve.rows > 0 then
      curve.chosen = M.choose(curve.rows, job.settings.tolerance)
      curve.best = M.best_fold(curve.chosen)
      out[#out + 1] = curve
    end
  end
  return out
end

return M
