-- The engine without Lua: spec/core/capi.c, compiled against src/nac.h and build/libnac.a.
local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local out = pipe:read "a"
  local ok = pipe:close()
  return ok, out
end

describe("the C library", function()
  it("trains, quantises and reads a net from plain C", function()
    local program = os.tmpname()
    finally(function() os.remove(program) end)
    local ok, out = run "MAKEFLAGS= MAKELEVEL= make -s lib BUILD=build"
    assert.is_true(ok, out)
    ok, out = run("cc -std=c11 -Wall -Wextra -Wpedantic -Werror -Isrc -o " .. program .. " spec/core/capi.c build/libnac.a -lz -ldl -lm")
    assert.is_true(ok, out)
    ok, out = run(program)
    assert.is_true(ok, out)
    local first, second = out:match "accuracy (%S+)\naccuracy (%S+)\n"
    assert.is_true(tonumber(first) > .95 and tonumber(second) > .95, out)
    assert.matches("first dense 16\nrelu1 relu 0\nsecond dense 16\nbytes left 0\n", out, 1, true)
  end)
end)
