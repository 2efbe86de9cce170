--- Temporary files of a run of the specs: os.tmpname gives names in a folder of this process, which is emptied when a spec
-- file ends and goes at the end. What the program itself leaves in /tmp is a fault.
local lfs = require "lfs"
local proc = require "nac.c.proc"

local M = {}

local folder = ("/tmp/nac-specs-%d"):format(proc.pid())
local count = 0

-- As the C library's, the file is there.
local function tmpname()
  count = count + 1
  local path = ("%s/t%d"):format(folder, count)
  assert(io.open(path, "w")):close()
  return path
end

--- Begins: from now on os.tmpname gives such names.
function M.start()
  assert(lfs.mkdir(folder))
  os.tmpname = tmpname -- luacheck: ignore 122
end

--- Ends: the folder goes.
function M.stop() os.execute("rm -rf " .. folder) end

--- Removes what a spec file left in the folder.
function M.sweep()
  M.stop()
  assert(lfs.mkdir(folder))
end

--- What studies of this process left in /tmp that are gone by now.
-- @return list of names
function M.of_studies()
  collectgarbage()
  collectgarbage()
  local left, pattern = {}, ("^nac%%-%d%%-%%d+$"):format(proc.pid())
  for name in lfs.dir "/tmp" do
    if name:find(pattern) then left[#left + 1] = name end
  end
  table.sort(left)
  return left
end

return M
