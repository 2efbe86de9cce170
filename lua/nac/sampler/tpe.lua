--- TPE, the tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kegl
-- 2011, "Algorithms for hyper-parameter optimization"), multivariate (Falkner,
-- Klein & Hutter 2018, BOHB), for mixed and conditional parameters and for one
-- objective or several (Ozaki et al. 2020).
--
-- The first `startup` trials are drawn uniformly. Then, for each group of
-- parameters that always occur together (a conditional parameter is modelled from
-- the trials that had it):
-- 1. the trials that had the group are cut into good and other ones
--    (`nac.sampler.good_half`): good is a share `good` of them, at most 25;
-- 2. l, the density of the good, and g, that of the others, are Parzen
--    estimators (`nac.sampler.parzen`), joint over the group; the k-th of n good
--    ones weighs log((n + 1) / k), as the parents do in CMA-ES, or with several
--    objectives what it adds to the hypervolume;
-- 3. of `candidates` points drawn from l the one with the largest l / g, hence
--    the largest expected improvement (Bergstra et al. 2011, section 4.1), is taken;
--    in a group with choices or ranges of few values one with probability
--    proportional to (l / g)^2: the best choice at once is often not the best once
--    the parameters that depend on it are good (depth of a net, for instance).
-- Trials that are not over count as others, at what was proposed for them, so that those that
-- run at the same time draw apart from each other ("constant liar", Ginsbourger et al. 2010).
-- What would repeat an earlier trial in every parameter is drawn again, with fewer
-- candidates each time.
--
-- Cost: the other trials enter g with the 150 best of them and an even sample of
-- 100 of the rest, each weighing for those that it stands for, so that a trial
-- costs about the same after 300 trials and after 10 000.
local good_half = require "nac.sampler.good_half"
local parzen = require "nac.sampler.parzen"

local MOST_GOOD = 25
local GOOD_OF_SEVERAL = .1 -- default of `good` with several objectives
local FAR = 100 -- most of the rest in g
local TEMPERATURE = .5 -- of groups with choices or ranges of few values
local RETRIES = 20
local LEAST_WIDTH = .01 -- of a Gaussian; .01 to .03 are alike in bench/search_quality.lua
local PRIOR = .1 -- variance that the width is drawn towards, with the weight of one
-- point; a uniform variable has 1/12
local SMOOTHING = 2 -- how much of the prior's weight the choices not observed get

local M = {
  name = "tpe",
  lag = 1, -- two workers; each more costs quality (bench/search_quality.lua)
  options = { startup = 10, candidates = 32, good = .15 }, -- and their defaults
}

local function option(state, name) return state.options[name] or M.options[name] end

--- Checks the options; called by the study.
function M.check(options, level)
  for name, least in pairs { startup = 1, candidates = 1 } do
    local value = options[name]
    if value ~= nil and not (math.tointeger(value) and value >= least) then
      error(("option %s of sampler tpe must be an integer of %d or more, got %s"):format(name, least, tostring(value)), level + 1)
    end
  end
  local good = options.good
  if good ~= nil and not (type(good) == "number" and good > 0 and good < 1) then
    error(("option good of sampler tpe must be a number between 0 and 1, got %s"):format(tostring(good)), level + 1)
  end
end

-- Splits the groups so that the trial has each of them whole or not at all, and
-- enters it where it has one.
local function enter(groups, trial, member, several)
  local inside, known = {}, {}
  for _, name in ipairs(trial.order) do inside[name] = true end
  for i = 1, #groups do
    local group, yes, no = groups[i], {}, {}
    for _, name in ipairs(group.names) do
      table.insert(inside[name] and yes or no, name)
      known[name] = true
    end
    if #yes > 0 and #no > 0 then
      table.insert(groups, { names = no, trials = good_half.copy(group.trials) })
      group.names = yes
    end
    if #yes > 0 then good_half.add(group.trials, member, several) end
  end
  local fresh = {}
  for _, name in ipairs(trial.order) do
    if not known[name] then fresh[#fresh + 1] = name end
  end
  if #fresh > 0 then
    local group = { names = fresh, trials = good_half.new() }
    good_half.add(group.trials, member, several)
    table.insert(groups, group)
  end
end

local function key_of(params, names)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = tostring(params[name]) end
  return table.concat(parts, "\0")
end

-- Remembers what was drawn, by the list of names; a continuous number never repeats.
local function remember(seen, trial)
  for _, d in pairs(trial.distributions) do
    if d.kind == "float" and not d.step and not d:single() then return end
  end
  local names = table.move(trial.order, 1, #trial.order, 1, {})
  table.sort(names)
  local signature = table.concat(names, "\0")
  seen[signature] = seen[signature] or { names = names, keys = {} }
  seen[signature].keys[key_of(trial.params, names)] = true
end

-- An objective that draws just the parameters of an earlier trial, with equal
-- values, repeats it, whatever else was proposed.
local function repeats(seen, values)
  for _, known in pairs(seen) do
    if known.keys[key_of(values, known.names)] then return true end
  end
  return false
end

function M.tell(state, trial)
  state.groups, state.seen = state.groups or {}, state.seen or {}
  if trial.state == "failed" then return end
  enter(state.groups, trial, good_half.member(trial, state.objectives), #state.objectives > 1)
  remember(state.seen, trial)
end

-- The place of a trial in the space of a group; nil where a range has changed since.
local function point_of(member, names, distributions)
  local point = {}
  for k, name in ipairs(names) do
    local entry = member.entries[name]
    if entry == nil then
      local value, d = member.params[name], distributions[name]
      entry = value ~= nil and d:contains(value) and parzen.entry(d, value)
      member.entries[name] = entry
    end
    if not entry then return nil end
    point[k] = entry
  end
  return point
end

-- Gaussian widths by Scott's rule (Scott 1992; Watanabe 2023, section 3.3.3), the
-- variance drawn towards the prior's; half a cell at least in a range of few values.
local function widths(dimensions, points)
  local n, widths_of = #points, {}
  for k, dimension in ipairs(dimensions) do
    if dimension.kind ~= "choice" then
      local sum, squares = 0, 0
      for i = 1, n do sum = sum + points[i][k] end
      local mean = n > 0 and sum / n or 0
      for i = 1, n do squares = squares + (points[i][k] - mean) ^ 2 end
      local sigma = math.sqrt((squares + PRIOR) / (n + 1)) * (n + 1) ^ (-1 / (#dimensions + 4))
      widths_of[k] = math.min(1, math.max(sigma, LEAST_WIDTH, dimension.n and .5 / dimension.n or 0))
    end
  end
  return widths_of
end

local function density(dimensions, points, weights)
  return parzen.new(dimensions, points, weights, 1, widths(dimensions, points), SMOOTHING / (#points + 1))
end

local function collect(members, names, distributions, weight_of, first, step, points, weights)
  local i = first
  while i <= #members do
    local at = math.floor(i)
    local point = point_of(members[at], names, distributions)
    if point then points[#points + 1], weights[#weights + 1] = point, weight_of(at) end
    i = i + step
  end
  return points, weights
end

-- The two densities of a group, or nil as long as too few trials had it.
local function model(state, group, distributions)
  local trials, names = group.trials, group.names
  local size, several = good_half.size(trials), #state.objectives > 1
  if size < option(state, "startup") then return nil end
  local share = state.options.good or several and GOOD_OF_SEVERAL or M.options.good
  local count = math.min(MOST_GOOD, math.ceil(share * size))
  local good, near, far = good_half.cut(trials, count, several)
  local volumes, sum = several and good_half.weights(good), 0
  for i = 1, count do sum = sum + math.log((count + 1) / i) end
  local function weight(i) return volumes and volumes[i] or math.log((count + 1) / i) * count / sum end
  local dimensions, discrete = {}, false
  for k, name in ipairs(names) do
    dimensions[k] = parzen.dimension(distributions[name])
    discrete = discrete or dimensions[k].kind ~= "number"
  end
  local l = density(dimensions, collect(good, names, distributions, weight, 1, 1, {}, {}))
  local points, weights = collect(near, names, distributions, function() return 1 end, 1, 1, {}, {})
  local step = math.max(1, #far / FAR)
  collect(far, names, distributions, function() return step end, 1, step, points, weights)
  local waiting = {}
  for _, values in ipairs(state.pending) do waiting[#waiting + 1] = { params = values, entries = {} } end
  collect(waiting, names, distributions, function() return 1 end, 1, 1, points, weights)
  return { names = names, l = l, g = density(dimensions, points, weights), temperature = discrete and TEMPERATURE or 0 }
end

local function propose(models, distributions, candidates, rng)
  local values = {}
  for _, m in ipairs(models) do
    local best, best_score
    for _ = 1, candidates do
      local x = m.l:draw(rng)
      local score = m.l:log(x) - m.g:log(x)
      if m.temperature > 0 then -- the largest after Gumbel noise is a draw in proportion (Gumbel 1954)
        score = score - m.temperature * math.log(-math.log(rng:uniform() + 1e-300))
      end
      if not best or score > best_score then best, best_score = x, score end
    end
    for k, name in ipairs(m.names) do values[name] = parzen.value(distributions[name], best[k]) end
  end
  return values
end

function M.ask(state, space, rng)
  local models, distributions, values = {}, {}, nil
  for _, entry in ipairs(space) do distributions[entry.name] = entry.distribution end
  for _, group in ipairs(state.groups or {}) do models[#models + 1] = model(state, group, distributions) end
  local candidates = option(state, "candidates")
  for _ = 1, RETRIES do
    values = propose(models, distributions, candidates, rng)
    candidates = (candidates + 1) // 2 -- of fewer candidates the best is less often the same
    if #models == 0 or not repeats(state.seen, values) then break end
  end
  return values
end

return M
