--- Random architectures of each of the predecessors' spaces, with everything that may become of one: built
-- and trained for one step of 8 samples, prepared for 8 bits, lowered to integers and run, written as ONNX
-- and (where that can hold it) as QONNX, read again and compared, written as firmware (not compiled),
-- estimated. Prints how many failed and where, how many QONNX holds and why not the others, their parameters
-- and BOPs, and the milliseconds of the processor that each stage takes.
-- A thousand of each take about forty minutes of one core.
-- usage: nac-lua bench/spaces.lua [trials a space] [name of a space]
local bops = require "nac.bops"
local nac = require "nac"
local spaces = require "spec.support.spaces"
local support = require "bench.support"

local trials, seed = math.tointeger(arg[1] or 1000), 1
local folder = os.tmpname()
os.remove(folder)

support.header(("spaces: %d random architectures each, through all stages"):format(trials), seed)
print(("%-9s %6s %6s %6s %26s %26s   ms: %s"):format("space", "sound", "failed", "QONNX", "parameters (least median most)", "BOPs, exact, 8 bit",
  table.concat(spaces.stages, " ")))

local function row(case)
  local params, counts, seconds, failed, refused = {}, {}, {}, 0, {}
  local study = nac.study { sampler = "random", maximize = { "loss" }, seed = seed }
  study:optimize(function(trial)
    local desc = case.space:draw(trial)
    local proof, message = spaces.prove(desc, 8, folder)
    for stage, time in pairs(proof.seconds) do seconds[stage] = (seconds[stage] or 0) + time end
    if message then
      failed = failed + 1
      print(("%s, trial %d (%s): %s"):format(case.name, trial.number, require("nac.blocks").text(desc), message))
    else
      params[#params + 1], counts[#counts + 1] = proof.params, bops.count(desc)
      local why = proof.no_qonnx and proof.no_qonnx:gsub("'[^']*'", "..."):gsub("^%S+:%s*", "")
      if why then
        refused.all, refused[why] = (refused.all or 0) + 1, (refused[why] or 0) + 1
      end
    end
    return { loss = proof.loss or 0 }
  end, { trials = trials, workers = 0 })
  for _, record in ipairs(study:trials()) do
    if record.state ~= "complete" then
      failed = failed + 1
      print(("%s, trial %d: %s"):format(case.name, record.number, record.reason))
    end
  end
  local p, b, times = support.summary(params), support.summary(counts), {}
  for i, stage in ipairs(spaces.stages) do times[i] = ("%.1f"):format(1000 * (seconds[stage] or 0) / trials) end
  print(("%-9s %6d %6d %6d %10d %8d %8d %9.3g %8.3g %8.3g   %s"):format(case.name, #params, failed,
    #params - (refused.all or 0), p.min, p.median // 1 | 0, p.max,
    b.min, b.median, b.max, table.concat(times, " ")))
  for why, n in pairs(refused) do
    if why ~= "all" then print(("  QONNX cannot hold %4d: %s"):format(n, why)) end
  end
  return failed
end

local failures = 0
for _, case in ipairs(spaces.all()) do
  if not arg[2] or arg[2] == case.name then failures = failures + row(case) end
end
os.execute("rm -rf " .. folder)
os.exit(failures == 0, true)
