--- The interpreter that runs the specs, so that a spec which starts another
-- one starts the same flavour (build, sanitizers).
local lfs = require "lfs"

local M = {}

--- Absolute path of the running nac-lua.
M.path = assert(lfs.symlinkattributes("/proc/self/exe", "target"))

--- Root of the source tree.
M.root = lfs.currentdir()

--- Runs a shell command.
-- @param command a command line; $NAC_LUA stands for the interpreter, quoted
-- @return what it wrote on both streams, and its exit status (128 + n for signal n)
function M.run(command)
  command = command:gsub("%$NAC_LUA", function() return "'" .. M.path .. "'" end)
  local pipe = assert(io.popen("( " .. command .. " ) 2>&1", "r"))
  local text = pipe:read("a")
  local _, how, code = pipe:close()
  return text, how == "signal" and 128 + code or code
end

return M
