--- Qubit readout: windows and networks of one or two units against the matched filter and a network of 800 inputs.
local nac = require "nac"

return function(options)
  local quick = options.quick
  local config = assert(nac.config.load "experiments/t3.yaml")
  config.search.n_folds, config.search.learning_rate = 1, 1e-3 -- as the whole training
  if quick then config.search.batch_size = 32 end
  if quick then config.dataset.simulate, config.dataset.sample = nil, true end
  local data = assert(nac.dataset.from_config(config.dataset, { base_dir = config.dir, sample = quick or nil }))
  local baseline = assert(nac.arch.from_table { model_type = "BlockBased", input_shape = { 800 }, output_dim = 1,
    components = { { block_type = "MLP", name = "mlp", params = { widths = { 800, 4, 1 }, activations = { "relu", "sigmoid" },
      normalizations = { "batch", "none" } } } } })
  return {
    name = "qubit", title = "Qubit readout", metric = "accuracy", margin = .001, bits = 8, bops = { "exact", "snac-pack" },
    what = "Simulated traces of 770 samples of I and Q (`data/qubit`), a window of them read. Baseline: 800 inputs (400 samples from "
      .. "100 on), four hidden units. A score is the share of traces assigned rightly, not 2a - 1. Costs are those of the window that the network reads.",
    config = config, trials = quick and 8 or 100, epochs = quick and 3 or 8, board = "zcu102", precision = "ap_fixed<8,3>",
    data = data, sample = quick or nil, view = function(all, settings) return next(settings) and all:with(settings) or all end,
    seeds = quick and { 101, 102 } or { 101, 102, 103, 104, 105 },
    recipe = { epochs = quick and 2 or 10, batch = quick and 32 or 256, loss = "bce_with_logits", optimizer = { kind = "adam", lr = 1e-3 },
      schedule = { kind = "cosine" }, patience = false },
    recipe_text = "Adam .001 with a cosine, batch 256, 10 epochs, the best epoch on `search` counts",
    baselines = { { name = "MLP 800-4-1", description = baseline } },
    guesses = function(test)
      local rows = {}
      for i, r in ipairs(nac.baseline.qubit.rows(data, test)) do rows[i] = { name = r.name .. ", window 100 + 400", score = r.accuracy } end
      for _, size in ipairs(quick and {} or { 500, 600 }) do
        local filter = nac.baseline.qubit.rows(data:with { start_location = 100, window_size = size })[2]
        rows[#rows + 1] = { name = ("%s, window 100 + %d"):format(filter.name, size), score = filter.accuracy }
      end
      return rows
    end,
    compression = { qat_epochs = quick and 1 or 5, pruning_epochs = quick and 1 or 3, pruning_iterations = quick and 2 or 6, pruning_rate = .6,
      precision_pairs = { { total_bits = 8, int_bits = "auto" }, { total_bits = 6, int_bits = "auto" }, { total_bits = 4, int_bits = "auto" } } },
    recipe_of_compression = { learning_rate = 1e-3, batch_size = quick and 32 or 256, schedule = "cosine" },
    compress_seeds = quick and 1 or 5, levels = { 0, .0005, .001, .002 },
  }
end
