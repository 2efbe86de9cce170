-- Many firmware projects as one program: compiled once, each with its own test bench.
local file = require "nac.util.file"
local home = require "nac.util.home"
local gxx = require "spec.support.gxx"

local M = {}

-- What headers of C++ a test bench includes, and ours that every project shares.
local function shared()
  local list = { "<cstdio>", "<cstdlib>", "<cstring>", "<string>", "<vector>", "<unistd.h>" }
  local pipe = assert(io.popen("ls " .. file.quote(home.path "src/hls")))
  for name in pipe:lines() do
    if name:find "^nac_.*%.h$" then list[#list + 1] = '"' .. name .. '"' end
  end
  pipe:close()
  return list
end

-- Guards of the headers that every project has under the same names.
local function guards(dir)
  local list = { "DEFINES_H_", "PARAMETERS_H_", "MYPROJECT_H_" }
  local pipe = assert(io.popen(("cd %s/firmware/weights && ls *.h 2>/dev/null"):format(dir)))
  for name in pipe:lines() do list[#list + 1] = ("NAC_%s_H"):format(name:gsub("%.h$", ""):upper()) end
  pipe:close()
  return list
end

--- Runs the C simulation of projects named "myproject".
-- @param dirs their folders
-- @return list of the test benches' texts, by the order of dirs
function M.run(dirs)
  local source = {}
  for _, name in ipairs(shared()) do source[#source + 1] = "#include " .. name end
  for i, dir in ipairs(dirs) do
    source[#source + 1] = ("namespace net%d {\n#define main simulate\n#include \"%s/myproject_test.cpp\"\n#undef main"):format(i, dir)
    source[#source + 1] = ("#include \"%s/firmware/myproject.cpp\"\n}"):format(dir)
    for _, guard in ipairs(guards(dir)) do source[#source + 1] = "#undef " .. guard end
  end
  source[#source + 1] = "int main() {"
  for i, dir in ipairs(dirs) do
    source[#source + 1] = ("  std::printf(\"=\");\n  if (chdir(\"%s\") != 0 || net%d::simulate() == 2) { return 2; }"):format(dir, i)
  end
  source[#source + 1] = "}\n"
  local list = {}
  for text in gxx.run(table.concat(source, "\n"), "-DNAC_TRACE"):gmatch "[^=]+" do list[#list + 1] = text end
  return list
end

--- A folder for a project, not there yet.
function M.folder() return gxx.folder() .. "/p" end

M.found, M.clean, M.shell, M.file = gxx.found, gxx.clean, gxx.shell, file
return M
