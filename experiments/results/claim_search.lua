--- Claim A: the search's winner against the baseline, both unpruned and at the same width.
--
-- Networks of the front are retrained from the cheapest on. The first whose mean on `select` is within the margin of the
-- baseline's is the winner; the first whose interval over seeds is, too, is the sure one. `test` has no part in the choice.
local compare = require "nac.compare"
local entry = require "experiments.results.entry"
local front = require "experiments.results.front"
local say = require "experiments.results.say"
local tensor = require "nac.tensor"

local M = {}

local MOST = 12 -- networks of the front that are retrained, and the best one

-- Whether a candidate is no worse than the baseline on `select` by more than the margin: its mean over seeds, and the whole
-- interval that seeds leave.
local function holds(case, base, candidate)
  local function each(list)
    local out = {}
    for k, score in ipairs(list) do out[k] = tensor.new({ score }, "f64") end
    return out
  end
  return candidate.retrained >= base.retrained - case.margin,
    compare.no_worse(compare.paired(each(base.selects), each(candidate.selects)), case.margin)
end

-- Seconds in which trials ran, without the gaps between the runs of an interrupted search.
local function lasted(records)
  local spans, sum, reached = {}, 0, 0
  for _, r in ipairs(records) do spans[#spans + 1] = r.started and r.finished and { r.started, r.finished } or nil end
  table.sort(spans, function(a, b) return a[1] < b[1] end)
  for _, span in ipairs(spans) do
    sum = sum + math.max(0, span[2] - math.max(span[1], reached))
    reached = math.max(reached, span[2])
  end
  return sum
end

-- Retrains until one surely holds the baseline's level, and the best one after it.
local function retrain(case, base, list, best)
  local done, winner, sure = {}, nil, nil
  for i = 1, math.min(MOST, #list) do
    local c = list[i]
    entry.measure(case, c)
    done[i] = c
    local by_mean, by_interval = holds(case, base, c)
    winner = winner or by_mean and c or nil
    sure = by_interval and c or nil
    if sure then break end
  end
  if best and not best.nets then
    entry.measure(case, best)
    done[#done + 1] = best
  end
  if best then best.best = true end
  for _, c in ipairs(done) do c.against = compare.paired(base.scores, c.scores) end
  return done, winner, sure
end

-- What is said of a network against the baseline.
local function verdict_of(case, base, candidate)
  if not candidate then return nil end
  local verdict = { name = candidate.name, shown = compare.no_worse(candidate.against, case.margin), ratios = {} }
  for _, definition in ipairs(case.bops) do verdict.ratios[definition] = base[definition] / candidate[definition] end
  return verdict
end

local function rows(list)
  local out = {}
  for i, e in ipairs(list) do out[i] = entry.row(e) end
  return out
end

--- Runs the search, trains baselines and front.
-- @return the winner's entry with `nets` (the cheapest that was retrained where none holds the level), the baselines' entries,
-- what the page shows, the search's result
function M.run(case)
  local begun = os.time()
  say("%s: search, %s trials", case.name, case.trials or case.config.search.n_trials)
  local result = front.search(case)
  local bases = {}
  for i, b in ipairs(case.baselines) do
    bases[i] = entry.new(case, b.name, b.description, b.settings)
    entry.measure(case, bases[i])
  end
  local base = bases[1]
  base.selected = front.as_searched(case, base)
  local list, best = front.candidates(case, result, base.selected - case.margin)
  say("%s: %d networks of the front come within the margin of the baseline as searched; retraining on %d seeds", case.name, #list, #case.seeds)
  local done, winner, sure = retrain(case, base, list, best)
  local trials = result.study:trials()
  return winner or done[1], bases, { trials = #trials, front = #result.front, seconds = lasted(trials), samples = base.samples,
    verdict = verdict_of(case, base, winner), sure = sure ~= winner and verdict_of(case, base, sure) or nil,
    baselines = rows(bases), candidates = rows(done), took = os.time() - begun }, result
end

return M
