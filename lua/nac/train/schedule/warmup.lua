--- Linear warm-up before any other schedule: from start_factor times the rate in
-- the first epoch up to the rate after `epochs` epochs, where the other begins.
local enum = require "nac.util.enum"

local M = {}

--- Checks a warm-up.
-- @param spec epochs, `{ epochs =, start_factor = 1/3 }`, or nil for none
-- @param level whose line an error shows, as in `error`
-- @return `{ epochs =, start_factor = }`
function M.read(spec, level)
  if type(spec) ~= "table" then spec = { epochs = spec } end
  for name in pairs(spec) do enum.check(name, { "epochs", "start_factor" }, "option of the warm-up", level + 1) end
  local epochs, start = spec.epochs or 0, spec.start_factor or 1 / 3
  if math.type(epochs) ~= "integer" or epochs < 0 then
    error("warmup is a number of epochs, or { epochs =, start_factor = }, got " .. tostring(epochs), level + 1)
  end
  if type(start) ~= "number" or not (start >= 0 and start <= 1) then
    error("start_factor of the warm-up must be a number from 0 to 1, got " .. tostring(start), level + 1)
  end
  return { epochs = epochs, start_factor = start }
end

--- The rate after t epochs.
function M.rate(warm, t, lr) return lr * (warm.start_factor + (1 - warm.start_factor) * t / warm.epochs) end

return M
