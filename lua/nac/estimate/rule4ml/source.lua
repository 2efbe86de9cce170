--- A user's own copy of rule4ml 0.2.0: the wheel file as pip downloads it, or a folder
-- that it was unpacked or installed into.
local file = require "nac.util.file"
local json = require "nac.util.json"
local zip = require "nac.c.zip"

local M = {}

M.VERSION = "0.2.0"

local LARGEST = 64 << 20 -- bytes of a member; the real ones have 2 MB
local INSIDE = "rule4ml/models/weights/v2/"

local Source = {}
Source.__index = Source

local function hint(path, fmt, ...)
  return nil, ("%s: %s; rule4ml %s is expected (pip download rule4ml==%s --no-deps)"):format(path, fmt:format(...), M.VERSION, M.VERSION)
end

local function open_wheel(path)
  local names, why = zip.names(path)
  if not names then return nil, why end
  local meta
  for _, name in ipairs(names) do
    if name:find "^rule4ml%-[^/]*%.dist%-info/METADATA$" then meta = name end
  end
  if not meta then return hint(path, "it is no wheel of rule4ml") end
  local text
  text, why = zip.read(path, meta, LARGEST)
  if not text then return nil, why end
  local version = text:match "\nVersion: *(%S+)"
  if version ~= M.VERSION then return hint(path, "it is version %s", version or "unknown") end
  return setmetatable({ path = path, wheel = true }, Source)
end

-- The version beside a package, where its dist-info lies there.
local function check_version(path)
  local found
  for name in require("lfs").dir(path) do
    local version = name:match "^rule4ml%-(.*)%.dist%-info$"
    if version == M.VERSION then return true end
    found = found or version
  end
  if found then return hint(path, "it is version %s", found) end
  return true
end

local function open_folder(path)
  path = path:gsub("(.)/+$", "%1")
  for _, under in ipairs { INSIDE, (INSIDE:gsub("^rule4ml/", "")), "v2/", "" } do
    local dir = path .. "/" .. under
    if file.exists(dir .. "gnn") == "directory" or file.exists(dir .. "mlp") == "directory" then
      local ok, why = check_version(path)
      if not ok then return nil, why end
      return setmetatable({ path = path, dir = dir }, Source)
    end
  end
  return hint(path, "the folder holds no %s", INSIDE)
end

--- Opens it.
-- @param path of the wheel or the folder
-- @return a source; or nil and a message
function M.open(path)
  local kind = file.exists(path)
  if not kind then return nil, path .. ": No such file or directory" end
  if kind == "directory" then return open_folder(path) end
  return open_wheel(path)
end

-- The bytes of a file below v2/.
function Source:text(name)
  if self.wheel then return zip.read(self.path, INSIDE .. name, LARGEST) end
  if file.size(self.dir .. name) > LARGEST then return nil, self.dir .. name .. ": too large" end
  return file.read(self.dir .. name)
end

--- Reads a JSON file.
-- @param name below v2/, "gnn/LUT.config.json"
-- @return a table; or nil and a message
function Source:json(name)
  local text, why = self:text(name)
  if not text then return nil, why end
  local ok, value, message = pcall(json.decode, text)
  if not ok or type(value) ~= "table" then
    return nil, ("%s: %s: damaged: %s"):format(self.path, name, tostring(ok and message or value))
  end
  return value
end

--- Hands a file to a reader that wants a path; a member of the wheel is unpacked for it.
-- @param name below v2/
-- @param read function(path) -> value, or nil and a message
-- @return what it returns
function Source:with(name, read)
  if not self.wheel then return read(self.dir .. name) end
  local bytes, why = self:text(name)
  if not bytes then return nil, why end
  local temporary = os.tmpname()
  local written, value
  written, why = file.write(temporary, bytes)
  if not written then return nil, why end
  local ok
  ok, value, why = pcall(read, temporary)
  os.remove(temporary)
  if not ok then error(value, 0) end
  if value == nil then return nil, (tostring(why):gsub(temporary:gsub("%p", "%%%0"), function() return self.path .. ": " .. name end)) end
  return value, why
end

return M
