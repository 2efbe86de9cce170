--- Which trials count as good: the order of trials and its cut for TPE.
--
-- Complete trials come first; several objectives by non-dominated rank, and within
-- the rank that does not fit whole by the hypervolume that a trial adds (Ozaki,
-- Tanigaki, Watanabe & Onishi 2020, "Multiobjective tree-structured Parzen
-- estimator", algorithm 2). Then those that were pruned while they ran, the latest
-- step first; then those that missed a required bound, the least missed first.
local hypervolume = require "nac.hypervolume"
local pareto = require "nac.pareto"

local M = {}

-- Members that can still be good; the others are kept unordered.
local HEAD, SLACK = 150, 50

local function before(a, b)
  for i = 1, 3 do
    if a.order[i] ~= b.order[i] then return a.order[i] < b.order[i] end
  end
  return a.number < b.number
end

--- What is kept of a trial that did not fail, a plain table.
-- @param trial the record
-- @param objectives list of `{name=, direction=}`
-- @return `{number=, params=, losses= (complete trials), order= (three numbers
--   that say how good it is, the least best), entries = {}}`
function M.member(trial, objectives)
  local m = { number = trial.number, params = trial.params, entries = {} }
  local first = objectives[1]
  local function loss(o, values) return (o.direction == "maximize" and -1 or 1) * values[o.name] end
  if trial.state == "complete" then
    m.losses = {}
    for i, o in ipairs(objectives) do m.losses[i] = loss(o, trial.values) end
    m.order = { 0, m.losses[1], 0 }
  elseif next(trial.violations) then
    local amounts, sum = {}, 0
    for _, amount in pairs(trial.violations) do amounts[#amounts + 1] = amount end
    table.sort(amounts) -- the order of pairs differs from process to process
    for _, amount in ipairs(amounts) do sum = sum + amount end
    m.order = { 2, sum, 0 }
  else
    local last = trial.reports[1]
    for _, report in ipairs(trial.reports) do
      if report.step > last.step then last = report end
    end
    local value = last and last.values[first.name] and loss(first, last.values)
    m.order = { 1, last and -last.step or math.huge, value and value == value and value or math.huge }
  end
  return m
end

-- What a point adds to a set, in volume below the reference.
local function added(p, set, reference)
  local volume, limited = 1, {}
  for k = 1, #p do volume = volume * math.max(0, reference[k] - p[k]) end
  for i, q in ipairs(set) do
    local r = {}
    for k = 1, #p do r[k] = math.max(p[k], q[k]) end
    limited[i] = r
  end
  return volume - hypervolume.of(limited, reference)
end

--- A little beyond the worst values of the points (Ozaki et al. 2020, section
-- 3.3: 1.1 times them, for positive values).
local function reference_of(points)
  local reference = {}
  for k = 1, #points[1] do
    local worst = -math.huge
    for _, p in ipairs(points) do worst = math.max(worst, p[k]) end
    reference[k] = worst == 0 and 1e-12 or math.max(1.1 * worst, .9 * worst)
  end
  return reference
end

-- The members of a front in the order in which each adds most to those before
-- it, `count` of them. What a member adds only shrinks, so that one whose renewed
-- gain is still the largest is the next.
local function by_volume(members, count, reference)
  local gains, chosen, set, taken = {}, {}, {}, {}
  for i, m in ipairs(members) do gains[i] = added(m.losses, {}, reference) end
  while #chosen < count do
    local best, fresh
    repeat
      local last = best
      best = nil
      for i = 1, #members do
        if not taken[i] and (not best or gains[i] > gains[best]) then best = i end
      end
      fresh = best == last
      if not fresh then gains[best] = added(members[best].losses, set, reference) end
    until fresh
    taken[best] = true
    chosen[#chosen + 1], set[#set + 1] = members[best], members[best].losses
  end
  return chosen
end

-- Several objectives: the members in order, the first `count` of them exactly.
local function ordered(members, count)
  local list, complete, points, rest = {}, {}, {}, {}
  for _, m in ipairs(members) do
    if m.losses then
      complete[#complete + 1], points[#points + 1] = m, m.losses
    else
      rest[#rest + 1] = m
    end
  end
  local _, fronts = pareto.ranks(points)
  for _, front in ipairs(fronts) do
    local of_rank = {}
    for j, i in ipairs(front) do of_rank[j] = complete[i] end
    local room = count - #list
    if room > 0 and #of_rank > room then
      local losses = {}
      for j, m in ipairs(of_rank) do losses[j] = m.losses end
      local chosen, taken = by_volume(of_rank, room, reference_of(losses)), {}
      for _, m in ipairs(chosen) do
        taken[m] = true
        list[#list + 1] = m
      end
      for _, m in ipairs(of_rank) do
        if not taken[m] then list[#list + 1] = m end
      end
    else
      table.move(of_rank, 1, #of_rank, #list + 1, list)
    end
  end
  table.sort(rest, before)
  return table.move(rest, 1, #rest, #list + 1, list)
end

--- An empty collection, a plain table.
function M.new() return { head = {}, tail = {} } end

--- A copy that grows on its own.
function M.copy(half)
  return {
    head = table.move(half.head, 1, #half.head, 1, {}), tail = table.move(half.tail, 1, #half.tail, 1, {}),
  }
end

--- Takes a member in.
function M.add(half, member, several)
  local head, tail = half.head, half.tail
  if several then
    head[#head + 1] = member
    if #head < HEAD + SLACK then return end
    half.head = ordered(head, 0)
    head = half.head
  else
    local low, high = 1, #head + 1
    while low < high do
      local middle = (low + high) // 2
      if before(head[middle], member) then low = middle + 1 else high = middle end
    end
    table.insert(head, low, member)
  end
  while #head > HEAD do tail[#tail + 1] = table.remove(head) end
end

--- How many members it has.
function M.size(half) return #half.head + #half.tail end

--- The cut.
-- @param count how many are good, at most 100
-- @param several whether there are several objectives
-- @return list of the good, list of the next best, list of the rest (unordered)
function M.cut(half, count, several)
  local list = several and ordered(half.head, count) or half.head
  return table.move(list, 1, count, 1, {}), table.move(list, count + 1, #list, 1, {}), half.tail
end

--- Weights of the good of several objectives: what each adds to the others'
-- hypervolume, the largest 1 (Ozaki et al. 2020, equation 18).
function M.weights(good)
  local points, weights, largest = {}, {}, 0
  for i, m in ipairs(good) do points[i] = m.losses end
  if #points < #good then return nil end -- pruned ones among them
  local reference = reference_of(points)
  for i, p in ipairs(points) do
    local others = table.move(points, 1, #points, 1, {})
    table.remove(others, i)
    weights[i] = added(p, others, reference)
    largest = math.max(largest, weights[i])
  end
  for i, w in ipairs(weights) do weights[i] = largest > 0 and math.max(w / largest, .01) or 1 end
  return weights
end

return M
