--- YAML read with positions, so that a message can say `t1.yaml:14`, and
-- written with a chosen key order.
-- The reader drives lyaml's event parser (its plain loader drops lines, order
-- and quoting). Scalars follow YAML 1.1 as PyYAML's safe loader reads them,
-- with three exceptions that only ever hurt: `1e-3` is a number (PyYAML reads
-- a string), and `010` and `1:30` are strings (PyYAML reads 8 and 90). Keys
-- are always text. Aliases share one Lua table; merge keys work.
local events = require "yaml"

local M = {}

--- Stands for YAML's null inside lists and mappings, where nil cannot stand.
M.null = setmetatable({}, { __tostring = function() return "null" end, __name = "yaml.null" })

-- What a reader accepts by default: far above any honest file.
local limits = { bytes = 4 * 2 ^ 20, nodes = 100000, depth = 64 }

local words = {}
for word in ("true True TRUE yes Yes YES on On ON"):gmatch "%S+" do words[word] = true end
for word in ("false False FALSE no No NO off Off OFF"):gmatch "%S+" do words[word] = false end
for word in ("null Null NULL ~"):gmatch "%S+" do words[word] = M.null end
words[""] = M.null

local special = { [".inf"] = math.huge, [".nan"] = 0 / 0 }

--- The value of a plain (unquoted) scalar.
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

-- Tags that may be written out; everything else (`!!python/object`) is refused.
local tagged = {
  str = function(text) return text end,
  int = function(text) return math.tointeger(tonumber(text)) end,
  float = function(text) local n = tonumber(text); return n and n + 0.0 end,
  bool = function(text) local b = words[text]; if type(b) == "boolean" then return b end end,
  null = function() return M.null end,
}

local Doc = {}
Doc.__index = Doc

--- Where a value stands: "t1.yaml:14".
-- @param tbl a table of the document
-- @param[opt] key one of its keys or indices; the table itself when left out
-- @return "name:line"
function Doc:where(tbl, key)
  local lines = self.lines[tbl]
  local line = lines and (key ~= nil and lines[key] or lines[0])
  return line and ("%s:%d"):format(self.name, line) or self.name
end

--- The keys of a mapping in the order of the file.
-- @param tbl a mapping of the document
function Doc:keys(tbl) return self.order[tbl] or {} end

--- Whether a table of the document is a "map" or a "list"; an empty one is both.
function Doc:is(tbl, kind) return next(tbl) == nil or self.kinds[tbl] == kind end

--- A document around plain Lua tables, for checks that were written for files.
-- @param name what to call it in messages
-- @return an object with the methods of a document; it knows no lines
function M.wrap(name)
  return {
    name = name,
    where = function() return name end,
    is = function(_, tbl, kind) return next(tbl) == nil or (#tbl > 0) == (kind == "list") end,
    keys = function(_, tbl)
      local keys = {}
      for key in pairs(tbl) do keys[#keys + 1] = tostring(key) end
      table.sort(keys)
      return keys
    end,
  }
end

local Reader = {}
Reader.__index = Reader

-- Ends the reading; `parse` turns the message into its second result.
function Reader:fail(event, fmt, ...)
  local line = event and event.start_mark and event.start_mark.line + 1 or self.line
  error({ yaml = ("%s:%d: %s"):format(self.doc.name, line or 1, fmt:format(...)) }, 0)
end

function Reader:next()
  local ok, event = pcall(self.pull)
  if ok and event then
    self.line = event.start_mark and event.start_mark.line + 1
    return event
  end
  -- "WHAT at document: 1, line: 2, column: 2\nCONTEXT at line: 1, column: 4"
  local text = tostring(event or "unexpected end")
  local what = text:match "^(.-) at document" or text:match "^[^\n]*"
  local line = tonumber(text:match "line: (%d+)") or self.line or 1
  local context, from = text:match "\n(.-) at line: (%d+)"
  if context then what = ("%s (%s from line %s)"):format(what, context, from) end
  if what:find "cannot start any token" and self.text:find "\t" then what = what .. "; tabs cannot indent, use spaces" end
  error({ yaml = ("%s:%d: %s"):format(self.doc.name, line, what) }, 0)
end

-- Counts what the document would be if every alias were written out.
function Reader:count(event, n)
  self.nodes = self.nodes + n
  if self.nodes > self.limit.nodes then
    self:fail(event, "more than %d values once aliases are written out; refused", self.limit.nodes)
  end
end

function Reader:begin(event, kind)
  self.depth = self.depth + 1
  if self.depth > self.limit.depth then self:fail(event, "nested deeper than %d levels", self.limit.depth) end
  if event.tag and event.tag ~= "!" and event.tag ~= "tag:yaml.org,2002:" .. (kind == "map" and "map" or "seq") then
    self:fail(event, "tag '%s' is not accepted here", event.tag)
  end
  local tbl = {}
  self.doc.kinds[tbl] = kind
  self.doc.lines[tbl] = { [0] = event.start_mark.line + 1 }
  if event.anchor then self.anchors[event.anchor] = { open = true } end
  return tbl
end

function Reader:close(event, tbl, before)
  self.depth = self.depth - 1
  if event.anchor then self.anchors[event.anchor] = { value = tbl, nodes = self.nodes - before } end
  return tbl
end

function Reader:list(event)
  local before, list = self.nodes, self:begin(event, "list")
  while true do
    local item = self:next()
    if item.type == "SEQUENCE_END" then return self:close(event, list, before) end
    local at = #list + 1
    self.doc.lines[list][at] = item.start_mark.line + 1
    list[at] = self:value(item)
  end
end

function Reader:merge(event, map, source)
  local doc = self.doc
  local kind = doc.kinds[source]
  if kind == "list" then
    for _, each in ipairs(source) do self:merge(event, map, each) end
  elseif kind == "map" then
    local merged = doc.merged[map]
    for _, key in ipairs(doc.order[source]) do
      if map[key] == nil then
        map[key] = source[key]
        merged[key] = true
        doc.lines[map][key] = doc.lines[source][key]
        table.insert(doc.order[map], key)
      end
    end
  else
    self:fail(event, "a merge key '<<' needs a mapping")
  end
end

function Reader:map(event)
  local doc = self.doc
  local before, map = self.nodes, self:begin(event, "map")
  doc.order[map], doc.merged[map] = {}, {}
  local merges = {}
  while true do
    local key = self:next()
    if key.type == "MAPPING_END" then break end
    if key.type ~= "SCALAR" then self:fail(key, "a key must be a word, not a %s", key.type == "ALIAS" and "alias" or "collection") end
    local item = self:next()
    if key.value == "<<" and key.style == "PLAIN" then
      merges[#merges + 1] = { item, self:value(item) }
    else
      if map[key.value] ~= nil then
        self:fail(key, "key '%s' stands twice (first on line %d)", key.value, doc.lines[map][key.value])
      end
      doc.lines[map][key.value] = key.start_mark.line + 1
      table.insert(doc.order[map], key.value)
      map[key.value] = self:value(item)
    end
  end
  for _, merge in ipairs(merges) do self:merge(merge[1], map, merge[2]) end
  doc.merged[map] = nil
  return self:close(event, map, before)
end

function Reader:plain(event)
  local tag = event.tag and event.tag:match "^tag:yaml.org,2002:(.*)$" or event.tag
  if tag and tag ~= "!" then
    local convert = tagged[tag]
    if not convert then self:fail(event, "tag '%s' is not accepted here", event.tag) end
    local value = convert(event.value)
    if value == nil then self:fail(event, "'%s' is no %s", event.value, tag) end
    return value
  end
  if event.style == "PLAIN" and tag ~= "!" then return M.scalar(event.value) end
  return event.value
end

function Reader:value(event)
  if event.type == "ALIAS" then
    local anchor = self.anchors[event.anchor]
    if not anchor then self:fail(event, "alias '*%s' has no anchor before it", event.anchor) end
    if anchor.open then self:fail(event, "alias '*%s' stands inside itself", event.anchor) end
    self:count(event, anchor.nodes)
    return anchor.value
  end
  self:count(event, 1)
  if event.type == "SEQUENCE_START" then return self:list(event) end
  if event.type == "MAPPING_START" then return self:map(event) end
  local value = self:plain(event)
  if event.anchor then self.anchors[event.anchor] = { value = value, nodes = 1 } end
  return value
end

function Reader:document()
  self:next() -- STREAM_START
  local first = self:next()
  if first.type == "STREAM_END" then self:fail(nil, "the file is empty") end
  local value = self:value(self:next())
  self:next() -- DOCUMENT_END
  local after = self:next()
  if after.type ~= "STREAM_END" then self:fail(after, "a second document starts here; one a file is expected") end
  return value
end

local function bad_utf8(text)
  local ok, position = utf8.len(text)
  if ok then return nil end
  local _, line = text:sub(1, position):gsub("\n", "")
  return line + 1
end

--- Reads one YAML document from a string.
-- @param text the document
-- @param[opt="yaml"] name what to call it in messages
-- @param[opt] options {bytes=, nodes=, depth=} limits (4 MiB, 100 000, 64)
-- @return the value (tables, strings, numbers, booleans, `M.null`) and the
-- document (`doc:where(tbl, key)`, `doc:keys(tbl)`, `doc:is(tbl, kind)`), or
-- nil and "name:line: what is wrong"
function M.parse(text, name, options)
  name = name or "yaml"
  local limit = setmetatable(options or {}, { __index = limits })
  if #text > limit.bytes then
    return nil, ("%s:1: larger than %d bytes; this is no configuration"):format(name, limit.bytes)
  end
  local line = bad_utf8(text)
  if line then return nil, ("%s:%d: not UTF-8 text"):format(name, line) end
  local doc = setmetatable({ name = name, lines = {}, order = {}, kinds = {}, merged = {} }, Doc)
  local reader = setmetatable({ doc = doc, text = text, limit = limit, anchors = {}, nodes = 0, depth = 0 }, Reader)
  local ok, value = pcall(function()
    reader.pull = events.parser(text)
    return reader:document()
  end)
  if ok then return value, doc end
  if type(value) == "table" and value.yaml then return nil, value.yaml end
  return nil, ("%s:%d: %s"):format(name, reader.line or 1, tostring(value))
end

--- Reads one YAML document from a file; see `parse`.
-- @param path the file
-- @param[opt] options limits as in `parse`
-- @return value and document, and the text as a third result; or nil, message
function M.load(path, options)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local limit = options and options.bytes or limits.bytes
  local text, fault = file:read(math.tointeger(limit) + 1)
  file:close()
  if fault then return nil, ("%s: %s"):format(path, fault) end
  local value, doc = M.parse(text or "", path, options)
  if value == nil then return nil, doc end
  return value, doc, text
end

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
  return M.scalar(text) ~= text or text:find "^[-+.]?%d" or text == "=" or text == "<<"
end

local function sorted_keys(map, rank)
  local keys = {}
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
  if value == M.null then text = "null"
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
  for _, item in ipairs(list) do simple = simple and (type(item) ~= "table" or item == M.null) end
  self:emit { type = "SEQUENCE_START", implicit = true, style = simple and "FLOW" or "BLOCK" }
  for _, item in ipairs(list) do self:value(item) end
  self:emit { type = "SEQUENCE_END" }
end

function Writer:value(value)
  if type(value) ~= "table" or value == M.null then return self:scalar(value) end
  self.depth = self.depth + 1
  if self.depth > limits.depth then error("yaml.dump: nested too deep, or a table inside itself", 0) end
  if #value > 0 or next(value) == nil then
    self:list(value)
  else
    self:emit { type = "MAPPING_START", implicit = true, style = "BLOCK" }
    for _, key in ipairs(sorted_keys(value, self.rank)) do
      self:scalar(tostring(key))
      self:value(value[key])
    end
    self:emit { type = "MAPPING_END" }
  end
  self.depth = self.depth - 1
end

--- Writes a value as a YAML document that YAML 1.1 and 1.2 readers understand
-- alike. Lists of scalars stand on one line.
-- @param value numbers, strings, booleans, `M.null`, tables of them
-- @param[opt] options {order = list of keys that come first, in this order, at
-- every level}; the other keys follow alphabetically
-- @return the text; raises on functions, cycles and text that is not UTF-8
function M.dump(value, options)
  local rank = {}
  for i, key in ipairs(options and options.order or {}) do rank[key] = i end
  local writer = setmetatable({ emitter = events.emitter(), rank = rank, depth = 0 }, Writer)
  writer:emit { type = "STREAM_START", encoding = "UTF8" }
  writer:emit { type = "DOCUMENT_START", implicit = true }
  writer:value(value)
  writer:emit { type = "DOCUMENT_END", implicit = true }
  return writer:emit { type = "STREAM_END" }
end

return M
