--- Which trials a picture of a search shows, and in which form.
local pareto = require "nac.pareto"
local record = require "nac.study.record"

local M = {}

--- Which records no other one dominates in these objectives.
-- @return set of records
function M.on_front(records, objectives)
  local points, maximize = {}, {}
  for i, objective in ipairs(objectives) do maximize[i] = objective.direction == "maximize" end
  for i, record in ipairs(records) do
    points[i] = {}
    for j, objective in ipairs(objectives) do
      local value = record.values[objective.name]
      points[i][j] = maximize[j] and -value or value
    end
  end
  local member = {}
  for _, index in ipairs(pareto.front(points)) do member[records[index]] = true end
  return member
end

--- The values of the records that `keep` admits, a row each.
-- @param names of the values
function M.columns(records, names, keep)
  local rows = {}
  for _, record in ipairs(records) do
    if keep(record) then
      local row = {}
      for i, name in ipairs(names) do row[i] = record.values[name] end
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- The records to be drawn.
-- @param least how many objectives it takes
-- @param level whose line an error shows
-- @return list of records; or nil and a message where no trial is complete
function M.checked(records, objectives, least, level)
  if type(objectives) ~= "table" or #objectives < least then
    error(("a list of at least %d objectives { name =, direction = } expected"):format(least), (level or 1) + 1)
  end
  local good = record.valued(records, objectives)
  if #good == 0 then return nil, "no picture: no trial is complete" end
  return good
end

return M
