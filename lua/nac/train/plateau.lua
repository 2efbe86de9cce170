--- Learning rate schedule: lower the rate when the loss stops falling.
local M = {}

--- A schedule that multiplies the rate by `factor` after `patience` epochs
-- without a loss that is better by more than `threshold` (relative).
-- @param options `factor` = .5, `patience` = 1, `min_lr` = 1e-6, `threshold` = 1e-4
-- @return function(loss, lr) -> new lr
function M.new(options)
  local factor = options.factor or .5
  local patience = options.patience or 1
  local min_lr = options.min_lr or 1e-6
  local threshold = options.threshold or 1e-4
  local best, waited = math.huge, 0
  return function(loss, lr)
    if loss < best - threshold * math.abs(best) or best == math.huge then
      best, waited = loss, 0
      return lr
    end
    waited = waited + 1
    if waited < patience then return lr end
    waited = 0
    return math.max(lr * factor, math.min(min_lr, lr))
  end
end

return M
