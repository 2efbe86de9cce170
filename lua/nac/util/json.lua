--- JSON with numbers kept as they are.
-- dkjson reads and writes the text; this file adds what it leaves open:
-- an integer stays an integer (1) and a float a float (1.0, exact to the last
-- bit), keys are sorted so that equal tables give equal text, and NaN and the
-- infinities, which JSON has no numbers for, are the strings "nan", "inf" and
-- "-inf" (`json.number` turns them back where a number is expected). An empty
-- table is an empty list.
local dkjson = require "dkjson"

local M = {}

local exact = { __tojson = function(self) return self[1] end }

local function float_text(x)
  if x ~= x then return '"nan"' end
  if x == math.huge then return '"inf"' end
  if x == -math.huge then return '"-inf"' end
  local text = ("%.15g"):format(x)
  if tonumber(text) ~= x then text = ("%.17g"):format(x) end
  if not text:find "[%.eE]" then text = text .. ".0" end
  return text
end

-- A copy in which floats carry their exact text; notes all keys for sorting.
local function prepare(value, keys, seen)
  if math.type(value) == "float" then return setmetatable({ float_text(value) }, exact) end
  if type(value) ~= "table" then return value end
  if seen[value] then error("a table that contains itself has no JSON form", 0) end
  seen[value] = true
  local copy = {}
  for k, v in pairs(value) do
    if type(k) == "string" and not keys[k] then
      keys[k] = true
      keys[#keys + 1] = k
    end
    copy[k] = prepare(v, keys, seen)
  end
  seen[value] = nil
  return copy
end

--- The JSON text of a value made of tables, strings, numbers and booleans.
-- @param value the value
-- @return the text; raises on a value that has no JSON form (a function, ...)
function M.encode(value)
  local keys = {}
  local copy = prepare(value, keys, {})
  table.sort(keys)
  return (dkjson.encode(copy, {
    keyorder = keys,
    exception = function(reason, v)
      error(("no JSON form for a %s (%s)"):format(type(v), reason), 0)
    end,
  }))
end

--- The value of a JSON text.
-- @param text the text
-- @return the value (null gives nil), or nil and a message
function M.decode(text)
  local value, position, message = dkjson.decode(text, 1, nil, nil, nil)
  if message then return nil, message end
  if type(position) == "number" and text:find("%S", position) then
    return nil, "text after the end of the JSON value at byte " .. position
  end
  return value
end

local special = { nan = 0 / 0, inf = math.huge, ["-inf"] = -math.huge }

--- A number that was written by `encode`: "nan", "inf" and "-inf" turned back.
-- @param value a number or one of these strings
-- @return a number, or nil
function M.number(value)
  if type(value) == "number" then return value end
  return special[value]
end

return M
