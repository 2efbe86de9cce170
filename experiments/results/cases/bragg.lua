--- Bragg peaks: NAC's space against BraggNN and OpenHLS, on simulated frames, patches cut off the centre.
local nac = require "nac"
local peers = require "experiments.results.peers"

local function example(name)
  return assert(nac.arch.load("spec/golden/config/bragg_model_example_configs.yaml", { example = name }))
end

return function(options)
  local quick = options.quick
  local config = assert(nac.config.load "experiments/braggnn.yaml")
  if quick then config.dataset.subset_size = 1000 end
  config.search.objective_names = { "distance", "bops" }
  local data = assert(nac.dataset.from_config(config.dataset, { base_dir = config.dir, sample = true }))
  return {
    name = "bragg", title = "Bragg peaks", metric = "distance", margin = .003, scale = 11, bits = 16, bops = { "exact", "nac-2024" },
    what = "Simulated frames (`data/bragg`), patches of 11 x 11 pixels cut off the centre by up to a pixel at random, in the test as well. "
      .. "Baselines: BraggNN and OpenHLS as NAC published them (OpenHLS ends in a rectifier, with some seeds it never learns). "
      .. "Scores: mean distance from the true centre.",
    config = config, trials = quick and 6 or 60, epochs = quick and 3 or 15, board = "alveo-u250", precision = "ap_fixed<16,6>",
    data = data, sample = true,
    seeds = quick and { 101, 102 } or { 101, 102, 103, 104, 105 },
    recipe = { epochs = quick and 2 or 40, batch = 64, optimizer = { kind = "adam", lr = 2e-3 }, schedule = { kind = "cosine" }, patience = false },
    recipe_text = "Adam .002 with a cosine, batch 64, 40 epochs, the best epoch on `search` counts",
    baselines = { { name = "BraggNN", description = example "braggnn" }, { name = "OpenHLS", description = example "openhls" } },
    guesses = function(test)
      local rows = nac.baseline.bragg.rows(data, test)
      for i, r in ipairs(rows) do rows[i] = { name = r.name, score = -r.mean, text = ("%.4f, 95 %% within %.3f"):format(r.mean, r.quantiles[3].distance) } end
      return rows
    end,
    compression = { pruning_algorithm = "nac", qat_epochs = quick and 1 or 8, pruning_epochs = quick and 1 or 4, pruning_iterations = quick and 2 or 8,
      pruning_rate = .7, precision_pairs = { { total_bits = 8, int_bits = "auto" }, { total_bits = 6, int_bits = "auto" } } },
    recipe_of_compression = { learning_rate = 1e-3, batch_size = 64 }, compress_seeds = quick and 1 or 3, levels = { .005, .01, .02, .05 },
    peers = peers.trials("braggnn", "trials of NAC (other data)"), peer_curves = peers.compression "Trial 164",
  }
end
