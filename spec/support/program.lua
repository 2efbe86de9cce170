--- The nac-lua that runs the specs, and running it as a user does, in a shell.
local M = {}

-- The shell's parent is this process.
local pipe = io.popen("readlink -f /proc/$PPID/exe")
M.path = pipe:read("l")
pipe:close()

--- Runs a shell command line in which NAC stands for the program.
-- @param command the line
-- @return standard output and error together; the exit status
function M.sh(command)
  local child = io.popen("{ " .. command:gsub("NAC", M.path) .. "\n} 2>&1; echo $?")
  local text = child:read("a")
  child:close()
  local output, status = text:match("^(.-)(%d+)\n$")
  return output, tonumber(status)
end

--- Makes a folder for a spec's files.
-- @return its path
function M.folder()
  local child = io.popen("mktemp -d")
  local path = child:read("l")
  child:close()
  return path
end

return M
