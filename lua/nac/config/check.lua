--- Checks a YAML document against a schema, fills in defaults, and remembers on
-- which line each key stood. A schema is data: see `nac.config.schema`.
local enum = require "nac.util.enum"
local words = require "nac.config.words"
local yaml = require "nac.util.yaml"

local M = {}

local Check = {}
Check.__index = Check

local function refuse(where, path, fmt, ...)
  error({ config = ("%s: %s%s"):format(where, path ~= "" and path .. ": " or "", fmt:format(...)) }, 0)
end

-- "the string 'ten'", "a list": what came, for a message.
local function shown(self, value)
  if value == yaml.null then return "null" end
  local kind = type(value)
  if kind == "table" then return self.doc:is(value, "map") and "a mapping" or "a list" end
  if kind == "string" then return "the word '" .. enum.shown(value) .. "'" end
  return tostring(value)
end

local function in_range(rule, value, where, path)
  if rule.above and value <= rule.above then refuse(where, path, "more than %s is expected, not %s", rule.above, value) end
  if rule.min and value < rule.min then refuse(where, path, "at least %s is expected, not %s", rule.min, value) end
  if rule.max and value > rule.max then refuse(where, path, "at most %s is expected, not %s", rule.max, value) end
  return value
end

-- One function a kind of value: (self, rule, value, where, path) -> checked value.
local kinds = {}

function kinds.integer(self, rule, value, where, path)
  for _, word in ipairs(rule.or_words or {}) do
    if value == word then return value end
  end
  local n = type(value) == "number" and math.tointeger(value)
  if not n then
    local words = rule.or_words and " or " .. table.concat(rule.or_words, " or ") or ""
    refuse(where, path, "an integer%s is expected, not %s", words, shown(self, value))
  end
  return in_range(rule, n, where, path)
end

function kinds.number(self, rule, value, where, path)
  if type(value) ~= "number" or value ~= value or math.abs(value) == math.huge then
    refuse(where, path, "a finite number is expected, not %s", shown(self, value))
  end
  return in_range(rule, value, where, path)
end

function kinds.boolean(self, _, value, where, path)
  if type(value) ~= "boolean" then refuse(where, path, "true or false is expected, not %s", shown(self, value)) end
  return value
end

function kinds.string(self, _, value, where, path)
  if type(value) ~= "string" or value == "" then refuse(where, path, "a text is expected, not %s", shown(self, value)) end
  if value:find "%c" then refuse(where, path, "control characters cannot stand in this text") end
  return value
end

kinds.path = kinds.string

function kinds.word(self, rule, value, where, path)
  if rule.files and type(value) == "string" and value:find("%." .. rule.files .. "$") then return value end
  local set = type(rule.words) == "function" and rule.words() or rule.words
  if type(value) == "table" and value ~= yaml.null then refuse(where, path, "a word is expected, not %s", shown(self, value)) end
  if rule.pattern and type(value) == "string" and value:find(rule.pattern) then return value end
  local word, why = words.find(set, value == yaml.null and "null" or value)
  if not word then refuse(where, path, "%s", why) end
  if word == rule.form then refuse(where, path, "'%s' takes a number, as in %s", word, rule.example) end
  return word
end

function kinds.precision(self, _, value, where, path)
  local width, whole = tostring(value):match "^ap_u?fixed%s*<%s*(%d+)%s*,%s*(-?%d+)%s*>$"
  width, whole = math.tointeger(tonumber(width)), math.tointeger(tonumber(whole))
  if not width or not whole then
    refuse(where, path, "a type such as ap_fixed<8,3> is expected, not %s", shown(self, value))
  end
  if width < 1 or width > 64 then refuse(where, path, "a width of 1 to 64 bits is expected, not %d", width) end
  if whole < -64 or whole > 64 then refuse(where, path, "-64 to 64 integer bits are expected, not %d", whole) end
  return (value:gsub("%s", ""))
end

function kinds.list(self, rule, value, where, path)
  if type(value) ~= "table" or not self.doc:is(value, "list") then
    refuse(where, path, "a list is expected, not %s", shown(self, value))
  end
  local least = rule.least or 1
  if #value < least then refuse(where, path, "a list of at least %d is expected, not of %d", least, #value) end
  if rule.most and #value > rule.most then refuse(where, path, "a list of at most %d is expected, not of %d", rule.most, #value) end
  local list, seen = {}, {}
  for i, item in ipairs(value) do
    local at = self.doc:where(value, i)
    list[i] = self:value(rule.of, item, at, ("%s[%d]"):format(path, i))
    if not rule.repeats and type(list[i]) ~= "table" then
      if seen[list[i]] then refuse(at, path, "'%s' stands twice", enum.shown(list[i])) end
      seen[list[i]] = true
    end
  end
  return list
end

-- The rule of one end of a range of such values.
local function within(of, key)
  local end_of = { key = key, required = true }
  for name, value in pairs(of) do end_of[name] = value end
  return end_of
end

local bound = { key = "log", kind = "boolean" }

-- Values to be searched: a list, one value, or a range { min, max, log } of numbers. Gives a list, or the range.
function kinds.values(self, rule, value, where, path)
  if type(value) ~= "table" then return { self:value(rule.of, value, where, path) } end
  if self.doc:is(value, "list") then return kinds.list(self, rule, value, where, path) end
  if rule.of.kind ~= "integer" and rule.of.kind ~= "number" then
    refuse(where, path, "a list of values is expected, not %s", shown(self, value))
  end
  local range = self:section({ within(rule.of, "min"), within(rule.of, "max"), bound }, value, path)
  if range.min > range.max then refuse(where, path, "min %s is above max %s", range.min, range.max) end
  if range.log and range.min <= 0 then refuse(where, path, "a logarithmic range starts above 0, not at %s", range.min) end
  return range
end

-- Anything: handed on to a user's own code as plain tables.
function kinds.any(self, rule, value)
  if value == yaml.null then return nil end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = kinds.any(self, rule, item) end
  return copy
end

-- Handed on unchecked, with its place in the document; its owner checks it.
function kinds.raw(_, _, value) return value end

function kinds.section(self, rule, value, where, path)
  if rule.or_file and type(value) == "string" then return value end
  if rule.or_flags and rule.or_flags[value] then return value end
  if type(value) ~= "table" or not self.doc:is(value, "map") then
    refuse(where, path, "a mapping of keys%s is expected, not %s", rule.or_flags and rule.or_flags.text or "", shown(self, value))
  end
  return self:section(rule.keys, value, path)
end

-- Names of the user's, each with a value of one rule.
function kinds.map(self, rule, value, where, path)
  if type(value) ~= "table" or not self.doc:is(value, "map") then
    refuse(where, path, "a mapping by %s is expected, not %s", rule.by, shown(self, value))
  end
  local map = {}
  for _, name in ipairs(self.doc:keys(value)) do map[name] = self:value(rule.of, value[name], self.doc:where(value, name), path .. "." .. name) end
  return map
end

function Check:value(rule, value, where, path)
  return kinds[rule.kind](self, rule, value, where, path)
end

local function key_names(keys)
  local names = {}
  for i, rule in ipairs(keys) do names[i] = rule.key end
  return names
end

-- Refuses the first key of the file that the schema does not have.
function Check:known(keys, map, path)
  local known = {}
  for _, rule in ipairs(keys) do
    known[rule.key] = true
    for _, name in ipairs(rule.also or {}) do known[name] = true end
  end
  for _, key in ipairs(self.doc:keys(map)) do
    if not known[key] then
      local names = key_names(keys)
      local near = enum.nearest(key, names)
      local advice = near and ("nearest: '%s'"):format(near) or "known: " .. table.concat(names, ", ")
      if path ~= "" and self.sections[key] then advice = "it is a section of its own, beside " .. path:match "^[^.]+" end
      refuse(self.doc:where(map, key), "", "unknown key '%s'%s; %s", enum.shown(key), path ~= "" and " in " .. path or "", advice)
    end
  end
end

-- A default is a value, or a function of nothing for a fresh table.
local function default_of(rule)
  if type(rule.default) == "function" then return rule.default() end
  if rule.default == nil and rule.kind == "section" and not rule.required and not rule.optional then
    local section = {}
    for _, inner in ipairs(rule.keys) do section[inner.key] = default_of(inner) end
    return section
  end
  return rule.default
end

-- The name under which a map has a key that goes by several.
function Check:spelling(rule, map, path)
  local found = map[rule.key] ~= nil and rule.key or nil
  for _, name in ipairs(rule.also or {}) do
    if map[name] ~= nil then
      if found then refuse(self.doc:where(map, name), path, "%s and %s are two names of one key", found, name) end
      found = name
    end
  end
  return found or rule.key
end

function Check:section(keys, map, path)
  self:known(keys, map, path)
  local out = {}
  for _, rule in ipairs(keys) do
    local name = self:spelling(rule, map, path)
    local value = map[name]
    local inner = path == "" and rule.key or path .. "." .. rule.key
    if value ~= nil and value ~= yaml.null then
      local where = self.doc:where(map, name)
      self.lines[inner] = where
      out[rule.key] = self:value(rule, value, where, inner)
    elseif rule.required then
      refuse(self.doc:where(map), "", "key '%s' is missing%s", rule.key, path ~= "" and " in " .. path or "")
    else
      out[rule.key] = default_of(rule)
    end
  end
  return out
end

--- Checks a parsed mapping.
-- @param keys the schema: a list of rules {key=, kind=, default=, doc=, ...}
-- @param map the parsed mapping (`nac.util.yaml`)
-- @param doc its document
-- @return the checked table and a table {["search.epochs"] = "t1.yaml:17"}, or
-- nil and the message "t1.yaml:17: search.epochs: ..."
function M.check(keys, map, doc)
  local self = setmetatable({ doc = doc, lines = {}, sections = {} }, Check)
  for _, rule in ipairs(keys) do
    if rule.kind == "section" then self.sections[rule.key] = true end
  end
  if type(map) ~= "table" or not doc:is(map, "map") then
    return nil, ("%s: a mapping of sections is expected (%s)"):format(doc.name, table.concat(key_names(keys), ", "))
  end
  local ok, value = pcall(self.section, self, keys, map, "")
  if ok then return value, self.lines end
  if type(value) == "table" and value.config then return nil, value.config end
  error(value, 0)
end

return M
