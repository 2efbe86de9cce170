-- The size budget and the direction of dependencies, checked over the tree:
-- `nac-lua spec/support/budget.lua` prints the largest of each kind and every
-- offence, and leaves with status 1 when there is one. Part of `make check`.
local lfs = require "lfs"

local LIMITS = {
  { what = "C file", dir = "src", ends = "%.c$", max = 800 },
  { what = "C header", dir = "src", ends = "%.h$", max = 500 },
  { what = "Lua file", dir = "lua", ends = "%.lua$", max = 400 },
  { what = "spec", dir = "spec", ends = "%.lua$", max = 400 },
  { what = "experiment", dir = "experiments", ends = "%.lua$", max = 120 },
}
local MAX_FUNCTION = 80

-- What a folder may not include, as Lua patterns over the text between the
-- quotes: dependencies point down only (docs/architecture.md).
local FORBIDDEN = {
  ["src/kern"] = { "^lua", "^lauxlib", "^bind/", "^core/layer", "^core/net", "^core/plan", "^core/train" },
  ["src/core"] = { "^lua", "^lauxlib", "^bind/" },
}

local offences = 0
local function offence(...)
  offences = offences + 1
  print("  " .. string.format(...))
end

local function files(dir, ends, found)
  found = found or {}
  if not lfs.attributes(dir) then return found end
  for name in lfs.dir(dir) do
    local path = dir .. "/" .. name
    if name:sub(1, 1) == "." then goto continue end
    if lfs.attributes(path, "mode") == "directory" then
      files(path, ends, found)
    elseif name:find(ends) then
      found[#found + 1] = path
    end
    ::continue::
  end
  table.sort(found)
  return found
end

local function lines_of(path)
  local list = {}
  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

-- Lengths of C functions: from the line before `{` in the first column to `}`.
local function long_functions(path, lines)
  local first, longest = nil, 0
  for i, line in ipairs(lines) do
    if line:find("^{") or line:find("^[%w_].*%)%s*{%s*$") then
      first = i
    elseif first and line:find("^}") then
      local length = i - first + 1
      longest = math.max(longest, length)
      if length > MAX_FUNCTION then
        offence("%s:%d: a function of %d lines (at most %d)", path, first, length, MAX_FUNCTION)
      end
      first = nil
    end
  end
  return longest
end

local total, longest_function = 0, 0
for _, limit in ipairs(LIMITS) do
  local list = files(limit.dir, limit.ends)
  local sum, most, where = 0, 0, "-"
  for _, path in ipairs(list) do
    local lines = lines_of(path)
    sum = sum + #lines
    if #lines > most then most, where = #lines, path end
    if #lines > limit.max then offence("%s: %d lines (at most %d)", path, #lines, limit.max) end
    if path:find("%.c$") then longest_function = math.max(longest_function, long_functions(path, lines)) end
  end
  total = total + sum
  print(("%-12s %3d files %6d lines, longest %3d of %3d: %s"):format(
    limit.what .. "s", #list, sum, most, limit.max, where))
end
print(("%-12s longest %d of %d lines"):format("C functions", longest_function, MAX_FUNCTION))

for dir, patterns in pairs(FORBIDDEN) do
  for _, path in ipairs(files(dir, "%.[ch]$")) do
    for number, line in ipairs(lines_of(path)) do
      local name = line:match('^%s*#%s*include%s*[<"]([^>"]+)[>"]')
      for _, pattern in ipairs(patterns) do
        if name and name:find(pattern) then offence("%s:%d: %s may not include %s", path, number, dir, name) end
      end
    end
  end
end

print(offences == 0 and ("within budget: %d lines"):format(total) or offences .. " over budget")
os.exit(offences == 0, true)
