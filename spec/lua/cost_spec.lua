-- `nac-lua cost` as a user types it.
local json = require "dkjson"
local files = require "spec.support.files"
local nac = require "nac"
local run = require("spec.support.interpreter").run

local function with_file(text, f)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local ok, message = pcall(f, path)
  os.remove(path)
  assert(ok, message)
end

local mlp = [[
architecture:
  model_type: BlockBased
  input_shape: [64]
  output_dim: 10
  components:
  - block_type: MLP
    name: classifier_head
    params: {widths: [64, 32, 10], activations: [relu, softmax], normalizations: [batch, null]}
]]

describe("nac-lua cost", function()
  it("prints one line a layer and a total", function()
    with_file(mlp, function(path)
      local text, status = run("$NAC_LUA cost " .. path)
      assert.equal(0, status)
      assert.matches("dense1 +dense +64 +32 +2048 +2048 +176128", text)
      assert.matches("total +2442 +2368 +203", text)
      assert.matches("zcu102, ap_fixed<8,3>, reuse factor 1, latency strategy", text)
    end)
  end)

  it("gives params, macs, bops and the estimate as JSON", function()
    with_file(mlp, function(path)
      local text, status = run("$NAC_LUA cost --json --board pynq-z2 --precision 'ap_fixed<6,2>' --bops hawks2021 " .. path)
      assert.equal(0, status)
      local result = json.decode(text)
      assert.equal(2048 + 64 + 330, result.params)
      assert.equal(2368, result.macs)
      assert.equal(2048 * (36 + 12 + 6) + 320 * (36 + 12 + 5), result.bops)
      assert.equal("pynq-z2", result.estimate.board)
      assert.is_true(result.estimate.lut > 0)
      assert.equal(5, #result.layers)
    end)
  end)

  it("counts by the predecessors' definitions at their own width", function()
    with_file(mlp, function(path)
      local result = json.decode((run("$NAC_LUA cost --json --bops snac-pack " .. path)))
      assert.equal(64 * 32 * 1088 + 32 * 32 * 6 + 32 * 10 * 1088 + 10 * 32 * 5, result.bops)
      assert.equal(32, result.weight_bits)
    end)
  end)

  it("says what a definition leaves out", function()
    with_file([[{"input_shape": [4, 4, 1], "components": [
      {"block_type": "ConvAttn", "name": "a", "params": {"hidden_channels": 2}},
      {"block_type": "MLP", "name": "m", "params": {"widths": [16, 2], "activations": ["relu"], "normalizations": [null]}}]}]],
      function(path)
        local result = json.decode((run("$NAC_LUA cost --json --bops snac-pack " .. path)))
        assert.equal(32 * 1024, result.bops)
        assert.matches("leaves out the attention block 'a'", result.notes[1])
        result = json.decode((run("$NAC_LUA cost --json " .. path)))
        assert.equal(4 * 2 + 3 * 2 + 1 + 34, result.params)
        assert.is_true(result.estimate.dsp > 0)
      end)
  end)

  it("takes a model: digits and zeros of its weights count, groups of zeros in the resource strategy", function()
    local arch = nac.nn.sequential { input = { 16 }, nac.nn.dense { units = 8 }, nac.nn.relu {}, nac.nn.dense { units = 4 } }
    local net = nac.quant.prepare(arch:build { seed = 1 }, { total_bits = 8, int_bits = 3 })
    local w = net:tensor "dense1.weight"
    -- Of each row of 16 the first 8 are zero, then every second one.
    for o = 1, 8 do
      for i = 1, 16 do w[o][i] = (i <= 8 or i % 2 == 0) and 0 or 7 / 32 end
    end
    local path = files.temporary(nil, ".yaml")
    assert(nac.model.save(net, path))
    local function cost(options)
      local text, status = run("$NAC_LUA cost --json " .. options .. " " .. path)
      assert.equal(0, status, text)
      return json.decode(text)
    end
    local latency = cost ""
    assert.same({ 160, 96 }, { latency.weights, latency.zeros })
    local text, status = run("$NAC_LUA cost --sparsity 0.5 " .. path)
    assert.equal(2, status)
    assert.matches("a model's own zeros are counted", text)
    w[1][1] = 0 / 0
    assert.error_matches(function() require("nac.estimate").resources(net) end, "element 1 of 'dense1.weight' is NaN")
    w[1][1] = 0
    -- 7 has two digits (8 - 1): 8 rows of 4 weights, 8 summands of 8 bits.
    assert.equal(math.ceil(0.94 * 8 * 8 * (8 + 1 + 1.5)), latency.layers[1].lut)
    assert.equal(8, math.tointeger(latency.weight_bits))
    -- HLS takes no multiplier for constants of two digits.
    assert.equal(0, math.tointeger(latency.estimate.layers[1].csynth.dsp))
    -- Of two groups of 8 a row, one is all zeros; of groups of 4, two of four; of 16, none.
    for factor, multipliers in pairs { [4] = 16, [8] = 8, [16] = 8 } do
      local shared = cost("--strategy resource --reuse " .. factor)
      assert.equal(multipliers, math.tointeger(shared.layers[1].dsp))
    end
    os.remove((path:gsub("yaml$", "npz")))
    files.clean()
  end)

  it("says what does not fit", function()
    with_file(mlp, function(path)
      assert.matches("note: it does not fit: it needs %d+ LUT of 53200", (run("$NAC_LUA cost --board pynq-z2 --precision 'ap_fixed<10,3>' " .. path)))
    end)
  end)

  it("says what is wrong, with status 1 for files and 2 for options", function()
    local text, status = run "$NAC_LUA cost /nonexistent.yaml"
    assert.same({ "nac-lua cost: /nonexistent.yaml: No such file or directory\n", 1 }, { text, status })
    with_file(mlp, function(path)
      for option, expected in pairs {
        ["--bits 0"] = "from 1 to 64, not 0", ["--board zcu103"] = "nearest: zcu102", ["--precision 8"] = "ap_fixed<8,3>",
        ["--reuse 0"] = "from 1 to 1000000", ["--bops ex"] = "must be one of", ["--strategy fast"] = "latency, resource",
        ["--estimator rule4ml"] = "needs --weights PATH", ["--weights x.whl"] = "the estimator analytic has none",
        ["--estimator rule4ml --weights /nonexistent.whl"] = "/nonexistent.whl: No such file", ["--board none.yaml"] = "none.yaml: No such file",
      } do
        text, status = run(("$NAC_LUA cost %s %s"):format(path, option))
        assert.equal(2, status, option)
        assert.matches(expected, text, 1, true)
      end
    end)
    with_file("", function(path)
      text, status = run("$NAC_LUA cost " .. path)
      assert.equal(1, status)
      assert.matches(":1: the file is empty", text)
    end)
  end)
end)
