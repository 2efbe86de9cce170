-- The tutorials work from any folder, as they are typed.
local csv = require "nac.util.csv"
local file = require "nac.util.file"
local run = require("spec.support.interpreter").run

describe("the tutorials", function()
  local folder = os.tmpname()
  os.remove(folder)
  lazy_setup(function() assert(file.make_directory(folder)) end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("t1.lua searches and reports", function()
    local text, status = run(("cd %s && $NAC_LUA t1.lua --quick --workers 2"):format(folder))
    assert.equal(0, status, text)
    assert.matches("trial +search +select +test +BOPs", text)
    assert.matches("The winner has %d+ parameters and needs %d+ bit operations an image.", text)
    assert.matches("Proven: %d+ samples, .* 0 mismatches", text)
    assert.equal(6, #assert(csv.read(folder .. "/results/t1_quick/mlp_search_results.csv")))
  end)

  it("custom_sampler.lua drives the same search with a sampler of under thirty lines", function()
    local text, status = run(("cd %s && $NAC_LUA custom_sampler.lua --quick"):format(folder))
    assert.equal(0, status, text)
    assert.matches("sampler .*climber", text)
    local _, lines = assert(file.read("experiments/climber.lua")):gsub("\n", "")
    assert.is_true(lines < 30, lines .. " lines")
  end)

  it("results.lua compares the search's winner with a baseline, writes the page and does nothing twice", function()
    local dir = folder .. "/numbers"
    local command = ("$NAC_LUA experiments/results.lua digits --quick --dir %s"):format(dir)
    local text, status = run(command)
    assert.equal(0, status, text)
    local first = assert(file.read(dir .. "/results.md"))
    assert.matches("## Digits", first)
    assert.matches("MLP 64%-64%-64%-32%-10 %(baseline%) | 10 890 | 907 840", first)
    assert.matches("%*%*%(A%) search:%*%*", first)
    assert.matches("%*%*%(B%) compression:%*%*", first)
    text, status = run(command)
    assert.equal(0, status, text)
    assert.equal(first, file.read(dir .. "/results.md"))
  end)

  it("say how they are used", function()
    for _, name in ipairs { "t1.lua", "custom_sampler.lua" } do
      local text, status = run("$NAC_LUA " .. name .. " --help")
      assert.equal(0, status)
      assert.matches("Usage: " .. name:gsub("%.", "%%."), text)
    end
  end)
end)
