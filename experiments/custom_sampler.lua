--- A sampler of your own, driving the search of t1.yaml.
--
--     nac-lua custom_sampler.lua
--
-- A sampler is a table with a function `ask`, which says what the next trial
-- should try, and, if it learns, a function `tell`, which is shown each trial
-- that is over. What `ask` leaves out is drawn at random. `state` is a table
-- that is yours; `space` lists the parameters seen so far; random numbers come
-- from `rng`, so that a run can be repeated.

local nac = require "nac"

-- Remembers the most accurate network and changes one thing of it at a time.
local climber = { name = "climber" }

function climber.tell(state, trial)
  if trial.state ~= "complete" then return end
  local accuracy = trial.values.performance_metric
  if not state.accuracy or accuracy > state.accuracy then
    state.accuracy, state.params = accuracy, trial.params
  end
end

function climber.ask(state, space, rng)
  if not state.params or rng:uniform() < 0.2 then return {} end -- now and then a fresh start
  local wish = {}
  for name, value in pairs(state.params) do wish[name] = value end
  wish[space[rng:below(#space) + 1].name] = nil -- left out: drawn anew
  return wish
end

local config = assert(nac.config.load(require("nac.util.home").path("experiments/t1.yaml")))
local result = assert(nac.global_search.run(config, {
  sampler = climber, trials = tonumber(arg[1]) or 30, epochs = tonumber(arg[2]), results = arg[3] or "results/custom_sampler",
}))
print(result)
