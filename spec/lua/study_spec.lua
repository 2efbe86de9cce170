local nac = require "nac"
local signal = require "nac.util.signal"
local sys = require "nac.c.sys"

local function study(options)
  options = options or {}
  options.sampler = options.sampler or "random"
  if not options.minimize then options.maximize = options.maximize or { "gain" } end
  return nac.study(options)
end

local function states(s)
  local list = {}
  for i, r in ipairs(s:trials()) do list[i] = r.state end
  return list
end

describe("a study", function()
  it("runs an objective and keeps values, parameters and attributes", function()
    local s = study { maximize = { "gain" }, minimize = { "price" } }
    s:optimize(function(t)
      t:attr("note", { "a", 1 })
      return { gain = t:float("x", 0, 1), price = t:int("n", 1, 3), colour = "red" }
    end, { trials = 5 })
    assert.equal(5, #s:trials())
    for i, r in ipairs(s:trials()) do
      assert.equal(i - 1, r.number)
      assert.equal("complete", r.state)
      assert.equal(r.params.x, r.values.gain)
      assert.equal(r.params.n, r.values.price)
      assert.same({ note = { "a", 1 }, colour = "red" }, r.attrs)
    end
  end)

  it("takes a bare number from a single objective", function()
    local s = study():optimize(function(t) return t:float("x", 0, 1) end, { trials = 2 })
    assert.equal(s:trials()[1].params.x, s:trials()[1].values.gain)
  end)

  it("counts trials in all: running the same lines again adds nothing", function()
    local s = study()
    local calls = 0
    local function f(t)
      calls = calls + 1
      return t:float("x", 0, 1)
    end
    s:optimize(f, { trials = 3 })
    s:optimize(f, { trials = 3 })
    s:optimize(f, { trials = 5 })
    assert.equal(5, calls)
  end)

  it("draws within ranges: integers, steps, logarithms, lists", function()
    local s = study():optimize(function(t)
      local n, even, log = t:int("n", -2, 2), t:int("even", 2, 9, { step = 2 }), t:int("log", 1, 1000, { log = true })
      local x, quarter = t:float("x", 1e-6, 1, { log = true }), t:float("quarter", 0, 1, { step = .25 })
      assert(math.type(n) == "integer" and n >= -2 and n <= 2)
      assert(even % 2 == 0 and even >= 2 and even <= 8)
      assert(log >= 1 and log <= 1000 and x >= 1e-6 and x <= 1)
      assert(quarter * 4 % 1 == 0)
      assert(t:int("n", -2, 2) == n) -- the same name: the same value
      return math.log(x, 10)
    end, { trials = 100 })
    local small = 0
    for _, r in ipairs(s:trials()) do
      assert.equal("complete", r.state, r.reason)
      if r.values.gain < -3 then small = small + 1 end
    end
    assert.is_true(small > 30 and small < 70) -- half of the orders of magnitude
  end)

  it("refuses ranges that make no sense, with the trial recorded as failed", function()
    local s = study():optimize(function(t)
      if t.number == 0 then t:int("n", 5, 1) end
      if t.number == 1 then t:choice("c", {}) end
      if t.number == 2 then t:float("x", 0, 1, { log = true }) end
      if t.number == 3 then t:int("n", 1, 4) t:int("n", 1, 5) end
      if t.number == 4 then t:choice("c", { {}, {} }) end
      return 1
    end, { trials = 5 })
    local reasons = {
      "the range is empty: low 5 is above high 1", "an empty one", "starts above 0", "drawn again from another range",
      "choice 1 is a table",
    }
    for i, r in ipairs(s:trials()) do
      assert.equal("failed", r.state)
      assert.matches(reasons[i], r.reason, 1, true)
      assert.matches("study_spec.lua", r.reason, 1, true) -- the user's line
    end
  end)

  it("records failures with reason, traceback and what was drawn; makes up no values", function()
    local s = study():optimize(function(t)
      local x = t:float("x", 0, 1)
      if t.number == 0 then error "out of luck" end
      if t.number == 1 then return { gain = 0 / 0 } end
      if t.number == 2 then return { loss = 1 } end
      if t.number == 3 then return end
      if t.number == 4 then return { gain = "high" } end
      if t.number == 5 then return { gain = 1 / 0 } end
      if t.number == 6 then error(signal.failed "loss is nan at epoch 3") end
      return x
    end, { trials = 8 })
    local reasons = {
      "out of luck", "objective gain is nan", "the objective returned no gain", "the objective returned nothing",
      "objective gain is a string", "objective gain is inf", "loss is nan at epoch 3",
    }
    for i, reason in ipairs(reasons) do
      local r = s:trials()[i]
      assert.equal("failed", r.state)
      assert.matches(reason, r.reason, 1, true)
      assert.is_nil(r.values)
      assert.is_number(r.params.x)
    end
    assert.matches("stack traceback", s:trials()[1].attrs.traceback)
    assert.is_nil(s:trials()[1].attrs.traceback:find("nac/study", 1, true))
    assert.equal("complete", s:trials()[8].state)
    assert.equal(1, #s:front())
  end)

  it("ends an infeasible trial at `require`, with the value, the bound and the amount", function()
    local trained = 0
    local s = study():optimize(function(t)
      local bops = t:require("bops", 1000 * (t.number + 1), { max = 2000 })
      t:require("accuracy", .5, { min = t.number == 1 and .9 or .1 })
      trained = trained + 1
      return bops
    end, { trials = 3 })
    assert.same({ "complete", "pruned", "pruned" }, states(s))
    assert.equal("accuracy 0.5 is below min 0.9", s:trials()[2].reason)
    assert.equal("bops 3000 is above max 2000", s:trials()[3].reason)
    assert.equal(3000, s:trials()[3].attrs.bops)
    assert.equal(.5, s:trials()[3].violations.bops)
    assert.equal(1, trained)
  end)

  it("gives a duplicate the values and attributes of the earlier trial that it may see", function()
    local trained = {}
    local s = study { lag = 2 }
    s:optimize(function(t)
      t:built "the same net"
      trained[#trained + 1] = t.number
      return { gain = t.number, params = 42 }
    end, { trials = 6 })
    assert.same({ 0, 1, 2 }, trained) -- trials 1 and 2 may not see trial 0 yet
    for n = 3, 5 do
      local r = s:trials()[n + 1]
      assert.equal("complete", r.state)
      assert.equal(0, r.values.gain)
      assert.equal(0, r.attrs.duplicate_of)
      assert.equal(42, r.attrs.params)
    end
  end)

  it("keeps reports of several quantities; a step reported again is replaced", function()
    local s = study():optimize(function(t)
      t:report(1, { loss = .5, accuracy = .7 })
      t:report(2, { loss = 0 / 0 })
      t:report(2, { loss = .25 })
      return 1
    end, { trials = 1 })
    assert.same({ { step = 1, values = { loss = .5, accuracy = .7 } }, { step = 2, values = { loss = .25 } } }, s:trials()[1].reports)
  end)

  it("starts with enqueued trials and draws what they leave open", function()
    local s = study()
    s:enqueue { x = .25 }
    s:enqueue { x = 7 }
    s:optimize(function(t) return t:float("x", 0, 1) + t:int("n", 1, 3) end, { trials = 4 })
    assert.equal(.25, s:trials()[1].params.x)
    assert.is_number(s:trials()[1].params.n)
    assert.matches("enqueued value 7 of parameter 'x' is outside its range", s:trials()[2].reason, 1, true)
    assert.equal(4, #s:trials())
  end)

  it("shows a sampler what was proposed for the trials whose results it may not see", function()
    local seen = {}
    local sampler = { name = "looking", ask = function(state)
      local list = {}
      for i, values in ipairs(state.pending) do list[i] = values.x or 0 end
      seen[state.number] = list
      return { x = state.number }
    end }
    local s = study { sampler = sampler, lag = 2 }
    s:enqueue { x = 9 }
    s:optimize(function(t) return t:int("x", 0, 9) end, { trials = 5, workers = 2 })
    assert.equal("looking", s:sampler_text(3))
    assert.equal("looking (lag 2: 3 trials at once, not 4)", s:sampler_text(4))
    assert.same({ {}, { 9 }, { 9, 1 }, { 1, 2 }, { 2, 3 } }, { seen[0], seen[1], seen[2], seen[3], seen[4] })
  end)

  it("can be driven by ask and tell", function()
    local s = study { minimize = { "loss" }, lag = 1 }
    local a, b = s:ask(), s:ask()
    assert.equal(0, a.number)
    assert.equal(1, b.number)
    assert.error_matches(function() s:ask() end, "trial 2 needs the results of trials 0 to 0")
    s:tell(a, { loss = a:float("x", 0, 1) })
    s:tell(b, nil, "pruned", "too slow")
    s:tell(s:ask(), { loss = 0 / 0 })
    assert.same({ "complete", "pruned", "failed" }, states(s))
    assert.equal("too slow", s:trials()[2].reason)
    assert.error_matches(function() s:tell(a, { loss = 1 }) end, "trial 0 is not running")
    assert.error_matches(function() s:tell(s:ask(), nil, "finished") end, "unknown state 'finished'")
  end)

  it("with sync = false shows a trial whatever has finished", function()
    local counts = {}
    local sampler = {
      name = "counting",
      tell = function(state) state.told = (state.told or 0) + 1 end,
      ask = function(state)
        counts[#counts + 1] = state.told or 0
        return {}
      end,
    }
    study { sampler = sampler, sync = false }:optimize(function() return 1 end, { trials = 4 })
    assert.same({ 0, 1, 2, 3 }, counts)
    counts = {}
    study { sampler = sampler, lag = 2 }:optimize(function() return 1 end, { trials = 5 })
    assert.same({ 0, 0, 0, 1, 2 }, counts)
  end)

  it("draws a declared space before the objective is called", function()
    local d = nac.distribution
    local s = study { space = { x = d.float(0, 1), act = d.choice { "relu", "tanh" } } }
    s:optimize(function(t) return t.params.x + #t.params.act end, { trials = 3 })
    assert.same({ "act", "x" }, s:trials()[3].order)
  end)

  it("lists the front and its hypervolume in the objectives' own units", function()
    local s = study { maximize = { "accuracy" }, minimize = { "bops" } }
    local points = { { .5, 10 }, { .9, 100 }, { .4, 50 }, { .9, 100 }, { .7, 20 } }
    s:optimize(function(t)
      local p = points[t.number + 1]
      return { accuracy = p[1], bops = p[2] }
    end, { trials = 5 })
    local numbers = {}
    for i, r in ipairs(s:front()) do numbers[i] = r.number end
    assert.same({ 0, 1, 3, 4 }, numbers)
    assert.equal(1, s:front():best("accuracy").number)
    assert.equal(0, s:front():best("bops").number)
    assert.error_matches(function() s:front():best "bop" end, "unknown objective 'bop'; allowed: accuracy, bops; nearest: bops")
    assert.is_true(math.abs(s:hypervolume { accuracy = 0, bops = 110 } - (.5 * 10 + .7 * 80 + .9 * 10)) < 3)
    assert.error_matches(function() s:hypervolume { accuracy = 0 } end, "a number for objective bops")
  end)

  it("keeps the files of the front only", function()
    local dir = os.tmpname()
    os.remove(dir)
    local s = study { artifacts = dir }
    s:optimize(function(t)
      t:keep(function(path)
        local f <close> = assert(io.open(path, "w"))
        f:write("net ", t.number)
      end, "fold1")
      if t.number == 3 then error "after keeping" end
      return t.number == 1 and 10 or t.number
    end, { trials = 5 })
    local path = s:artifact(s:front()[1], "fold1")
    assert.equal(dir .. "/trial_1_fold1.npz", path)
    local f = assert(io.open(path))
    assert.equal("net 1", f:read "a")
    f:close()
    for _, n in ipairs { 0, 2, 3, 4 } do assert.is_nil(io.open(("%s/trial_%d_fold1.npz"):format(dir, n))) end
    os.remove(path)
    assert.is_true(os.remove(dir)) -- nothing else was left in it
  end)

  it("records a file that cannot be kept as a failure", function()
    local s = study { artifacts = "/proc/nowhere" }
    s:optimize(function(t)
      t:keep(function() end)
      return 1
    end, { trials = 1 })
    assert.equal("failed", s:trials()[1].state)
    assert.matches("/proc/nowhere", s:trials()[1].reason, 1, true)
  end)

  it("stops when the sampler errs, names it, and keeps what was computed", function()
    local s = study { sampler = {
      name = "wobbly",
      ask = function(state) return state.number == 3 and nil + 1 or {} end,
    } }
    local ok, message = pcall(s.optimize, s, function(t) return t:float("x", 0, 1) end, { trials = 9, workers = 2 })
    assert.is_false(ok)
    assert.matches("sampler 'wobbly' failed in ask at trial 3", tostring(message), 1, true)
    assert.matches("study_spec.lua", tostring(message), 1, true)
    assert.same({ "complete", "complete", "complete" }, states(s))
  end)

  it("is stopped by the user in the midst of a sampler that does not end", function()
    local s = study { sampler = { name = "endless", ask = function(state)
      if state.number == 2 then
        sys.set_interrupted(true)
        while true do state.n = 1 end
      end
      return {}
    end } }
    s:optimize(function(t) return t:float("x", 0, 1) end, { trials = 4 })
    sys.set_interrupted(false)
    assert.is_true(s.interrupted)
    assert.equal(2, #s:trials())
  end)

  it("refuses a sampler's value outside the known range", function()
    local s = study { lag = 0, sampler = { name = "far", ask = function(state) return { x = state.number } end } }
    assert.error_matches(function()
      s:optimize(function(t) return t:float("x", 0, 1) end, { trials = 9 })
    end, "sampler 'far' at trial 2: value 2 of parameter 'x' is outside its range")
  end)

  it("keeps computed trials when the storage fails, and says so", function()
    local storage = require("nac.storage.memory").new()
    local full = false
    local finish = storage.finish
    function storage.finish(...)
      if full then return nil, "study.db: database or disk is full" end
      return finish(...)
    end
    local s = study { storage = storage }
    local ok, message = pcall(s.optimize, s, function(t)
      full = t.number == 2
      return t:float("x", 0, 1)
    end, { trials = 9 })
    assert.is_false(ok)
    assert.equal("cannot store the results: study.db: database or disk is full", message)
    assert.equal(3, #s:front() + 2)
    assert.same({ "complete", "complete", "complete" }, states(s))
    full = false
    s:optimize(function(t) return t:float("x", 0, 1) end, { trials = 4 })
    assert.same({ "complete", "complete", "complete", "complete" }, states(s))
  end)

  it("calls on_trial after each trial and can be stopped from there", function()
    local seen = {}
    local s = study():optimize(function(t) return t.number end, {
      trials = 9,
      on_trial = function(r, it_self)
        seen[#seen + 1] = r.values.gain
        if r.number == 2 then it_self:stop() end
      end,
    })
    assert.same({ 0, 1, 2 }, seen)
    assert.equal(3, #s:trials())
  end)

  it("leaves an interrupted trial to be run again, and says that it was interrupted", function()
    local s = study()
    local function f(t)
      local x = t:float("x", 0, 1)
      if t.number == 2 and not s.interrupted and s.once == nil then
        s.once = true
        sys.set_interrupted(true)
        t:report(1, { loss = 1 })
      end
      return x
    end
    s:optimize(f, { trials = 5 })
    sys.set_interrupted(false)
    assert.is_true(s.interrupted)
    assert.same({ "complete", "complete", "running" }, states(s))
    s:optimize(f, { trials = 5 })
    assert.is_false(s.interrupted)
    local undisturbed = study():optimize(function(t) return t:float("x", 0, 1) end, { trials = 5 })
    for i, r in ipairs(undisturbed:trials()) do assert.same(r.values, s:trials()[i].values) end
  end)

  it("refuses wrong options by name", function()
    assert.error_matches(function() nac.study { maximise = { "a" } } end, "unknown option of nac.study 'maximise'.*nearest: maximize")
    assert.error_matches(function() nac.study {} end, "a study needs objectives")
    assert.error_matches(function() study { sampler = "nsga" } end, "unknown sampler 'nsga'; allowed: nsga2, random, tpe; nearest: nsga2")
    assert.error_matches(function() study { sampler = {} } end, "a sampler is a name")
    assert.error_matches(function() study { sampler = "no/such/file.lua" } end, "no/such/file.lua")
    assert.error_matches(function() study { seed = 1.5 } end, "seed must be an integer")
    assert.error_matches(function() study { maximize = { "a" }, minimize = { "a" } } end, "objective 'a' is named twice")
    assert.error_matches(function() study():optimize(print, {}) end, "optimize needs trials")
    assert.error_matches(function() study():optimize(print, { trials = 3, worker = 2 }) end, "nearest: workers")
    assert.error_matches(function() study():optimize(nil, { trials = 3 }) end, "the objective must be a function, got nil")
  end)
end)
