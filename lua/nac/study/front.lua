--- The records that no other dominates, kept up to date trial by trial.
local enum = require "nac.util.enum"
local pareto = require "nac.pareto"
local record = require "nac.study.record"

local M = {}

-- The first place whose member is lexicographically not before `losses`.
local function place(best, losses)
  local low, high = 1, #best + 1
  while low < high do
    local middle = (low + high) // 2
    local p = best[middle].losses
    if p[1] < losses[1] or p[1] == losses[1] and p[2] < losses[2] then low = middle + 1 else high = middle end
  end
  return low
end

-- Two objectives: members lie sorted by the first, so their second ones fall;
-- only neighbours of the new one can dominate it or be dominated.
local function insert_sorted(best, entry)
  local losses, gone = entry.losses, {}
  local at = place(best, losses)
  if at > 1 and pareto.dominates(best[at - 1].losses, losses) then return { entry.record } end
  while best[at] and pareto.dominates(losses, best[at].losses) do
    gone[#gone + 1] = table.remove(best, at).record
  end
  table.insert(best, at, entry)
  return gone
end

local function insert_any(best, entry)
  local losses, gone, kept = entry.losses, {}, {}
  for _, other in ipairs(best) do
    if pareto.dominates(other.losses, losses) then return { entry.record } end
    if pareto.dominates(losses, other.losses) then gone[#gone + 1] = other.record else kept[#kept + 1] = other end
  end
  kept[#kept + 1] = entry
  for i = 1, math.max(#best, #kept) do best[i] = kept[i] end
  return gone
end

--- Takes a finished record into the front, if it belongs there.
-- @param best list of `{record=, losses=}`, changed in place
-- @param r the record
-- @param objectives list of `{name=, direction=}`
-- @return list of the records that have no place (r itself, or those it beats)
function M.insert(best, r, objectives)
  if r.state ~= "complete" or r.attrs.duplicate_of then return { r } end
  local entry = { record = r, losses = record.losses(r.values, objectives) }
  return (#objectives == 2 and insert_sorted or insert_any)(best, entry)
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
  local list = {}
  for i, entry in ipairs(best) do list[i] = entry.record end
  table.sort(list, function(a, b) return a.number < b.number end)
  return setmetatable(list, { __index = Front, objectives = objectives })
end

return M
