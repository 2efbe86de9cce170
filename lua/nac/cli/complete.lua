--- TAB completion of the prompt: globals, fields, `nac.` modules, methods.

-- The names that can follow `object`, without loading modules or calling code.
local function names_of(object, methods)
  local names = {}
  local function add(t)
    if type(t) ~= "table" then return end
    for key in next, t do
      if type(key) == "string" and key:match("^[%a_][%w_]*$") then names[key] = true end
    end
  end
  if type(object) == "table" and not methods then add(object) end
  local meta = getmetatable(object)
  for _ = 1, 5 do
    if type(meta) ~= "table" then break end
    add(rawget(meta, "__names"))
    local index = rawget(meta, "__index")
    add(index)
    meta = type(index) == "table" and getmetatable(index)
  end
  if type(object) == "table" and methods then
    for key, value in next, object do
      if type(key) == "string" and type(value) == "function" then names[key] = true end
    end
  end
  return names
end

-- The value of a chain such as nac.nn, or nil.
local function resolve(chain)
  local object = _G
  for word in chain:gmatch("[%a_][%w_]*") do
    local ok, value = pcall(function() return object[word] end)
    if not ok or value == nil then return nil end
    object = value
  end
  return object
end

local function common_prefix(list)
  local prefix = list[1]
  for i = 2, #list do
    while list[i]:sub(1, #prefix) ~= prefix do prefix = prefix:sub(1, -2) end
  end
  return prefix
end

local keywords = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
  "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
}

--- Completes the name before the cursor.
-- @param before the line up to the cursor
-- @return the text to insert, and the list of candidates when there are several
return function(before)
  local chain, separator, start = before:match("([%a_][%w_.]*)([.:])([%w_]*)$")
  if not chain then
    chain, separator, start = "", "", before:match("([%a_][%w_]*)$")
  end
  if not start then return "" end
  local object = resolve(chain)
  if object == nil then return "" end
  local names = names_of(object, separator == ":")
  if chain == "" then
    for _, word in ipairs(keywords) do names[word] = true end
  end
  local list = {}
  for name in pairs(names) do
    if name:sub(1, #start) == start then list[#list + 1] = name end
  end
  if #list == 0 then return "" end
  table.sort(list)
  if #list == 1 then return list[1]:sub(#start + 1) end
  local insertion = common_prefix(list):sub(#start + 1)
  return insertion, insertion == "" and table.concat(list, "  ") or nil
end
