--- The quantities of a trial, be they objectives or attributes.
local M = {}

--- A quantity of a record.
-- @param record of a trial
-- @param name such as "bops"
-- @return its value, or nil
function M.of(record, name)
  local value = record.values and record.values[name]
  if value == nil then value = record.attrs[name] end
  return value
end

--- A performance metric as text: an accuracy with four decimals; a small loss with four digits.
-- @param value or nil
-- @param[opt="-"] missing what stands where there is none
function M.score(value, missing)
  if value == nil then return missing or "-" end
  return (value ~= 0 and math.abs(value) < 0.01 and "%.4g" or "%.4f"):format(value)
end

--- What people call the metric of which more is better inside: of numbers it is minus the loss.
-- @param task "classification" or "regression"
-- @param loss word of nac.train
-- @return "accuracy", or the loss ("mse")
function M.metric(task, loss) return task == "classification" and "accuracy" or loss end

--- The metric as people read it: a loss is positive.
-- @param metric of `M.metric`; nil: as it is
-- @param value the metric, or nil
function M.shown(metric, value)
  if value == nil or metric == nil or metric == "accuracy" then return value end
  return -value
end

return M
