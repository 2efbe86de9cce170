--- What an error says to a user.
local M = {}

local engine = require("nac.util.home").path("lua/nac/")

--- The message of an error value. A position in the user's code says where the
-- fault is and stays; one in the engine's is noise before a message ("out of
-- memory: ...") and goes.
-- @param e what was raised
-- @return text
function M.message(e)
  local text = type(e) == "table" and not (getmetatable(e) or {}).__tostring and require("nac.util.show")(e) or tostring(e)
  return text:sub(1, #engine) == engine and text:match("^.-%.lua:%d+: (.*)$") or text
end

--- Calls a function that reads files.
-- @param f the function
-- @param ... its arguments
-- @return what it gives; or nil and what it raised about a file, which is a text without a position. Any other error is raised again
function M.told(f, ...)
  local ok, result = pcall(f, ...)
  if ok then return result end
  if type(result) ~= "string" or result:match "^[^\n]-%.lua:%d+:" then error(result, 0) end
  return nil, result
end

return M
