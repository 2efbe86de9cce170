local interpreter = require "spec.support.interpreter"

-- The flavour under test is what gets installed; its folder is the build folder.
local build = interpreter.path:match("([^/]+)/nac%-lua$")
local sanitized = build:find("san") ~= nil

describe("make install", function()
  local folder, prefix

  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    prefix = folder .. "/opt/nac"
    local text, status = interpreter.run(
      ("make -s -o all install BUILD=%s DESTDIR=%s PREFIX=/opt/nac"):format(build, folder))
    assert(status == 0, text)
  end)

  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("gives an interpreter that works from any folder, with the installed Lua files", function()
    local script = folder .. "/where.lua"
    local file <close> = assert(io.open(script, "w"))
    file:write('print(require("nac").version, package.searchpath("nac.util.enum", package.path))')
    file:flush()
    local text, status = interpreter.run(("cd / && %s/bin/nac-lua %s"):format(prefix, script))
    assert.equal(0, status, text)
    assert.equal(("%s\t%s/share/nac-lua/lua/nac/util/enum.lua\n"):format(require("nac").version, prefix), text)
    os.remove(script)
  end)

  it("loads into a stock lua5.4", function()
    if sanitized then return pending("a sanitizer build loads only into its own interpreter") end
    local text, status = interpreter.run(("cd / && LUA_PATH='%s/share/lua/5.4/?.lua;;' lua5.4 -e "
      .. "'print(require(\"nac\").version, require(\"nac.util.enum\") ~= nil)'"):format(prefix))
    assert.equal(0, status, text)
    assert.equal(require("nac").version .. "\ttrue\n", text)
  end)

  it("leaves nothing behind after uninstall", function()
    local text, status = interpreter.run(
      ("make -s uninstall DESTDIR=%s PREFIX=/opt/nac"):format(folder))
    assert.equal(0, status, text)
    local left = interpreter.run(("find %s -type f -o -type l"):format(folder))
    assert.equal("", left)
  end)
end)

describe("make", function()
  it("names every target in its help", function()
    local text = interpreter.run("make -s help")
    for _, target in ipairs { "all", "deps", "demo", "test", "check", "bench", "experiments", "data", "docs",
      "install", "uninstall", "clean" } do
      assert.truthy(text:find("\n" .. target .. " ") or text:find("^" .. target .. " "), target .. " is missing")
    end
  end)

  it("prints the packages to install where there is no apt", function()
    local text, status = interpreter.run(
      "PATH=/usr/bin/none $(command -v make) SHELL=$(command -v bash) deps")
    assert.equal(2, status)
    assert.truthy(text:find("lua5.4", 1, true), text)
  end)
end)
