--- Asynchronous successive halving (Li et al. 2020, "A system for massively
-- parallel hyperparameter tuning", algorithm 2, in the form without pausing): at
-- the rungs first, first x factor, first x factor^2, ... of the steps a trial goes
-- on only if the best value that it has reported is among the best 1 / factor (at
-- least the best one) of all that reached the rung: the visible trials, pruned
-- ones too, and itself.
-- Options: `first` (1: step of the first rung), `factor` (3). A rung is judged at
-- the first report at or after it.
local curve = require "nac.pruner.curve"

local M = { name = "successive_halving", options = { first = 1, factor = 3 } }

-- Calls visit(rung number from 1, best value) for each rung that the points reach.
local function rungs(state, points, visit)
  local rung, number = state.options.first or M.options.first, 1
  local factor = state.options.factor or M.options.factor
  for _, point in ipairs(points) do
    while point.step >= rung do
      visit(number, point)
      rung, number = rung * factor, number + 1
    end
  end
end

--- Checks the options; called by the study.
function M.check(options, level)
  if options.first ~= nil and options.first < 1 then
    error("option first of pruner successive_halving must be 1 or more, got " .. options.first, level + 1)
  end
  if options.factor ~= nil and options.factor < 2 then
    error("option factor of pruner successive_halving must be 2 or more, got " .. options.factor, level + 1)
  end
end

-- state.rungs[i]: the values, ascending, of the trials that reached rung i
function M.tell(state, trial)
  state.rungs = state.rungs or {}
  if trial.state == "failed" then return end
  rungs(state, curve.of(trial, state.objective), function(number, point)
    state.rungs[number] = state.rungs[number] or {}
    curve.insert(state.rungs[number], point.best)
  end)
end

function M.should_prune(state, trial, step)
  local factor, reached, loss = state.options.factor or M.options.factor, nil, nil
  rungs(state, curve.of(trial, state.objective), function(number, point)
    if point.step == step then reached, loss = number, point.best end
  end)
  if not reached then return false end
  local others = state.rungs and state.rungs[reached] or {}
  local places = math.max(1, (#others + 1) // factor)
  local threshold = others[places] -- with itself the trial has a place if it is no worse
  if not threshold or loss <= threshold then return false end
  return true, curve.loss(threshold, state.objective),
    ("place %d of the %d trials at rung %d"):format(places, #others + 1, reached)
end

return M
