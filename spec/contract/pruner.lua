--- What every pruner must do, as specs to run on a pruner, a user's own too:
--
--     describe("my pruner", function()
--       require "spec.contract.pruner"(my_pruner, { name = "mine" })
--     end)
--
-- @param pruner what `nac.study{pruner=}` takes: a name, the path of a Lua file, a
--   table with `should_prune`, or one of these with options
-- @param options `name`; `trials` (how many a check runs, default 30); `prunes`
--   (false: that nothing is pruned is as it should be)
local assert = require "luassert"
local nac = require "nac"
local pruning = require "nac.study.pruning"

local STEPS = 9

-- Curves that rise to a level of their own, some of them cut short or faulty.
local function objective(trial)
  local level = trial:float("level", 0, 1)
  local speed = trial:float("speed", .1, 1)
  local accuracy
  for step = 1, trial.number % 7 == 3 and 4 or STEPS do
    accuracy = level * (1 - math.exp(-speed * step))
    if trial.number % 10 == 8 and step == 3 then accuracy = 0 / 0 end
    trial:report(step, { accuracy = accuracy, loss = 1 - accuracy })
    if trial.number % 9 == 4 and step == 2 then error "a fault of the objective" end
  end
  return { accuracy = accuracy, size = speed }
end

local function search(pruner, workers, trials, fields)
  local options = { maximize = { "accuracy" }, minimize = { "size" }, sampler = "random", seed = 5, pruner = pruner }
  for k, v in pairs(fields or {}) do options[k] = v end
  local study = nac.study(options)
  study:optimize(objective, { trials = trials, workers = workers })
  return study
end

local function fingerprint(study)
  local lines = {}
  for i, r in ipairs(study:trials()) do
    local first_line = tostring(r.reason):match "[^\n]*"
    lines[i] = ("%d %s %d reports %s"):format(r.number, r.state, #r.reports, first_line)
  end
  return lines
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local t = {}
  for k, v in pairs(value) do t[k] = copy(v) end
  return t
end

local function check_plain(value, path)
  local kind = type(value)
  if kind == "table" then
    assert.is_nil(getmetatable(value), path .. " has a metatable")
    for k, v in pairs(value) do check_plain(v, path .. "." .. tostring(k)) end
  else
    assert.is_true(kind == "number" or kind == "string" or kind == "boolean", path .. " is a " .. kind)
  end
end

return function(pruner, options)
  options = options or {}
  local words = require "spec.contract.words"()
  local describe, it = words.describe, words.it
  local trials = options.trials or 30
  local loaded, name, settings = pruning.load(pruner)
  name = options.name or name

  local function told(study, count)
    local p = pruning.new { pruner = loaded, name = name, options = settings, objectives = study.objectives }
    for i = 1, count do p:tell(study:trials()[i]) end
    return p
  end

  describe("the pruner " .. name, function()
    it("ends trials as pruned, with step and value in the reason, and lets others finish", function()
      local count = { complete = 0, pruned = 0, failed = 0 }
      for _, r in ipairs(search(pruner, 0, trials):trials()) do
        count[r.state] = count[r.state] + 1
        if r.state == "pruned" then
          assert.is_nil(r.values)
          assert.matches(("at step %d"):format(r.reports[#r.reports].step), r.reason, 1, true)
          assert.matches("%S+ %S+ at step %d+", r.reason)
        end
      end
      assert.is_true(count.complete > 0)
      assert.is_true(count.failed > 0)
      if options.prunes ~= false then assert.is_true(count.pruned > 0) end
    end)

    it("prunes the same trials in this process and in one, two and five workers", function()
      local first = fingerprint(search(pruner, 0, trials))
      for _, workers in ipairs { 1, 2, 5 } do assert.same(first, fingerprint(search(pruner, workers, trials))) end
    end)

    it("prunes the same trials when the search was stopped and resumed", function()
      local undisturbed = fingerprint(search(pruner, 0, trials))
      local path = os.tmpname()
      os.remove(path)
      path = path .. ".db"
      for part = 1, 3 do
        local study = search(pruner, part % 2 * 2, trials * part // 3, { storage = path, resume = true })
        if part == 3 then assert.same(undisturbed, fingerprint(study)) end
        study:close()
      end
      for _, ending in ipairs { "", "-wal", "-shm", ".lock" } do os.remove(path .. ending) end
    end)

    it("leaves its state and the trials as they are when it judges, and keeps plain data", function()
      local study = search("none", 0, trials)
      local p = told(study, trials)
      local state, before = copy(p.state), copy(study:trials()[1].reports)
      for i = 1, trials do
        local r = study:trials()[i]
        for _, report in ipairs(r.reports) do p:judge(r, report.step, 1) end
      end
      state.number = p.state.number
      assert.same(state, copy(p.state))
      assert.same(before, copy(study:trials()[1].reports))
      check_plain(p.state, "state")
    end)

    it("prunes nothing where nothing is visible", function()
      local study = search("none", 0, 1)
      local p = told(study, 0)
      local r = study:trials()[1]
      for _, report in ipairs(r.reports) do assert.is_nil(p:judge(r, report.step, 1)) end
    end)
  end)
end
