--- Writes an npy file of 16-bit integers a few rows at a time, so that a set larger
-- than memory can be made; through gzip where the name ends in .gz.
local file = require "nac.util.file"

local M = {}

local Rows = {}
Rows.__index = Rows

local TYPES = { int16 = { descr = "<i2", pack = "i2" }, uint16 = { descr = "<u2", pack = "I2" } }
local AT_ONCE = 1024 -- numbers a string.pack

-- The bytes before the elements: version 1 of the format, padded to 64.
local function header(descr, shape)
  local text = ("{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }"):format(descr, table.concat(shape, ", "))
  local padding = -(#text + 11) % 64
  text = text .. (" "):rep(padding) .. "\n"
  return "\x93NUMPY\1\0" .. string.pack("<s2", text)
end

--- Opens a file; what is written lies under a temporary name until `close`.
-- @param path ending in .npy or .npy.gz
-- @param kind "int16" or "uint16"
-- @param shape list of all sizes, that of the rows first
-- @return a writer with `put` and `close`; raises when the file cannot be written
function M.open(path, kind, shape)
  local temporary = path .. ".tmp"
  local out
  if path:find "%.gz$" then
    out = assert(io.popen("gzip -9n >" .. file.quote(temporary), "w")) -- n: no time, equal bytes each time
  else
    out = assert(io.open(temporary, "wb"))
  end
  assert(out:write(header(TYPES[kind].descr, shape)))
  local left = 1
  for _, size in ipairs(shape) do left = left * size end
  return setmetatable({ path = path, temporary = temporary, out = out, pack = TYPES[kind].pack, left = left }, Rows)
end

--- Appends rows.
-- @param t an i32 tensor whose values fit; raises where one does not
function Rows:put(t)
  local flat = t:reshape { -1 }
  local n = flat:numel()
  local whole = "<" .. self.pack:rep(AT_ONCE)
  for first = 1, n, AT_ONCE do
    local values = flat:slice(1, first, math.min(n, first + AT_ONCE - 1)):totable()
    local form = #values == AT_ONCE and whole or "<" .. self.pack:rep(#values)
    assert(self.out:write(string.pack(form, table.unpack(values))))
  end
  self.left = self.left - n
end

--- Closes the file and gives it its name. Raises when rows are missing or the disk is full.
function Rows:close()
  local ok, message = self.out:close()
  if not ok or self.left ~= 0 then
    os.remove(self.temporary)
    error(("%s: %s"):format(self.path, ok and ("%d numbers are missing"):format(self.left) or message or "cannot be written"), 0)
  end
  assert(os.rename(self.temporary, self.path))
end

return M
