--- NSGA-II (Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist
-- multiobjective genetic algorithm: NSGA-II") over mixed parameters.
--
-- Trials 0 .. P-1 are drawn uniformly (P: the population). Then trial n of
-- generation n div P is a child of two parents, each the better of two random
-- members of the best P trials of all earlier generations:
-- 1. selection: non-dominated ranks, crowding distance within a rank; trials
--    pruned for a missed bound come after all complete ones, the least missed
--    first (section VI, constrained domination); failed trials drop out;
-- 2. numbers cross by simulated binary crossover in the unit interval (in the
--    logarithm for a log range; Deb & Agrawal 1995), choices by a fair coin; a
--    parameter that one parent lacks comes from the other;
-- 3. each parameter mutates with probability 1 / (number of parameters):
--    polynomial mutation for numbers (at least one step on a stepped range),
--    another value for choices;
-- 4. a child that repeats an earlier trial is made again, a few times.
-- Options: `crossover` (probability that two parents cross at all).
local pareto = require "nac.pareto"

local ETA_CROSSOVER = 5 -- distribution indices, higher stays closer to the parents; 5 and 5 did
local ETA_MUTATION = 5 -- best of 2 to 15 and 3 to 20 in bench/search_quality.lua
local RETRIES = 10

local M = { name = "nsga2", visibility = "generation" }

-- One of the two children of SBX with bounds 0 and 1.
local function cross_numbers(a, b, rng)
  local low, high = math.min(a, b), math.max(a, b)
  local u, upper = rng:uniform(), rng:uniform() < .5
  if high - low < 1e-14 then return a end
  local room = upper and 1 - high or low
  local alpha = 2 - (1 + 2 * room / (high - low)) ^ -(ETA_CROSSOVER + 1)
  local spread
  if u <= 1 / alpha then
    spread = (u * alpha) ^ (1 / (ETA_CROSSOVER + 1))
  else
    spread = (1 / (2 - u * alpha)) ^ (1 / (ETA_CROSSOVER + 1))
  end
  local sign = upper and 1 or -1
  return .5 * (low + high + sign * spread * (high - low))
end

-- Polynomial mutation with bounds 0 and 1.
local function mutate_number(x, rng)
  local u, power = rng:uniform(), ETA_MUTATION + 1
  if u < .5 then
    return x + (2 * u + (1 - 2 * u) * (1 - x) ^ power) ^ (1 / power) - 1
  end
  return x + 1 - (2 * (1 - u) + 2 * (u - .5) * x ^ power) ^ (1 / power)
end

local function cross(d, a, b, rng)
  if rng:uniform() < .5 then return rng:uniform() < .5 and a or b end
  if d.kind == "choice" then return rng:uniform() < .5 and a or b end
  return d:from_unit(cross_numbers(d:to_unit(a), d:to_unit(b), rng))
end

local function mutate(d, value, rng)
  if d:single() then return value end
  if d.kind == "choice" then
    local i = rng:below(#d.choices - 1) + 1
    return d.choices[i >= d.index[value] and i + 1 or i]
  end
  local changed = d:from_unit(mutate_number(d:to_unit(value), rng))
  if changed ~= value or not (d.step or d.kind == "int") then return changed end
  local step = rng:uniform() < .5 and -d.step or d.step
  if value + step < d.low or value + step > d.high then step = -step end
  return value + step
end

local function tournament(parents, rng)
  local a, b = parents[rng:below(#parents) + 1], parents[rng:below(#parents) + 1]
  if a.rank ~= b.rank then return a.rank < b.rank and a or b end
  return a.crowding >= b.crowding and a or b
end

local function violation(trial)
  local amounts, sum = {}, 0
  for _, amount in pairs(trial.violations) do amounts[#amounts + 1] = amount end
  if #amounts == 0 then return math.huge end
  table.sort(amounts) -- the order of pairs differs from process to process
  for _, amount in ipairs(amounts) do sum = sum + amount end
  return sum
end

-- The best P of a pool, with rank and crowding; the last rank that fits only in
-- part gives up its most crowded members one at a time.
local function select_best(pool, size)
  local feasible, rest, points, kept = {}, {}, {}, {}
  for _, m in ipairs(pool) do
    if m.losses then
      feasible[#feasible + 1], points[#points + 1] = m, m.losses
    else
      rest[#rest + 1] = m
    end
  end
  local _, fronts = pareto.ranks(points)
  for rank, front in ipairs(fronts) do
    if #kept >= size then break end
    local distance = pareto.crowding(points, front)
    while #kept + #front > size do
      local worst = 1
      for j = 2, #front do
        if distance[front[j]] < distance[front[worst]] then worst = j end
      end
      table.remove(front, worst)
      distance = pareto.crowding(points, front)
    end
    for _, i in ipairs(front) do
      feasible[i].rank, feasible[i].crowding = rank, distance[i]
      kept[#kept + 1] = feasible[i]
    end
  end
  table.sort(rest, function(a, b)
    if a.violation ~= b.violation then return a.violation < b.violation end
    return a.number < b.number
  end)
  for i, m in ipairs(rest) do
    if #kept >= size then break end
    m.rank, m.crowding = #fronts + i, 0
    kept[#kept + 1] = m
  end
  return kept
end

local function key_of(params, order)
  local parts = {}
  for i, name in ipairs(order) do parts[i] = name .. "=" .. tostring(params[name]) end
  return table.concat(parts, "\0")
end

function M.tell(state, trial)
  state.pool, state.seen = state.pool or {}, state.seen or {} -- pool: the parents and what came since
  state.count = (state.count or 0) + 1
  if trial.state ~= "failed" then
    local m = { number = trial.number, params = trial.params }
    if trial.state == "complete" then
      m.losses = {}
      for i, o in ipairs(state.objectives) do
        m.losses[i] = (o.direction == "maximize" and -1 or 1) * trial.values[o.name]
      end
    else
      m.violation = violation(trial)
    end
    table.insert(state.pool, m)
  end
  state.seen[key_of(trial.params, trial.order)] = true
  if state.count % state.options.population == 0 then
    state.pool = select_best(state.pool, state.options.population)
    state.parents = { table.unpack(state.pool) }
  end
end

local function child(parents, space, rng, crossing)
  local a, b = tournament(parents, rng), tournament(parents, rng)
  local crossed = rng:uniform() < crossing
  local values, order = {}, {}
  for _, entry in ipairs(space) do
    local name, d = entry.name, entry.distribution
    local x, y = a.params[name], b.params[name]
    if x ~= nil and not d:contains(x) then x = nil end -- the range has changed since
    if y ~= nil and not d:contains(y) then y = nil end
    if x ~= nil and y ~= nil and crossed then x = cross(d, x, y, rng) elseif x == nil then x = y end
    if x ~= nil then
      values[name], order[#order + 1] = x, name
    end
  end
  for _, name in ipairs(order) do
    if rng:uniform() * #order < 1 then
      for _, entry in ipairs(space) do
        if entry.name == name then values[name] = mutate(entry.distribution, values[name], rng) end
      end
    end
  end
  return values, key_of(values, order)
end

function M.ask(state, space, rng)
  local parents = state.parents
  if not parents or #parents == 0 then return {} end
  local values, key
  for _ = 1, RETRIES do
    values, key = child(parents, space, rng, state.options.crossover or .9)
    if not state.seen[key] then break end
  end
  return values
end

return M
