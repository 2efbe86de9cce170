-- The engine without Lua: spec/core/capi.c, compiled against src/nac.h and build/libnac.a.
local interpreter = require "spec.support.interpreter"

describe("the C library", function()
  it("trains, quantises and reads a net from plain C", function()
    if interpreter.path ~= interpreter.root .. "/build/nac-lua" then
      pending "the library of another build is not made for this" -- sanitizers, other compilers
      return
    end
    local program = os.tmpname()
    finally(function() os.remove(program) end)
    local out, status = interpreter.run "env -u MAKEFLAGS -u MAKELEVEL -u CC -u OPT -u CFLAGS -u LDFLAGS make -s lib"
    assert.equal(0, status, out)
    out, status = interpreter.run("cc -std=c11 -Wall -Wextra -Wpedantic -Werror -Isrc -o " .. program
      .. " spec/core/capi.c build/libnac.a -lz -ldl -lm")
    assert.equal(0, status, out)
    out, status = interpreter.run(program)
    assert.equal(0, status, out)
    local first, second = out:match "accuracy (%S+)\naccuracy (%S+)\n"
    assert.is_true(tonumber(first) > .95 and tonumber(second) > .95, out)
    assert.matches("first dense 16\nrelu1 relu 0\nsecond dense 16\nbytes left 0\n", out, 1, true)
  end)
end)
