--- Every key that a configuration may have: one row a key. `docs/config.md` is
-- printed from this table (`nac.config.doc`), and the checks run from it.
-- A rule: key, kind (integer, number, boolean, string, path, word, precision,
-- list, values (to be searched: a list, or a range), section, map (by names of the user's), any), doc; `also` =
-- other names of the key; default, required; min, max, above; words (see
-- `nac.config.words`), and a pattern, form and example of words with a number in them; of, least, most, repeats (lists); keys, or_file (sections:
-- a path may stand instead, see `nac.config.space_file`).
local boards = require "nac.estimate.boards"
local dimension = require "nac.space.dimension"
local precision = require "nac.config.precision"
local words = require "nac.config.words"

local set = words.set

local width = { kind = "integer", min = 1, max = 1000000 }
local channel = { kind = "integer", min = 1, max = 65536 }
local flag = { kind = "boolean" }
local activation = { kind = "word", words = words.activation }
local norm = { kind = "word", words = words.norm }

-- Rows of open tables are asked for when a file is checked, so that what a
-- script has registered by then counts.
local function objectives()
  local list = { { "performance_metric", "accuracy" } }
  for _, name in ipairs(require("nac.objective").names()) do
    if name ~= "performance_metric" then list[#list + 1] = name end
  end
  return set("objective", list)
end

-- What is known after training: measures of trials.
local function metrics()
  local list, objective = {}, require "nac.objective"
  for _, name in ipairs(objective.names()) do
    if objective.get(name).stage == "training" and name ~= "performance_metric" then list[#list + 1] = name end
  end
  return set("metric", list)
end

local function definitions() return set("BOPs definition", require("nac.bops").definitions()) end
local function estimators() return set("estimator", require("nac.estimate").names()) end

local dataset = {
  { key = "name", kind = "string",
    doc = "Data set: mnist, fashion_mnist, bragg, qubit, jets, jets16, or one registered with nac.dataset.register. Needed unless `file` or `loader` is given." },
  { key = "loader", kind = "path",
    doc = "A Lua file that returns function(options) -> {x_train=, y_train=, x_test=, y_test=, task=, name=}: your own data." },
  { key = "options", kind = "any", doc = "Handed to the loader as it stands." },
  { key = "file", kind = "path", doc = "Your own data in a file: CSV, ARFF, npz, npy or HDF5 (docs/data.md)." },
  { key = "format", kind = "word", words = set("format", { "csv", "arff", "npz", "npy", "hdf5" }),
    doc = "Format of `file`, where its name does not tell." },
  { key = "label", kind = "any",
    doc = "Where the answers are. CSV, ARFF: a column, or a list of columns (one-hot classes, or targets). npz, HDF5: an array. npy: the file with them, or a column number." },
  { key = "features", kind = "any", doc = "Columns that are the inputs, by name (CSV, ARFF) or number from 1. Default: all but `label`." },
  { key = "x", kind = "string", doc = "npz, HDF5: array of the inputs. Default: x_train or x, with y_train or y." },
  { key = "x_test", kind = "string", doc = "npz, HDF5: array of the test inputs, where `x` is given." },
  { key = "label_test", kind = "string", doc = "npz, HDF5: array of the test answers, where `label` is given." },
  { key = "task", kind = "word", words = set("task", { "classification", "regression" }),
    doc = "Classes (default) or numbers as answers." },
  { key = "test_file", kind = "path", doc = "The test samples, in a file like `file`." },
  { key = "test_label", kind = "path", doc = "npy: the file with the answers of `test_file`." },
  { key = "test_fraction", kind = "number", above = 0, max = 0.9,
    doc = "Share of the samples that is set aside as test set, where there is none. Default: 0.2." },
  { key = "header", kind = "boolean", doc = "CSV: whether the first line names the columns. Default: if it holds a cell that is no number." },
  { key = "separator", kind = "string", doc = "CSV: character between cells, or tab. Default: of , ; tab | the one that the first line holds most." },
  { key = "stream", kind = "boolean", doc = "Read `file` (npy, HDF5) in pieces while training, never as a whole." },
  { key = "chunk_rows", kind = "integer", min = 1, doc = "Samples a piece where `stream` is set. Default: 64 MB of them." },
  { key = "standardize", kind = "word", words = set("standardisation", { "none", "mean_std", "median_quantile" }),
    doc = "Scale the inputs inside the net: (x - mean) / std or (x - median) / (q95 - q5), computed from the samples that are trained on and stored with the net." },
  { key = "shift", kind = "integer", min = 0, max = 1024, doc = "Training images are shifted at random by up to so many pixels, anew each epoch." },
  { key = "dir", kind = "path", doc = "Folder of the full data set." },
  { key = "data_dir", kind = "path", doc = "Another name for `dir`." },
  { key = "resize_val", kind = "integer", min = 1, max = 4096,
    doc = "Side of the images after area resizing, in pixels; as they are when left out." },
  { key = "subset_size", kind = "integer", min = 1,
    doc = "Use the first so many training samples of the file; all when left out." },
  { key = "constituents", kind = "integer", min = 1, max = 150, doc = "jets: leading constituents of a jet. Default: 8." },
  { key = "mirror", kind = "boolean", doc = "jets: training jets are mirrored in eta and phi at random, anew each epoch." },
  { key = "base", kind = "string", doc = "jets: which of NAC's arrays, x_train_BASE.npy, where `dir` holds several." },
  { key = "flatten", kind = "boolean", default = true,
    doc = "Samples as flat vectors. With search.model_type deepsets the default is false: sets are needed there." },
  { key = "one_hot", kind = "boolean", default = true,
    doc = "Accepted and without effect: labels are class numbers here." },
  { key = "normalize", kind = "boolean", default = true, doc = "Scale the inputs." },
  { key = "num_classes", kind = "integer", min = 2, max = 1000000,
    doc = "Number of classes, where the data does not say." },
  { key = "start_location", kind = "integer", min = 0, doc = "First sample of a readout window." },
  { key = "window_size", kind = "integer", min = 1, doc = "Length of a readout window, in samples." },
  { key = "simulate", kind = "boolean", doc = "qubit: 100 000 simulated traces, made once and kept in data/full/qubit." },
  { key = "seed", kind = "integer", min = 0, default = 0,
    doc = "Seed of the split into fit, search and select parts." },
  { key = "sample", kind = "boolean",
    doc = "Use the small sample that ships with the program even if the full set is there." },
}

local selection = {
  { key = "min_accuracy", kind = "number", min = 0, max = 1, doc = "Least accuracy on the select part, 0 to 1." },
  { key = "max_bops", kind = "number", above = 0, doc = "Most BOPs." },
  { key = "max_lut_percent", kind = "number", above = 0, doc = "Most LUTs, in percent of the board." },
  { key = "max_cycles", kind = "number", above = 0, doc = "Most clock cycles of latency." },
}

local limits = {
  { key = "max_params", kind = "number", above = 0, doc = "Most trained parameters." },
  { key = "max_bops", kind = "number", above = 0, doc = "Most BOPs." },
  { key = "max_lut_percent", kind = "number", above = 0, doc = "Most LUTs, in percent of the board." },
  { key = "max_avg_resource", kind = "number", above = 0, doc = "Most average resource, in percent." },
  { key = "max_cycles", kind = "number", above = 0, doc = "Most clock cycles of latency." },
}

local search = {
  { key = "model_type", kind = "word", words = set("model type", { "mlp", "block", "braggnn", "deepsets" }), default = "mlp",
    doc = "Kind of network that is searched (docs/formats.md)." },
  { key = "n_trials", kind = "integer", min = 1, max = 10000000, default = 30, doc = "Number of trials." },
  { key = "epochs", kind = "integer", min = 1, max = 1000000, default = 10, doc = "Most epochs of training a trial." },
  { key = "n_folds", kind = "integer", min = 1, max = 100, default = 1,
    doc = "Folds of stratified cross-validation; 1 is one split." },
  { key = "use_hardware_metrics", kind = "boolean",
    doc = "Estimate resources and cycles. Default: true when an objective, limit or selection needs them." },
  { key = "objective_names", kind = "list", of = { kind = "word", words = objectives },
    default = function() return { "performance_metric", "bops" } end,
    doc = "What is optimised; `nac.objective.register` adds more." },
  { key = "maximize_flags", kind = "list", of = flag, repeats = true,
    doc = "One flag an objective: true to maximise. Default: what is natural for each, true for performance_metric." },
  { key = "seed", kind = "integer", min = 0, default = 1,
    doc = "Seed of the whole search; the same seed gives the same result." },
  { key = "workers", kind = "integer", min = 0, max = 1024,
    doc = "Trials at the same time, in processes of their own; 0 runs in this process. Default: one a core." },
  { key = "batch_size", kind = "integer", min = 1, max = 1000000, default = 128, doc = "Samples a training step." },
  { key = "learning_rate", kind = "number", above = 0, max = 100, default = 1e-3,
    doc = "Learning rate of the optimiser." },
  { key = "optimizer", kind = "word", words = set("optimizer", { "adam", "adamw", "sgd", "rmsprop" }), default = "adam",
    doc = "Optimiser." },
  { key = "schedule", kind = "word", words = set("schedule", { "constant", "cosine", "one_cycle" }),
    doc = "Learning rate over the epochs of a training (docs/training.md): constant (default), falling to 0 along half a cosine, or one cycle up and down." },
  { key = "weight_decay", kind = "number", min = 0, max = 100, doc = "Weight decay of the optimiser. Default: its own (0; .01 for adamw)." },
  { key = "l1", kind = "number", min = 0, default = 0, doc = "Weight of the L1 penalty." },
  { key = "l2", kind = "number", min = 0, default = 0, doc = "Weight of the L2 penalty." },
  { key = "dropout", kind = "number", min = 0, max = 0.95, default = 0, doc = "Rate of dropout behind each hidden activation." },
  { key = "patience", kind = "integer", min = 0, default = 3,
    doc = "Epochs without a better search loss before a training stops; 0 is never." },
  { key = "sampler", kind = "word", words = set("sampler", { "nsga2", "random", "tpe" }), files = "lua", default = "nsga2",
    doc = "Sampler: a name, or a Lua file that returns your own." },
  { key = "population", kind = "integer", min = 2, max = 100000,
    doc = "Population of NSGA-II. Default: max(4, min(50, n_trials / 6))." },
  { key = "lag", kind = "integer", min = 0,
    doc = "Trial n of a sampler without generations sees trials up to n - 1 - lag, whatever the number of workers; lag + 1 run at once. Default: the sampler's (1 of tpe, else 7)." },
  { key = "bops", kind = "word", words = definitions, default = "exact",
    doc = "Definition of the bops column (docs/bops.md)." },
  { key = "selection", kind = "section", keys = selection,
    doc = "Conditions that the winner must meet; the most accurate of those that do is taken." },
  { key = "limits", kind = "section", keys = limits, doc = "Trials beyond these end before training, as pruned." },
  { key = "trial_timeout", kind = "number", above = 0, doc = "Most seconds a trial." },
  { key = "trial_memory", kind = "integer", min = 16, doc = "Most memory a trial, in MiB." },
  { key = "study_name", kind = "string", doc = "Name of the study in the database." },
}

-- Lists a layer of the preset (`nac.space.mlp_snac_pack`).
local function layer_lists()
  local keys = {
    { key = "num_layers", kind = "list", of = { kind = "integer", min = 2, max = 9 }, doc = "Numbers of layers with the output layer." },
  }
  for i = 1, 8 do
    local layer = (" of hidden layer %d."):format(i)
    keys[#keys + 1] = { key = "hidden_units" .. i, kind = "list", of = width, doc = "Widths" .. layer }
    keys[#keys + 1] = { key = "activation" .. i, kind = "list", of = activation, doc = "Activations" .. layer }
    keys[#keys + 1] = { key = "batchnorm" .. i, kind = "list", of = flag, doc = "Whether there is a batchnorm" .. layer }
  end
  return keys
end

local exponent = { kind = "integer", min = 0, max = 16 }
local depth = { kind = "integer", min = 1, max = 64 }
local space = {
  { key = "mlp_preset", kind = "word", words = set("preset", { "none", "snac-pack" }), default = "none",
      doc = "snac-pack: the fixed MLP space that the predecessor really searched; the other keys of this section then "
        .. "only give the output." },
  { key = "mlp_lists", kind = "section", keys = layer_lists(), doc = "Lists that replace those of the preset." },
  { key = "mlp_width_space", kind = "list", of = width, doc = "Widths of dense layers." },
  { key = "act_space", kind = "list", of = activation, default = function() return { "relu" } end,
    doc = "Activations; spellings such as ReLU and LeakyReLU (slope .01) are understood." },
  { key = "norm_space", kind = "list", of = norm, default = function() return { "none" } end,
    doc = "Normalisations: null (none), batch, layer." },
  { key = "block_types", kind = "list", of = { kind = "word", words = words.block }, default = function() return { "MLP" } end,
    doc = "Kinds of blocks for model_type block." },
  { key = "num_blocks", kind = "integer", min = 1, max = 1000, default = 3,
    doc = "mlp: most hidden layers. block: number of blocks." },
  { key = "output_dim", kind = "integer", min = 1, max = 1000000, doc = "Number of outputs. Default: the data set's." },
  { key = "output_activation", kind = "word", words = words.activation, default = "softmax",
    doc = "Activation of the outputs. It is counted in the cost; training is on what stands before it. With dataset.task regression the default is identity." },
  { key = "initial_img_size", kind = "integer", min = 1, max = 65536,
    doc = "Side of the input image; for braggnn behind the projection, 2 less. Default: the data set's." },
  { key = "input_channels", kind = "integer", min = 1, max = 65536,
    doc = "Channels of the input image. Default: the data set's." },
  { key = "channel_space", kind = "list", of = channel,
    doc = "Channels of convolutions; needed only where block_types has one." },
  { key = "kernel_space", kind = "list", of = { kind = "integer", min = 1, max = 255 },
    doc = "Kernel sizes of convolutions." },
  { key = "kernel_rule", kind = "word", words = set("kernel rule", { "fit", "shrink" }), default = "fit",
    doc = "Kernels larger than the image: fit does not offer them; shrink builds them as 1, as NAC did, and notes what was drawn." },
  { key = "conv_attn", kind = "section", doc = "Convolutional attention.", keys = {
    { key = "hidden_channel_space", kind = "list", of = channel, doc = "Hidden channels." } } },
  { key = "aggregator_space", kind = "list", of = { kind = "word", words = set("aggregator", { "mean", "max" }) },
    default = function() return { "mean", "max" } end, doc = "DeepSets: aggregations." },
  { key = "bottleneck_range", kind = "list", of = exponent, least = 2, most = 2, repeats = true,
    default = function() return { 0, 6 } end, doc = "DeepSets: least and greatest exponent of 2 of the bottleneck." },
  { key = "phi_len_range", kind = "list", of = depth, least = 2, most = 2, repeats = true,
    default = function() return { 1, 4 } end, doc = "DeepSets: least and most layers of phi." },
  { key = "rho_len_range", kind = "list", of = depth, least = 2, most = 2, repeats = true,
    default = function() return { 1, 4 } end, doc = "DeepSets: least and most layers of rho." },
}

local hls = {
  { key = "board", kind = "word", words = boards.words, files = "yaml", default = "zcu102",
    doc = "Board whose totals give the percentages, or a file with those of your own (docs/estimate.md)." },
  { key = "model", kind = "section", doc = "How the whole network is built.", keys = {
    { key = "precision", kind = "precision", default = "ap_fixed<8,3>",
      doc = "Type of weights and activations; its width also sets the bits of BOPs." },
    { key = "reuse_factor", kind = "integer", min = 1, max = 1000000, default = 1,
      doc = "Multiplications that share one multiplier." },
    { key = "strategy", kind = "word", words = words.strategy, default = "latency", doc = "latency or resource." } } },
  { key = "clock_ns", kind = "number", min = 0.5, max = 1000, default = 5, doc = "Clock period, in ns." },
  { key = "estimator", kind = "word", words = estimators, default = "analytic",
    doc = "Estimator of resources and cycles (docs/estimate.md)." },
  { key = "estimator_weights", kind = "path",
    doc = "rule4ml, rule4ml-mlp: your own copy of its weights, the wheel of rule4ml 0.2.0 or a folder it was unpacked into." },
}

local local_search = {
  { key = "qat_epochs", kind = "integer", min = 0, default = 10, doc = "Epochs of quantisation-aware training." },
  { key = "pruning_iterations", kind = "integer", min = 0, max = 1000, default = 10, doc = "Pruning steps." },
  { key = "pruning_epochs", kind = "integer", min = 0, default = 10, doc = "Epochs after each pruning step." },
  { key = "pruning_rate", kind = "number", above = 0, max = 1, default = 0.8,
    doc = "Part of the weights that one step keeps." },
  { key = "pruning_schedule", kind = "word", words = set("pruning schedule", { "iterative", "constant", "cubic" }), default = "iterative",
    doc = "iterative: 1 - pruning_rate^i are zero after step i. constant: pruning_sparsity from the first step on. cubic: up to pruning_sparsity in the last step (Zhu & Gupta 2017)." },
  { key = "pruning_sparsity", kind = "number", above = 0, max = 1, doc = "Part of the weights that is zero at the end, of schedules constant and cubic." },
  { key = "tolerance", kind = "number", min = 0, max = 0.5, default = 0.01,
    doc = "The smallest net that is at most so far behind the most accurate one is kept; of losses, that part of it." },
  { key = "mode", kind = "word", words = set("mode of the local search", { "combined", "separated" }), default = "combined",
    doc = "combined: pruning at each precision. separated: pruning of the float network; precisions of the unpruned one." },
  { key = "pruning_algorithm", kind = "word", words = set("pruning algorithm", { "lottery", "snac-pack", "nac" }), default = "lottery",
    doc = "lottery: all layers together, by the trained weights, rewinding to those after warm-up. snac-pack: each layer alike, masks found anew every half epoch, rewinding to the weights after warm-up. nac: all layers together, no rewinding." },
  { key = "pruning_structure", kind = "word", words = set("structure of pruning", { "weights", { "units", "channels" }, "heads", "reuse_groups" }), default = "weights",
    doc = "What goes: single weights; units and channels (also called channels), or attention heads (the net shrinks); the groups of weights that share a multiplier." },
  { key = "pruning_norm", kind = "word", words = set("norm", { "l1", "l2" }), default = "l1", doc = "Size of a unit, head or group: norm of its weights." },
  { key = "reuse_factor", kind = "integer", min = 1, max = 1000000,
    doc = "pruning_structure reuse_groups: weights a multiplier. Default: hls_config.model.reuse_factor." },
  { key = "mask_updates", kind = "integer", min = 0, max = 1000,
    doc = "How often an epoch the masks are found anew while training; 0: once, from the weights trained before. Default: the algorithm's (snac-pack 2, others 0)." },
  { key = "rewind", kind = "word", words = set("rewinding", { "none", "lr", "init", "warmup", "epoch:k" }), pattern = "^epoch:%d+$", form = "epoch:k",
    example = "epoch:3",
    doc = "What is rewound after each pruning step (docs/local_search.md); the algorithm decides where it is left out." },
  { key = "include_bias", kind = "boolean", default = false, doc = "Whether biases are pruned, too." },
  { key = "kept_epoch", kind = "word", words = set("kept_epoch", { "best", "last" }), default = "best",
    doc = "Whose weights count after each training: the epoch with the least loss on the search part, or the last." },
  { key = "precision_pairs", kind = "list", of = { kind = "section", keys = precision.keys() },
    doc = "Precisions that are tried.",
    default = function() return { { total_bits = 8, int_bits = 3 } } end },
}

-- One key a setting that a tuning may search: the lowest and the highest value, or a list.
local function tuning_ranges()
  local keys = {}
  for i, row in ipairs(require("nac.tune.space").rows) do
    local value = { kind = row.kind == "number" and "number" or "integer", above = row.above, min = row.min, max = row.max }
    if row.words then value = { kind = "word", words = set(row.name, row.words) } end
    local default = type(row.range) == "table" and function() return { table.unpack(row.range) } end or nil
    keys[i] = { key = row.name, kind = "list", of = value, default = default, doc = row.doc }
    if row.kind ~= "choice" then keys[i].least, keys[i].most, keys[i].repeats = 2, 2, true end
  end
  return keys
end

local tuning = {
  { key = "n_trials", kind = "integer", min = 1, max = 10000000, default = 100, doc = "Number of trials." },
  { key = "epochs", kind = "integer", min = 1, max = 1000000, doc = "Most epochs of training a trial. Default: search.epochs." },
  { key = "objective", kind = "word", words = set("objective of a tuning", { "accuracy", "loss" }),
    default = "loss", doc = "What is optimised on the search part." },
  { key = "sampler", kind = "word", words = set("sampler", { "tpe", "random", "nsga2" }), default = "tpe", doc = "Sampler." },
  { key = "pruner", kind = "word", words = set("pruner", { "median", "successive_halving", "none" }), default = "median",
    doc = "What ends trials that lag behind; median begins after 10 complete ones." },
  { key = "seed", kind = "integer", min = 0, doc = "Seed of the whole tuning. Default: search.seed." },
  { key = "retrain_epochs", kind = "integer", min = 1, max = 1000000,
    doc = "Train the best settings once more, so many epochs. Default: the weights of the best trial are kept." },
  { key = "ranges", kind = "section", keys = tuning_ranges(),
    doc = "What is tuned: the lowest and the highest value, or a list. Two equal ends, or a list of one, fix a setting." },
}

local synthesis = precision.pair()
synthesis[1].required, synthesis[2].required = false, false
synthesis[2].or_words, synthesis[2].doc = precision.integer_words, "Of these, integer bits with the sign; default `auto`."
synthesis[3] = { key = "hls_output_dir", kind = "path", doc = "Folder of the HLS project. Default: `hls` in the local search's folder." }
synthesis[4] = { key = "layers", kind = "any",
  doc = "Strategy and reuse factor of single layers, as `{dense1: {strategy: resource, reuse_factor: 4}}`. Default: those of hls_config.model." }

local output = {
  { key = "results_dir", kind = "path", default = "./results", doc = "Folder of everything that is written." },
}

-- What the task is. The data decide; this section must agree with them, and chooses the loss.
local task = {
  { key = "task_type", kind = "word", words = set("task", { "classification", "regression" }),
    doc = "Classes or numbers as answers; must be what the data have. Default: the data set's." },
  { key = "loss_function", also = { "loss" }, kind = "word", words = words.loss,
    doc = "Loss that is minimised. Default: cross_entropy for classes (bce_with_logits where output_dim is 1), mse for numbers." },
  { key = "metrics", kind = "list", of = { kind = "word", words = metrics },
    doc = "Measured on the search part for every trial and kept beside its objectives." },
  { key = "input_channels", kind = "integer", min = 1, max = 65536, doc = "Another place for search_space.input_channels." },
}

-- The rule of a dotted key among sections.
local function rule_of(sections, key)
  local first, rest = key:match "^([^.]+)%.?(.*)$"
  for _, rule in ipairs(sections) do
    if rule.key == first then return rest == "" and rule or rule_of(rule.keys, rest) end
  end
  error("no key " .. key)
end

-- The keys that list values of dimensions (`nac.space.dimension`): each value is one of the key that takes it.
local function lists_of(section)
  local keys = {}
  for _, row in ipairs(dimension.rows) do
    if row.section == section then
      local of = rule_of({ { key = "dataset", keys = dataset }, { key = "search", keys = search }, { key = "hls_config", keys = hls } }, row.to)
      keys[#keys + 1] = { key = row.key, also = row.also, kind = "values", doc = row.doc .. " (`" .. row.to .. "`)", of = {
        kind = of.kind, words = of.words, files = of.files, min = of.min, max = of.max, above = of.above,
      } }
    end
  end
  return keys
end

local hardware = lists_of "hardware_config"
table.insert(hardware, 1, { key = "target_platform", kind = "word", words = set("platform", { "fpga" }), doc = "What the firmware is for." })

local sections = {
  { key = "dataset", kind = "section", keys = dataset, required = true, doc = "The data." },
  { key = "search", kind = "section", keys = search, doc = "The global search." },
  { key = "search_space", kind = "section", keys = space, or_file = true,
    doc = "The networks among which is searched: keys, or the path of a file with them (flat, or under search_spaces and "
      .. "hyperparameters). Needed." },
  { key = "dataset_search_space", kind = "section", keys = lists_of "dataset_search_space",
    doc = "What each trial sees of the data: lists, or ranges {min, max, log}. One value alone is fixed." },
  { key = "training_search_space", kind = "section", keys = lists_of "training_search_space",
    doc = "Settings of the training that each trial draws: lists, or ranges {min, max, log}. One value alone is fixed." },
  { key = "task_config", kind = "section", keys = task, doc = "Task, loss and what is measured." },
  { key = "hardware_config", also = { "hardware_targets" }, kind = "section", keys = hardware,
    doc = "Settings of the firmware that each trial draws, also called hardware_targets." },
  { key = "hls_config", kind = "section", keys = hls, doc = "The firmware that is estimated." },
  { key = "local_search", kind = "section", keys = local_search,
    doc = "Compression of the winner: `nac-lua local` (docs/local_search.md)." },
  { key = "tuning", kind = "section", keys = tuning,
    doc = "Hyper-parameters of the winner's training, for `nac-lua tune` (docs/tuning.md)." },
  { key = "synthesis", kind = "section", keys = synthesis,
    doc = "Firmware of the local search's result: `nac-lua synth` (docs/synthesis.md). A pair chooses the net of that precision; default: the winner." },
  { key = "output", kind = "section", keys = output, doc = "Where results go." },
}

--- The rule of a dotted key, "search.epochs".
function sections.rule(key) return rule_of(sections, key) end

return sections
