local report = require "nac.report"
local show = require "nac.util.show"

describe("a printed table", function()
  it("aligns its columns", function()
    assert.equal("trial  BOPs  network\n-----  ----  -------\n    3    12  64-10\n  *12  3456  é\n", report.table(
      { { title = "trial" }, { title = "BOPs" }, { title = "network", align = "left" } },
      { { "3", "12", "64-10" }, { "*12", "3456", "é" } }))
  end)
end)

describe("a printed value", function()
  it("shows lists, fields in order, and nested tables", function()
    assert.equal('{ 1, "two", { x = true }, a = 0.5, ["b c"] = {} }', show { 1, "two", { x = true }, ["b c"] = {}, a = 0.5 })
  end)

  it("breaks long tables into lines", function()
    local text = show { first = ("x"):rep(50), second = ("y"):rep(50) }
    assert.equal('{\n  first = "' .. ("x"):rep(50) .. '",\n  second = "' .. ("y"):rep(50) .. '"\n}', text)
  end)

  it("ends where a table contains itself, is deep, or is long", function()
    local loop = {}
    loop.loop = loop
    assert.equal("{ loop = <the same table> }", show(loop))
    local deep = {}
    for _ = 1, 100 do deep = { deep } end
    assert.matches("{ { { { { { { table: ", show(deep))
    local long = {}
    for i = 1, 1000 do long[i] = i end
    assert.matches("%(950 more%)", show(long))
  end)
end)

describe("progress", function()
  local progress = require "nac.progress"

  it("is chosen by option, and an unknown kind is refused", function()
    assert.equal("json", progress.kind "json")
    assert.has_error(function() progress.kind "jsn" end)
  end)

  it("goes by the NAC_LOG environment variable where no option is given", function()
    local run = require("spec.support.interpreter").run
    assert.equal("quiet\n", (run("NAC_LOG=quiet $NAC_LUA -e 'print(require(\"nac.progress\").kind())'")))
    assert.equal("lines\n", (run("NAC_LOG= $NAC_LUA -e 'print(require(\"nac.progress\").kind())'")))
  end)
end)
