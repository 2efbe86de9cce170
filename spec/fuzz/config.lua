-- Fuzzes what reads YAML: configurations, space files and architecture files.
-- usage: nac-lua spec/fuzz/config.lua [rounds a file] [seed]
-- They must return a value, or nil and a message; raising is a fault here.
local leftovers = require "spec.support.leftovers"
local mutate = require "spec.support.mutate"

local function strict(name, load)
  return function(path)
    local ok, value, message = pcall(load, path)
    if not ok then
      io.stderr:write(name, " raised: ", tostring(value), "\n")
      os.rename(path, "/tmp/fuzz-" .. name .. ".yaml")
      os.exit(1)
    end
    assert(collectgarbage "count" < 256 * 1024, name .. ": memory of Lua beyond 256 MiB")
    return value, message
  end
end

leftovers.start()
local rounds, seed = math.tointeger(arg[1]) or 300, math.tointeger(arg[2]) or 1

mutate.run {
  name = "config", rounds = rounds, seed = seed,
  files = { "spec/golden/config/t1_config.yaml", "spec/golden/config/t2_config.yaml", "spec/golden/config/t3_config.yaml" },
  read = strict("config", require("nac.config").load),
}

mutate.run {
  name = "space file", rounds = rounds, seed = seed,
  files = { "spec/golden/config/mnist_search_spaces.yaml", "spec/golden/config/block_search_space.yaml" },
  read = strict("space file", require("nac.config.space_file").load),
}

-- An architecture, counted and written again where it is accepted.
local arch = require "nac.arch"
local path = os.tmpname() .. ".yaml"
local file = assert(io.open(path, "w"))
file:write [[
metadata: {trial_id: 3, global_search_accuracy: 0.5}
architecture:
  model_type: BlockBased
  input_shape: [16, 16, 1]
  output_dim: 10
  components:
  - {block_type: Conv, name: c, params: {channels: [1, 4], kernels: [3], activations: [ReLU], normalizations: [batch]}}
  - block_type: MLP
    name: classifier_head
    params:
      widths: [784, 5, 64, 10]
      activations: [GELU, &a LeakyReLU, softmax]
      normalizations: [batch, null, ~]
]]
file:close()
mutate.run {
  name = "arch", rounds = rounds, seed = seed, files = { path },
  read = strict("arch", function(name)
    local desc, why = arch.load(name)
    if desc then
      require("nac.bops").count(desc, { definition = "snac-pack" })
      assert(arch.parse(arch.to_yaml(desc)))
    end
    return desc, why
  end),
}
os.remove(path)

-- Models of NAC: each example of the file, with both sets of lists, decoded and described.
local nac_models = require "nac.arch.nac"
local yaml = require "nac.util.yaml"
mutate.run {
  name = "nac models", rounds = rounds, seed = seed,
  files = { "spec/golden/config/bragg_model_example_configs.yaml", "spec/golden/config/deepsets_model_example_configs.yaml" },
  read = strict("nac-models", function(name)
    local value, why = yaml.load(name)
    if type(value) ~= "table" then return nil, why end
    local last
    for i, example in ipairs(nac_models.examples(value)) do
      last, why = arch.load(name, { example = example, decode = 2024 + i % 2 })
      if last then arch.to_nn(last):net():close() end
    end
    return last, why or "no examples"
  end),
}
leftovers.stop()
