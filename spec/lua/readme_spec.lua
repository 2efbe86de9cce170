-- What the README shows works when typed.
local file = require "nac.util.file"
local interpreter = require "spec.support.interpreter"

local readme = assert(file.read("README.md"))

describe("the README", function()
  local folder = os.tmpname()
  os.remove(folder)
  lazy_setup(function() assert(file.make_directory(folder)) end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("has a script of twenty lines that searches and draws a front", function()
    local script = assert(readme:match("```lua\n(.-)```"))
    local lines = 0
    for line in script:gmatch("[^\n]+") do lines = lines + (line:match("%S") and 1 or 0) end
    assert.is_true(lines <= 20, lines .. " lines")
    -- the same with less data and fewer trials
    local changes = 0
    for from, to in pairs { ["subset = 5000"] = "subset = 400", ["epochs = 10"] = "epochs = 1", ["trials = 40"] = "trials = 4" } do
      local n
      script, n = script:gsub(from, to)
      changes = changes + n
    end
    assert.equal(3, changes)
    assert(file.write(folder .. "/search.lua", script))
    local text, status = interpreter.run(("cd %s && $NAC_LUA search.lua"):format(folder))
    assert.equal(0, status, text)
    assert.matches("^%d+\t0%.%d+\t%d", text)
    if file.program("gnuplot") then assert.truthy(file.exists(folder .. "/front.png")) end
  end)

  it("names files and commands that exist", function()
    for path in readme:gmatch("`(docs/[%w_]+%.md)`") do assert.truthy(file.exists(path), path .. " is missing") end
    for path in readme:gmatch("`(experiments/[%w_%.]+)`") do assert.truthy(file.exists(path), path .. " is missing") end
    for path in readme:gmatch("%]%(([%w_/%.]+)%)") do assert.truthy(file.exists(path), path .. " is missing") end
    local help = interpreter.run("$NAC_LUA search --help && $NAC_LUA t2.lua --help")
    for option in readme:gmatch("`(%-%-[%l-]+)") do assert.truthy(help:find(option, 1, true), option .. " is no option") end
  end)
end)
