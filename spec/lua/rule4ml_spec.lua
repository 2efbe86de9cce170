-- The networks of rule4ml on a stand-in for its wheel (spec/golden/rule4ml_tiny.py);
-- bench/rule4ml.lua compares with the real one.
local estimate = require "nac.estimate"
local features = require "nac.estimate.rule4ml.features"
local files = require "spec.support.files"
local json = require "nac.util.json"
local nac = require "nac"
local rule4ml = require "nac.estimate.rule4ml"
local zip = require "nac.c.zip"

local WHEEL = "spec/golden/rule4ml_tiny.whl"
local arch = nac.nn.sequential { input = { 4 }, nac.nn.dense { units = 8 }, nac.nn.relu {}, nac.nn.dense { units = 3 }, nac.nn.softmax {} }
local answers = json.decode(files.read "spec/golden/rule4ml_tiny.json")

-- The wheel with some members changed: { [name] = bytes, or false to leave it out }.
local function wheel(changes)
  local members = {}
  for _, name in ipairs(assert(zip.names(WHEEL))) do
    local data = changes[name]
    if data == nil then data = assert(zip.read(WHEEL, name, 1 << 20)) end
    if data then members[#members + 1] = { name = name, data = data } end
  end
  return files.temporary(files.zip(members), ".whl")
end

local META, GNN = "rule4ml-0.2.0.dist-info/METADATA", "rule4ml/models/weights/v2/gnn/"

describe("the estimator rule4ml", function()
  teardown(files.clean)

  it("computes both networks", function()
    for kind, wanted in pairs(answers) do
      local weights = assert(rule4ml.load(WHEEL, kind))
      local p = rule4ml.predict(weights, features.layers(arch:net(), 1), { bits = 8, strategy = "latency", board = "zcu102" })
      for target, value in pairs(wanted) do assert.near(value, p[target], 1e-6 * math.abs(value) + 1e-9, kind .. " " .. target) end
    end
  end)

  it("gives totals of the network, unrounded, and flags what cannot be", function()
    local e = estimate.resources(arch, { estimator = "rule4ml", weights = WHEEL })
    assert.near(answers.gnn.LUT, e.lut, 1e-2)
    assert.near(100 * e.lut / 274080, e.lut_percent, 1e-9)
    assert.near(answers.gnn.CYCLES, e.clock_cycles, 1e-5)
    assert.same({}, e.notes)
    assert.is_nil(e.csynth)
    e = estimate.resources(arch, { estimator = "rule4ml-mlp", weights = WHEEL })
    assert.equal(1, e.clock_cycles)
    assert.same({ "rule4ml predicts 0.726 clock cycles; 1 is taken", "rule4ml predicts 0 cycles between inputs; 1 is taken" }, e.notes)
  end)

  it("reads a folder that the wheel was unpacked into", function()
    local folder = files.temporary(nil, ".d")
    for _, name in ipairs(assert(zip.names(WHEEL))) do
      assert(require("nac.util.file").make_directory(folder .. "/" .. name:match "^(.*)/"))
      files.write(folder .. "/" .. name, assert(zip.read(WHEEL, name, 1 << 20)))
    end
    for _, path in ipairs { folder, folder .. "/rule4ml/", folder .. "/rule4ml/models/weights/v2" } do
      assert.near(answers.gnn.LUT, estimate.resources(arch, { estimator = "rule4ml", weights = path }).lut, 1e-2)
    end
    os.execute("rm -r " .. folder)
  end)

  it("refuses what rule4ml cannot estimate by name, with the alternative", function()
    local function try(what, hw)
      hw.estimator, hw.weights = "rule4ml", WHEEL
      return function() estimate.resources(what, hw) end
    end
    assert.error_matches(try(arch, { board = "vu13p" }), "trained on the board zcu102, not on 'vu13p'; the estimator analytic")
    local image = nac.nn.sequential { input = { 1, 4, 4 }, nac.nn.layernorm {}, nac.nn.flatten {}, nac.nn.dense { units = 2 } }
    assert.error_matches(try(image, {}), "layer 'layernorm1' is of kind layernorm, which rule4ml does not know; the estimator analytic")
    local rows = nac.nn.sequential { input = { 4, 4 }, nac.nn.dense { units = 2 } }
    assert.error_matches(try(rows, {}), "dense over the rows of a 4x4 input")
    assert.error_matches(try(arch, { layers = { dense1 = { reuse_factor = 2 } } }), "one precision, reuse factor and strategy for all")
    assert.error_matches(function() estimate.resources(arch, { estimator = "rule4ml" }) end, "needs `weights`, the path of your own copy")
  end)

  it("says what is wrong with a wheel", function()
    local state = assert(zip.read(WHEEL, GNN .. "LUT.weights.pt", 1 << 20))
    local settings = assert(zip.read(WHEEL, GNN .. "LUT.config.json", 1 << 20))
    for _, case in ipairs {
      { { [META] = "Name: rule4ml\nVersion: 0.1.3\n" }, "it is version 0.1.3; rule4ml 0.2.0 is expected (pip download" },
      { { [META] = false }, "it is no wheel of rule4ml" },
      { { [GNN .. "FF.weights.pt"] = false }, "no member '" .. GNN .. "FF.weights.pt'" },
      { { [GNN .. "LUT.weights.pt"] = state:sub(1, 900) }, "gnn/LUT.weights.pt: not a zip archive" },
      { { [GNN .. "LUT.config.json"] = "{" }, "gnn/LUT.config.json: damaged" },
      { { [GNN .. "LUT.config.json"] = "{}" }, "'global_numerical_labels' is missing" },
      { { [GNN .. "LUT.config.json"] = settings:gsub('"total_logical"%]', '"total_logical", "more"]') },
        "'numerical_layers.g4_numerical_layer.weight' has the shape 5x8, which does not fit" },
    } do
      local weights, why = rule4ml.load(wheel(case[1]))
      assert.is_nil(weights)
      assert.matches(case[2], why, 1, true)
    end
    local weights, why = rule4ml.load "spec"
    assert.is_nil(weights)
    assert.matches("spec: the folder holds no rule4ml/models/weights/v2/", why, 1, true)
  end)

  it("is chosen by a configuration", function()
    local text = "dataset: {name: mnist}\nsearch_space: {mlp_width_space: [8]}\nhls_config:\n  estimator: %s\n"
    local here = assert(require("lfs").currentdir())
    local function parse(more) return nac.config.parse(text:format "rule4ml" .. more, here .. "/c.yaml") end
    local options = assert(estimate.options(assert(parse("  estimator_weights: " .. WHEEL .. "\n"))))
    assert.near(answers.gnn.LUT, estimate.resources(arch, options).lut, 1e-2)
    local _, why = parse ""
    assert.matches("c.yaml:4: hls_config.estimator: rule4ml needs estimator_weights", why, 1, true)
    _, why = estimate.options(assert(parse "  estimator_weights: none.whl\n"))
    assert.matches("c.yaml:5: hls_config.estimator_weights: .*none.whl: No such file", why)
    _, why = nac.config.parse(text:format "analytic" .. "  estimator_weights: x.whl\n", "c.yaml")
    assert.matches("c.yaml:5: hls_config.estimator_weights: estimator analytic has none", why, 1, true)
  end)
end)
