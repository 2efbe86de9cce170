--- Protocol Buffers, as bytes (protobuf.dev/programming-guides/encoding): a message is
-- a run of fields, each a key (number * 8 + wire type) and what the type says.
--
-- A schema is a table by field number: `{ name =, type = "int" | "float" | "string" | "bytes" |
-- schema, list = true }`; a list of numbers may lie packed in one field. What a schema
-- does not name is passed over. Read "bytes" are `{ first =, last = }`, their place in the text: the arrays
-- of a file never become strings.
local M = {}

local function damaged(at, form, ...) error({ damaged = ("%s at byte %d"):format(form:format(...), at - 1) }, 0) end

-- A variable-length integer: seven bits a byte, the lowest first.
local function varint(text, at, last)
  local value = 0
  for shift = 0, 63, 7 do
    local byte = at <= last and text:byte(at)
    if not byte then damaged(at, "a number without end") end
    value = value | (byte & 0x7f) << shift
    at = at + 1
    if byte < 0x80 then return value, at end
  end
  return damaged(at, "a number of more than 64 bits")
end

-- The place of a field that carries its length.
local function span(text, at, last)
  local length
  length, at = varint(text, at, last)
  if length < 0 or length > last - at + 1 then damaged(at, "a field of %u bytes where %d are left", length, last - at + 1) end
  return at, at + length - 1
end

local function fixed(text, at, last, form, bytes)
  if last - at + 1 < bytes then damaged(at, "a number is cut off") end
  return string.unpack(form, text, at), at + bytes
end

-- One number of a type, as the wire type says.
local function number(text, at, last, wire, type)
  if wire == 0 then return varint(text, at, last) end
  local form = wire == 5 and (type == "float" and "<f" or "<i4") or type == "float" and "<d" or "<i8"
  return fixed(text, at, last, form, wire == 5 and 4 or 8)
end

local decode

local function packed(list, text, first, last, type)
  while first <= last do
    local value
    value, first = number(text, first, last, type == "float" and 5 or 0, type)
    list[#list + 1] = value
  end
end

-- A field that carries its length: text, place, message, or packed numbers.
local function delimited(message, field, text, first, last)
  local value
  if field.type == "string" then
    value = text:sub(first, last)
  elseif field.type == "bytes" then
    value = { first = first, last = last }
  elseif type(field.type) == "table" then
    value = decode(text, field.type, first, last)
  elseif field.list then
    return packed(message[field.name], text, first, last, field.type)
  else
    damaged(first, "'%s' is of the wrong kind", field.name)
  end
  if field.list then table.insert(message[field.name], value) else message[field.name] = value end
end

local function plain_number(message, field, value, at)
  if field.type ~= "int" and field.type ~= "float" then damaged(at, "'%s' is of the wrong kind", field.name) end
  if field.list then table.insert(message[field.name], value) else message[field.name] = value end
end

function decode(text, schema, first, last)
  local message = {}
  for _, field in pairs(schema) do
    if field.list then message[field.name] = {} end
  end
  local at = first
  while at <= last do
    local key
    key, at = varint(text, at, last)
    local field, wire = schema[key >> 3], key & 7
    if wire == 2 then
      local from, to = span(text, at, last)
      if field then delimited(message, field, text, from, to) end
      at = to + 1
    elseif wire == 0 or wire == 1 or wire == 5 then
      local value, after = number(text, at, last, wire, field and field.type)
      if field then plain_number(message, field, value, at) end
      at = after
    else
      damaged(at, "a field of wire type %d, which this format does not have,", wire)
    end
  end
  return message
end

--- Reads a message.
-- @param text bytes
-- @param schema as above
-- @return the message, a table by names, lists always there; or nil and what is damaged, with its place
function M.decode(text, schema)
  local ok, result = pcall(decode, text, schema, 1, #text)
  if ok then return result end
  if type(result) == "table" and result.damaged then return nil, result.damaged end
  error(result, 0)
end

local function put_varint(out, value)
  while value < 0 or value > 127 do
    out[#out + 1] = string.char(value & 0x7f | 0x80)
    value = value >> 7
  end
  out[#out + 1] = string.char(value)
end

local encode

local function put(out, id, type, value)
  if type == "int" then
    put_varint(out, id << 3)
    put_varint(out, value)
  elseif type == "float" then
    put_varint(out, id << 3 | 5)
    out[#out + 1] = string.pack("<f", value)
  else
    local bytes = value
    if type ~= "string" and type ~= "bytes" then bytes = encode(value, type) end
    put_varint(out, id << 3 | 2)
    put_varint(out, #bytes)
    out[#out + 1] = bytes
  end
end

function encode(message, schema)
  local ids, out = {}, {}
  for id in pairs(schema) do ids[#ids + 1] = id end
  table.sort(ids) -- equal messages give equal bytes
  for _, id in ipairs(ids) do
    local field = schema[id]
    local value = message[field.name]
    if value ~= nil and field.list then
      for _, each in ipairs(value) do put(out, id, field.type, each) end
    elseif value ~= nil then
      put(out, id, field.type, value)
    end
  end
  return table.concat(out)
end

--- Writes a message: fields in the order of their numbers, lists not packed.
-- @param message a table by names; "bytes" are strings
-- @param schema as above
-- @return bytes
M.encode = encode

return M
