--- The folder of files that trials keep: trial_N.npz, trial_N_fold1.npz, ...
local lfs = require "lfs"
local proc = require "nac.c.proc"
local signal = require "nac.util.signal"

local Artifacts = {}
Artifacts.__index = Artifacts

local M = {}

local count = 0 -- of temporary folders in this process

--- Artifacts in a folder, which is made when the first file is kept.
-- @param dir the folder's path; without one a temporary folder is taken, which
--   goes when the study does
function M.new(dir)
  local pid = proc.pid()
  count = count + 1
  local temporary = not dir and ("/tmp/nac-%d-%d"):format(pid, count)
  return setmetatable({ dir = dir or temporary, owner = temporary and pid, files = {} }, Artifacts)
end

-- A worker's copy must not remove what belongs to its parent.
function Artifacts:__gc()
  if self.owner ~= proc.pid() or not next(self.files) then return end
  for file in pairs(self.files) do os.remove(self.dir .. "/" .. file) end
  os.remove(self.dir)
end

--- Notes the files of a record, for `drop` and for the end.
function Artifacts:note(record)
  for _, file in ipairs(record.artifacts) do self.files[file] = true end
end

--- The file name of a trial's artifact.
function Artifacts.file(_, number, name, extension)
  name = name and tostring(name):gsub("[^%w%-%.]", "-")
  return ("trial_%d%s.%s"):format(number, name and "_" .. name or "", extension or "npz")
end

--- The path of a trial's artifact.
function Artifacts:path(number, name, extension)
  return self.dir .. "/" .. self:file(number, name, extension)
end

--- Has `write(path)` make a file under a temporary name, then renames it.
-- @param file the file's name
-- @param write a function; raises or returns nil, message on failure
-- @return the path, or nil and a message
function Artifacts:store(file, write)
  local ok, message = proc.mkdir(self.dir)
  if not ok then return nil, message end
  local path, temporary = self.dir .. "/" .. file, self.dir .. "/.tmp_" .. file
  local called, result, why = xpcall(write, debug.traceback, temporary)
  if not called then
    os.remove(temporary)
    if signal.is(result) then error(result, 0) end
    return nil, ("cannot keep %s: %s"):format(path, tostring(result))
  end
  if result == nil and why ~= nil or result == false then
    os.remove(temporary)
    return nil, ("cannot keep %s: %s"):format(path, tostring(why))
  end
  ok, message = os.rename(temporary, path)
  if not ok then return nil, ("cannot keep %s: %s (the function wrote no file)"):format(path, message) end
  return path
end

--- Removes files that a killed worker was writing.
-- @param[opt] file of this artifact only; else of all
function Artifacts:sweep(file)
  local prefix = ".tmp_" .. (file or "")
  local ok, next_name, folder = pcall(lfs.dir, self.dir)
  if not ok then return end -- nothing was kept yet
  for name in next_name, folder do
    if name:sub(1, #prefix) == prefix then os.remove(self.dir .. "/" .. name) end
  end
end

--- Removes a trial's files, also half-written ones.
function Artifacts:drop(record)
  for _, file in ipairs(record.artifacts) do
    os.remove(self.dir .. "/" .. file)
    if record.state == "failed" then self:sweep(file) end
  end
end

--- The existing file of a record, or nil.
function Artifacts:find(record, name)
  for _, file in ipairs(record.artifacts) do
    if not name or file:find("_" .. name .. ".", 1, true) then
      local path = self.dir .. "/" .. file
      local f = io.open(path, "rb")
      if f then
        f:close()
        return path
      end
    end
  end
end

return M
