--- Jets of eight constituents: NAC's space of DeepSets against its base, the published network.
local nac = require "nac"
local peers = require "experiments.results.peers"

local function deepsets(phi, rho)
  return assert(nac.arch.from_table {
    model_type = "BlockBased", input_shape = { 8, 3 }, output_dim = 5, components = { { block_type = "DeepSets", name = "jets", params = {
      phi = phi, aggregation = "mean", rho = rho } } },
  })
end

local relu3, none3 = { "relu", "relu", "relu" }, { "none", "none", "none" }

return function(options)
  local config = assert(nac.config.load "experiments/deepsets.yaml")
  if options.quick then config.dataset.subset_size = 4000 end
  config.search_space.mlp_width_space = { 4, 8, 16, 32, 64 } -- of NAC's published trials, to which the base belongs
  local base = deepsets({ widths = { 3, 32, 32, 32 }, activations = relu3, normalizations = none3 },
    { widths = { 32, 16, 5 }, activations = { "relu", "softmax" }, normalizations = { "none", "none" } })
  -- trials are short, but long enough to rank networks as the whole training does
  config.search.learning_rate, config.search.schedule, config.search.batch_size, config.search.patience = .006, "cosine", 128, 0
  config.search.limits = { max_bops = nac.bops.count(base, { definition = "exact", bits = 8 }) // 4 }
  return {
    name = "jets", title = "Jets: eight constituents", metric = "accuracy", margin = .003, bits = 8, bops = { "exact", "nac-2024" },
    what = "60 000 simulated jets to train (data/jets), 100 000 to test. Baselines: DeepSets base 3-32-32-32, mean, 32-16-5 (2853 parameters) "
      .. "and the perceptron 24-64-32-32-32-5 of arXiv:2402.01876. Trials that cost more than a quarter of the base end before training.",
    config = config, trials = options.quick and 12 or 1600, epochs = options.quick and 2 or 30, board = "vu13p", precision = "ap_fixed<8,3>",
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
    compress_seeds = options.quick and 1 or 3, levels = { .002, .005, .01, .02 },
    peers = peers.trials("deepsets", "trials of NAC (other data)"), peer_curves = peers.compression "Deepsets Medium",
  }
end
