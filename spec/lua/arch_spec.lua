local arch = require "nac.arch"
local yaml = require "nac.util.yaml"

local text = [[
model_type: BlockBased
input_shape: [64]
output_dim: 10
components:
  - block_type: MLP
    name: classifier_head
    params: {widths: [64, 32, 10], activations: [LeakyRelu, softmax], normalizations: [batch, null]}
]]

local function refusal(from, to)
  local start, stop = text:find(from, 1, true)
  local desc, why = arch.parse(text:sub(1, start - 1) .. to .. text:sub(stop + 1), "a.yaml")
  assert.is_nil(desc)
  return why
end

describe("an architecture description", function()
  it("reads the predecessor's words in any spelling", function()
    local p = arch.parse(text).components[1].params
    assert.same({ "leaky_relu", "softmax" }, p.activations)
    assert.same({ "batch", "none" }, p.normalizations)
  end)

  it("reads JSON and files with metadata alike", function()
    local json = [[{"architecture": {"input_shape": [4], "components": [{"block_type": "MLP", "params":
      {"widths": [4, 2], "activations": [null], "normalizations": [null]}}]}}]]
    local desc = arch.parse(json)
    assert.equal(2, desc.output_dim)
    assert.equal("mlp_1", desc.components[1].name)
    assert.same({ "identity" }, desc.components[1].params.activations)
  end)

  it("is written in the predecessor's form and reads back equal", function()
    local desc = arch.parse(text)
    local written = arch.to_yaml(desc, { trial_id = 3, global_search_accuracy = 0.5 })
    local plain = yaml.parse(written)
    assert.equal(3, plain.metadata.trial_id)
    assert.same({ "batch", yaml.null }, plain.architecture.components[1].params.normalizations)
    assert.same({ "LeakyReLU", "softmax" }, plain.architecture.components[1].params.activations)
    assert.same(desc, arch.parse(written))
    local path = os.tmpname()
    assert.is_true(arch.write(desc, path, { trial_id = 3 }))
    local back, metadata = arch.load(path)
    assert.same(desc, back)
    assert.equal(3, metadata.trial_id)
    os.remove(path)
  end)

  it("names file, line and block of what is wrong", function()
    assert.equal("a.yaml:5: components[1] 'classifier_head' (MLP): widths[1] is 63, what comes in is 64 (64 values)",
      refusal("[64, 32", "[63, 32"))
    assert.matches("^a.yaml:7: .*unknown activation 'rello'.*nearest: relu", refusal("LeakyRelu", "rello"))
    assert.matches("^a.yaml:5: .*3 activations for 2 layers", refusal("softmax]", "relu, softmax]"))
    assert.matches("^a.yaml:3: output_dim is 11, the last block gives 10", refusal("output_dim: 10", "output_dim: 11"))
    assert.matches("^a.yaml:7: .*unknown key 'width'; nearest: 'widths'", refusal("widths", "width"))
    assert.matches("^a.yaml:5: .*unknown block type 'MPL'", refusal("block_type: MLP", "block_type: MPL"))
    assert.matches("^a.yaml:2: unknown key 'imput_shape'", refusal("input_shape", "imput_shape"))
  end)

  it("becomes layers: no bias before a batchnorm, the output's softmax only when asked for", function()
    local desc = arch.parse(text)
    local function kinds(options)
      local list = {}
      for i, layer in ipairs(arch.to_nn(desc, options):net():layers()) do list[i] = layer.kind end
      return table.concat(list, " ")
    end
    assert.equal("dense batchnorm leaky_relu dense", kinds())
    assert.equal("dense batchnorm leaky_relu dense softmax", kinds { head = true })
    local layers = arch.to_nn(desc):net():layers()
    assert.is_false(layers[1].attrs.bias)
    assert.is_true(layers[4].attrs.bias)
    assert.equal("classifier_head", layers[1].group)
    assert.equal("softmax", arch.head(desc))
  end)

  it("has images as height, width, channels, the engine as channels first", function()
    local desc = arch.from_table { input_shape = { 8, 6, 3 }, components = { { block_type = "Flatten", params = {} } } }
    assert.same({ 3, 8, 6 }, arch.to_nn(desc):net():input_shape())
    assert.matches("params: {}", arch.to_yaml(desc), 1, true)
  end)

  it("names a block that can only be counted", function()
    local blocks = require "nac.blocks"
    local conv_attn = blocks.find "ConvAttn"
    local row = {}
    for key, value in pairs(conv_attn) do row[key] = value end
    row.build = nil
    blocks.register(row)
    local desc = assert(arch.from_table { input_shape = { 8, 8, 1 }, components = {
      { block_type = "ConvAttn", name = "a", params = { hidden_channels = 4 } } } })
    local ok, why = pcall(arch.to_nn, desc)
    blocks.register(conv_attn)
    assert.is_false(ok)
    assert.matches("block 'a' of type ConvAttn", why)
  end)

  it("of a set is written with both of its networks and reads back equal", function()
    local desc = assert(arch.from_table { input_shape = { 8, 3 }, components = { { block_type = "DeepSets", name = "d", params = {
      phi = { widths = { 3, 4 }, activations = { "LeakyReLU" }, normalizations = { "batch_positions" }, bias = true },
      aggregation = "max",
      rho = { widths = { 4, 5 }, activations = { "softmax" }, normalizations = { false } },
    } } } })
    assert.same(desc, arch.parse(arch.to_yaml(desc)))
    local function kinds(options)
      local list = {}
      for i, layer in ipairs(arch.to_nn(desc, options):net():layers()) do list[i] = layer.name end
      return table.concat(list, " ")
    end
    assert.equal("d.phi.dense1 d.phi.batchnorm1 d.phi.leaky_relu1 d.aggregate d.rho.dense1", kinds())
    assert.equal("d.phi.dense1 d.phi.batchnorm1 d.phi.leaky_relu1 d.aggregate d.rho.dense1 d.rho.softmax1", kinds { head = true })
  end)

  it("is told in one line", function()
    local mlp = { widths = { 4, 8, 3 }, activations = { "relu", "softmax" }, normalizations = { "layer", false } }
    local conv = { channels = { 1, 2, 4 }, kernels = { 3, 1 }, activations = { "gelu", "relu" }, normalizations = { "batch", false } }
    local text = require("nac.blocks").text
    assert.equal("conv 1-2-4 k3,1  gelu+bn relu | attention 2  identity | 4-8-3  relu+ln softmax", text(assert(arch.from_table {
      input_shape = { 3, 3, 1 }, components = {
        { block_type = "Conv", params = conv }, { block_type = "ConvAttn", params = { hidden_channels = 2 } },
        { block_type = "Flatten", params = {} }, { block_type = "MLP", params = mlp } } })))
    local phi = { widths = { 5, 4 }, activations = { "relu" }, normalizations = { "batch_positions" } }
    assert.equal("phi 5-4  relu+bp | mean | rho 4-8-3  relu+ln softmax", text(assert(arch.from_table {
      input_shape = { 8, 5 }, components = { { block_type = "DeepSets", params = { phi = phi, rho = mlp } } } })))
  end)

  it("of an image has convolutions, with a bias where no batchnorm follows", function()
    local function params(extra)
      local p = { channels = { 2, 4, 3 }, kernels = { 3, 1 }, activations = { "relu", "gelu" }, normalizations = { "batch", false } }
      p.bias = extra
      return { input_shape = { 5, 6, 2 }, components = { { block_type = "Conv", name = "c", params = p } } }
    end
    local net = arch.to_nn(assert(arch.from_table(params()))):net()
    assert.same({ 3, 3, 4 }, net:output_shape())
    assert.equal(2 * 4 * 9 + 8 + 4 * 3 + 3, net:n_params())
    assert.equal(2 * 4 * 9 + 4 + 8 + 4 * 3 + 3, arch.to_nn(assert(arch.from_table(params(true)))):net():n_params())
  end)

  it("follows the shape through convolutions", function()
    local conv = { input_shape = { 16, 16, 1 }, components = {
      { block_type = "Conv", params = {
        channels = { 1, 4, 16 }, kernels = { 5, 3 }, activations = { "ReLU", "relu" }, normalizations = { false, "batch" } } },
      { block_type = "MLP", params = { widths = { 1600, 10 }, activations = { "softmax" }, normalizations = { false } } },
    } }
    assert.equal(10, arch.from_table(conv).output_dim)
    conv.components[1].params.kernels[1] = 17
    assert.matches("does not fit into 16x16", select(2, arch.from_table(conv)))
  end)
end)
