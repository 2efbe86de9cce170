--- MNIST at 8 x 8 pixels: the first tutorial's search against the multilayer perceptron of the predecessor's tutorial.
local nac = require "nac"

return function(options)
  local config = assert(nac.config.load "experiments/t1.yaml")
  config.search.learning_rate, config.search.schedule, config.search.patience = 3e-3, "cosine", 0 -- as the whole training
  return {
    name = "digits", title = "Digits: MNIST at 8 x 8 pixels", metric = "accuracy", margin = .005, bits = 8, bops = { "exact", "snac-pack" },
    what = "10 000 training images, the 10 000 test images. Baseline: 64-64-64-32-10 with batchnorm and relu.",
    config = config, trials = options.quick and 12 or 400, epochs = options.quick and 3 or 15, board = "zcu102", precision = "ap_fixed<8,3>",
    data = nac.dataset.mnist { resize = 8, flatten = true, subset = 10000, sample = true },
    seeds = options.quick and { 101, 102 } or { 101, 102, 103, 104, 105 },
    recipe = { epochs = options.quick and 3 or 30, batch = 128, lr = 3e-3, schedule = "cosine", patience = false },
    recipe_text = "Adam .003 with a cosine, batch 128, 30 epochs, the best epoch on `search` counts",
    baselines = { { name = "MLP 64-64-64-32-10", description = assert(nac.arch.from_table {
      model_type = "BlockBased", input_shape = { 64 }, output_dim = 10, components = { { block_type = "MLP", name = "mlp", params = {
        widths = { 64, 64, 64, 32, 10 }, activations = { "relu", "relu", "relu", "softmax" }, normalizations = { "batch", "batch", "batch", "none" } } },
      },
    }) } },
    compression = { qat_epochs = options.quick and 1 or 10, pruning_epochs = options.quick and 1 or 6, pruning_iterations = options.quick and 2 or 8,
      pruning_rate = .7,
      precision_pairs = { { total_bits = 8, int_bits = "auto" }, { total_bits = 6, int_bits = "auto" }, { total_bits = 4, int_bits = "auto" } } },
    recipe_of_compression = { learning_rate = 1e-3, batch_size = 128 },
    compress_seeds = options.quick and 1 or 5, levels = { .002, .005, .01, .02 },
  }
end
