local contract = require "spec.contract.pruner"
local nac = require "nac"

contract("none", { prunes = false })
contract "median"
contract { "median", startup = 2, warmup = 3, minimize = "loss" }
contract { "successive_halving", first = 2, factor = 2 }
contract({ -- a user's own, without tell
  should_prune = function(_, _, step, value) return step >= 4 and value < .2, .2 end,
}, { name = "given as a table" })

-- A study whose trial n reports the n-th curve; lag 0 unless told.
local function run(pruner, curves, fields)
  local options = { maximize = { "gain" }, pruner = pruner, lag = 0 }
  for k, v in pairs(fields or {}) do options[k] = v end
  local study = nac.study(options)
  study:optimize(function(trial)
    local last
    for step, value in pairs(curves[trial.number + 1]) do
      trial:report(step, { gain = value })
      last = value
    end
    return { gain = last }
  end, { trials = #curves })
  local ended = {}
  for i, r in ipairs(study:trials()) do ended[i] = r.reason or r.state end
  return ended
end

describe("median pruning", function()
  it("compares the best value so far with the median of the complete trials' best", function()
    local ended = run({ "median", startup = 3 }, {
      { .1, .2, .3 }, { .2, .4, .5 }, { .3, .6, .7 }, { .2, .4, .1 }, { .1, .9, .9 }, { .3, .1, .1 },
    })
    assert.same({ "complete", "complete", "complete" }, { ended[1], ended[2], ended[3] })
    assert.equal("gain 0.1 at step 3 is below 0.5, the median of 3 trials", ended[4]) -- .4 was its best
    assert.equal("gain 0.1 at step 1 is below 0.2, the median of 3 trials", ended[5])
    assert.equal("gain 0.1 at step 2 is below 0.4, the median of 3 trials", ended[6])
  end)

  it("counts a trial that ended early with the best it reached", function()
    local ended = run({ "median", startup = 2 }, { { .5 }, { .4, .5, .6, .7 }, { .6, .6, .6, .55 }, { .55, .55, .55, .55 } })
    assert.equal("complete", ended[3]) -- .6 is the median of .5 and .7
    assert.equal("gain 0.55 at step 3 is below 0.6, the median of 3 trials", ended[4])
  end)

  it("does not judge steps of the warm-up, nor before enough trials are complete", function()
    local curves = {}
    for i = 1, 8 do curves[i] = { 1 - i / 10, 1 - i / 10 } end
    local ended = run({ "median", startup = 4, warmup = 1 }, curves)
    assert.equal("complete", ended[4])
    assert.equal("gain 0.5 at step 2 is below 0.75, the median of 4 trials", ended[5])
  end)
end)

describe("successive halving", function()
  it("lets the best third of those that reached a rung go on", function()
    local ended = run("successive_halving", {
      { .5, .5, .5 }, { .6, .6, .4 }, { .4, .4, .4 }, { .6, .6, .6 }, { .55, .6, .6 }, { .55, .6, .6 },
    })
    assert.same({ "complete", "complete" }, { ended[1], ended[2] })
    assert.equal("gain 0.4 at step 1 is below 0.6, place 1 of the 3 trials at rung 1", ended[3])
    assert.equal("complete", ended[4])
    assert.equal("gain 0.55 at step 1 is below 0.6, place 1 of the 5 trials at rung 1", ended[5])
    assert.equal("gain 0.55 at step 1 is below 0.6, place 2 of the 6 trials at rung 1", ended[6])
  end)
end)

describe("a study with a pruner", function()
  local function one_report(fields, values)
    fields.maximize, fields.lag = { "gain" }, 0
    local study = nac.study(fields)
    study:optimize(function(trial)
      trial:report(1, values)
      return { gain = 1 }
    end, { trials = 1 })
    return study:trials()[1]
  end

  it("shows a trial's pruner what the trial may see, not more", function()
    local curves = {}
    for i = 1, 12 do curves[i] = { 1 - i / 100 } end
    local ended = run({ "median", startup = 1 }, curves, { lag = 7 })
    for i = 1, 8 do assert.equal("complete", ended[i]) end
    assert.equal("gain 0.91 at step 1 is below 0.99, the median of 1 trials", ended[9])
  end)

  it("judges a plain number as the objective, and nan as worse than anything", function()
    local seen
    local own = { should_prune = function(_, _, _, value) seen = value end }
    assert.equal("complete", one_report({ pruner = own }, .5).state)
    assert.equal(.5, seen)
    local ended = run({ "median", startup = 1 }, { { .5 }, { 0 / 0 } })
    assert.matches("gain %-?nan at step 1 is below 0.5", ended[2])
  end)

  it("says which quantity is missing from a report", function()
    local r = one_report({ pruner = "median" }, { loss = 1 })
    assert.equal("failed", r.state)
    assert.matches("the pruner 'median' judges gain, which is not among the reported loss", r.reason, 1, true)
    assert.matches("pruner_spec.lua", r.reason, 1, true)
  end)

  it("fails the trial with the pruner's name when the pruner has a fault", function()
    local r = one_report({ pruner = { name = "mine", should_prune = function() error "oops" end } }, .5)
    assert.equal("failed", r.state)
    assert.matches("pruner 'mine' failed in should_prune at trial 0: .*oops", r.reason)
  end)

  it("refuses what is no pruner and options that it does not know", function()
    local function refused(pruner, message)
      assert.error_matches(function() nac.study { maximize = "gain", pruner = pruner } end, message, 1, true)
    end
    refused("medain", "unknown pruner 'medain'; allowed: median, none, successive_halving; nearest: median")
    refused({ "median", warm = 3 }, "unknown option of pruner median 'warm'")
    refused({ "median", warmup = .5 }, "option warmup of pruner median must be an integer of 0 or more, got 0.5")
    refused({ "successive_halving", factor = 1 }, "option factor of pruner successive_halving must be 2 or more, got 1")
    refused({ "median", maximize = "a", minimize = "b" }, "maximize or minimize, not both")
    refused({ tell = print }, "a table without should_prune")
  end)

  it("is resumed with the same pruner only", function()
    local path = os.tmpname()
    local function open(pruner) return nac.study { maximize = "gain", storage = path .. ".db", resume = true, pruner = pruner } end
    local study = open { "median", warmup = 2 }
    study:optimize(function() return 1 end, { trials = 1 })
    study:close()
    assert.error_matches(function() open() end, "made with pruner median, now none")
    assert.error_matches(function() open { "median", warmup = 3 } end, 'pruner options {"warmup":2}, now {"warmup":3}', 1, true)
    for _, ending in ipairs { "", ".db", ".db-wal", ".db-shm", ".db.lock" } do os.remove(path .. ending) end
  end)
end)
