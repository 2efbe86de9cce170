--- Values as people want to read them: tables with their fields, tensors as
-- they print themselves.
local WIDTH, DEPTH, ITEMS = 78, 6, 50

local function is_name(key) return type(key) == "string" and key:match("^[%a_][%w_]*$") end

local function less(a, b)
  if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
  return type(a) == "number" or (type(b) ~= "number" and tostring(a) < tostring(b))
end

local show

local function entries(value, depth, seen, indent)
  local out, keys, n = {}, {}, #value
  for i = 1, math.min(n, ITEMS) do out[#out + 1] = show(value[i], depth + 1, seen, indent .. "  ") end
  for key in next, value do
    if math.type(key) ~= "integer" or key < 1 or key > n then keys[#keys + 1] = key end
  end
  table.sort(keys, less)
  for i = 1, math.min(#keys, ITEMS) do
    local key = keys[i]
    local name = is_name(key) and key or "[" .. show(key, depth + 1, seen, "") .. "]"
    out[#out + 1] = name .. " = " .. show(value[key], depth + 1, seen, indent .. "  ")
  end
  local hidden = math.max(0, n - ITEMS) + math.max(0, #keys - ITEMS)
  if hidden > 0 then out[#out + 1] = ("... (%d more)"):format(hidden) end
  return out
end

function show(value, depth, seen, indent)
  if type(value) == "string" then
    return (("%q"):format(value):gsub("\\\n", "\\n"))
  end
  local meta = getmetatable(value)
  if type(value) ~= "table" or (type(meta) == "table" and meta.__tostring) then return tostring(value) end
  if seen[value] then return "<the same table>" end
  if depth > DEPTH then return tostring(value) end
  seen[value] = true
  local out = entries(value, depth, seen, indent)
  seen[value] = nil
  if #out == 0 then return "{}" end
  local line = "{ " .. table.concat(out, ", ") .. " }"
  if #line + #indent <= WIDTH and not line:find("\n") then return line end
  return "{\n" .. indent .. "  " .. table.concat(out, ",\n" .. indent .. "  ") .. "\n" .. indent .. "}"
end

--- A value as text.
-- @param value anything
-- @return its text; a string at the top level comes quoted
return function(value) return show(value, 0, {}, "") end
