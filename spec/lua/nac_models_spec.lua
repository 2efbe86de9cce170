-- NAC's model descriptions: published trials and example files.
local arch = require "nac.arch"
local bops = require "nac.bops"
local csv = require "nac.util.csv"
local nac_models = require "nac.arch.nac"
local run = require("spec.support.interpreter").run

local bragg = "spec/golden/config/bragg_model_example_configs.yaml"
local jets = "spec/golden/config/deepsets_model_example_configs.yaml"

local function trials(task)
  local list = {}
  for i, row in ipairs(assert(csv.read(("spec/golden/nac_trials_%s.csv"):format(task)))) do
    local trial = { number = row.trial, n_params = tonumber(row.params), bops = tonumber(row.bops), given = {} }
    row.trial, row.params, row.bops = nil, nil, nil
    for key, cell in pairs(row) do
      if cell ~= "" then trial.given[key] = math.tointeger(tonumber(cell)) or cell end
    end
    list[i] = trial
  end
  return list
end

local function parameters(desc)
  local net <close> = arch.to_nn(desc, { head = true }):net()
  return net:n_params()
end

describe("a model of NAC", function()
  for task, case in pairs { braggnn = { rows = 682, bits = 32 }, deepsets = { rows = 1318, bits = 8 } } do
    it(("has the parameters and the nac-2024 BOPs of its published trial: every %s trial"):format(task), function()
      local list = trials(task)
      assert.equal(case.rows, #list)
      for _, trial in ipairs(list) do
        local desc = assert(arch.from_table(assert(nac_models.decode(trial.given))))
        assert.equal(trial.n_params, parameters(desc), task .. " " .. trial.number)
        -- Theirs were summed in float32.
        local count = bops.count(desc, { definition = "nac-2024", bits = case.bits })
        assert.is_true(math.abs(count / trial.bops - 1) < 2e-6, task .. " " .. trial.number)
      end
    end)
  end

  it("in the example files has the published parameters, and others with the later lists", function()
    for _, row in ipairs {
      { bragg, "braggnn", 45274, 60082 }, { bragg, "openhls", 3016, 3886 },
      { jets, "base", 2853, 7717 }, { jets, "large", nil, 13743 }, { jets, "tiny", nil, 863 },
    } do
      if row[3] then assert.equal(row[3], parameters(assert(arch.load(row[1], { example = row[2] })))) end
      assert.equal(row[4], parameters(assert(arch.load(row[1], { example = row[2], decode = 2025 }))))
    end
    for path, names in pairs { [bragg] = { "example1", "example2", "example3" }, [jets] = { "medium", "small" } } do
      for _, name in ipairs(names) do assert.is_true(parameters(assert(arch.load(path, { example = name }))) > 0) end
    end
  end)

  it("says what its description leaves open or out", function()
    local _, about = arch.load(bragg, { example = "openhls", decode = 2025 })
    assert.matches("b0_ConvAttn_act: relu is applied; NAC itself", about.notes[1])
    assert.matches("decode 2025 does not read MLP_acts_3, MLP_norms_3, MLP_width_2", about.notes[2])
    _, about = arch.load(bragg, { example = "example2" })
    assert.matches("b2_Conv_kernels_1: 3 becomes 1.*the image is 1x1", about.notes[1])
  end)

  it("is refused by file, line, example, key and range where an index is out of its list", function()
    local function refusal(path, options)
      local desc, why = arch.load(path, options)
      assert.is_nil(desc)
      return why
    end
    assert.equal(bragg .. ":7: example 'example1': b1_Conv_channels_1: index 5 is not from 0 to 4 (decode 2025: 4, 8, 16, 32, 64)",
      refusal(bragg, { example = "example1", decode = 2025 }))
    assert.matches(":39: example 'example2': b0_Conv_channels_0: index 5 ", refusal(bragg, { example = "example2", decode = 2025 }))
    assert.matches("which of the examples%? base, large, medium, small, tiny", refusal(jets))
    assert.matches("unknown example 'bas'.*nearest: base", refusal(jets, { example = "bas" }))
    assert.matches("decode: 2023 is not known; known: 2024, 2025", refusal(jets, { example = "base", decode = 2023 }))
    local given = trials("deepsets")[1].given
    for key, case in pairs {
      bottleneck_dim = { 7, "index 7 is not from 0 to 6" }, aggregator_type = { "median", "unknown aggregation 'median'" },
      phi_len = { 0, "0 is not from 1 to 64" }, phi_MLP_acts_0 = { 4, "index 4 is not from 0 to 3" },
      rho_MLP_norms_0 = { "bach", "unknown normalisation 'bach'.*nearest: batch" }, phi_MLP_width_0 = { 1.5, "index 1.5 is not from" },
    } do
      local before = given[key]
      given[key] = case[1]
      local desc, why = nac_models.decode(given)
      assert.is_nil(desc)
      assert.matches("^hyper%-parameters: " .. key .. ": " .. case[2], why)
      given[key] = before
    end
    given.phi_MLP_acts_0 = nil
    assert.matches("key 'phi_MLP_acts_0' is missing", select(2, nac_models.decode(given)))
  end)

  it("is counted from the command line", function()
    local text, status = run("$NAC_LUA cost --bops nac-2024 --example openhls " .. bragg)
    assert.equal(0, status)
    assert.matches("total .* 3016 ", text)
    assert.matches("note: b0_ConvAttn_act: relu is applied; NAC itself", text)
    text, status = run("$NAC_LUA cost --example example1 --decode 2025 " .. bragg)
    assert.equal(1, status)
    assert.matches("nac%-lua cost: .*b1_Conv_channels_1: index 5", text)
  end)
end)
