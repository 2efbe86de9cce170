--- Files for specs: small ones made on the spot, gone at the end.
local M = {}

-- Paths to remove at the end.
local made = {}

--- Writes `bytes` to a new temporary file and returns its path.
-- @param bytes string, or nil for a path without a file
-- @param[opt=""] suffix of the name
function M.temporary(bytes, suffix)
  local name = os.tmpname()
  local path = name .. (suffix or "")
  made[#made + 1] = name
  made[#made + 1] = path
  os.remove(name)
  if bytes then M.write(path, bytes) end
  return path
end

--- Replaces the content of a file.
function M.write(path, bytes)
  local f = assert(io.open(path, "wb"))
  f:write(bytes)
  f:close()
end

--- The content of a file.
function M.read(path)
  local f = assert(io.open(path, "rb"))
  local bytes = f:read("a")
  f:close()
  return bytes
end

--- `bytes` as gzip would pack them.
function M.gzip(bytes)
  local plain, packed = M.temporary(bytes), M.temporary(nil, ".gz")
  assert(os.execute(("gzip -n -c '%s' > '%s'"):format(plain, packed)))
  return M.read(packed)
end

--- An IDX file: type code, dimensions, the bytes of the elements.
function M.idx(code, dims, data)
  local parts = { string.char(0, 0, code, #dims) }
  for _, d in ipairs(dims) do parts[#parts + 1] = string.pack(">I4", d) end
  return table.concat(parts) .. data
end

--- An npy file of the given version with this header text.
function M.npy(header, data, version)
  version = version or 1
  local form = version == 1 and "<s2" or "<s4"
  return "\x93NUMPY" .. string.char(version, 0) .. string.pack(form, header .. "\n") .. data
end

local function crc32(bytes)
  local crc = 0xffffffff
  for i = 1, #bytes do
    crc = crc ~ bytes:byte(i)
    for _ = 1, 8 do crc = (crc >> 1) ~ (0xedb88320 & -(crc & 1)) end
  end
  return crc ~ 0xffffffff
end

--- A zip archive made by hand: `members` = list of { name =, data = the unpacked
-- bytes }, and for lies and other forms crc, method, packed (bytes), flags, zip64.
function M.zip(members)
  local locals, directory, offset = {}, {}, 0
  for _, m in ipairs(members) do
    local packed, size = m.packed or m.data, #m.data
    local common = string.pack("<I2I2I2I2I2I4", 20, m.flags or 0, m.method or 0, 0, 0x21, m.crc or crc32(m.data))
    local record = "PK\3\4" .. common .. string.pack("<I4I4I2I2", #packed, size, #m.name, 0) .. m.name .. packed
    locals[#locals + 1] = record
    local extra, p, s, o = "", #packed, size, offset
    if m.zip64 then
      extra = string.pack("<I2I2I8I8I8", 1, 24, size, #packed, offset)
      p, s, o = 0xffffffff, 0xffffffff, 0xffffffff
    end
    directory[#directory + 1] = "PK\1\2" .. string.pack("<I2", 20) .. common ..
      string.pack("<I4I4I2I2I2I2I2I4I4", p, s, #m.name, #extra, 0, 0, 0, 0, o) .. m.name .. extra
    offset = offset + #record
  end
  local d = table.concat(directory)
  return table.concat(locals) .. d ..
    "PK\5\6" .. string.pack("<I2I2I2I2I4I4I2", 0, 0, #members, #members, #d, offset, 0)
end

--- Removes every file that was made.
function M.clean()
  for _, path in ipairs(made) do os.remove(path) end
  made = {}
end

return M
