--- YAML written through lyaml's emitter, with a chosen key order.
local events = require "yaml"
local scalar = require "nac.util.yaml.scalar"

local M = {}

-- Deeper tables are taken for a cycle.
local deepest = 64

-- Numbers as both our reader and PyYAML read them back: `1.0e-03`, not `1e-3`.
local function number(n)
  if math.type(n) == "integer" then return tostring(n) end
  if n ~= n then return ".nan" end
  if n == math.huge then return ".inf" end
  if n == -math.huge then return "-.inf" end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(n)
    if tonumber(text) == n then
      if not text:find "[.]" then text = text:gsub("^(-?%d+)", "%1.0") end
      return text
    end
  end
end

-- Whether some YAML reader would take the plain word for something else.
local function needs_quotes(text)
  return scalar.scalar(text) ~= text or text:find "^[-+.]?%d" or text == "=" or text == "<<"
end

-- Keys named in `order` first, the others by name.
local function sorted_keys(map, order)
  local keys, rank = {}, {}
  for i, key in ipairs(order or {}) do rank[key] = i end
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    local ra, rb = rank[a] or math.huge, rank[b] or math.huge
    if ra ~= rb then return ra < rb end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local Writer = {}
Writer.__index = Writer

function Writer:emit(event)
  local ok, text = self.emitter.emit(event)
  if not ok then error("yaml.dump: " .. tostring(text), 0) end
  return text
end

function Writer:scalar(value)
  local kind, text, style = type(value), nil, "PLAIN"
  if value == scalar.null then text = "null"
  elseif kind == "boolean" then text = tostring(value)
  elseif kind == "number" then text = number(value)
  elseif kind == "string" then
    text = value
    if needs_quotes(value) then style = "SINGLE_QUOTED" end
  else
    error("yaml.dump: a " .. kind .. " cannot be written", 0)
  end
  self:emit { type = "SCALAR", value = text, style = style, plain_implicit = style == "PLAIN", quoted_implicit = true }
end

function Writer:list(list)
  local simple = true
  for _, item in ipairs(list) do simple = simple and (type(item) ~= "table" or item == scalar.null) end
  self:emit { type = "SEQUENCE_START", implicit = true, style = simple and "FLOW" or "BLOCK" }
  for _, item in ipairs(list) do self:value(item) end
  self:emit { type = "SEQUENCE_END" }
end

function Writer:value(value)
  if type(value) ~= "table" or value == scalar.null then return self:scalar(value) end
  self.depth = self.depth + 1
  if self.depth > deepest then error("yaml.dump: nested too deep, or a table inside itself", 0) end
  if #value > 0 or next(value) == nil and getmetatable(value) ~= scalar.map then
    self:list(value)
  else
    self:emit { type = "MAPPING_START", implicit = true, style = "BLOCK" }
    for _, key in ipairs(sorted_keys(value, self.order(value))) do
      self:scalar(tostring(key))
      self:value(value[key])
    end
    self:emit { type = "MAPPING_END" }
  end
  self.depth = self.depth - 1
end

--- Writes a value as a YAML document that YAML 1.1 and 1.2 readers understand
-- alike. Lists of scalars stand on one line.
-- @param value numbers, strings, booleans, `yaml.null`, tables of them; an empty
-- table is a list unless its metatable is `yaml.map`
-- @param[opt] options {order = list of keys that come first, in this order, at
-- every level, or function(mapping) -> such a list}; the others follow by name
-- @return the text; raises on functions, cycles and text that is not UTF-8
function M.dump(value, options)
  local list = options and options.order
  local order = type(list) == "function" and list or function() return list end
  local writer = setmetatable({ emitter = events.emitter(), order = order, depth = 0 }, Writer)
  writer:emit { type = "STREAM_START", encoding = "UTF8" }
  writer:emit { type = "DOCUMENT_START", implicit = true }
  writer:value(value)
  writer:emit { type = "DOCUMENT_END", implicit = true }
  return writer:emit { type = "STREAM_END" }
end

return M
