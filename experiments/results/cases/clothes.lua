--- Fashion-MNIST at 16 x 16 pixels: the second tutorial's space of convolutions and attention against a plain convolutional network.
local nac = require "nac"

local function conv(channels)
  return { block_type = "Conv", params = { channels = channels, kernels = { 3, 3 }, activations = { "relu", "relu" }, normalizations = { "batch", "batch" } } }
end

return function(options)
  local quick = options.quick
  local config = assert(nac.config.load "experiments/t2.yaml")
  config.search.n_folds = 1
  if quick then config.dataset.subset_size = 2000 end
  local data = assert(nac.dataset.from_config(config.dataset, { base_dir = config.dir, sample = quick or nil }))
  return {
    name = "clothes", title = "Clothes: Fashion-MNIST at 16 x 16 pixels", metric = "accuracy", margin = .005, bits = 8, bops = { "exact" },
    what = "20 000 training images, the 10 000 test images. Baseline: the multilayer perceptron that the predecessor's search of this "
      .. "tutorial ended with, 256-16-64-5-5-10, and a plain convolutional network beside it.",
    config = config, trials = quick and 4 or 80, epochs = quick and 1 or 12, board = "zcu102", precision = "ap_fixed<8,3>",
    data = data, sample = quick or nil, seeds = quick and { 101 } or { 101, 102, 103, 104, 105 },
    recipe = { epochs = quick and 1 or 20, batch = 128, optimizer = { kind = "adam", lr = 2e-3 }, schedule = { kind = "cosine" }, patience = false },
    recipe_text = "Adam .002 with a cosine, batch 128, 20 epochs, the best epoch on `search` counts",
    baselines = {
      { name = "MLP 256-16-64-5-5-10", description = assert(nac.arch.from_table { model_type = "BlockBased", input_shape = { 16, 16, 1 }, output_dim = 10,
        components = { { block_type = "MLP", name = "mlp", params = { widths = { 256, 16, 64, 5, 5, 10 },
          activations = { "relu", "relu", "relu", "relu", "softmax" }, normalizations = { "batch", "batch", "batch", "batch", "none" } } } } }) },
      { name = "conv 8-8-16-16", description = assert(nac.arch.from_table { model_type = "BlockBased", input_shape = { 16, 16, 1 }, output_dim = 10,
        components = { conv { 1, 8, 8 }, conv { 8, 16, 16 }, { block_type = "MLP", name = "mlp", params = { widths = { 1024, 32, 10 },
          activations = { "relu", "softmax" }, normalizations = { "batch", "none" } } } } }) },
    },
    compression = { qat_epochs = quick and 1 or 6, pruning_epochs = quick and 1 or 4, pruning_iterations = quick and 1 or 6, pruning_rate = .6,
      precision_pairs = { { total_bits = 8, int_bits = "auto" }, { total_bits = 6, int_bits = "auto" } } },
    recipe_of_compression = { learning_rate = 1e-3, batch_size = 128 }, compress_seeds = quick and 1 or 5, levels = { .005, .01, .02 },
  }
end
