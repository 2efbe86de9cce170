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

return M
