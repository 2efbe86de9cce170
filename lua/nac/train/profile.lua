--- Where the time of a training step goes, layer by layer.
local cplan = require "nac.c.plan"
local proc = require "nac.c.proc"

local M = {}

local Profile = {}
Profile.__index = Profile

--- Times training steps (forward, loss, backward; the optimiser is left out) on one batch.
-- @param net a net with weights
-- @param x f32 tensor (batch, shape of a sample)
-- @param y labels or targets
-- @param[opt] options `steps` = 20, `loss` = by the type of y
-- @return a profile: `rows` of {name, kind, forward, backward (ms a step), flop (a step, forward and
--   backward), gflops, bytes (forward, a step)}, `step` (ms); prints as a table
function M.run(net, x, y, options)
  options = options or {}
  local steps = options.steps or 20
  local loss = options.loss or (y:dtype() == "f32" and "mse" or "cross_entropy")
  local plan <close> = cplan.new(net, { batch = x:size(1), training = true })
  local function step()
    plan:forward(x)
    plan:loss(loss, x, y)
    plan:backward()
  end
  step() -- warms the caches up
  plan:profile()
  local start = proc.clock()
  for _ = 1, steps do step() end
  local profile = setmetatable({ rows = {}, step = 1e3 * (proc.clock() - start) / steps, batch = x:size(1) }, Profile)
  for i, t in ipairs(plan:times()) do
    local seconds = (t.forward + t.backward) / steps
    local flop = 3 * t.flop * x:size(1) -- the gradients of weights and of inputs cost as much as the output each
    profile.rows[i] = { name = t.name, kind = t.kind, forward = 1e3 * t.forward / steps, backward = 1e3 * t.backward / steps,
                        flop = flop, gflops = seconds > 0 and flop / seconds * 1e-9 or 0, bytes = t.bytes * x:size(1) }
  end
  return profile
end

function Profile:__tostring()
  local lines = { ("%-20s %-12s %10s %10s %7s %9s %9s"):format("layer", "kind", "forward ms", "backward", "share", "GFLOP/s", "MB") }
  local total = 0
  for _, r in ipairs(self.rows) do total = total + r.forward + r.backward end
  for _, r in ipairs(self.rows) do
    lines[#lines + 1] = ("%-20s %-12s %10.4f %10.4f %6.1f%% %9s %9.3f"):format(r.name, r.kind, r.forward, r.backward,
      100 * (r.forward + r.backward) / total, r.flop > 0 and ("%.1f"):format(r.gflops) or "", r.bytes * 1e-6)
  end
  lines[#lines + 1] = ("%d samples: %.4f ms in the layers, %.4f ms a step with the copies of inputs and gradients"):format(
    self.batch, total, self.step)
  return table.concat(lines, "\n")
end

return M
