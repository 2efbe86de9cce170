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

return M
