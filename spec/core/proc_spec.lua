local proc = require "nac.c.proc"

-- Runs `f` in a child and waits for it.
local function child(f)
  local pid = assert(proc.fork())
  if pid == 0 then
    pcall(f)
    proc.exit(0)
  end
  return proc.wait(pid, true)
end

describe("processes", function()
  it("end with a status or the name of a signal", function()
    assert.same({ code = 0 }, child(function() end))
    assert.same({ code = 7 }, child(function() proc.exit(7) end))
    assert.same({ signal = 9, name = "SIGKILL" }, child(function() proc.kill(proc.pid(), "KILL") end))
    local pid = assert(proc.fork())
    if pid == 0 then
      proc.sleep(60)
      proc.exit(0)
    end
    assert.is_nil(proc.wait(pid)) -- still running
    proc.kill(pid, "SIGUSR1")
    assert.same({ signal = 10, name = "SIGUSR1" }, proc.wait(pid, true))
  end)

  it("send framed messages through a pipe, however long", function()
    local r, w = proc.pipe()
    local long = ("x"):rep(200000)
    local pid = assert(proc.fork())
    if pid == 0 then
      proc.send(w, "")
      proc.send(w, long)
      proc.exit(0)
    end
    proc.close(w)
    local parts = {}
    repeat
      assert.is_true(proc.poll({ r }, 10)[r])
      local text = assert(proc.read(r))
      parts[#parts + 1] = text
    until text == ""
    proc.close(r)
    proc.wait(pid, true)
    assert.equal(string.pack("<s4s4", "", long), table.concat(parts))
  end)

  it("learn that nobody reads any more instead of dying of it", function()
    local ended = child(function()
      local r, w = proc.pipe()
      proc.close(r)
      local ok, message = proc.send(w, "hello")
      proc.exit(not ok and message:find "Broken pipe" and 5 or 6)
    end)
    assert.same({ code = 5 }, ended)
  end)

  it("go when their parent is killed", function()
    local r, w = proc.pipe()
    local parent = assert(proc.fork())
    if parent == 0 then
      local grandchild = proc.fork()
      proc.send(w, "up")
      if grandchild == 0 then proc.sleep(60) else proc.sleep(60) end
      proc.exit(0)
    end
    proc.close(w)
    local got = 0
    while got < 12 do got = got + #proc.read(r) end -- both are up
    proc.kill(parent, "SIGKILL")
    proc.wait(parent, true)
    assert.is_true(proc.poll({ r }, 10)[r])
    assert.equal("", proc.read(r)) -- the pipe has no writer left
    proc.close(r)
  end)

  it("do not write the parent's buffered output again", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write "once"
    child(function() end)
    file:close()
    file = assert(io.open(path))
    assert.equal("once", file:read "a")
    file:close()
    os.remove(path)
  end)

  it("measure themselves", function()
    assert.is_true(proc.rss() > 100000)
    assert.is_true(proc.cpus() >= 1)
    assert.is_true(proc.clock() <= proc.clock())
    assert.is_true(math.abs(proc.time() - os.time()) < 3)
    assert.is_nil((proc.rss(2 ^ 30 | 0)))
    assert.is_false(proc.isatty((proc.pipe())))
  end)

  it("make folders with their parents, and say why not", function()
    local base = os.tmpname()
    local ok, message = proc.mkdir(base .. "/sub")
    assert.is_nil(ok)
    assert.matches(base, message, 1, true)
    os.remove(base)
    assert.is_true(proc.mkdir(base .. "/a/b"))
    assert.is_true(proc.mkdir(base .. "/a/b"))
    for _, path in ipairs { "/a/b", "/a", "" } do assert.is_true(os.remove(base .. path)) end
  end)

  it("raise on misuse, and never signal groups", function()
    assert.error_matches(function() proc.read(-1) end, "a file descriptor is 0 or more")
    assert.error_matches(function() proc.kill(proc.pid(), "SIGNONE") end, "unknown signal")
    assert.is_nil((proc.kill(-1, "SIGTERM")))
    assert.is_nil((proc.kill(0, "SIGTERM")))
    assert.is_nil((proc.kill(1, 0)))
    assert.error_matches(function() proc.wait(0) end, "pid of a child")
  end)
end)
