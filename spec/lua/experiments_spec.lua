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
    local text, status = run(("cd %s && $NAC_LUA t1.lua --quick --sample --workers 2"):format(folder))
    assert.equal(0, status, text)
    assert.matches("trial +search +select +test +BOPs", text)
    assert.matches("The winner has %d+ parameters and needs %d+ bit operations an image.", text)
    assert.matches("Proven: %d+ samples, .* 0 mismatches", text)
    assert.matches("the shipped sample", text)
    assert.equal(6, #assert(csv.read(folder .. "/results/t1_quick/mlp_search_results.csv")))
  end)

  -- Search, local search, firmware, table and pictures.
  local function whole(name, rows, pictures)
    local text, status = run(("cd %s && $NAC_LUA %s.lua --quick --workers 2"):format(folder, name))
    assert.equal(0, status, text)
    assert.matches("data: %w+ %(the shipped sample, simulated%)", text)
    for _, row in ipairs(rows) do assert.matches(row, text) end
    for _, picture in ipairs(pictures) do assert.is_true(file.size(("%s/results/%s_quick/%s"):format(folder, name, picture)) > 1000) end
  end

  it("t3.lua reads a qubit through a window that it searches, in one logit", function()
    whole("t3", { "0 mismatches", "matched filter +0%.%d+", "after the local search +0%.%d+", "start_location %d+, window_size %d+" },
      { "iq.png", "traces.png" })
  end)

  it("braggnn.lua locates peaks, in pixels", function()
    whole("braggnn", { "pseudo%-Voigt fit +0%.%d+", "the winner, %d+ parameters +%d%.%d+", "after the local search +0%.%d+" }, { "peaks.png" })
  end)

  it("t2.lua searches blocks, attention among them, and goes on to the local search", function()
    local text, status = run(("cd %s && $NAC_LUA t2.lua --quick --workers 2 --results t2"):format(folder))
    assert.equal(0, status, text)
    assert.matches("the shipped sample: 6000 of the 20000 training images asked for", text)
    assert.is_true(tonumber(text:match "ConvAttn +was built (%d+) times") > 0, text)
    assert.matches("clock_cycles", text)
    assert.matches("winner: <%d,auto>", text)
    assert.matches("Proven: 100 samples", text)
  end)

  it("are short", function()
    for _, name in ipairs { "t1", "t2", "t3", "braggnn", "deepsets" } do
      local _, lines = assert(file.read(("experiments/%s.lua"):format(name))):gsub("\n", "")
      assert.is_true(lines < 80, name .. ": " .. lines .. " lines")
    end
  end)

  it("overwrite the results of another run only with --force", function()
    local options = "--quick --workers 2 --no-local-search --results other"
    local text, status = run(("cd %s && $NAC_LUA t1.lua %s && $NAC_LUA t3.lua %s"):format(folder, options, options))
    assert.equal(1, status)
    assert.matches("t3.lua: other holds the results of another search", text)
    text, status = run(("cd %s && $NAC_LUA t3.lua %s --force"):format(folder, options))
    assert.equal(0, status, text)
  end)

  it("deepsets.lua searches networks for jets and draws what comes out", function()
    local text, status = run(("cd %s && $NAC_LUA deepsets.lua --quick --workers 2 --no-firmware"):format(folder))
    assert.equal(0, status, text)
    assert.matches("jets %(the shipped sample%): 6 trials", text)
    assert.matches("phi 3%-.*rho ", text)
    local dir = folder .. "/results/deepsets_quick/"
    for _, name in ipairs { "jets.png", "confusion.png", "roc.png", "pareto_fronts_2d.png", "local_search_combined/best_model.yaml" } do
      assert.is_true(file.size(dir .. name) > 0, name)
    end
    assert.matches('"sample": *true', assert(file.read(dir .. "provenance.json")))
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
    for _, name in ipairs { "t1.lua", "t2.lua", "t3.lua", "braggnn.lua", "deepsets.lua", "custom_sampler.lua" } do
      local text, status = run("$NAC_LUA " .. name .. " --help")
      assert.equal(0, status)
      assert.matches("Usage: " .. name:gsub("%.", "%%."), text)
    end
  end)
end)
