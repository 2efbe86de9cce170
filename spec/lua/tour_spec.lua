local lfs = require "lfs"

local function files(dir, found)
  for name in lfs.dir(dir) do
    local path = dir .. "/" .. name
    if name:sub(1, 1) ~= "." then
      if lfs.attributes(path, "mode") == "directory" then
        files(path, found)
      else
        found[#found + 1] = path
      end
    end
  end
  return found
end

-- Every path that the tour names: `a/b.c`, `a/b.{h,c}`, `a/{b,c}.lua`.
local function named_paths()
  local file <close> = assert(io.open("docs/tour.md"))
  local named = {}
  local function add(path)
    local before, list, after = path:match("^(.-){(.-)}(.*)$")
    if not before then
      named[path] = true
      return
    end
    for word in list:gmatch("[^,]+") do add(before .. word .. after) end
  end
  for path in file:read("a"):gmatch("`([%w_./{},%-]+)`") do
    if path:find("^src/") or path:find("^lua/") then add(path) end
  end
  return named
end

describe("the code tour", function()
  local named = named_paths()

  it("names every file of src and lua", function()
    local missing = {}
    for _, dir in ipairs { "src", "lua" } do
      for _, path in ipairs(files(dir, {})) do
        if not named[path] then missing[#missing + 1] = path end
      end
    end
    table.sort(missing)
    assert.equal("", table.concat(missing, "\n"))
  end)

  it("names no file that is not there", function()
    local gone = {}
    for path in pairs(named) do
      if not lfs.attributes(path) then gone[#gone + 1] = path end
    end
    table.sort(gone)
    assert.equal("", table.concat(gone, "\n"))
  end)
end)
