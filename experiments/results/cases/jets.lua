--- Jets of eight constituents: NAC's space of DeepSets against its base, the published network.
local nac = require "nac"
local peers = require "experiments.results.peers"

local function deepsets(phi, rho)
  return assert(nac.arch.from_table {
    model_type = "BlockBased", input_shape = { 8, 3 }, output_dim = 5, components = { { block_type = "DeepSets", name = "jets", params = {
      phi = phi, aggregation = "mean", rho = rho } } },
  })
end

-- Makes the larger of a network's shares of the base's bit operations, of both definitions, what a search minimises: counted one
-- way alone, networks win that save little the other way. Trials above a sixth of the base end before training.
local function count_both(base, definitions)
  local function count(description, definition) return nac.bops.count(description, { definition = definition, bits = 8 }) end
  local whole = {}
  for _, definition in ipairs(definitions) do whole[definition] = count(base, definition) end
  require("nac.objective").register {
    name = "share_of_base", stage = "cost", maximize = false, most = 1 / 6,
    compute = function(c)
      local share = 0
      for _, definition in ipairs(definitions) do share = math.max(share, count(c.description, definition) / whole[definition]) end
      return share
    end,
  }
end

local relu3, none3 = { "relu", "relu", "relu" }, { "none", "none", "none" }

return function(options)
  local config = assert(nac.config.load "experiments/deepsets.yaml")
  if options.quick then config.dataset.subset_size = 4000 end
  -- the part of NAC's space where cheap networks were good in a first look at `search` and `select`
  local space = config.search_space
  space.mlp_width_space, space.act_space, space.norm_space = { 4, 8, 16, 32 }, { "relu", "gelu" }, { "batch" }
  space.phi_len_range, space.rho_len_range, space.bottleneck_range = { 2, 4 }, { 2, 4 }, { 1, 4 }
  local base = deepsets({ widths = { 3, 32, 32, 32 }, activations = relu3, normalizations = none3 },
    { widths = { 32, 16, 5 }, activations = { "relu", "softmax" }, normalizations = { "none", "none" } })
  -- trials are short, but long enough to rank networks as the whole training does
  config.search.learning_rate, config.search.schedule, config.search.batch_size, config.search.patience = .006, "cosine", 128, 0
  local definitions = { "exact", "nac-2024" }
  count_both(base, definitions)
  config.search.objective_names = { "performance_metric", "share_of_base" }
  return {
    name = "jets", title = "Jets: eight constituents", metric = "accuracy", margin = .003, bits = 8, bops = definitions,
    what = "60 000 simulated jets to train (data/jets), 100 000 to test. Baselines: DeepSets base 3-32-32-32, mean, 32-16-5 (2853 parameters) "
      .. "and the perceptron 24-64-32-32-32-5 of arXiv:2402.01876. The search minimises the larger of a network's shares of the base's "
      .. "bit operations under both definitions; trials above a sixth end before training. The space is a part of NAC's: phi and "
      .. "rho of two to four layers, widths 4 to 32, relu or gelu, and batchnorm.",
    config = config, trials = options.quick and 12 or 800, epochs = options.quick and 2 or 40, board = "vu13p", precision = "ap_fixed<8,3>",
    data = assert(nac.dataset.from_config(config.dataset, { base_dir = config.dir, sample = true })), sample = true,
    seeds = options.quick and { 101, 102 } or { 101, 102, 103, 104, 105, 106, 107, 108, 109, 110 },
    recipe = { epochs = options.quick and 2 or 150, batch = 128, lr = 5e-3, schedule = { kind = "cosine" }, patience = false },
    recipe_text = "Adam .005, batch 128, 150 epochs with a cosine schedule, jets mirrored at random, the best epoch on `search` counts",
    baselines = {
      { name = "DeepSets base", description = base },
      { name = "MLP 24-64-32-32-32-5", description = assert(nac.arch.from_table {
        model_type = "BlockBased", input_shape = { 8, 3 }, output_dim = 5, components = {
          { block_type = "Flatten", name = "flatten", params = {} },
          { block_type = "MLP", name = "mlp", params = { widths = { 24, 64, 32, 32, 32, 5 },
            activations = { "relu", "relu", "relu", "relu", "softmax" }, normalizations = { "none", "none", "none", "none", "none" } } },
        },
      }) },
    },
    compression = { qat_epochs = options.quick and 1 or 60, pruning_epochs = options.quick and 1 or 16, pruning_iterations = options.quick and 2 or 8,
      pruning_rate = .75,
      precision_pairs = { { total_bits = 12, int_bits = "auto" }, { total_bits = 8, int_bits = "auto" }, { total_bits = 6, int_bits = "auto" } } },
    recipe_of_compression = { learning_rate = 3e-3, batch_size = 128, schedule = "cosine" },
    compress_seeds = options.quick and 1 or 5, levels = { .002, .005, .01, .02 },
    peers = peers.trials("deepsets", "trials of NAC (other data)"), peer_curves = peers.compression "Deepsets Medium",
  }
end
