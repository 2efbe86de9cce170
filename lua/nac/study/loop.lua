--- The loop of `study:optimize`: starts trials in the order of their numbers as
-- soon as their visible results are there, in this process or in workers.
local enum = require "nac.util.enum"
local proc = require "nac.c.proc"
local run = require "nac.study.run"
local sys = require "nac.c.sys"
local workers = require "nac.study.workers"

local M = {}

local known = { "on_trial", "timeout", "trial_memory", "trial_timeout", "trials", "workers" }

local function check(objective, options, level)
  if type(objective) ~= "function" then error("the objective must be a function, got " .. type(objective), level + 1) end
  for key, value in pairs(options) do
    enum.check(key, known, "option of optimize", level + 1)
    if key == "on_trial" then
      if type(value) ~= "function" then error("on_trial must be a function, got " .. type(value), level + 1) end
    elseif type(value) ~= "number" or value < 0 or value ~= value then
      error(("%s must be a number of 0 or more, got %s"):format(key, tostring(value)), level + 1)
    end
  end
  for _, key in ipairs { "trials", "workers" } do
    if options[key] and not math.tointeger(options[key]) then
      error(("%s must be an integer, got %s"):format(key, tostring(options[key])), level + 1)
    end
  end
  if not options.trials and not options.timeout then
    error("optimize needs trials = N (the number the study holds in the end) or timeout = seconds", level + 1)
  end
end

-- A fault of the sampler, the storage or on_trial: no further trial starts; those
-- under way are finished first, so that nothing computed is lost.
local function note(self, fault)
  self.fault = self.fault or fault
  self.stopping = true
end

local function ended(self, t, outcome, seconds, on_trial)
  self:_finish(t.record, outcome, seconds)
  if self.storage_error then note(self, "cannot store the results: " .. self.storage_error) end
  if on_trial and outcome.state ~= "interrupted" then
    local ok, message = xpcall(on_trial, debug.traceback, t.record, self)
    if not ok then note(self, "on_trial failed: " .. tostring(message)) end
  end
end

local function begin(self, n)
  local ok, t = pcall(self._begin, self, n)
  if ok then return t end
  if type(t) ~= "table" or not t.interrupted then note(self, t) end
end

local function in_process(self, objective, options, may_start)
  while may_start() do
    local n = self:_next(options.trials)
    if not n then return end
    local t = begin(self, n)
    if t then
      local outcome = run.objective(objective, t, self.objectives, options.trial_timeout)
      ended(self, t, outcome, nil, options.on_trial)
      if outcome.state == "interrupted" then return end
    end
  end
end

local function in_workers(self, objective, options, may_start)
  local pool <close> = workers.new {
    objective = objective, objectives = self.objectives,
    limits = { time = options.trial_timeout, memory = options.trial_memory },
  }
  while true do
    while pool.count < options.workers and may_start() do
      local n = self:_next(options.trials)
      local t = n and begin(self, n)
      if not t then break end
      local ok, message = pool:start(t)
      if not ok then
        self:_finish(t.record, { state = "interrupted" })
        note(self, message)
      end
    end
    if pool.count == 0 then return end
    if sys.interrupted() then pool:stop() end
    for _, e in ipairs(pool:collect()) do ended(self, e.trial, e.outcome, e.seconds, options.on_trial) end
  end
end

--- See `study:optimize`.
function M.run(self, objective, options, level)
  check(objective, options, level + 1)
  self:_settle(options.trials)
  self.stopping, self.fault, self.interrupted, self.cursor = false, nil, false, 0
  sys.handle_interrupts()
  local begun = proc.clock()
  local function may_start()
    return not self.stopping and not sys.interrupted()
      and not (options.timeout and proc.clock() - begun >= options.timeout)
  end
  local body = (options.workers or 0) == 0 and in_process or in_workers
  -- the loop stops where nothing is half done; objectives stop by themselves
  sys.defer_interrupts(true)
  local ok, message = pcall(body, self, objective, options, may_start)
  sys.defer_interrupts(false)
  if not ok then error(message, 0) end
  self:_save_rest()
  self.interrupted = sys.interrupted()
  if self.fault then error(self.fault, 0) end
  return self
end

return M
