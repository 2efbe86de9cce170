-- Compiles and runs C++ programs of specs.
local file = require "nac.util.file"
local home = require "nac.util.home"

local M = {}

local folders = {}

--- Whether there is a C++ compiler; specs that need one are pending without.
M.found = file.program "g++" ~= nil

--- A new empty folder, gone after `clean`.
function M.folder()
  local name = os.tmpname()
  os.remove(name)
  assert(file.make_directory(name))
  folders[#folders + 1] = name
  return name
end

--- Runs a command.
-- @return whether it succeeded, what it wrote
function M.shell(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local said = pipe:read "a"
  return pipe:close() == true, said
end

--- Compiles a program with our headers, every warning an error, and runs it.
-- @param source C++ text
-- @param[opt] flags of the compiler
-- @return what it wrote to its standard output
function M.run(source, flags)
  local dir = M.folder()
  assert(file.write(dir .. "/main.cpp", source))
  local ok, said = M.shell(("g++ -std=c++11 -O0 -Wall -Wextra -Wpedantic -Werror -Wno-unknown-pragmas %s -I%s -I%s %s/main.cpp -o %s/main"):format(
    flags or "", file.quote(home.path "src/hls"), file.quote(home.path "src/hls/ap_shim"), dir, dir))
  assert(ok, said:sub(1, 4000))
  ok, said = M.shell(dir .. "/main")
  assert(ok, said:sub(-2000))
  return said
end

--- Removes the folders that were made.
function M.clean()
  for _, dir in ipairs(folders) do os.execute("rm -r " .. file.quote(dir)) end
  folders = {}
end

return M
