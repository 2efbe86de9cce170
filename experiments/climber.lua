--- A sampler of one's own: it remembers the best trial so far, by the first
-- objective, and changes one parameter of it at a time. Drive a search with it
-- by `custom_sampler.lua`, or by `sampler: climber.lua` in a config.

local climber = { name = "climber" }

-- Shown each trial that is over. `state` is a table of the sampler's own.
function climber.tell(state, trial)
  if trial.state ~= "complete" then return end
  local objective = state.objectives[1]
  local value = trial.values[objective.name]
  if objective.direction == "minimize" then value = -value end
  if not state.best or value > state.best then
    state.best, state.params = value, trial.params
  end
end

-- Says what the next trial should try; what it leaves out is drawn at random.
-- `space` lists the parameters seen so far, `rng` makes runs repeatable.
function climber.ask(state, space, rng)
  if not state.params or rng:uniform() < 0.2 then return {} end -- now and then a fresh start
  local wish = {}
  for name, value in pairs(state.params) do wish[name] = value end
  wish[space[rng:below(#space) + 1].name] = nil
  return wish
end

return climber
