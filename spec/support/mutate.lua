--- Mutation fuzzing of file readers, for spec/fuzz/*.lua (`make check` runs
-- them under the sanitizers). A reader may accept a damaged file, return nil
-- and a message, or raise an error with a text; it may not crash, hang, or
-- take memory that the file cannot justify.
local sys = require "nac.c.sys"

local M = {}

-- Numbers that break size arithmetic.
local MAGIC = { "\0\0\0\0", "\255\255\255\255", "\127\255\255\255", "\128\0\0\0", "\0\0\0\1", "\255\255\255\127",
  "-1", "1e999", "nan", "9223372036854775808", "\n", "\t", "&a", "*a", "{", "[", "'", "\"" }

-- One damage each: take the bytes and a random function, give other bytes.
local damages = {
  function(s, random) -- flip one bit
    if #s == 0 then return s end
    local i = random(#s)
    return s:sub(1, i - 1) .. string.char(s:byte(i) ~ (1 << random(0, 7))) .. s:sub(i + 1)
  end,
  function(s, random) return s:sub(1, random(0, #s)) end, -- truncate
  function(s, random) -- overwrite with a number that breaks arithmetic
    local m, i = MAGIC[random(#MAGIC)], random(0, #s)
    return s:sub(1, i) .. m .. s:sub(i + #m + 1)
  end,
  function(s, random) -- the same near the start, where headers are
    local m, i = MAGIC[random(#MAGIC)], random(0, math.min(#s, 32))
    return s:sub(1, i) .. m .. s:sub(i + #m + 1)
  end,
  function(s, random) -- insert
    local i = random(0, #s)
    return s:sub(1, i) .. MAGIC[random(#MAGIC)] .. s:sub(i + 1)
  end,
  function(s, random) -- drop a stretch
    if #s == 0 then return s end
    local i = random(#s)
    return s:sub(1, i - 1) .. s:sub(i + random(1, 64))
  end,
  function(s, random) -- repeat a stretch
    if #s == 0 then return s end
    local i = random(#s)
    local piece = s:sub(i, i + random(1, 64))
    return s:sub(1, i) .. piece:rep(random(1, 8)) .. s:sub(i + 1)
  end,
  function(s, random) -- another indentation, as in a file edited in haste
    if not s:find("\n") then return s end
    local at = s:find("\n", random(#s)) or s:find("\n")
    return s:sub(1, at) .. (" "):rep(random(0, 3)) .. s:sub(at + 1 + random(0, 2))
  end,
  function(s, random) -- random bytes
    local i, bytes = random(0, #s), {}
    for k = 1, random(1, 16) do bytes[k] = string.char(random(0, 255)) end
    return s:sub(1, i) .. table.concat(bytes) .. s:sub(i + #bytes + 1)
  end,
}

--- `bytes` with one to four damages.
-- @param bytes a string
-- @param random a function like math.random
-- @return the damaged string
function M.damage(bytes, random)
  for _ = 1, random(1, 4) do bytes = damages[random(#damages)](bytes, random) end
  return bytes
end

--- Reads `rounds` damaged copies of each good file.
-- @param options `name` of the reader; `files` = list of paths of good files;
-- `read` = function(path) that reads one; `rounds` = 300 a file; `seed` = 1;
-- `memory` = 256 MB of engine memory that it may have in use; `raises` = true:
-- whether it may refuse by raising an error
-- @return counts {accepted=, refused=}
function M.run(options)
  math.randomseed(options.seed or 1)
  sys.set_memory_budget(options.memory or 256 * 1024 * 1024)
  local counts = { accepted = 0, refused = 0 }
  local temporary = os.tmpname()
  for _, good in ipairs(options.files) do
    local suffix = good:match("%.[%w.]+$") or ""
    local path = temporary .. suffix
    local input = assert(io.open(good, "rb"))
    local bytes = input:read("a")
    input:close()
    for round = 0, options.rounds or 300 do -- round 0: undamaged
      local out = assert(io.open(path, "wb"))
      out:write(round == 0 and bytes or M.damage(bytes, math.random))
      out:close()
      local ok, value, message = xpcall(options.read, debug.traceback, path)
      if not ok and options.raises == false then
        os.rename(path, path .. ".kept")
        error(("%s raised on %s: %s"):format(options.name, path .. ".kept", value))
      end
      if ok and value ~= nil then
        counts.accepted = counts.accepted + 1
      else
        local text = ok and message or value
        if round == 0 then error(("%s refuses the good file %s: %s"):format(options.name, good, tostring(text))) end
        assert(text ~= nil and #tostring(text) > 0, options.name .. ": refused without a message")
        counts.refused = counts.refused + 1
      end
    end
    os.remove(path)
  end
  os.remove(temporary)
  sys.set_memory_budget(0)
  collectgarbage()
  print(("fuzz %-12s %5d accepted, %5d refused"):format(options.name, counts.accepted, counts.refused))
  return counts
end

return M
