--- Exact hypervolume: the volume that a set of points, to be minimised,
-- dominates within a reference point. Points that are not better than the
-- reference in every value count nothing.
--
-- One and two values: a sweep. More: the exclusive-volume recursion of While,
-- Bradstreet & Barone 2012 ("A fast way of calculating exact hypervolumes",
-- WFG), with the points taken worst first in the last value, so that every
-- limited set lies in a plane and the recursion drops one dimension.
local pareto = require "nac.pareto"

local M = {}

local volume

-- Non-dominated points in two dimensions by a sweep along the first value.
local function sweep(points, reference)
  table.sort(points, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
  local sum, floor = 0, reference[2]
  for _, p in ipairs(points) do
    if p[2] < floor then
      sum = sum + (reference[1] - p[1]) * (floor - p[2])
      floor = p[2]
    end
  end
  return sum
end

local function front_of(points)
  local kept = {}
  for i, index in ipairs(pareto.front(points)) do kept[i] = points[index] end
  return kept
end

-- The points later than i, made no better than point i, without the last value.
local function limited(points, i, d)
  local p, list = points[i], {}
  for j = i + 1, #points do
    local q = {}
    for k = 1, d - 1 do q[k] = math.max(p[k], points[j][k]) end
    list[#list + 1] = q
  end
  return list
end

function volume(points, reference, d)
  if d == 1 then
    local best = reference[1]
    for _, p in ipairs(points) do best = math.min(best, p[1]) end
    return reference[1] - best
  end
  if d == 2 then return sweep(points, reference) end
  points = front_of(points)
  table.sort(points, function(a, b) return a[d] > b[d] end)
  local sum = 0
  for i, p in ipairs(points) do
    local area = 1
    for k = 1, d - 1 do area = area * (reference[k] - p[k]) end
    sum = sum + (reference[d] - p[d]) * (area - volume(limited(points, i, d), reference, d - 1))
  end
  return sum
end

--- The hypervolume.
-- @param points list of lists of numbers, to be minimised
-- @param reference list of numbers, as long as the points
-- @return the volume, 0 for no points
function M.of(points, reference)
  local inside = {}
  for i, p in ipairs(points) do
    if #p ~= #reference then
      error(("point %d has %d values, the reference %d"):format(i, #p, #reference), 2)
    end
    local better = true
    for k = 1, #p do better = better and p[k] < reference[k] end
    if better then inside[#inside + 1] = p end
  end
  if #inside == 0 then return 0 end
  return volume(inside, reference, #reference)
end

return M
