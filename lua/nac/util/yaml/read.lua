--- YAML read with positions, so that a message can say `t1.yaml:14`.
-- Drives lyaml's event parser (its plain loader drops lines, order and
-- quoting). Keys are always text. Aliases share one Lua table; merge keys work.
local enum = require "nac.util.enum"
local events = require "yaml"
local scalar = require "nac.util.yaml.scalar"

local M = {}

-- What a reader accepts by default: far above any honest file.
local limits = { bytes = 4 * 2 ^ 20, nodes = 100000, depth = 64 }

-- Tags that may be written out; everything else (`!!python/object`) is refused.
local tagged = {
  str = function(text) return text end,
  int = function(text) return math.tointeger(tonumber(text)) end,
  float = function(text) local n = tonumber(text); return n and n + 0.0 end,
  bool = function(text) local b = scalar.scalar(text); if type(b) == "boolean" then return b end end,
  null = function() return scalar.null end,
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
    self:fail(event, "tag '%s' is not accepted here", enum.shown(event.tag))
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
        self:fail(key, "key '%s' stands twice (first on line %d)", enum.shown(key.value), doc.lines[map][key.value])
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
    if not convert then self:fail(event, "tag '%s' is not accepted here", enum.shown(event.tag)) end
    local value = convert(event.value)
    if value == nil then self:fail(event, "'%s' is no %s", enum.shown(event.value), tag) end
    return value
  end
  if event.style == "PLAIN" and tag ~= "!" then return scalar.scalar(event.value) end
  return event.value
end

function Reader:value(event)
  if event.type == "ALIAS" then
    local anchor = self.anchors[event.anchor]
    if not anchor then self:fail(event, "alias '*%s' has no anchor before it", enum.shown(event.anchor)) end
    if anchor.open then self:fail(event, "alias '*%s' stands inside itself", enum.shown(event.anchor)) end
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
-- @return the value (tables, strings, numbers, booleans, `scalar.null`) and the
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

return M
