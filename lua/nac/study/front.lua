--- The records that no other dominates, kept up to date trial by trial.
local enum = require "nac.util.enum"
local pareto = require "nac.pareto"
local record = require "nac.study.record"

local M = {}

--- Takes a finished record into the front, if it belongs there.
-- @param best the list, changed in place
-- @param r the record
-- @param objectives list of `{name=, direction=}`
-- @return list of the records that have no place (r itself, or those it beats)
function M.insert(best, r, objectives)
  if r.state ~= "complete" or r.attrs.duplicate_of then return { r } end
  local losses, gone, kept = record.losses(r.values, objectives), {}, {}
  for _, other in ipairs(best) do
    local theirs = record.losses(other.values, objectives)
    if pareto.dominates(theirs, losses) then return { r } end
    if pareto.dominates(losses, theirs) then gone[#gone + 1] = other else kept[#kept + 1] = other end
  end
  kept[#kept + 1] = r
  for i = 1, math.max(#best, #kept) do best[i] = kept[i] end
  return gone
end

local Front = {}
Front.__index = Front

--- The record with the best value of one objective (the first of equals).
-- @param name an objective's name; may be left out when there is one
-- @return a record, or nil for an empty front
function Front:best(name)
  local objectives, names = getmetatable(self).objectives, {}
  for i, o in ipairs(objectives) do names[i] = o.name end
  name = enum.check(name or #names == 1 and names[1], names, "objective", 2)
  local best
  for _, r in ipairs(self) do
    local sign = 1
    for _, o in ipairs(objectives) do
      if o.name == name and o.direction == "maximize" then sign = -1 end
    end
    if not best or sign * r.values[name] < sign * best.values[name] then best = r end
  end
  return best
end

--- Draws the front (`nac.plot`).
-- @param path of the picture
function Front:plot(path)
  return require("nac.plot").front2d(self, getmetatable(self).objectives, path)
end

--- A list of the front's records by number, with methods `best` and `plot`.
function M.list(best, objectives)
  local list = { table.unpack(best) }
  table.sort(list, function(a, b) return a.number < b.number end)
  return setmetatable(list, { __index = Front, objectives = objectives })
end

return M
