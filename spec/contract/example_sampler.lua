--- A sampler of one's own: with even chance a neighbour of the best trial so
-- far (each parameter kept or drawn anew), else a random one. What `ask`
-- leaves out is drawn uniformly.
local M = { name = "neighbour" }

-- The best is the trial with the least sum of losses.
function M.tell(state, trial)
  if trial.state ~= "complete" then return end
  local sum = 0
  for _, o in ipairs(state.objectives) do
    sum = sum + (o.direction == "maximize" and -1 or 1) * trial.values[o.name]
  end
  if not state.best or sum < state.least then state.best, state.least = trial.params, sum end
end

function M.ask(state, space, rng)
  local values = {}
  if not state.best or rng:uniform() < .5 then return values end
  for _, entry in ipairs(space) do
    if rng:uniform() < .7 then values[entry.name] = state.best[entry.name] end
  end
  return values
end

return M
