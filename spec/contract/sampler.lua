--- What every sampler must do, as specs to run on a sampler, a user's own too:
--
--     describe("my sampler", function()
--       require "spec.contract.sampler"(my_sampler, { name = "mine" })
--     end)
--
-- @param sampler what `nac.study{sampler=}` takes: a name, the path of a Lua
--   file, a table with `ask`
-- @param options `name`; `trials` (how many a check runs, default 40)
local assert = require "luassert"
local nac = require "nac"
local sampling = require "nac.study.sampling"

-- Mixed types, a conditional parameter, a parameter with one value only.
local function values_of(trial)
  local depth = trial:int("depth", 1, 3)
  local x = trial:float("x", -2, 3)
  local rate = trial:float("rate", 1e-5, 1e-1, { log = true })
  local width = trial:int("width", 8, 128, { step = 8 })
  local act = trial:choice("act", { "relu", "tanh", "sigmoid" })
  local flag = trial:choice("flag", { true, false })
  local extra = depth == 3 and trial:float("extra", 0, 1, { step = .25 }) or 0
  trial:choice("fixed", { 7 })
  if trial.number % 9 == 4 then error "a fault of the objective" end
  trial:require("cost", width * depth, { max = 300 })
  return {
    gain = -(x - 1) ^ 2 - math.abs(math.log(rate / 1e-3)) / 5 + extra + (flag and .1 or 0),
    cost_of = width * depth + (act == "relu" and 0 or 5),
  }
end

local function objectives(n)
  if n == 1 then return { maximize = { "gain" } } end
  return { maximize = { "gain" }, minimize = { "cost_of" } }
end

local function search(sampler, n_objectives, workers, trials, seed)
  local options = objectives(n_objectives)
  options.sampler, options.seed = sampler, seed or 3
  local study = nac.study(options)
  study:optimize(values_of, { trials = trials, workers = workers })
  return study
end

local function fingerprint(study)
  local lines = {}
  for i, r in ipairs(study:trials()) do
    local parts = { r.number, r.state }
    for _, name in ipairs(r.order) do parts[#parts + 1] = name .. "=" .. tostring(r.params[name]) end
    lines[i] = table.concat(parts, " ")
  end
  return lines
end

-- A plain table: strings, numbers, booleans and tables of these.
local function check_plain(value, path)
  local kind = type(value)
  if kind == "table" then
    assert.is_nil(getmetatable(value), path .. " has a metatable")
    for k, v in pairs(value) do check_plain(v, path .. "." .. tostring(k)) end
  else
    assert.is_true(kind == "number" or kind == "string" or kind == "boolean", path .. " is a " .. kind)
  end
end

return function(sampler, options)
  options = options or {}
  local words = require "spec.contract.words"()
  local describe, it = words.describe, words.it
  local trials = options.trials or 40
  local loaded, name, settings = sampling.load(sampler)
  settings.population = settings.population or 6
  name = options.name or name

  -- A sampler's state with a finished study's trials told to it.
  local function told(study, count)
    local s = sampling.new {
      sampler = loaded, name = name, options = settings, objectives = study.objectives,
      stream = function(n) return nac.rng.stream(3, "sampler", n) end,
    }
    for i = 1, count do s:tell(study:trials()[i]) end
    return s
  end

  describe("the sampler " .. name, function()
    for n = 1, 2 do
      it(("draws values in their ranges, %d objective(s)"):format(n), function()
        local study = search(sampler, n, 0, trials)
        assert.equal(trials, #study:trials())
        local complete = 0
        for _, r in ipairs(study:trials()) do
          if r.state == "complete" then complete = complete + 1 end
          for p, value in pairs(r.params) do assert.is_true(r.distributions[p]:contains(value)) end
          assert.equal(r.params.depth == 3, r.params.extra ~= nil)
        end
        assert.is_true(complete > trials / 3)
      end)
    end

    it("gives equal trials for equal seeds, and others for another", function()
      local first = fingerprint(search(sampler, 2, 0, trials))
      assert.same(first, fingerprint(search(sampler, 2, 0, trials)))
      assert.are_not.same(first, fingerprint(search(sampler, 2, 0, trials, 4)))
    end)

    it("gives equal trials in this process and in three workers", function()
      assert.same(fingerprint(search(sampler, 2, 0, trials)), fingerprint(search(sampler, 2, 3, trials)))
    end)

    it("asks the same after its state was rebuilt by telling again", function()
      local study = search(sampler, 2, 0, trials)
      local kept = told(study, 0)
      for count = 0, trials - 1 do
        if count % 5 == 0 then assert.same(told(study, count):ask(count), kept:ask(count)) end
        kept:tell(study:trials()[count + 1])
      end
    end)

    it("keeps plain data in its state and leaves the trials as they are", function()
      local study = search(sampler, 2, 0, trials)
      local before = fingerprint(study)
      local s = told(study, trials)
      s:ask(trials)
      check_plain(s.state, "state")
      assert.same(before, fingerprint(study))
    end)
  end)
end
