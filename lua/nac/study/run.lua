--- Runs an objective on a trial and says how it ended. Used by workers and by
-- searches in this process alike.
local fault = require "nac.util.fault"
local proc = require "nac.c.proc"
local record = require "nac.study.record"
local signal = require "nac.util.signal"
local sys = require "nac.c.sys"

local M = {}

-- Instructions of Lua between two looks at the clock and the interruption flag.
local TICK = 1000000

local function watch(deadline, limit)
  return function()
    if sys.interrupted() then error(signal.interrupted(), 0) end
    if deadline and proc.clock() > deadline then
      error(signal.failed(M.time_reason(limit)), 0)
    end
  end
end

--- "time limit of 5 s exceeded"
function M.time_reason(limit) return ("time limit of %.10g s exceeded"):format(limit) end

-- The user's part of a traceback: what lies above this file's own call.
local function trimmed(text)
  local first = text:find("\n[^\n]*\n[^\n]*nac/study/run%.lua:")
  return first and text:sub(1, first - 1) or text
end

local function on_error(e)
  if type(e) == "table" and e.state then return e end
  return { fault = true, message = fault.message(e), traceback = trimmed(debug.traceback(tostring(e), 2)) }
end

--- Calls a function of the user's under a hook that ends it at Ctrl-C.
-- @param limit seconds, or nil; looked at while Lua runs
-- @param f the function, with its arguments
-- @return true and its result, or false and a table: a signal, or { fault = true,
-- message =, traceback = the user's part of it }
function M.call(limit, f, ...)
  local hook, mask, count = debug.gethook()
  debug.sethook(watch(limit and proc.clock() + limit, limit), "", TICK)
  local ok, answer = xpcall(f, on_error, ...)
  -- Where Ctrl-C came just before, the hook was C's, which Lua cannot set again ("external hook"): the study
  -- polls the flag that it would have looked at.
  if type(hook) == "string" then hook, mask, count = nil, nil, nil end
  debug.sethook(hook, mask, count)
  return ok, answer
end

--- Calls `objective(trial)`.
-- @param objective the user's function
-- @param trial the trial
-- @param objectives list of `{name=, direction=}`
-- @param[opt] limit seconds; looked at while Lua runs (a long C call is ended
--   by the parent of a worker instead)
-- @return an outcome: `{state=, reason=, traceback=, values=, rest=}`; state
--   "interrupted" when the user asked to stop
function M.objective(objective, trial, objectives, limit)
  math.randomseed(trial.seed)
  local ok, answer = M.call(limit, objective, trial)
  -- A signal may have cut a call of the objective short, so nothing that it says
  -- after an interruption counts; the trial will be run again.
  if sys.interrupted() then return { state = "interrupted" } end
  if ok then
    local values, rest = record.check_values(answer, objectives)
    if not values then return { state = "failed", reason = rest } end
    return { state = "complete", values = values, rest = rest }
  end
  if answer.fault then return { state = "failed", reason = answer.message, traceback = answer.traceback } end
  return { state = answer.state, reason = answer.reason, values = answer.values }
end

return M
