--- Pareto fronts of points to be minimised. A point is a list of numbers; a
-- study's records give theirs by `nac.study`'s `losses`.
local M = {}

local function check(points)
  local d = points[1] and #points[1] or 0
  for i, p in ipairs(points) do
    if #p ~= d then error(("point %d has %d values, point 1 has %d"):format(i, #p, d), 3) end
    for k = 1, d do
      if p[k] ~= p[k] then error(("value %d of point %d is nan"):format(k, i), 3) end
    end
  end
  return d
end

--- Whether `a` is nowhere worse than `b` and somewhere better.
function M.dominates(a, b)
  local better = false
  for k = 1, #a do
    if a[k] > b[k] then return false end
    if a[k] < b[k] then better = true end
  end
  return better
end

-- Indices sorted by the values, first one first: nobody is dominated by a later one.
local function sorted(points)
  local order = {}
  for i = 1, #points do order[i] = i end
  table.sort(order, function(a, b)
    local p, q = points[a], points[b]
    for k = 1, #p do
      if p[k] ~= q[k] then return p[k] < q[k] end
    end
    return a < b
  end)
  return order
end

-- Whether a member of a front built in sorted order dominates p. In two
-- dimensions the last member has the least second value, so it decides alone.
local function front_dominates(points, front, p)
  if #p == 2 then
    local last = points[front[#front]]
    return last[2] < p[2] or last[2] == p[2] and last[1] < p[1]
  end
  for i = #front, 1, -1 do
    if M.dominates(points[front[i]], p) then return true end
  end
  return false
end

--- The points that no other dominates; equal points stay together. O(n log n)
-- for one and two values, O(n f) beyond, f the size of the front.
-- @param points list of lists of numbers
-- @return their indices, ascending
function M.front(points)
  check(points)
  local front = {}
  for _, i in ipairs(sorted(points)) do
    if #front == 0 or not front_dominates(points, front, points[i]) then front[#front + 1] = i end
  end
  table.sort(front)
  return front
end

--- Non-dominated ranks: 1 for the front, 2 for the front of the rest, ...
-- Points are inserted in sorted order into the first front that does not
-- dominate them, found by bisection (Zhang et al. 2015, "An efficient approach to
-- nondominated sorting", ENS-BS): O(n log n) for two values.
-- @param points list of lists of numbers
-- @return list of ranks; list of fronts (lists of indices)
function M.ranks(points)
  check(points)
  local fronts, ranks = {}, {}
  for _, i in ipairs(sorted(points)) do
    local p = points[i]
    local low, high = 1, #fronts + 1 -- the answer lies in low .. high
    while low < high do
      local middle = (low + high) // 2
      if front_dominates(points, fronts[middle], p) then low = middle + 1 else high = middle end
    end
    fronts[low] = fronts[low] or {}
    table.insert(fronts[low], i)
    ranks[i] = low
  end
  return ranks, fronts
end

--- Crowding distance (Deb et al. 2002, section III-B): how far a member's
-- neighbours in its front lie apart, summed over the values, each scaled by the
-- front's range; infinite at the ends.
-- @param points list of lists of numbers
-- @param front indices of one front
-- @return index -> distance
function M.crowding(points, front)
  local distance = {}
  for _, i in ipairs(front) do distance[i] = 0 end
  local d = front[1] and #points[front[1]] or 0
  for k = 1, d do
    local order = table.move(front, 1, #front, 1, {})
    table.sort(order, function(a, b)
      if points[a][k] ~= points[b][k] then return points[a][k] < points[b][k] end
      return a < b
    end)
    local first, last = order[1], order[#order]
    local range = points[last][k] - points[first][k]
    distance[first], distance[last] = math.huge, math.huge
    for j = 2, #order - 1 do
      if range > 0 then
        distance[order[j]] = distance[order[j]] + (points[order[j + 1]][k] - points[order[j - 1]][k]) / range
      end
    end
  end
  return distance
end

return M
