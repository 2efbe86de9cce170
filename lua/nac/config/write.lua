--- A checked configuration as YAML text that reads back equal: every key with
-- its value, defaults included, in the order of the schema.
local schema = require "nac.config.schema"

local M = {}

local plain = "^[%a_][%w_%./-]*$"
local reserved = { ["true"] = 1, ["false"] = 1, null = 1, yes = 1, no = 1, on = 1, off = 1, y = 1, n = 1 }

local function scalar(value)
  if math.type(value) == "float" then
    local text = ("%.15g"):format(value)
    return tonumber(text) == value and text or ("%.17g"):format(value)
  end
  if type(value) ~= "string" then return tostring(value) end
  if value:match(plain) and not reserved[value:lower()] then return value end
  return '"' .. value:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"):gsub("%c", " ") .. '"'
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

-- A value on one line.
local function flow(value)
  if type(value) ~= "table" then return scalar(value) end
  local out = {}
  if #value > 0 then
    for i, item in ipairs(value) do out[i] = flow(item) end
    return "[" .. table.concat(out, ", ") .. "]"
  end
  for i, key in ipairs(sorted_keys(value)) do out[i] = scalar(key) .. ": " .. flow(value[key]) end
  return "{" .. table.concat(out, ", ") .. "}"
end

local function section(out, keys, values, indent)
  for _, rule in ipairs(keys) do
    local value = values[rule.key]
    if value ~= nil and rule.kind == "section" then
      if next(value) ~= nil then
        out[#out + 1] = indent .. rule.key .. ":"
        section(out, rule.keys, value, indent .. "  ")
      end
    elseif value ~= nil then
      out[#out + 1] = indent .. rule.key .. ": " .. flow(value)
    end
  end
end

--- A configuration as text.
-- @param config a configuration of `nac.config`, or some of its sections
-- @return YAML
function M.text(config)
  local out = {}
  section(out, schema, config, "")
  return table.concat(out, "\n") .. "\n"
end

return M
