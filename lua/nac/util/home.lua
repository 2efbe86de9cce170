--- Where the engine's files lie: the source tree, or <prefix>/share/nac-lua.
local M = {}

local source = debug.getinfo(1, "S").source:gsub("^@", "")

--- The folder that holds lua/, experiments/ and data/.
M.root = (source:gsub("/?lua/nac/util/home%.lua$", ""))
if M.root == "" then M.root = "." end

--- A file of the engine's own.
-- @param name a path below the root, such as "experiments/t1.lua"
-- @return the path
function M.path(name) return M.root .. "/" .. name end

--- Whether a file can be opened for reading.
function M.readable(path)
  local file = io.open(path, "rb")
  if not file then return false end
  local ok = file:read(0) ~= nil or file:seek("end") == 0
  file:close()
  return ok
end

--- Finds an experiment's file: the path as given, else below experiments/.
-- @param name as the user typed it
-- @return the path, or nil and where it was looked for
function M.find(name)
  if M.readable(name) then return name end
  local shipped = M.path("experiments/" .. name)
  if not name:match("^/") and M.readable(shipped) then return shipped end
  if require("lfs").attributes(name, "mode") == "directory" then return nil, ("'%s' is a folder; a file is expected"):format(name) end
  return nil, ("'%s' is neither here nor in %s"):format(name, M.path("experiments"))
end

return M
