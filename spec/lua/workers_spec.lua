local nac = require "nac"
local proc = require "nac.c.proc"
local sys = require "nac.c.sys"

local function study(options)
  options = options or {}
  options.sampler, options.maximize = options.sampler or "random", options.maximize or { "gain" }
  return nac.study(options)
end

-- Numbers, states, reasons, parameters and values, without times.
local function fingerprint(s)
  local list = {}
  for i, r in ipairs(s:trials()) do
    list[i] = { r.number, r.state, r.reason, r.params, r.values, r.attrs, r.reports, r.seed }
  end
  return list
end

describe("workers", function()
  it("give the results of a search in this process, however many there are", function()
    for _, sampler in ipairs { "random", "nsga2" } do
      local results = {}
      for i, workers in ipairs { 0, 1, 2, 5 } do
        local s = study { sampler = sampler, minimize = { "price" }, seed = 5, population = 6 }
        s:optimize(function(t)
          local n, x = t:int("n", 1, 6), t:float("x", 0, 1)
          local c = t:choice("c", { "a", true, 2.5 })
          t:report(1, { loss = x })
          t:attr("list", { 1, 2.5, { a = "b" } })
          if n == 6 then error { state = "pruned", reason = "six" } end
          t:built(n .. tostring(c))
          if t.number % 4 == 0 then proc.sleep(.004) end -- arrival out of order
          return { gain = x + math.random(), price = n }
        end, { trials = 40, workers = workers })
        results[i] = fingerprint(s)
      end
      for i = 2, #results do assert.same(results[1], results[i]) end
    end
  end)

  it("survive an objective that leaves, kills itself, errs or asks for too much", function()
    local s = study()
    s:optimize(function(t)
      t:int("n", t.number, t.number)
      if t.number == 0 then os.exit(3) end
      if t.number == 1 then proc.kill(proc.pid(), "SIGKILL") end
      if t.number == 2 then proc.kill(proc.pid(), "SIGABRT") end
      if t.number == 3 then error "a fault" end
      if t.number == 4 then return { gain = print } end
      if t.number == 5 then t:attr("f", print) end
      if t.number == 6 then proc.exit(0) end
      if t.number == 7 then local x = {} while true do x = { x } x[2] = x end end
      return 1
    end, { trials = 9, workers = 3, trial_memory = 50e6 })
    local reasons = {
      "the objective called os.exit(3)", "killed by signal 9 (SIGKILL)", "killed by signal 6 (SIGABRT)", "a fault",
      "objective gain is a function", "no JSON form for a function",
      "left with exit status 0 before the objective returned", "memory limit of 50 MB exceeded",
    }
    for i, reason in ipairs(reasons) do
      local r = s:trials()[i]
      assert.equal("failed", r.state)
      assert.matches(reason, r.reason, 1, true)
      assert.same({ n = i - 1 }, r.params) -- what was drawn is known all the same
    end
    assert.equal("complete", s:trials()[9].state)
  end)

  it("end a trial at its time limit, in Lua and in a call that does not return", function()
    local s = study()
    s:optimize(function(t)
      if t.number == 0 then while true do end end
      if t.number == 1 then proc.sleep(60) end
      return 1
    end, { trials = 3, workers = 3, trial_timeout = .2 })
    for i = 1, 2 do
      assert.equal("failed", s:trials()[i].state)
      assert.equal("time limit of 0.2 s exceeded", s:trials()[i].reason)
    end
    assert.equal("complete", s:trials()[3].state)
    local here = study():optimize(function(t)
      if t.number == 0 then while true do end end
      return 1
    end, { trials = 2, trial_timeout = .2 })
    assert.equal("time limit of 0.2 s exceeded", here:trials()[1].reason)
  end)

  it("are stopped when the user interrupts; what is complete is kept, the rest runs again", function()
    local s = study { lag = 2 }
    local function f(t)
      local x = t:float("x", 0, 1)
      if s.slow and t.number >= 2 then proc.sleep(30) end
      return x
    end
    s.slow = true
    s:optimize(f, { trials = 6, workers = 3, on_trial = function(r) if r.number == 1 then sys.set_interrupted(true) end end })
    sys.set_interrupted(false)
    assert.is_true(s.interrupted)
    assert.equal("complete", s:trials()[2].state)
    assert.equal("running", s:trials()[3].state)
    s.slow = false
    s:optimize(f, { trials = 6, workers = 2 })
    local undisturbed = study { lag = 2 }:optimize(f, { trials = 6 })
    assert.same(fingerprint(undisturbed), fingerprint(s))
  end)

  it("keep files by writing them aside and renaming", function()
    local dir = os.tmpname()
    os.remove(dir)
    local s = study { artifacts = dir }
    s:optimize(function(t)
      t:keep(function(path)
        local f <close> = assert(io.open(path, "w"))
        f:write(t.number)
        if t.number == 2 then
          f:flush()
          proc.kill(proc.pid(), "SIGKILL") -- half-written
        end
      end)
      return t.number == 1 and 5 or t.number
    end, { trials = 4, workers = 2 })
    local path = s:artifact(s:front()[1])
    assert.equal(dir .. "/trial_1.npz", path)
    assert.is_true(os.remove(path))
    assert.is_true(os.remove(dir)) -- nothing else was left in it
  end)

  it("leave no process behind", function()
    local s = study()
    s:optimize(function(t)
      t:attr("pid", proc.pid())
      return 1
    end, { trials = 4, workers = 2 })
    for _, r in ipairs(s:trials()) do
      assert.are_not.equal(proc.pid(), r.attrs.pid)
      assert.is_nil((proc.kill(r.attrs.pid, 0)))
    end
  end)
end)
