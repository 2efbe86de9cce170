--- Runs a user's code and turns what it raises into a message and an exit status.
local M = {}

-- Cuts the frames of the command line itself off a traceback.
local function trim(trace)
  local at = trace:find("\n%s*%[C%]: in function 'xpcall'")
  return at and trace:sub(1, at - 1) or trace
end

-- Signals stay what they are; anything else becomes a text with its origin.
local function describe(value)
  if type(value) == "table" and value.interrupted then return value end
  local text
  local meta = getmetatable(value)
  if type(value) == "string" or type(value) == "number" then
    text = tostring(value)
  elseif type(meta) == "table" and meta.__tostring then
    text = tostring(value)
  else
    text = ("error object is a %s value: %s"):format(type(value), require "nac.util.show" (value))
  end
  return trim(debug.traceback(text, 2))
end

--- xpcall with messages for people.
-- @param f a function
-- @param ... its arguments
-- @return true and its results, or false and a text (a signal table after Ctrl-C)
function M.try(f, ...) return xpcall(f, describe, ...) end

--- Prints what `try` returned as an error.
-- @return the exit status
function M.report(problem)
  io.stdout:flush()
  if type(problem) == "table" then
    require("nac.c.sys").set_interrupted(false)
    io.stderr:write("\nnac-lua: interrupted\n")
    return 130
  end
  io.stderr:write("nac-lua: ", problem, "\n")
  return 1
end

--- Calls `f` and reports an error.
-- @return the exit status: what `f` returned, or 0
function M.call(f, ...)
  local ok, result = M.try(f, ...)
  if not ok then return M.report(result) end
  return math.type(result) == "integer" and result or 0
end

return M
