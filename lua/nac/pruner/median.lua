--- Median stopping (Golovin et al. 2017, "Google Vizier", section 3.2.2): a trial
-- ends when the best value that it has reported so far is worse than the median
-- of the best values that the visible complete trials had reported by that step.
-- A trial that ended earlier counts with the best it reached.
-- Options: `startup` (5: complete trials without which nothing is pruned),
-- `warmup` (0: steps up to this one are not judged).
local curve = require "nac.pruner.curve"

local M = { name = "median", options = { startup = 5, warmup = 0 } }

-- state.steps: the steps reported so far, ascending; state.best[step]: the best
-- values by that step of all complete trials, ascending. Between two of these
-- steps nothing changes, so the lists of the last one hold.

local function last_step(steps, step)
  local low, high = 0, #steps
  while low < high do
    local middle = (low + high + 1) // 2
    if steps[middle] <= step then low = middle else high = middle - 1 end
  end
  return low
end

function M.tell(state, trial)
  state.steps, state.best = state.steps or {}, state.best or {}
  if trial.state ~= "complete" then return end
  local points = curve.of(trial, state.objective)
  if #points == 0 then return end
  for _, point in ipairs(points) do
    local at = last_step(state.steps, point.step)
    if state.steps[at] ~= point.step then
      local before = state.best[state.steps[at]] or {}
      table.insert(state.steps, at + 1, point.step)
      state.best[point.step] = table.move(before, 1, #before, 1, {})
    end
  end
  local j = 0
  for _, step in ipairs(state.steps) do
    while points[j + 1] and points[j + 1].step <= step do j = j + 1 end
    if j > 0 then curve.insert(state.best[step], points[j].best) end
  end
end

function M.should_prune(state, trial, step)
  local options, steps = state.options, state.steps or {}
  if step <= (options.warmup or M.options.warmup) then return false end
  local values = (state.best or {})[steps[last_step(steps, step)]] or {}
  local n = #values
  if n < math.max(1, options.startup or M.options.startup) then return false end
  local median = n % 2 == 1 and values[(n + 1) // 2] or .5 * (values[n // 2] + values[n // 2 + 1])
  local points = curve.of(trial, state.objective)
  local best
  for _, point in ipairs(points) do
    if point.step <= step then best = point.best end
  end
  if not best or best <= median then return false end
  return true, curve.loss(median, state.objective), ("the median of %d trials"):format(n)
end

return M
