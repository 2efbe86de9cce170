--- The rate falls by `factor`, not below `min_lr`, when the measure has not been
-- better by more than `threshold` (relative) for more than `patience` epochs in
-- a row; for `cooldown` epochs after that none is counted. The measure is the
-- loss, or with monitor = "accuracy" the accuracy, on the search part (without
-- one, of the training).
local enum = require "nac.util.enum"

local LEAST_CHANGE = 1e-8 -- a smaller fall of the rate is not worth making

local function value_of(row, monitor)
  if monitor == "accuracy" then return row.val_accuracy or row.accuracy end
  return row.val_loss or row.loss
end

return {
  options = { factor = .1, patience = 10, threshold = 1e-4, cooldown = 0, min_lr = 0, monitor = "loss" },
  check = function(o, level)
    enum.check(o.monitor, { "loss", "accuracy" }, "monitor of plateau", level + 1)
    if not (o.factor > 0 and o.factor < 1) then error("factor of plateau must be a number between 0 and 1", level + 1) end
  end,
  start = function(_, run) return { lr = run.lr, bad = 0, cooldown = 0 } end,
  rate = function(_, _, _, state) return state.lr end,
  observe = function(o, state, row)
    local value, best = value_of(row, o.monitor), state.best
    if not value then error("a plateau of the accuracy needs a loss that has one", 0) end
    local better = not best
    if best and o.monitor == "accuracy" then
      better = value > best * (1 + o.threshold)
    elseif best then
      better = value < best * (1 - o.threshold)
    end
    if better then state.best, state.bad = value, 0 else state.bad = state.bad + 1 end
    if state.cooldown > 0 then state.cooldown, state.bad = state.cooldown - 1, 0 end
    if state.bad > o.patience then
      local lower = math.max(state.lr * o.factor, o.min_lr)
      if state.lr - lower > LEAST_CHANGE then state.lr = lower end
      state.cooldown, state.bad = o.cooldown, 0
    end
  end,
}
