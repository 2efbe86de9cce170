-- Runs nac-lua as a user does, in a shell.
local sh = require("spec.support.interpreter").run

local function with_script(text, f)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local ok, message = pcall(f, path)
  os.remove(path)
  assert(ok, message)
end

describe("nac-lua", function()
  it("runs code, libraries and scripts as lua does", function()
    assert.same({ "42\n", 0 }, { sh "$NAC_LUA -e 'print(6 * 7)'" })
    assert.same({ "b\n", 0 }, { sh "$NAC_LUA -l nac.util.enum -e 'print(require(\"nac.util.enum\").nearest(\"bb\", { \"b\" }))'" })
    assert.same({ "12\n", 0 }, { sh "$NAC_LUA -l e=nac.util.enum -e 'x = e and 12' -e 'print(x)'" })
    with_script("#!/usr/bin/env nac-lua\nprint(arg[0] ~= nil, arg[1], select('#', ...), ...)", function(path)
      assert.same({ "true\ta\t2\ta\t-b\n", 0 }, { sh("$NAC_LUA " .. path .. " a -b") })
      assert.same({ "true\ta\t1\ta\n", 0 }, { sh("$NAC_LUA -- " .. path .. " a") })
    end)
  end)

  it("runs standard input", function()
    assert.same({ "hi\n", 0 }, { sh "echo 'print \"hi\"' | $NAC_LUA" })
    assert.same({ "a b\n", 0 }, { sh "echo 'print((...) .. \" \" .. arg[2])' | $NAC_LUA - a b" })
  end)

  it("shows a script's fault with a traceback and status 1", function()
    with_script("local function f() error('wrong turn') end\nf()", function(path)
      local output, status = sh("$NAC_LUA " .. path)
      assert.equal(1, status)
      assert.matches(":1: wrong turn\nstack traceback:", output)
      assert.matches("in main chunk", output)
      assert.not_matches("cli/script", output)
    end)
    local output, status = sh "$NAC_LUA -e 'x = = 1'"
    assert.equal(1, status)
    assert.matches("unexpected symbol", output)
  end)

  it("shows error values that are tables", function()
    assert.matches("{ code = 3 }", (sh "$NAC_LUA -e 'error { code = 3 }'"))
    local output, status = sh "$NAC_LUA -e 'error(require(\"nac.util.signal\").failed(\"loss is nan\"))'"
    assert.matches("nac%-lua: loss is nan\n", output)
    assert.equal(1, status)
  end)

  it("refuses unknown options with status 2 and unknown scripts with 1", function()
    local output, status = sh "$NAC_LUA -x"
    assert.equal(2, status)
    assert.matches("unrecognized option '%-x'\nusage:", output)
    output, status = sh "$NAC_LUA doctor --nonsense"
    assert.equal(2, status)
    assert.matches("unknown option '%-%-nonsense'", output)
    output, status = sh "$NAC_LUA serch"
    assert.equal(1, status)
    assert.matches("did you mean the command 'search'", output)
  end)

  it("names the option or variable that is wrong", function()
    for options, message in pairs {
      ["--trials 0"] = "%-%-trials: an integer from 1 is expected, got '0'",
      ["--workers x"] = "%-%-workers: an integer from 0",
      ["--results ''"] = "%-%-results: a folder is expected",
    } do
      local output, status = sh("$NAC_LUA search t1.yaml " .. options)
      assert.equal(2, status, output)
      assert.matches(message, output)
    end
    local output, status = sh "NAC_LOG=loud $NAC_LUA search t1.yaml"
    assert.same({ 1, "nac-lua search: NAC_LOG: unknown kind of log 'loud'; allowed: json, lines, live, quiet\n" }, { status, output })
  end)

  it("is interrupted by Ctrl-C with status 130", function()
    local output, status = sh "timeout --foreground --preserve-status -s INT 0.3 $NAC_LUA -e 'while true do end'"
    assert.equal(130, status)
    assert.matches("interrupted", output)
  end)

  it("finds its experiments from anywhere", function()
    local output = sh "cd / && $NAC_LUA no_such_experiment.lua"
    assert.matches("neither here nor in .*/experiments", output)
  end)

  it("says its version and what it can do", function()
    assert.matches("^nac%-lua %d+%.%d+%.%d+, on Lua 5%.4\n$", (sh "$NAC_LUA -v"))
    local output, status = sh "$NAC_LUA --help"
    assert.equal(0, status)
    assert.matches("doctor", output)
    assert.matches("search", output)
    output, status = sh "$NAC_LUA doctor --help"
    assert.equal(0, status)
    assert.matches("Usage: nac%-lua doctor", output)
  end)

  it("examines the machine", function()
    local output = sh "$NAC_LUA doctor"
    assert.matches("nac%-lua +%d", output)
    assert.matches("argparse +found", output)
  end)
end)

describe("the prompt", function()
  local function session(lines)
    return (sh("printf '" .. lines:gsub("\n", "\\n"):gsub("'", "'\\''") .. "\\n' | $NAC_LUA -i"))
  end

  it("prints expressions, also after =", function()
    assert.matches("> 3\n", session "1 + 2")
    assert.matches("> 3\n", session "= 1 + 2")
    assert.matches("> { 1, 2, name = { true } }\n", session "{ 1, 2, name = { true } }")
  end)

  it("takes several lines for one chunk", function()
    assert.matches("> >> >> 5\n", session "if true then\nprint(5)\nend")
  end)

  it("goes on after an error", function()
    local output = session "error 'oops'\nx x\n7"
    assert.matches("stdin:1: oops", output)
    assert.matches("syntax error", output)
    assert.matches("> 7\n", output)
  end)
end)

describe("completion", function()
  local complete = require "nac.cli.complete"

  it("finishes globals, module names and methods", function()
    assert.equal("ng", (complete "print(stri"))
    _G.nac = require "nac"
    assert.equal("nsor", (complete "x = nac.te"))
    _G.text = "abc"
    assert.equal("per", (complete "text:up"))
    _G.nac, _G.text = nil, nil
  end)

  it("lists the candidates when there are several", function()
    local insertion, list = complete "string.f"
    assert.equal("", insertion)
    assert.equal("find  format", list)
  end)
end)
