--- What a plain (unquoted) scalar of a YAML file means.
-- YAML 1.1 as PyYAML's safe loader reads it, with three exceptions where that
-- reading only ever hurts: `1e-3` is a number (there a string), and `010` and
-- `1:30` are strings (there 8 and 90).
local M = {}

--- Stands for YAML's null inside lists and mappings, where nil cannot stand.
M.null = setmetatable({}, { __tostring = function() return "null" end, __name = "yaml.null" })

--- Metatable of a table that is written as a mapping even when it is empty.
M.map = { __name = "yaml.map" }

local words = {}
for word in ("true True TRUE yes Yes YES on On ON"):gmatch "%S+" do words[word] = true end
for word in ("false False FALSE no No NO off Off OFF"):gmatch "%S+" do words[word] = false end
for word in ("null Null NULL ~"):gmatch "%S+" do words[word] = M.null end
words[""] = M.null

local special = { [".inf"] = math.huge, [".nan"] = 0 / 0 }

--- The value of a plain scalar.
-- @param text the scalar as written
-- @return a boolean, integer, float, string or `M.null`
function M.scalar(text)
  local word = words[text]
  if word ~= nil then return word end
  local sign, rest = text:match "^([-+]?)(.+)$"
  local factor = sign == "-" and -1 or 1
  if special[rest] or special[rest:lower()] and rest:match "^%.%u" then return factor * special[rest:lower()] end
  if not rest:find "^[.%d]" then return text end
  local digits = rest:gsub("_", "")
  if digits:find "^0x%x+$" then return factor * math.tointeger(tonumber(digits)) end
  if digits:find "^0b[01]+$" then return factor * tonumber(digits:sub(3), 2) end
  if digits:find "^%d+$" then
    if #digits > 1 and digits:sub(1, 1) == "0" then return text end
    local n = tonumber(digits)
    return factor * n
  end
  if digits:find "^%d+%.?%d*$" or digits:find "^%.%d+$" or digits:find "^%d+%.?%d*[eE][-+]?%d+$"
    or digits:find "^%.%d+[eE][-+]?%d+$" then
    return factor * (tonumber(digits) + 0.0)
  end
  return text
end

return M
