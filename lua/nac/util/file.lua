--- Folders, and files that are either whole or absent. Failures come back as
-- nil and a message with the path.
local lfs = require "lfs"

local M = {}

--- Whether something of this name exists.
-- @param path a path
-- @return "file", "directory", ... or nil
function M.exists(path) return lfs.attributes(path, "mode") end

--- The size of a file in bytes; 0 when there is none.
function M.size(path) return lfs.attributes(path, "size") or 0 end

--- Makes a folder and those above it.
-- @param path a path
-- @return true, or nil and a message
function M.make_directory(path)
  if lfs.attributes(path, "mode") == "directory" then return true end
  local parent = path:match("^(.*[^/])/+[^/]+/*$")
  if parent then
    local ok, message = M.make_directory(parent)
    if not ok then return nil, message end
  end
  local ok, message = lfs.mkdir(path)
  if not ok and lfs.attributes(path, "mode") ~= "directory" then
    return nil, ("cannot make the folder %s: %s"):format(path, message:lower())
  end
  return true
end

--- The whole content of a file.
-- @param path a path
-- @return the text, or nil and a message
function M.read(path)
  local file, message = io.open(path, "rb")
  if not file then return nil, message end
  local text, why = file:read("a")
  file:close()
  if not text then return nil, ("%s: %s"):format(path, why) end
  return text
end

--- Writes a file under a temporary name and renames it, so that a reader never
-- sees half of it and a full disk leaves the old one.
-- @function write
-- @param path a path
-- @param text its new content
-- @return true, or nil and a message
M.write = require("nac.c.file").write

--- Finds a file that a configuration names: beside the configuration, else from the current folder.
-- @param path as it is named
-- @param base_dir the configuration's folder, or nil
-- @param what it is, for the message: "file", "loader"
-- @return its path, or nil and a message that tells where it was looked for
function M.find(path, base_dir, what)
  local candidates = { path }
  if path:sub(1, 1) ~= "/" and base_dir then table.insert(candidates, 1, base_dir .. "/" .. path) end
  for _, candidate in ipairs(candidates) do
    local file = io.open(candidate, "rb")
    if file then
      file:close()
      return candidate
    end
  end
  return nil, ("the %s %s was not found (looked for %s)"):format(what, path, table.concat(candidates, " and "))
end

--- Finds a program on the search path.
-- @param name such as "gnuplot"
-- @return its path, or nil
function M.program(name)
  for folder in (os.getenv("PATH") or ""):gmatch("[^:]+") do
    local path = folder .. "/" .. name
    if lfs.attributes(path, "mode") == "file" then return path end
  end
  return nil
end

--- A word quoted for the shell.
function M.quote(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

return M
