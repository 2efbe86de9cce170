--- A study: trials of an objective under a sampler, their records, and the
-- front of the best. `nac.study{...}` makes one; docs/search.md tells the rest.
local artifacts = require "nac.study.artifacts"
local distribution = require "nac.distribution"
local front = require "nac.study.front"
local hypervolume = require "nac.hypervolume"
local loop = require "nac.study.loop"
local proc = require "nac.c.proc"
local pruning = require "nac.study.pruning"
local record = require "nac.study.record"
local rng = require "nac.rng"
local sampling = require "nac.study.sampling"
local settings = require "nac.study.settings"
local trial = require "nac.trial"
local visibility = require "nac.study.visibility"

local Study = {}
Study.__index = Study

local function seed_of(self, number) return rng.stream(self.seed, "trial", number):below(2 ^ 31 | 0) end

-- Saves a record; what cannot be saved is kept and tried again with the next.
local function save(self, verb, r)
  local ok, message = self.storage[verb](self.storage, r)
  if ok then return true end
  self.unsaved[r.number] = { verb, r }
  self.storage_error = self.storage_error or message
  return nil, message
end

local function save_rest(self)
  for number, item in pairs(self.unsaved) do
    if not self.storage[item[1]](self.storage, item[2]) then return end
    self.unsaved[number] = nil
  end
  if not next(self.unsaved) then self.storage_error = nil end
end

-- Whether the results that trial n may see are there.
local function ready(self, n)
  return not self.sync or self.prefix >= visibility.count(n, self.rule)
end

-- Shows the sampler and the pruner what trial n may see, nothing more.
local function inform(self, n)
  local s = self.sampling
  local function tell(r)
    s:tell(r)
    self.pruning:tell(r)
  end
  if not self.sync then
    for _, r in ipairs(self.arrivals) do
      if not self.shown[r.number] then
        self.shown[r.number] = true
        tell(r)
      end
    end
    return math.maxinteger
  end
  local count = visibility.count(n, self.rule)
  if count < s.told then -- a trial that is run again saw less
    s:reset()
    self.pruning:reset()
  end
  while s.told < count do tell(self.records[s.told + 1]) end
  return count
end

-- The population is settled when the number of trials is known.
local function settle(self, trials)
  if self.rule then return end
  self.population = self.population or visibility.population(trials)
  self.sampling.options.population = self.population
  self.rule = self.sampler.visibility == "generation" and { generation = self.population } or { lag = self.lag }
  if not self.existed then
    local ok, message = self.storage:create(settings.meta(self))
    if not ok then error(message, 3) end
    self.existed = true
    for _, r in ipairs(self.records) do save(self, "begin", r) end
  end
end

-- What was proposed, name -> value, for the trials before n whose results it does not see: known when n begins, whether they
-- have ended by then or not.
local function pending(self, n, visible)
  local list = {}
  if self.rule.generation then return list end
  for i = self.sync and visible or 0, n - 1 do
    local r, values = self.records[i + 1], {}
    if self.sync or self.active[i] then
      for _, from in ipairs { r.proposals or {}, r.fixed or {} } do
        for name, value in pairs(from) do values[name] = value end
      end
      list[#list + 1] = values
    end
  end
  return list
end

-- Puts trial n into the state running.
local function begin(self, n)
  local visible = inform(self, n)
  local proposals = self.sampling:ask(n, pending(self, n, visible))
  local r = self.records[n + 1] or record.new(n, "running", seed_of(self, n))
  record.clear(r)
  r.proposals = {}
  for name, value in pairs(proposals) do
    if type(value) ~= "table" and type(value) ~= "function" then r.proposals[name] = value end
  end
  r.state, r.started, r.clock = "running", proc.time(), proc.clock()
  self.records[n + 1] = r
  self.active[n] = true
  save(self, "begin", r)
  local t = trial.new {
    record = r, proposals = proposals, artifacts = self.artifacts,
    stream = function(name) return rng.stream(self.seed, "param " .. name, n) end,
    duplicate = function(hash) return self.sampling:duplicate(hash, visible) end,
    judge = function(step, level) return self.pruning:judge(r, step, level) end, -- a tail call keeps the level
  }
  for _, entry in ipairs(self.sampling.declared or {}) do t:draw(entry.name, entry.distribution) end
  return t
end

-- Puts a trial into its final state; an interrupted one stays to be run again.
local function finish(self, r, outcome, seconds)
  self.active[r.number] = nil
  if outcome.state == "interrupted" then return end
  r.state, r.reason = outcome.state, outcome.reason
  r.finished, r.seconds = proc.time(), seconds or proc.clock() - r.clock
  r.clock = nil
  if outcome.traceback then r.attrs.traceback = outcome.traceback end
  for key, value in pairs(outcome.rest or {}) do
    if r.attrs[key] == nil then r.attrs[key] = value end
  end
  if r.state == "complete" then r.values = outcome.values end
  self.arrivals[#self.arrivals + 1] = r
  while self.records[self.prefix + 1] and record.finished(self.records[self.prefix + 1]) do
    self.prefix = self.prefix + 1
  end
  self:_place(r)
  save(self, "finish", r)
  if next(self.unsaved) then save_rest(self) end
end

-- Keeps the files of the front only.
function Study:_place(r)
  self.artifacts:note(r)
  local gone = front.insert(self.best, r, self.objectives)
  for _, old in ipairs(gone) do self.artifacts:drop(old) end
end

-- The lowest number to run next below `limit`, or nil; second result true when
-- it has to wait for results.
function Study:_next(limit)
  while self.cursor < #self.records do
    local r = self.records[self.cursor + 1]
    if not record.finished(r) and not self.active[self.cursor] then break end
    self.cursor = self.cursor + 1
  end
  local n = self.cursor
  if limit and n >= limit then return nil end
  if not ready(self, n) then return nil, true end
  return n
end

Study._begin, Study._finish, Study._settle, Study._save_rest = begin, finish, settle, save_rest

--- Runs the objective until the study holds `trials` finished trials.
-- @param objective function(trial) -> table of values by objective name (a
--   number does for a single objective); more fields become attributes
-- @param options `trials` (the number that the study holds in the end, also
--   after a resume), `workers` (processes; 0 runs in this one; default 0),
--   `timeout` (seconds after which no trial starts), `trial_timeout` (seconds a
--   trial), `trial_memory` (bytes that a trial may add), `on_trial`
--   (function(record, study), called after each trial)
-- @return the study; `study.interrupted` is true when Ctrl-C ended it
function Study:optimize(objective, options) return loop.run(self, objective, options or {}, 2) end

--- The sampler's name, and how many trials run at once where those are fewer than the workers.
-- @param workers number of them
function Study:sampler_text(workers)
  if self.sampler.visibility == "generation" or not self.sync or workers <= self.lag + 1 then return self.sampler_name end
  return ("%s (lag %d: %d trials at once, not %d)"):format(self.sampler_name, self.lag, self.lag + 1, workers)
end

--- Lets a running `optimize` end once the trials under way have finished.
function Study:stop() self.stopping = true end

--- Starts a trial by hand; finish it with `tell`.
-- @return the trial
function Study:ask()
  settle(self, nil)
  self.cursor = 0
  local n = self:_next()
  if not n then
    error(("trial %d needs the results of trials 0 to %d first: tell them, or make the study with sync = false")
      :format(self.cursor, visibility.count(self.cursor, self.rule) - 1), 2)
  end
  return begin(self, n)
end

--- Ends a trial that `ask` gave.
-- @param t the trial
-- @param values table of values by objective name; nil with another state
-- @param[opt="complete"] state "complete", "pruned" or "failed"
-- @param[opt] reason why it was pruned or failed
-- @return the record
function Study:tell(t, values, state, reason)
  local r = t.record
  if r.state ~= "running" or not self.active[r.number] then
    error(("trial %d is not running"):format(r.number), 2)
  end
  settings.check_state(state or "complete", 3)
  local outcome = { state = state or "complete", reason = reason }
  if outcome.state == "complete" then
    local checked, rest = record.check_values(values, self.objectives)
    if checked then
      outcome.values, outcome.rest = checked, rest
    else
      outcome = { state = "failed", reason = rest }
    end
  end
  finish(self, r, outcome)
  return r
end

--- Puts a trial with given parameters in the queue; the rest is drawn.
-- @param params name -> value
function Study:enqueue(params)
  if type(params) ~= "table" then error("enqueue takes a table name -> value, got " .. type(params), 2) end
  local n = #self.records
  local r = record.new(n, "waiting", seed_of(self, n))
  r.fixed = {}
  for name, value in pairs(params) do r.fixed[name] = value end
  self.records[n + 1] = r
  if self.existed then save(self, "begin", r) end
end

--- All records, by number.
function Study:trials()
  return table.move(self.records, 1, #self.records, 1, {})
end

--- The records that no other dominates, by number; trials that repeat another
-- (`duplicate_of`) are left out.
-- @return a list with methods `best(objective_name)` and `plot(path)`
function Study:front() return front.list(self.best, self.objectives) end

--- Hypervolume that the front dominates within a reference point.
-- @param reference objective name -> value, in the objectives' own units
-- @return the volume
function Study:hypervolume(reference)
  for _, o in ipairs(self.objectives) do
    if type(reference) ~= "table" or type(reference[o.name]) ~= "number" then
      error(("the reference needs a number for objective %s"):format(o.name), 2)
    end
  end
  local points = {}
  for i, entry in ipairs(self.best) do points[i] = entry.losses end
  return hypervolume.of(points, record.losses(reference, self.objectives))
end

--- The path of a file that a trial on the front kept, or nil.
-- @param r a record
-- @param[opt] name as given to `trial:keep`
function Study:artifact(r, name) return self.artifacts:find(r, name) end

--- Closes the storage; the records stay readable.
function Study:close()
  if self.storage and not self.closed then
    self.closed = true
    save_rest(self)
    self.storage:close()
  end
end
Study.__close = Study.close

--- Makes or continues a study.
-- @param options `maximize`, `minimize` (lists of objective names), `sampler`
--   (default "nsga2" for several objectives, "random" for one), `pruner`
--   (default "none"), `seed` (1), `population`, `lag` (1 of tpe, else 7), `sync` (true), `space`
--   (`nac.distribution`s by name), `storage` (nil, the path of a database, or a
--   storage), `name`, `resume`, `artifacts` (folder of kept files)
-- @return the study
return function(options)
  local self = setmetatable(settings.check(options, 2), Study)
  self.artifacts = artifacts.new(self.artifact_dir)
  self.records, self.best, self.active, self.unsaved = {}, {}, {}, {}
  self.arrivals, self.shown, self.prefix, self.cursor = {}, {}, 0, 0
  self.sampling = sampling.new {
    sampler = self.sampler, name = self.sampler_name, options = self.sampler_options, objectives = self.objectives,
    declared = options.space and distribution.space(options.space),
    stream = function(n) return rng.stream(self.seed, "sampler", n) end,
  }
  self.pruning = pruning.new {
    pruner = self.pruner, name = self.pruner_name, options = self.pruner_options, objectives = self.objectives,
  }
  local stored = settings.open(self, options, 2)
  for i, r in ipairs(stored and stored.records or {}) do
    r.seed = r.seed or seed_of(self, i - 1)
    self.records[i] = r
    if record.finished(r) then
      if self.prefix == i - 1 then self.prefix = i end
      self.arrivals[#self.arrivals + 1] = r
      front.insert(self.best, r, self.objectives)
    end
  end
  self.existed = stored and true or false
  if stored then self.artifacts:sweep() end
  if self.population and self.existed then settle(self) end
  return self
end
