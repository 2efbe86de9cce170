-- Local searches as a user runs them, and what they leave behind.
local csv = require "nac.util.csv"
local file = require "nac.util.file"
local json = require "nac.util.json"
local nac = require "nac"
local nn = nac.nn
local run = require("spec.support.interpreter").run

local folder

local function path(...) return table.concat({ folder, ... }, "/") end

-- A small net and data that it can learn.
local function small()
  local function part(n, seed)
    local x = nac.tensor.rand({ n, 6 }, { seed = seed })
    local y = nac.tensor.zeros({ n }, "i32")
    for i = 1, n do y:set(x:get(i, 1) + x:get(i, 2) > x:get(i, 3) + .5 and 1 or 0, i) end
    return { x = x, y = y }
  end
  local data = { fit = part(400, 1), search = part(100, 2), select = part(200, 3), test = part(200, 4) }
  local net = nn.sequential { input = { 6 }, nn.dense { units = 16 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 2 } }:build {}
  nac.train.fit(net, data, { epochs = 5, lr = 1e-2 })
  return net, data
end

local settings = { qat_epochs = 1, pruning_iterations = 2, pruning_epochs = 1, pruning_rate = .5,
  precision_pairs = { { total_bits = 8, int_bits = 3 }, { total_bits = 4, int_bits = "auto" } } }

local function with(more)
  local s = {}
  for key, value in pairs(settings) do s[key] = value end
  for key, value in pairs(more or {}) do s[key] = value end
  return s
end

local function search(net, data, name, more, options)
  local o = { dir = path(name), quiet = true, workers = 2, pictures = false, search = { learning_rate = 1e-2 } }
  for key, value in pairs(options or {}) do o[key] = value end
  return nac.local_search.run(net, data, with(more), o)
end

-- The same in this process, which a fault ends when the third net is about to be written.
local function search_killed(net, data, name, more)
  local save, count = nac.model.save, 0
  nac.model.save = function(n, to)
    if to:find "/state/%d.*_%d+%.%a+$" then count = count + 1 end
    if count == 3 then error "killed" end
    return save(n, to)
  end
  local broken = assert(search(net, data, name, more, { workers = 0 }))
  nac.model.save = save
  assert.matches("killed", broken.fault)
  return broken
end

describe("a local search", function()
  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_directory(folder))
  end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("prunes at every precision and keeps what it counted", function()
    local net, data = small()
    local before = net:tensor("dense1.weight"):clone()
    local result = assert(search(net, data, "whole", nil, { pictures = true }))
    assert.is_true(net:tensor("dense1.weight"):equal(before))
    if file.program("gnuplot") then
      assert.matches("^\137PNG", file.read(path("whole", "weights.png")))
      local text, status = run(("$NAC_LUA plot %s"):format(path("whole", "best_model.yaml")))
      assert.same({ path("whole", "best_model_weights.png") .. "\n", 0 }, { text, status })
    end
    local rows, columns = assert(csv.read(path("whole", "combined_qat_pruning_log.csv")))
    assert.equal("Precision TotalBits IntBits Iteration Sparsity Accuracy EffectiveBOPs ScaledBOPs EBOPs LUT AccuracyStd Folds", table.concat(columns, " "))
    assert.equal(6, #rows)
    assert.same({ "<8,3>", "8", "3", "0" }, { rows[1].Precision, rows[1].TotalBits, rows[1].IntBits, rows[1].Iteration })
    assert.equal("<4,auto>", rows[6].Precision)
    assert.matches('"<8,3>",8,3,0,0,', assert(file.read(path("whole", "combined_qat_pruning_log.csv"))), 1, true)
    assert.equal(.75, tonumber(rows[6].Sparsity))
    assert.is_true(tonumber(rows[1].Accuracy) > .8)
    for i, curve in ipairs(result.curves) do
      local name = ({ "best_model_8b3i", "best_model_4bautoi" })[i]
      local kept = assert(nac.model.load(path("whole", name .. ".yaml")))
      local zeros = nac.prune.sparsity(kept)
      assert.equal(curve.chosen.sparsity, zeros)
      assert.equal(curve.chosen.accuracy, nac.quant.lower(kept):accuracy(data.select)) -- that of the integer network
      assert.equal(curve.chosen.bops, nac.bops.count(kept, { bits = curve.pair.total_bits }))
      assert.equal(curve.chosen.ebops, nac.bops.count(kept, { definition = "ebops", bits = curve.pair.total_bits }))
      assert.is_true(curve.chosen.ebops < curve.chosen.bops)
      assert.truthy(nac.npz.read(path("whole", name .. ".npz"))["dense1.weight"])
    end
    local winner = assert(nac.model.load(result.model))
    assert.equal(result.best.accuracy, nac.quant.lower(winner):accuracy(data.select))
    assert.equal(result.test, nac.quant.lower(winner):accuracy(data.test))
    assert.is_true(result.constant_guess >= .5 and result.constant_guess < .8)
    assert.matches("winner: <", tostring(result), 1, true)
    if file.program "gnuplot" then assert.matches("^\137PNG", file.read(path("whole", "combined_local_search.png"))) end
    assert.matches("iteration 2: sparsity 0.7500", assert(file.read(path("whole", "training_log.txt"))), 1, true)
    assert.is_true(require("nac.util.yaml").load(path("whole", "local_search_config.yaml")).finished)
  end)

  it("trains steps with int_bits = learned, exactly as integers compute, also after a kill and a rewinding", function()
    local net, data = small()
    local learned = { precision_pairs = { { total_bits = 3, int_bits = "learned" } }, qat_epochs = 3 }
    local result = assert(search(net, data, "learned", learned))
    local kept = assert(nac.model.load(path("learned", "best_model_3blearnedi.yaml")))
    assert.is_true(kept:tensor("dense1.weight.step"):numel() == 1)
    local graph <close> = nac.quant.lower(kept)
    assert.is_true(graph:run(data.test.x):equal(nac.train.predict(kept, data.test.x):to "f64"))
    assert.equal(result.curves[1].chosen.accuracy, graph:accuracy(data.select))
    assert.is_true(result.curves[1].rows[1].accuracy > .8)
    assert.equal("<3,learned>", assert(csv.read(path("learned", "combined_qat_pruning_log.csv")))[1].Precision)
    assert.is_nil(assert(file.read(path("learned", "training_log.txt"))):find "fake-quantised")
    search_killed(net, data, "learned_again", learned)
    assert(search(net, data, "learned_again", learned, { resume = true }))
    assert.equal(file.read(path("learned", "combined_qat_pruning_log.csv")), file.read(path("learned_again", "combined_qat_pruning_log.csv")))
  end)

  it("keeps the last epoch's weights if told so, and remembers that", function()
    local net, data = small()
    local best = assert(search(net, data, "epochs", { qat_epochs = 8, kept_epoch = "best" }))
    local none, message = search(net, data, "epochs", { qat_epochs = 8, kept_epoch = "last" })
    assert.is_nil(none)
    assert.matches("another local search", message, 1, true)
    local last = assert(search(net, data, "epochs", { qat_epochs = 8, kept_epoch = "last" }, { force = true }))
    assert.equal("last", require("nac.util.yaml").load(path("epochs", "local_search_config.yaml")).kept_epoch)
    local function losses(result) return result.curves[1].rows[1].units[1].loss end
    assert.is_true(losses(last) >= losses(best))
    for _, iteration in ipairs { 1, 2 } do assert.is_true(math.abs(last.curves[1].rows[iteration + 1].sparsity - (1 - .5 ^ iteration)) < .01) end
  end)

  it("gives the same in one process and in workers, and after a kill", function()
    local net, data = small()
    local function table_of(name) return assert(file.read(path(name, "combined_qat_pruning_log.csv"))) end
    assert(search(net, data, "inside", nil, { workers = 0 }))
    assert(search(net, data, "forked"))
    assert.equal(table_of "inside", table_of "forked")
    -- a run that ends in the midst of an iteration, and is taken up again
    local units = require "nac.local_search.unit"
    local broken = search_killed(net, data, "broken")
    assert.is_nil(broken.best)
    assert.is_true(#units.rows(broken.job, { pair = settings.precision_pairs[1], fold = 1 }) == 2)
    local none, message = search(net, data, "broken")
    assert.is_nil(none)
    assert.matches("unfinished: --resume continues", message, 1, true)
    local again = assert(search(net, data, "broken", nil, { resume = true }))
    assert.is_nil(again.fault)
    assert.equal(table_of "inside", table_of "broken")
    assert(search(net, data, "broken", nil, { resume = true })) -- finished: nothing is left to do
    none, message = search(net, data, "broken", { pruning_rate = .6 }, { resume = true })
    assert.is_nil(none)
    assert.matches("cannot resume", message)
    none, message = search(net, data, "broken", { pruning_rate = .6 })
    assert.is_nil(none)
    assert.matches("results of another local search", message)
  end)

  it("goes on with the same training, data and net only, and says what differs", function()
    local net, data = small()
    search_killed(net, data, "same")
    local function refused(what, more, options, from, samples)
      options = options or {}
      options.resume = true
      local none, message = search(from or net, samples or data, "same", more, options)
      assert.is_nil(none)
      assert.matches(what, message, 1, true)
      assert.matches("--force replaces it", message, 1, true)
    end
    refused("training.optimizer.lr was 0.01, is 0.02;", nil, { search = { learning_rate = 2e-2 } })
    refused("training.batch was not set, is 64", nil, { search = { learning_rate = 1e-2, batch_size = 64 } })
    refused("training.schedule was not set, is cosine", nil, { search = { learning_rate = 1e-2, schedule = "cosine" } })
    refused("training.optimizer.kind was adam, is sgd", nil, { search = { learning_rate = 1e-2, optimizer = "sgd" } })
    refused("kept_epoch was best, is last; pruning_rate was 0.5, is 0.6; seed was 1, is 2", { kept_epoch = "last", pruning_rate = .6 }, { seed = 2 })
    local other = { fit = data.fit, search = data.search, select = { x = data.select.x + 1e-3, y = data.select.y } }
    refused("data.select is another", nil, nil, nil, other)
    local trained = nac.quant.copy(net)
    nac.train.fit(trained, data, { epochs = 1 })
    refused("nets.fold1 is another", nil, nil, trained)
    assert(search(net, data, "same", { tolerance = .02 }, { resume = true })) -- chooses at the end, no more
    assert.error_matches(function() search(net, data, "same", nil, { search = { lr = 1 } }) end, "unknown training setting in search 'lr'", 1, true)
  end)

  it("takes units out, resumes with the smaller net, and writes NAC's lines", function()
    local net, data = small()
    local more = { pruning_structure = "units", rewind = "epoch:1" }
    assert(search(net, data, "units", more, { workers = 0 }))
    local rows = assert(csv.read(path("units", "combined_qat_pruning_log.csv")))
    assert.same({ "0", "0.5", "0.75" }, { rows[1].Sparsity, rows[2].Sparsity, rows[3].Sparsity })
    assert.is_true(tonumber(rows[3].EffectiveBOPs) < tonumber(rows[1].EffectiveBOPs) / 3)
    local lines = assert(file.read(path("units", "local_search_results.txt")))
    assert.matches("^Fold 1 <8,3> 8%-Bit QAT Model Prune Iter: 0, Val Accuracy: 0%.%d+, Val Loss: %d%.%d+, Sparsities: ", lines)
    assert.matches("Sparsities: (tensor(0.), tensor(0.))\n", lines, 1, true)
    assert.equal(6, select(2, lines:gsub("\n", "")))
    search_killed(net, data, "units_broken", more)
    assert(search(net, data, "units_broken", more, { resume = true }))
    assert.equal(file.read(path("units", "combined_qat_pruning_log.csv")), file.read(path("units_broken", "combined_qat_pruning_log.csv")))
    assert.equal(lines, file.read(path("units_broken", "local_search_results.txt")))
    local kept = assert(nac.model.load(path("units", "best_model.yaml")))
    assert.is_true(kept:n_params() <= net:n_params())
    local groups = assert(search(net, data, "groups", { pruning_structure = "reuse_groups", reuse_factor = 6 }))
    local winner = assert(nac.model.load(path("groups", "best_model_8b3i.yaml")))
    local first = nac.prune.reuse_groups(winner, 6)[1]
    assert.same({ "dense1", 6, 16 }, { first.layer, first.group, first.groups })
    assert.equal(16 * (1 - .5 ^ groups.curves[1].chosen.iteration), first.zero)
  end)

  it("sweeps pruning and precisions apart", function()
    local net, data = small()
    local result = assert(search(net, data, "apart", { mode = "separated" }))
    local pruning, qat = assert(csv.read(path("apart", "pruning_log.csv"))), assert(csv.read(path("apart", "qat_log.csv")))
    assert.equal(3, #pruning)
    assert.equal("0", pruning[1].Sparsity)
    assert.same({ "<8,3>", "<4,auto>" }, { qat[1].Precision, qat[2].Precision })
    assert.equal(3, #result.curves)
    assert.equal("file", file.exists(path("apart", "best_model_float.npz")))
  end)

  it("takes folds and their own nets, and means over them", function()
    local one, data = small()
    local x, y = data.fit.x, data.fit.y
    local ds = nac.dataset.from_tensors { x_train = x, y_train = y, x_test = data.test.x, y_test = data.test.y, name = "six" }
    local nets = {}
    for i, part in ipairs(ds:folds(2)) do
      nets[i] = nac.quant.copy(one)
      nac.train.fit(nets[i], part, { epochs = 1, seed = i })
    end
    local result = assert(search(nets, ds, "folds", { pruning_iterations = 1 }))
    local row = result.curves[1].rows[2]
    assert.equal(2, row.folds)
    assert.is_true(math.abs(row.accuracy - (row.units[1].accuracy + row.units[2].accuracy) / 2) < 1e-12)
    assert.is_true(row.std >= 0)
  end)

  it("compresses regressions by their mean square error", function()
    local function part(seed)
      local x = nac.tensor.rand({ 200, 3 }, { seed = seed })
      return { x = x, y = x:sum(2):reshape { 200, 1 } }
    end
    local data = { fit = part(1), search = part(2), select = part(3), test = part(4) }
    local net = nn.sequential { input = { 3 }, nn.dense { units = 8 }, nn.relu {}, nn.dense { units = 1 } }:build {}
    nac.train.fit(net, data, { epochs = 10, lr = 1e-2, batch = 32 })
    local result = assert(search(net, data, "regression", { precision_pairs = { { total_bits = 8, int_bits = "auto" } } }))
    assert.is_true(result.curves[1].rows[1].accuracy < 0 and result.curves[1].rows[1].accuracy > -.2)
    assert.equal("mse", result.metric)
    local text, guess = tostring(result), data.select.y - data.select.y:mean(1)
    assert.matches("sparsity +mse +effective", text)
    assert.matches(("a constant guess scores %.4f"):format((guess * guess):mean()), text, 1, true)
    assert.is_nil(text:find("-0.", 1, true))
    assert.is_true(result.test < 0)
  end)

  it("starts from the weights and folds of a global search, by the command line too", function()
    assert(file.write(path "c.yaml", [[
dataset: {name: mnist, resize_val: 8, subset_size: 400, sample: true}
search: {n_trials: 2, epochs: 2, n_folds: 2, objective_names: [performance_metric, ebops], maximize_flags: [true, false], use_hardware_metrics: false}
search_space: {mlp_width_space: [8], act_space: [relu], norm_space: [batch], num_blocks: 1}
local_search: {qat_epochs: 1, pruning_iterations: 1, pruning_epochs: 1, precision_pairs: [{total_bits: 8, int_bits: auto}]}
output: {results_dir: r}
]]))
    local text, status = run(("cd %s; $NAC_LUA local c.yaml"):format(folder))
    assert.equal(1, status)
    assert.matches("run the global search first: nac-lua search CONFIG --results r", text, 1, true)
    text, status = run(("cd %s; $NAC_LUA search c.yaml --no-pictures"):format(folder))
    assert.equal(0, status, text)
    assert.matches("to compress the winner: nac-lua local c.yaml --results r", text, 1, true)
    for _, row in ipairs(assert(csv.read(path("r", "mlp_search_results.csv")))) do -- of trained weights, rounded to <8,3>
      assert.is_true(tonumber(row.ebops) > 0 and tonumber(row.ebops) < tonumber(row.bops) / 2)
    end
    text, status = run(("cd %s; $NAC_LUA local c.yaml --no-pictures"):format(folder))
    assert.equal(0, status, text)
    assert.matches("winner: <8,auto>", text, 1, true)
    assert.matches("<8,auto> fold 2 iteration 1", text, 1, true)
    local rows = assert(csv.read(path("r", "local_search_combined", "combined_qat_pruning_log.csv")))
    assert.equal("2", rows[2].Folds)
    -- before any training the nets are those of the search
    local from = assert(require("nac.local_search.start").from_results(path "r"))
    local trial = json.decode(assert(file.read(path("r", "provenance.json")))).winner.trial
    local kept = nac.npz.read(path("r", "weights", ("trial_%d_fold2.npz"):format(trial)))
    assert.is_true(from.nets[2]:tensor("dense1.weight"):equal(kept["dense1.weight"]))
    assert.equal(360, from.folds[1].fit.x:size(1) + from.folds[1].search.x:size(1))
    text, status = run(("cd %s; $NAC_LUA local c.yaml --trial 77"):format(folder))
    assert.equal(1, status)
    assert.matches("r has no trial 77", text, 1, true)
  end)

  it("prunes by other schedules, and takes what a configuration says of calibration", function()
    local net, data = small()
    local s = assert(nac.config.parse [[
dataset: {name: mnist}
search_space: {mlp_width_space: [8]}
local_search:
  pruning_schedule: cubic
  pruning_sparsity: 0.75
  precision_pairs:
    - {total_bits: 6, int_bits: auto, method: percentile, percentile: 0.99, per: channel, layers: {dense2: {weights: {total_bits: 3}, biases: false}}}
    - {total_bits: 8, int_bits: 3, int_bits_exclude_sign: true}
]]).local_search
    s.qat_epochs, s.pruning_iterations, s.pruning_epochs = 1, 2, 1
    local result = assert(nac.local_search.run(net, data, s, { dir = path "cubic", quiet = true, workers = 2, pictures = false }))
    for _, curve in ipairs(result.curves) do -- 1 - (1 - 1/2)^3 of .75, then .75
      assert.near(.65625, curve.rows[2].sparsity, .01)
      assert.near(.75, curve.rows[3].sparsity, .01)
    end
    local q = assert(nac.model.load(path("cubic", "best_model_8b3i.yaml")))
    assert.equal("ap_fixed<8,4,AP_RND_CONV,AP_SAT>", tostring((q:quantiser "dense1.weight")[1]))
    q = assert(nac.model.load(path("cubic", "best_model_6bautoi.yaml")))
    assert.same({ 6, 3 }, { (q:quantiser "dense1.weight")[1].width, (q:quantiser "dense2.weight")[1].width })
    assert.is_nil(q:quantiser "dense2.bias")
  end)

  it("refuses settings that make no sense", function()
    local net, data = small()
    local function refused(more, message) assert.error_matches(function() search(net, data, "none", more) end, message) end
    refused({ precision_pairs = {} }, "precision_pairs is empty")
    refused({ precision_pairs = { { total_bits = 4, int_bits = 5 } } }, "\"auto\", \"learned\" or an integer of at most 4, got 5")
    refused({ precision_pairs = { { total_bits = 4, int_bits = "learned", steps = "free" } } }, "steps = \"free\" has no integer form")
    refused({ precision_pairs = { { total_bits = 65, int_bits = 5 } } }, "from 1 to 64, got 65")
    refused({ precision_pairs = { { total_bits = 8, int_bits = 3 }, { total_bits = 8, int_bits = 3 } } }, "<8,3> stands twice")
    refused({ precision_pairs = { { total_bits = 8, int_bits = 3, method = "mse" } } }, "method is how int_bits auto is chosen, but int_bits is 3")
    refused({ precision_pairs = { { total_bits = 8, int_bits = "auto", percentile = .9 } } }, "percentile goes with method percentile")
    refused({ precision_pairs = { "<8,3>" } }, "precision_pairs%[1%]: { total_bits =, int_bits = } expected, got <8,3>")
    refused({ precision_pairs = { { 8, 3 } } }, "int_bits = } expected, got a list")
    refused({ precision_pairs = { { total_bits = 8, int_bits = 3, roundin = "TRN" } } }, "nearest: rounding")
    refused({ precision_pairs = { { total_bits = 8, int_bits = 3, rounding = "up" } } }, "precision_pairs%[1%]: unknown rounding 'up'")
    refused({ precision_pairs = { { total_bits = 8, int_bits = 3, layers = { dense9 = false } } } }, "%[1%]: unknown layer of this net 'dense9'.*dense1")
    refused({ precision_pairs = { { total_bits = 8, int_bits = 3, kinds = { conv2d = false } } } }, "%[1%]: unknown layer kind of this net 'conv2d'")
    for _, none in ipairs { nn.sequential { input = { 6 }, nn.dense { units = 2 } }, nn.sequential { input = { 6 }, nn.dense { units = 2 } }:net() } do
      assert.error_matches(function() search(none, data, "none") end, "arch:build{}", 1, true)
    end
    assert.error_matches(function() search(nil, data, "none") end, "a net or a list of nets; got nil")
    refused({ precision_pairs = { { total_bits = 4, int_bits = 4, int_bits_exclude_sign = true } } }, "leave no bit of 4 for the sign")
    refused({ pruning_schedule = "cubic" }, "pruning_sparsity must be above 0 and at most 1 with pruning_schedule cubic, got nil")
    refused({ pruning_sparsity = .5 }, "pruning_sparsity goes with pruning_schedule constant or cubic")
    refused({ pruning_rate = 0 }, "above 0 and at most 1, got 0")
    refused({ pruning_rate = 1.5 }, "got 1.5")
    refused({ tolerance = -1 }, "tolerance must be at least 0 and below 1, got %-1")
    refused({ mode = "both" }, "unknown mode")
    refused({ rewind = "epoch:2" }, "epoch:2, but the warm%-up has 1 epochs %(qat_epochs%)")
    refused({ rewind = "epoch:1", mode = "separated" }, "separated pruning has no warm%-up")
    refused({ rewind = "epoch:k" }, "takes a number")
    refused({ pruning_structure = "unit" }, "nearest: units")
    refused({ pruning_structure = "reuse_groups", reuse_factor = 0 }, "reuse_factor must be an integer from 1, got 0")
    refused({ pruning_structure = "units", include_bias = true }, "include_bias does not go with pruning_structure units")
    refused({ pruning_structure = "heads", mask_updates = 2 }, "mask_updates does not go with pruning_structure heads")
    refused({ qat_epoch = 3 }, "nearest: qat_epochs")
    assert.error_matches(function() nac.local_search.run(net) end, "needs data")
  end)
end)
