--- What every storage must do, as specs to run on a storage, a user's own too:
--
--     require "spec.contract.storage"(open, { name = "mine", persistent = true })
--
-- @param open function(fresh) -> a storage; `fresh` true: on an empty place, else
--   on the place of the last one (a new handle where the storage is persistent)
-- @param options `name`; `persistent`: what is stored outlives the handle
local assert = require "luassert"
local distribution = require "nac.distribution"
local record = require "nac.study.record"

local function meta(name)
  return {
    name = name or "s", objectives = { { name = "accuracy", direction = "maximize" }, { name = "bops", direction = "minimize" } },
    settings = { seed = 1, sampler = "random", lag = 7, sync = true, population = 20 },
  }
end

local function running(number)
  local r = record.new(number, "running", 100 + number)
  r.started, r.proposals = 1.7e9 + number, { depth = 3, rate = .1 + .2, act = "tanh", norm = false }
  return r
end

-- A trial with one of everything, in each final state.
local function finished(number, state)
  local r = running(number)
  for _, m in ipairs {
    { "param", "depth", 3, distribution.int(1, 4) },
    { "param", "rate", .1 + .2, distribution.float(1e-5, 1, { log = true }) },
    { "param", "step", .75, distribution.float(0, 1, { step = .25 }) },
    { "param", "act", "tanh", distribution.choice { "relu", "tanh", true, false, 3, 2.5 } },
    { "param", "norm", false, distribution.choice { true, false } },
    { "attr", "text", 'a "quoted" text; -- and äöü' }, { "attr", "list", { 1, 2.5, "x", { y = true } } },
    { "report", 1, { loss = .5, accuracy = .9 } }, { "report", 2, { loss = 0 / 0, accuracy = 1 / 0 } },
    { "artifact", ("trial_%d.npz"):format(number) },
  } do record.apply(r, m) end
  r.state, r.finished, r.seconds = state, r.started + 2.5, 2.25
  if state == "complete" then
    r.values = { accuracy = 1 / 3, bops = 123456789.0 }
  else
    r.reason = "why " .. state
    record.apply(r, { "violation", "bops", .25 })
  end
  return r
end

local function compare(expected, got)
  for _, field in ipairs {
    "number", "state", "reason", "params", "order", "values", "attrs", "violations", "artifacts", "seconds", "started",
    "finished", "seed", "fixed", "proposals",
  } do
    assert.same(expected[field], got[field], field)
  end
  for name, d in pairs(expected.distributions) do assert.equal(d, got.distributions[name]) end
  for name, value in pairs(expected.params) do assert.equal(math.type(value), math.type(got.params[name])) end
  assert.equal(#expected.reports, #got.reports)
  for i, entry in ipairs(expected.reports) do
    assert.equal(entry.step, got.reports[i].step)
    for name, v in pairs(entry.values) do
      local w = got.reports[i].values[name]
      assert.is_true(v == w or v ~= v and w ~= w)
    end
  end
end

return function(open, options)
  options = options or {}
  local words = require "spec.contract.words"()
  local describe, it, before_each, after_each = words.describe, words.it, words.before_each, words.after_each

  describe("the storage " .. (options.name or ""), function()
    local storage
    before_each(function() storage = open(true) end)
    after_each(function() storage:close() end)

    -- What is stored, read by a new handle where there can be one.
    local function read(name)
      if options.persistent then
        storage:close()
        storage = open(false)
      end
      return storage:open(meta(name))
    end

    it("knows nothing of a study that was not made", function()
      assert.is_false(storage:open(meta()))
    end)

    it("gives back objectives and settings", function()
      assert.is_true(storage:create(meta()))
      local stored = read()
      assert.same(meta(), stored.meta)
      assert.same({}, stored.records)
    end)

    for _, state in ipairs { "complete", "pruned", "failed" } do
      it("gives back a " .. state .. " trial to the last bit", function()
        storage:create(meta())
        storage:begin(running(0))
        local r = finished(0, state)
        assert.is_true(storage:finish(r))
        compare(r, read().records[1])
      end)
    end

    it("keeps waiting trials with their fixed values and running ones", function()
      storage:create(meta())
      local r = record.new(0, "waiting", 100)
      r.fixed = { depth = 2, act = "relu", norm = false, rate = .5 }
      storage:begin(r)
      storage:begin(running(1))
      local records = read().records
      assert.equal("waiting", records[1].state)
      assert.same(r.fixed, records[1].fixed)
      assert.equal("running", records[2].state)
      assert.equal(2, #records)
    end)

    it("forgets what a trial had when it is begun again", function()
      storage:create(meta())
      storage:begin(running(0))
      storage:finish(finished(0, "failed"))
      read()
      storage:begin(running(0))
      local again = read().records[1]
      assert.equal("running", again.state)
      assert.same({}, again.params)
      assert.same({}, again.attrs)
      local r = finished(0, "complete")
      storage:finish(r)
      local records = read().records
      assert.equal(1, #records)
      compare(r, records[1])
    end)

    it("keeps studies of different names apart", function()
      storage:create(meta "one")
      storage:begin(running(0))
      storage:finish(finished(0, "complete"))
      assert.is_false(storage:open(meta "two"))
      storage:create(meta "two")
      assert.equal(1, #read("one").records)
      assert.equal(0, #storage:open(meta "two").records)
    end)

    it("refuses to make a study twice", function()
      storage:create(meta())
      local ok, message = storage:create(meta())
      assert.is_nil(ok)
      assert.is_string(message)
    end)
  end)
end
