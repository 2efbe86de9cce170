--- Trials in forked processes, one each. The parent owns the study: it draws
-- the sampler's wishes, forks, reads what the child reports, and records how it
-- ended. A child gets all it needs by being a copy, writes to its pipe and
-- leaves without running finalizers.
local json = require "nac.util.json"
local proc = require "nac.c.proc"
local record = require "nac.study.record"
local run = require "nac.study.run"
local sys = require "nac.c.sys"

local M = {}

-- Seconds between two looks at limits and interruption while nothing is said.
local TICK = .1
-- Seconds that a child has to leave after SIGTERM.
local GRACE = 2

-- The child's side: never returns.
local function work(fd, trial, objective, objectives, limits)
  -- A user's os.exit would run exit handlers on handles that belong to the parent.
  os.exit = function(code) -- luacheck: ignore
    local status = code == nil and 0 or code == true and 0 or code == false and 1 or math.tointeger(code) or 1
    proc.send(fd, json.encode { "end", { state = "failed", reason = ("the objective called os.exit(%d)"):format(status) } })
    proc.exit(status)
  end
  trial.send = function(text)
    if not proc.send(fd, text) then proc.exit(1) end -- nobody listens any more
  end
  if limits.memory then sys.set_memory_budget(sys.memory().live + limits.memory) end
  local outcome = run.objective(objective, trial, objectives)
  local ok, text = pcall(json.encode, { "end", outcome })
  if not ok then
    text = json.encode { "end", { state = "failed", reason = "the objective's answer cannot be stored: " .. tostring(text) } }
  end
  proc.send(fd, text)
  proc.exit(0)
end

local Pool = {}
Pool.__index = Pool

--- A pool of workers.
-- @param fields `objective`, `objectives`, `limits` (`{time=seconds, memory=bytes}`)
function M.new(fields)
  fields.running, fields.count = {}, 0
  return setmetatable(fields, Pool)
end

--- Starts a trial in a child.
-- @return true, or nil and a message
function Pool:start(trial)
  local reader, writer = proc.pipe()
  if not reader then return nil, writer end
  local before = proc.rss() or 0
  local pid, message = proc.fork()
  if pid == 0 then
    -- Even a fault in this very function must not let the child return into the parent's code.
    pcall(function()
      proc.close(reader)
      for fd in pairs(self.running) do proc.close(fd) end
      work(writer, trial, self.objective, self.objectives, self.limits)
    end)
    proc.exit(1)
  end
  proc.close(writer)
  if not pid then
    proc.close(reader)
    return nil, message
  end
  self.running[reader] = { pid = pid, trial = trial, buffer = "", begun = proc.clock(), resident = before }
  self.count = self.count + 1
  return true
end

-- Carries out the complete messages in a child's buffer.
local function read_messages(child)
  local buffer, at = child.buffer, 1
  while #buffer - at + 1 >= 4 do
    local n = string.unpack("<I4", buffer, at)
    if #buffer - at - 3 < n then break end
    local message, why = record.apply_text(child.trial.record, buffer:sub(at + 4, at + 3 + n))
    at = at + 4 + n
    if not message then
      child.killed = "a message that cannot be read: " .. why
    elseif message ~= true then
      child.outcome = message[2]
    end
  end
  child.buffer = buffer:sub(at)
end

-- How a child that has gone ended: what it said, or what the system says.
local function outcome_of(child, ended)
  if child.outcome then return child.outcome end
  if child.killed then return { state = "failed", reason = child.killed } end
  if child.stopped then return { state = "interrupted" } end
  if ended.signal then
    local hint = ended.name == "SIGKILL" and " (out of memory, or killed by hand)" or ""
    return { state = "failed", reason = ("killed by signal %d (%s)%s"):format(ended.signal, ended.name, hint) }
  end
  return { state = "failed", reason = ("the worker left with exit status %d before the objective returned"):format(ended.code) }
end

local function finite_values(outcome)
  if outcome.values then
    for name, v in pairs(outcome.values) do outcome.values[name] = json.number(v) end
  end
  return outcome
end

-- Reads what one child has to say; its outcome once it has closed the pipe.
function Pool:hear(fd)
  local child = self.running[fd]
  local text = proc.read(fd)
  if text and text ~= "" then
    child.buffer = #child.buffer > 0 and child.buffer .. text or text
    read_messages(child)
    return nil
  end
  proc.close(fd)
  self.running[fd] = nil
  self.count = self.count - 1
  local ended = proc.wait(child.pid, true) or { code = 1 }
  return { trial = child.trial, outcome = finite_values(outcome_of(child, ended)), seconds = proc.clock() - child.begun }
end

function Pool:enforce()
  local now = proc.clock()
  for _, child in pairs(self.running) do
    local time, memory = self.limits.time, self.limits.memory
    if not child.killed and time and now - child.begun > time then
      child.killed = run.time_reason(time)
    end
    local resident = memory and not child.killed and proc.rss(child.pid)
    if resident and resident - child.resident > memory then
      child.killed = ("memory limit of %.4g MB exceeded (%.4g MB used)"):format(memory / 1e6, (resident - child.resident) / 1e6)
    end
    if child.killed or child.stopped and now - child.stopped > GRACE then proc.kill(child.pid, "SIGKILL") end
  end
end

--- Tells all children to stop; those that do not are killed after a moment.
function Pool:stop()
  for _, child in pairs(self.running) do
    if not child.stopped then
      child.stopped = proc.clock()
      proc.kill(child.pid, "SIGTERM")
    end
  end
end

--- Kills all children at once and waits for them; their trials stay unfinished.
function Pool:kill()
  for fd, child in pairs(self.running) do
    proc.kill(child.pid, "SIGKILL")
    proc.wait(child.pid, true)
    proc.close(fd)
  end
  self.running, self.count = {}, 0
end

-- Nothing survives the loop, however it ends.
Pool.__close = Pool.kill

--- Waits until something ends or a moment has passed.
-- @return list of `{trial=, outcome=, seconds=}` of the trials that ended
function Pool:collect()
  local list, ended = {}, {}
  for fd in pairs(self.running) do list[#list + 1] = fd end
  local ready = proc.poll(list, TICK) or {}
  for _, fd in ipairs(list) do
    local result = ready[fd] and self:hear(fd)
    if result then ended[#ended + 1] = result end
  end
  table.sort(ended, function(a, b) return a.trial.number < b.trial.number end)
  self:enforce()
  return ended
end

return M
