--- What a trial reported of the quantity that a pruner judges, as losses.
local M = {}

local function by_step(a, b) return a.step < b.step end

--- The reports in the order of steps.
-- @param trial a record, finished or running
-- @param objective `{name=, direction=}`, the pruner's `state.objective`
-- @return list of `{step=, loss=, best=}`: the value, negated where it is
--   maximised, and the least so far; nan counts as infinite
function M.of(trial, objective)
  local list, best = {}, math.huge
  for _, report in ipairs(trial.reports) do
    local value = report.values[objective.name]
    if value == nil then value = report.values.value end -- of trial:report(step, number)
    if value then list[#list + 1] = { step = report.step, loss = M.loss(value, objective) } end
  end
  table.sort(list, by_step)
  for _, entry in ipairs(list) do
    best = math.min(best, entry.loss)
    entry.best = best
  end
  return list
end

--- A value as a loss; its own inverse for numbers.
function M.loss(value, objective)
  if value ~= value then return math.huge end
  return objective.direction == "maximize" and -value or value
end

--- Puts a number into a sorted list.
function M.insert(list, x)
  local low, high = 1, #list + 1
  while low < high do
    local middle = (low + high) // 2
    if list[middle] <= x then low = middle + 1 else high = middle end
  end
  table.insert(list, low, x)
end

return M
