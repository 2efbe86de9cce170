-- Writes the reference of the C API as Markdown: the comments /** ... */ of the
-- headers with what they stand before. The public header comes first.
-- usage: nac-lua docs/gen.lua OUTPUT [header ...]
local out = assert(io.open(assert(arg[1], "usage: nac-lua docs/gen.lua OUTPUT [header ...]"), "w"))

-- The text of a comment without its stars.
local function plain(comment)
  local text = comment:gsub("^/%*%*%s*", ""):gsub("%s*%*/$", "")
  return (("\n" .. text):gsub("\n%s*%*? ?", "\n"):gsub("^\n", ""))
end

-- The declarations after a comment: up to an empty line, the next comment of
-- this kind, or the end of a struct.
local function declaration(source, from)
  local stop = #source + 1
  for _, pattern in ipairs { "\n%s*\n", "/%*%*", "\n#endif" } do
    local at = source:find(pattern, from)
    if at and at < stop then stop = at end
  end
  local text = source:sub(from, stop - 1)
  local opening = text:find("{", 1, true)
  if opening and not text:find("}", 1, true) then -- a struct with empty lines inside
    text = source:match("^.-\n}[^\n]*", from) or text
  end
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

local function document(path)
  local file <close> = assert(io.open(path))
  local source = file:read("a")
  out:write("\n## ", path:gsub("^src/", ""), "\n")
  local from = 1
  while true do
    local first, last = source:find("/%*%*.-%*/", from)
    if not first then break end
    local code = declaration(source, last + 1)
    out:write("\n")
    -- the comment before the include guard is about the file
    if code ~= "" and not code:find("^#ifndef") then out:write("```c\n", code, "\n```\n\n") end
    out:write(plain(source:sub(first, last)), "\n")
    from = last + 1
  end
end

out:write("# C API\n\nGenerated from the headers by `make docs`.\n")
for i = 2, #arg do document(arg[i]) end
out:close()
