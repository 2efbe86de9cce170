--- safetensors files, as PyTorch's users keep weights in: eight bytes that give
-- the length of a JSON header (little-endian), the header { name = { dtype, shape,
-- data_offsets } }, then the elements.
local lfs = require "lfs"
local json = require "nac.util.json"
local raw = require("nac.c.npz").read_raw

local M = {}

-- No header of real weights comes near this.
local LONGEST_HEADER = 16 << 20

-- dtype of the format -> type of nac.c.npz.read_raw, bytes of an element
local TYPES = {
  F16 = { "f2", 2 }, BF16 = { "g2", 2 }, F32 = { "f4", 4 }, F64 = { "f8", 8 }, BOOL = { "b1", 1 },
  I8 = { "i1", 1 }, I16 = { "i2", 2 }, I32 = { "i4", 4 }, I64 = { "i8", 8 },
  U8 = { "u1", 1 }, U16 = { "u2", 2 }, U32 = { "u4", 4 }, U64 = { "u8", 8 },
}

-- The header as a table, and where the elements start.
local function read_header(path)
  local mode, size = lfs.attributes(path, "mode"), lfs.attributes(path, "size")
  if mode and mode ~= "file" then return nil, path .. ": cannot read: not a regular file" end
  local file <close>, message = io.open(path, "rb")
  if not file then return nil, message end
  local first = file:read(8)
  if not first or #first < 8 then return nil, path .. ": truncated: a safetensors file starts with the length of its header" end
  local length = string.unpack("<i8", first)
  if length < 2 or length > LONGEST_HEADER or length > size - 8 then
    return nil, ("%s: damaged: its header claims %d bytes, the file has %d"):format(path, length, size)
  end
  local text = file:read(length)
  if not text or #text < length or text:sub(1, 1) ~= "{" then return nil, path .. ": damaged: its header is not JSON" end
  local ok, header, why = pcall(json.decode, text)
  if not ok or type(header) ~= "table" then
    return nil, ("%s: damaged: its header is not JSON: %s"):format(path, tostring(ok and why or header))
  end
  return header, 8 + length, size
end

local function whole(v) return math.type(v) == "integer" and v >= 0 end

-- What is wrong with an entry of the header, or nil and its type, offset, shape.
local function check(entry, data_bytes)
  if type(entry) ~= "table" or type(entry.shape) ~= "table" or type(entry.data_offsets) ~= "table" then
    return "its header has no shape or no data_offsets"
  end
  local element = TYPES[entry.dtype]
  if not element then return ("elements of type %s cannot be read"):format(tostring(entry.dtype)) end
  local first, last = entry.data_offsets[1], entry.data_offsets[2]
  if not (whole(first) and whole(last) and first <= last and last <= data_bytes) then return "it reaches beyond the end of the file" end
  if #entry.shape > 8 then return "it has more than 8 dimensions" end
  local bytes = element[2]
  for _, d in ipairs(entry.shape) do
    if not whole(d) or (d > 0 and bytes > (1 << 62) // d) then return "its shape is not possible" end
    bytes = bytes * d
  end
  if bytes ~= last - first then return ("its shape needs %d bytes, it has %d"):format(bytes, last - first) end
  return nil, element[1], first, entry.shape
end

--- Reads every tensor of a file; f16 and bf16 become f32, integers i32 (refused
-- where a value does not fit), bool and u8 u8.
-- @param path string
-- @return { name = tensor } and the names, sorted; or nil and a message
function M.read(path)
  local header, start, size = read_header(path)
  if not header then return nil, start end
  local tensors, names = {}, {}
  for name, entry in pairs(header) do
    if name ~= "__metadata__" then
      local why, element, offset, shape = check(entry, size - start)
      if why then return nil, ("%s: damaged: '%s': %s"):format(path, tostring(name), why) end
      local tensor, message = raw(path, start + offset, element, shape)
      if not tensor then return nil, message end
      tensors[name] = tensor
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return tensors, names
end

return M
