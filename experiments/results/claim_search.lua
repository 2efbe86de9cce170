--- Claim A: the search's winner against the baseline, both unpruned and at the same width.
--
-- Networks of the front are retrained from the cheapest on until one is no worse than the baseline on `select`: that is the
-- winner. `test` has no part in the choice.
local compare = require "nac.compare"
local entry = require "experiments.results.entry"
local front = require "experiments.results.front"
local say = require "experiments.results.say"
local tensor = require "nac.tensor"

local M = {}

local MOST = 8 -- networks of the front that are retrained, and the best one

-- Whether the mean over seeds on `select` is no worse than the baseline's by more than the margin, seeds taken into account.
local function holds(case, base, candidate)
  local function each(list)
    local out = {}
    for k, score in ipairs(list) do out[k] = tensor.new({ score }, "f64") end
    return out
  end
  return compare.no_worse(compare.paired(each(base.selects), each(candidate.selects)), case.margin)
end

-- Wall clock of the trials, however often the search was interrupted.
local function lasted(records)
  local first, last = math.huge, 0
  for _, r in ipairs(records) do first, last = math.min(first, r.started or math.huge), math.max(last, r.finished or 0) end
  return math.max(0, last - first)
end

-- Retrains until one holds the baseline's level, and the best one after it.
local function retrain(case, base, list, best)
  local done, winner = {}, nil
  for i = 1, math.min(MOST, #list) do
    local c = list[i]
    entry.measure(case, c)
    done[#done + 1] = c
    if holds(case, base, c) then
      winner = c
      break
    end
  end
  if best and not best.nets then
    entry.measure(case, best)
    done[#done + 1] = best
  end
  if best then best.best = true end
  for _, c in ipairs(done) do c.against = compare.paired(base.scores, c.scores) end
  return done, winner
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
  local list, best = front.candidates(case, result, base.selected)
  say("%s: %d networks of the front reach the baseline as searched; retraining on %d seeds", case.name, #list, #case.seeds)
  local done, winner = retrain(case, base, list, best)
  local verdict = winner and { name = winner.name, shown = compare.no_worse(winner.against, case.margin), ratios = {} }
  for _, definition in ipairs(winner and case.bops or {}) do verdict.ratios[definition] = base[definition] / winner[definition] end
  local trials = result.study:trials()
  return winner or done[1], bases, { trials = #trials, front = #result.front, seconds = lasted(trials), samples = base.samples,
    verdict = verdict, baselines = rows(bases), candidates = rows(done), took = os.time() - begun }, result
end

return M
