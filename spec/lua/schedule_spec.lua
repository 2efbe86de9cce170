-- Learning rate schedules: PyTorch's numbers (spec/golden/pytorch_losses.npz) and
-- what training does with them.
local nac = require "nac"
local npz = require "nac.c.npz"
local schedule = require "nac.train.schedule"

local golden = assert(npz.read("spec/golden/pytorch_losses.npz"))

local cases = {
  step = { { kind = "step", step_size = 7, gamma = .3 }, .1 },
  multi_step = { { kind = "multi_step", milestones = { 3, 10, 20 }, gamma = .2 }, .1 },
  exponential = { { kind = "exponential", gamma = .9 }, .1 },
  cosine = { { kind = "cosine", min_lr = .001 }, .1 },
  cosine_past = { { kind = "cosine", epochs = 10 }, .1 },
  restarts = { { kind = "warm_restarts", epochs = 7 }, .1 },
  restarts_longer = { { kind = "warm_restarts", epochs = 5, factor = 2, min_lr = .001 }, .1 },
  one_cycle = { { kind = "one_cycle", per = "epoch" }, .3 },
  one_cycle_set = { { kind = "one_cycle", per = "epoch", max_lr = .3, pct_start = .4, div_factor = 10, final_div_factor = 100,
                      anneal = "linear" }, .1 },
  warmup = { { kind = "constant", warmup = { epochs = 8, start_factor = .1 } }, .1 },
  warmup_cosine = { { kind = "cosine", warmup = 5 }, .1 },
  plateau = { { kind = "plateau", factor = .1, patience = 3 }, .1 },
  plateau_max = { { kind = "plateau", monitor = "accuracy", factor = .5, patience = 1, cooldown = 2, min_lr = .01 }, .1 },
}

describe("a schedule has PyTorch's rates:", function()
  for name, case in pairs(cases) do
    it(name, function()
      local want = golden["lr_" .. name .. "/rates"]
      local fed = golden["lr/fed"]
      local rates = schedule.new(case[1], { lr = case[2], epochs = want:numel(), steps = 1 })
      for epoch = 1, want:numel() do
        local lr = rates:rates(epoch)
        assert(math.abs(lr - want:get(epoch)) <= 1e-9 * want:get(epoch) + 1e-12,
          ("epoch %d: %.10g, not %.10g"):format(epoch, lr, want:get(epoch)))
        if epoch <= fed:numel() then rates:observe { epoch = epoch, loss = fed:get(epoch), accuracy = -fed:get(epoch) } end
      end
    end)
  end

  it("one cycle a step at a time", function()
    local want = golden["lr_one_cycle/rates"] -- 31 steps, which are one epoch here
    local rates = schedule.new("one_cycle", { lr = .3, epochs = 1, steps = 31 })
    local lr, last = rates:rates(1)
    for step = 1, 31 do assert(math.abs(lr:get(step) - want:get(step)) < 1e-12) end
    assert.equal(lr:get(31), last)
  end)
end)

local function data(n)
  local labels = {}
  for i = 1, n do labels[i] = i % 3 end
  local part = { x = nac.tensor.randn({ n, 4 }, { seed = 5 }), y = nac.tensor.new(labels, "i32") }
  return { fit = part, search = part }
end

local function net() return nac.nn.sequential { input = { 4 }, nac.nn.dense { units = 3 } }:build { seed = 1 } end

local function fit(options)
  options.epochs, options.batch, options.patience = options.epochs or 6, 10, false
  local result = nac.train.fit(net(), data(40), options) -- no tail call: errors show this line
  return result
end

local function rates_of(result)
  local list = {}
  for i, row in ipairs(result.history) do list[i] = row.lr end
  return list
end

describe("training with a schedule", function()
  it("uses its rates", function()
    assert.same({ .5, .25, .125, .0625 }, rates_of(fit { epochs = 4, lr = .5, schedule = { kind = "exponential", gamma = .5 } }))
    assert.same({ .5, .5, .5 }, rates_of(fit { epochs = 3, lr = .5, schedule = "constant" }))
    local warm = rates_of(fit { epochs = 4, lr = .4, schedule = { kind = "constant", warmup = { epochs = 2, start_factor = 0 } } })
    assert.same({ 0, .2, .4, .4 }, warm)
  end)

  it("really steps with them: no rate, no change", function()
    local still = net()
    local before = still:tensor("dense1.weight"):clone()
    nac.train.fit(still, data(40), { epochs = 3, schedule = function() return 0 end })
    assert.is_true(before:equal(still:tensor("dense1.weight")))
  end)

  it("can be steered by a function", function()
    local seen = {}
    local result = fit { epochs = 3, lr = .1, schedule = function(epoch, row, lr)
      seen[epoch] = row and row.epoch or "none"
      return lr / epoch
    end }
    assert.same({ .1, .05, .1 / 3 }, rates_of(result))
    assert.same({ "none", 1, 2 }, seen)
    assert.equal(.1 / 3, result.lr)
  end)

  it("changes the rate every step in one cycle", function()
    local function one_cycle(per)
      local n = net()
      nac.train.fit(n, { fit = data(40).fit }, { epochs = 5, batch = 10, lr = .1, optimizer = "sgd", schedule = { kind = "one_cycle", per = per } })
      return n:tensor("dense1.weight"):clone()
    end
    assert.is_false(one_cycle("step"):equal(one_cycle("epoch")))
    local result = fit { epochs = 5, lr = .1, schedule = "one_cycle" }
    assert(result.history[5].lr < result.history[1].lr and result.history[2].lr > result.history[1].lr)
    assert(math.abs(result.history[5].lr - .1 / 25 / 1e4) < 1e-12, "ends where it should")
  end)

  it("is refused when it makes no sense", function()
    local function refused(options, ...)
      local ok, message = pcall(fit, options)
      assert.is_false(ok)
      for _, part in ipairs { "schedule_spec.lua:", ... } do assert(tostring(message):find(part, 1, true), message) end
    end
    refused({ schedule = "cosin" }, "unknown schedule 'cosin'", "nearest: cosine")
    refused({ schedule = { kind = "step" } }, "needs the option 'step_size'")
    refused({ schedule = { kind = "step", step_size = 0 } }, "'step_size'", "integer above 0")
    refused({ schedule = { kind = "cosine", t_max = 3 } }, "unknown option of the schedule 't_max'")
    refused({ schedule = { kind = "cosine", warmup = -1 } }, "warmup is a number of epochs")
    refused({ schedule = { kind = "one_cycle", per = "batch" } }, "per of one_cycle 'batch'")
    refused({ schedule = "cosine", plateau = {} }, "either a schedule or a plateau")
    refused({ plateau = { factr = .5 } }, "option of plateau 'factr'", "nearest: factor")
    refused({ schedule = 3 }, "schedule must be a name, a table or a function")
  end)
end)
