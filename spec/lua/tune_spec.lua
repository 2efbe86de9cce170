-- Tunings of small networks, by script and by command line.
local csv = require "nac.util.csv"
local file = require "nac.util.file"
local nac = require "nac"
local run = require("spec.support.interpreter").run

local nn = nac.nn

local function network()
  return nn.sequential { input = { 64 }, nn.dense { units = 16 }, nn.relu {}, nn.dense { units = 10 } }
end

local digits = nac.dataset.mnist { resize = 8, flatten = true, subset = 800, sample = true }

local function tune(options, arch, data)
  local o = { trials = 6, epochs = 2 }
  for key, value in pairs(options or {}) do o[key] = value end
  return assert(nac.tune.run(arch or network(), data or digits, o))
end

local function settings_of(result)
  local out = {}
  for i, record in ipairs(result.study:trials()) do out[i] = { record.params, record.values or record.reason } end
  return out
end

describe("nac.tune.run", function()
  it("finds settings at least as good as those it starts from, and keeps their weights", function()
    local result = tune { trials = 24, epochs = 3 }
    assert.is_true(result.search.loss <= result.start.search.loss)
    assert.equal(result.record.values.loss, result.search.loss)
    assert.same({ 1e-3, 128, "adam" }, { result.start.settings.learning_rate, result.start.settings.batch_size, result.start.settings.optimizer })
    -- the net is the one that was judged, and `select` its score
    local parts = digits:parts()
    assert.near(result.search.loss, nac.train.evaluate(result.net, parts.search).loss, 1e-6)
    assert.near(result.select.loss, nac.train.evaluate(result.net, parts.select).loss, 1e-6)
    -- the settings train the same net again
    local options = nac.tune.fit_options(result.best)
    options.epochs, options.seed = 3, result.record.seed
    local fit = nac.train.fit(network():build { seed = result.record.seed }, digits, options)
    assert.near(result.search.loss, fit.val_loss, 1e-6)
    assert.matches("best: trial %d+: search accuracy 0%.%d+, loss %d", tostring(result))
  end)

  it("is the same with any number of workers, and another with another seed", function()
    local one, three = tune { trials = 10 }, tune { trials = 10, workers = 3 }
    assert.same(settings_of(one), settings_of(three))
    assert.same(one.best, three.best)
    assert.not_same(settings_of(one), settings_of(tune { trials = 10, seed = 2 }))
  end)

  it("draws what depends on another setting only where it counts, within the ranges", function()
    local result = tune {
      trials = 30, epochs = 4, ranges = { learning_rate = { 1e-2, 1e-1 }, optimizer = { "sgd", "adamw" }, batch_size = { 100, 200 }, weight_decay = false },
      start = { learning_rate = 1 },
    }
    local seen = {}
    for _, record in ipairs(result.study:trials()) do
      local p = record.params
      seen[p.optimizer], seen[p.schedule] = true, true
      assert.is_true(p.learning_rate >= 1e-2 and p.learning_rate <= 1e-1)
      assert.is_true(p.batch_size == 100 or p.batch_size == 200)
      assert.is_nil(p.weight_decay)
      assert.equal(p.optimizer == "sgd", p.momentum ~= nil)
      assert.equal(p.optimizer == "adamw", p.beta1 ~= nil and p.beta2 ~= nil)
      assert.equal(p.schedule == "step", p.step_size ~= nil and p.step_gamma ~= nil)
      assert.equal(p.schedule == "exponential", p.exponential_gamma ~= nil)
      assert.equal(p.schedule == "plateau", p.plateau_factor ~= nil)
      assert.is_nil(p.l1 or p.l2 or p.dropout)
    end
    for _, word in ipairs { "sgd", "adamw", "constant", "step", "cosine", "exponential", "plateau" } do assert.is_true(seen[word], word) end
    assert.equal(1e-1, result.study:trials()[1].params.learning_rate) -- the start, moved into the range
    assert.equal(0, result.best.weight_decay)
  end)

  it("fixes what has one value, tunes penalties and dropout where asked", function()
    local result = tune { ranges = { optimizer = "sgd", momentum = .9, schedule = "cosine", batch_size = 64, dropout = { .1, .4 }, l1 = { 1e-6, 1e-4 } } }
    for _, record in ipairs(result.study:trials()) do
      assert.is_nil(record.params.optimizer or record.params.momentum or record.params.schedule or record.params.batch_size)
      assert.is_true(record.params.dropout >= .1 and record.params.dropout <= .4 and record.params.l1 <= 1e-4)
    end
    assert.same({ "sgd", .9, "cosine", 64 }, { result.best.optimizer, result.best.momentum, result.best.schedule, result.best.batch_size })
    local kinds = {}
    for i, layer in ipairs(result.net:layers()) do kinds[i] = layer.kind end
    assert.same({ "dense", "relu", "dropout", "dense" }, kinds)
  end)

  it("tunes an architecture that a function makes, for numbers as answers", function()
    local x = nac.tensor.rand({ 200, 2 }, { seed = 1 })
    local y = x:sum(2):reshape { 200, 1 }
    local data = { fit = { x = x, y = y }, search = { x = x, y = y } }
    local result = tune({ ranges = { dropout = { 0, .2 } } }, function(settings)
      return nn.sequential { input = { 2 }, nn.dense { units = 8 }, nn.tanh {}, nn.dropout { rate = settings.dropout }, nn.dense { units = 1 } }
    end, data)
    assert.is_nil(result.search.accuracy)
    assert.is_nil(result.select)
    assert.equal(result.best.dropout, result.net:layers()[3].attrs.rate)
  end)

  it("ends lagging trials early, and says so when none is complete", function()
    local result = tune { trials = 30, epochs = 4 }
    local pruned = 0
    for _, record in ipairs(result.study:trials()) do pruned = pruned + (record.state == "pruned" and 1 or 0) end
    assert.is_true(pruned > 0)
    result = tune { fit = { loss = "mse" }, trials = 2 }
    assert.is_nil(result.best)
    assert.matches("no trial is complete; trial 0 failed", result.why)
  end)

  it("trains the best settings once more where asked", function()
    local result = tune { retrain = 6 }
    assert.is_true(result.retrained ~= nil)
    assert.is_true(nac.train.evaluate(result.net, digits:parts().search).loss < result.search.loss)
  end)

  it("tunes nets that were prepared: here quantised, from weights that are there", function()
    local float = network():build { seed = 1 }
    nac.train.fit(float, digits, { epochs = 3 })
    local before = nac.train.evaluate(float, digits:parts().search).loss
    local result = tune { trials = 4, epochs = 1, prepare = function()
      return (nac.quant.prepare(float, { total_bits = 8, int_bits = "auto", quiet = true, data = digits:parts().fit }))
    end }
    assert.is_true(result.search.loss < before)
    assert.truthy(result.net:quantiser "dense1.weight")
    assert.near(result.search.loss, nac.train.evaluate(result.net, digits:parts().search).loss, 1e-6)
  end)

  it("refuses what it cannot tune", function()
    local function refused(pattern, options, arch, data)
      local ok, message = pcall(nac.tune.run, arch or network(), data or digits, options)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    refused("unknown option of tune.run 'trails'; .*nearest: trials", { trails = 3 })
    refused("unknown setting in ranges 'learn_rate'; .*nearest: learning_rate", { ranges = { learn_rate = { 1, 2 } } })
    refused("range learning_rate: the lowest value 2 is above the highest 1", { ranges = { learning_rate = { 2, 1 } } })
    refused("range learning_rate: more than 0 is expected, got 0", { ranges = { learning_rate = { 0, 1 } } })
    refused("range momentum: { lowest, highest } is expected, got 3 values", { ranges = { momentum = { .1, .2, .3 } } })
    refused("unknown range optimizer 'adma'; .*nearest: adam", { ranges = { optimizer = { "adma" } } })
    refused("range batch_size: an integer is expected, got 1.5", { ranges = { batch_size = { 1.5 } } })
    refused("start schedule", { start = { schedule = "never" } })
    refused("trials must be an integer of 1 or more, got 0", { trials = 0 })
    refused("retrain must be an integer of 1 or more, got yes", { retrain = "yes" })
    refused("results must be the path of a folder, got 7", { results = 7 })
    refused("dropout has no place", { ranges = { dropout = { 0, .5 } } }, nn.sequential { input = { 64 }, nn.dense { units = 10 } })
    refused("needs data with a part called search", {}, nil, { fit = digits:parts().fit })
    refused("takes an architecture", {}, 7)
  end)
end)

local config = [[
dataset: {name: mnist, resize_val: 8, subset_size: 400, sample: true}
search: {epochs: 2, learning_rate: 0.002, seed: 3}
search_space: {mlp_width_space: [8, 16]}
tuning:
  n_trials: 8
  ranges: {optimizer: [adam, sgd], batch_size: [32, 64], l2: [0, 0.001]}
output: {results_dir: results}
]]

local architecture = [[
model_type: BlockBased
input_shape: [64]
output_dim: 10
components:
  - {block_type: MLP, name: mlp, params: {widths: [64, 16, 10], activations: [relu, softmax], normalizations: [null, null]}}
]]

describe("nac-lua tune", function()
  local folder

  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_directory(folder .. "/results"))
    assert(file.write(folder .. "/t.yaml", config))
    assert(file.write(folder .. "/results/best_model_for_local_search.yaml", architecture))
  end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  local function command(options) return ("cd %s; $NAC_LUA tune t.yaml %s"):format(folder, options or "") end

  -- Rows without times.
  local function rows_of(name)
    local rows = assert(csv.read(("%s/%s/tuning.csv"):format(folder, name)))
    for _, row in ipairs(rows) do row.seconds = nil end
    return rows
  end

  it("tunes networks with one logit for two classes, and refuses to judge numbers by their accuracy", function()
    local path = folder .. "/one.yaml"
    local function tune(text)
      local cfg = assert(nac.config.parse(text .. "\nsearch_space: {mlp_width_space: [4]}\nsearch: {epochs: 2}", "o.yaml"))
      return require("nac.tune").from_config(cfg, { arch = path, trials = 2, workers = 0, results = folder .. "/one", force = true, pictures = false })
    end
    assert(file.write(path, "input_shape: [2]\noutput_dim: 1\ncomponents:\n" ..
      "- {block_type: MLP, params: {widths: [2, 4, 1], activations: [relu, sigmoid], normalizations: [null, null]}}\n"))
    local tuned = assert(tune "dataset: {name: xor}\ntask_config: {loss_function: bce_with_logits}")
    assert.is_true(tuned.search.accuracy > .3)
    assert.equal("o.yaml:2: tuning.objective: accuracy is measured of classes, data set bragg has numbers as answers",
      select(2, tune "dataset: {name: bragg, sample: true, subset_size: 300}\ntuning: {objective: accuracy}"))
  end)

  it("tunes the winner of the search and writes what it found", function()
    local text, status = run(command())
    assert.equal(0, status, text)
    assert.matches("first trial: search accuracy .-best: trial %d+: search accuracy", text)
    local rows = rows_of "results/tuning"
    assert.equal(8, #rows)
    assert.same({ "0.002", "64", "adam", "0" }, { rows[1].learning_rate, rows[1].batch_size, rows[1].optimizer, rows[1].l2 })
    local settings = assert(nac.tune.read_best(folder .. "/results/tuning/best_hyperparameters.yaml"))
    assert.is_table(nac.tune.fit_options(settings).optimizer)
    assert.truthy(settings.batch_size == 32 or settings.batch_size == 64)
    assert.truthy(file.exists(folder .. "/results/tuning/study.db"))
    if file.program("gnuplot") then assert.matches("^\137PNG", file.read(folder .. "/results/tuning/tuning.png")) end
    assert.is_true(require("nac.provenance").read(folder .. "/results/tuning/provenance.json").finished)
  end)

  it("goes on after Ctrl-C and ends as if nothing had been", function()
    local _, status = run(command "--trials 12 --results calm --no-pictures --quiet")
    assert.equal(0, status)
    local text
    text, status = run(command("--trials 12 --results cut --no-pictures --workers 2 >cut.out 2>cut.log & pid=$!\n"
      .. "for i in $(seq 2000); do grep -q '^trial 1 ' cut.log && break; sleep 0.005; done\n"
      .. "kill -INT $pid; wait $pid; s=$?; tail -1 cut.log; exit $s"))
    if status == 130 then -- it was not faster than the signal
      assert.matches("interrupted; to go on: nac%-lua tune t.yaml %-%-resume %-%-trials 12 %-%-results cut", text)
      text, status = run(command "--trials 12 --results cut --no-pictures --quiet")
      assert.equal(1, status)
      assert.matches("%-%-resume continues it", text)
    end
    text, status = run(command "--trials 12 --results cut --no-pictures --quiet --resume")
    assert.equal(0, status, text)
    assert.same(rows_of "calm", rows_of "cut")
  end)

  it("goes on with the same tuning only, and says what differs", function()
    local before = file.read(folder .. "/calm/study.db")
    for line, what in pairs {
      ["pruner: none"] = "pruner.name was median, is none", ["seed: 9"] = "seed was 3, is 9",
      ["objective: accuracy"] = "objective was loss, is accuracy",
    } do
      assert(file.write(folder .. "/other.yaml", (config:gsub("n_trials: 8", "%0\n  " .. line))))
      local text, status = run((command("--trials 12 --results calm --quiet --resume"):gsub("t%.yaml", "other.yaml")))
      assert.equal(1, status)
      assert.matches("the tuning in calm is another one: .*" .. what, text)
    end
    assert.equal(before, file.read(folder .. "/calm/study.db"))
  end)

  it("leaves a folder alone in which another tuning runs", function()
    local study = folder .. "/calm/study.db"
    local before = file.read(study)
    local hold <close> = assert(require("nac.storage.sqlite").hold(study))
    local text, status = run(command "--trials 12 --results calm --no-pictures --quiet --force")
    assert.equal(1, status)
    assert.matches("in use by process %d+", text)
    assert.truthy(hold)
    assert.equal(before, file.read(study))
  end)

  it("replaces no other tuning, and names what is missing", function()
    local text, status = run(command "--results calm --seed 9 --quiet")
    assert.equal(1, status)
    assert.matches("calm holds the results of another tuning", text)
    text, status = run(command "--arch nowhere.yaml")
    assert.equal(1, status)
    assert.matches("no architecture nowhere.yaml: .*search", text)
    assert(file.write(folder .. "/bad.yaml", (config:gsub("%[32, 64%]", "[32, many]"))))
    text, status = run(("cd %s; $NAC_LUA tune bad.yaml"):format(folder))
    assert.equal(1, status)
    assert.matches("bad.yaml:6: tuning.ranges.batch_size%[2%]: an integer is expected", text)
    assert(file.write(folder .. "/bad.yaml", (config:gsub("%[0, 0.001%]", "[1, 0.001]"))))
    text = run(("cd %s; $NAC_LUA tune bad.yaml"):format(folder))
    assert.matches("bad.yaml:6: tuning.ranges.l2: lowest 1 is above highest 0.001", text)
  end)
end)
