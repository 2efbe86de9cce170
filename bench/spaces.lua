--- Random architectures of each of the predecessors' spaces: built, and trained
-- for one step of 16 samples. Prints how many failed, their parameters and BOPs,
-- and architectures a second (drawing, building and the step).
-- usage: nac-lua bench/spaces.lua [trials a space]
local bops = require "nac.bops"
local nac = require "nac"
local spaces = require "spec.support.spaces"
local support = require "bench.support"

local trials, seed = math.tointeger(arg[1] or 1000), 1

support.header(("spaces: %d random architectures each, one training step"):format(trials), seed)
print(("%-9s %8s %7s %26s %32s %8s"):format("space", "trained", "failed", "parameters (least median most)", "BOPs, exact, 8 bit", "a second"))

local failures = 0
for _, case in ipairs(spaces.all()) do
  local params, counts = {}, {}
  local begun = support.clock()
  local study = nac.study { sampler = "random", maximize = { "loss" }, seed = seed }
  study:optimize(function(trial)
    local desc = case.space:draw(trial)
    local loss, n = spaces.train_one(desc, 16)
    params[#params + 1], counts[#counts + 1] = n, bops.count(desc)
    return { loss = loss }
  end, { trials = trials, workers = 0 })
  local seconds, failed = support.clock() - begun, 0
  for _, record in ipairs(study:trials()) do
    if record.state ~= "complete" then
      failed = failed + 1
      print(("%s, trial %d: %s"):format(case.name, record.number, record.reason))
    end
  end
  failures = failures + failed
  local p, b = support.summary(params), support.summary(counts)
  print(("%-9s %8d %7d %10d %8d %10d %10.3g %10.3g %10.3g %8.0f"):format(case.name, #params, failed, p.min, p.median // 1 | 0, p.max,
    b.min, b.median, b.max, trials / seconds))
end
os.exit(failures == 0, true)
