-- Dimensions of a search beside the architecture: what a configuration may list,
-- what each trial then draws, records and is run with.
local config = require "nac.config"
local csv = require "nac.util.csv"
local dimension = require "nac.space.dimension"
local file = require "nac.util.file"
local nac = require "nac"
local yaml = require "nac.util.yaml"

local base = [[
dataset: {name: mnist, resize_val: 4, subset_size: 200, sample: true}
search_space: {mlp_width_space: [4, 8], act_space: [relu], num_blocks: 1}
search: {n_trials: 6, epochs: 1, workers: 0, population: 4, patience: 0%s}
]]

local function parse(text, search) return config.parse(base:format(search or "") .. text, "d.yaml") end

local function refusal(text, search)
  local cfg, why = parse(text, search)
  assert.is_nil(cfg)
  return why
end

describe("the sections of dimensions", function()
  it("take lists, single values and ranges", function()
    local cfg = assert(parse [[
training_search_space:
  learning_rate: {min: 1e-4, max: 1e-2, log: true}
  batch_size: {min: 16, max: 64}
  optimizer: [Adam, RMSprop]
  dropout_rate: 0.1
hardware_targets: {precisions: ["ap_fixed<8,3>"], target_platform: FPGA}]])
    local list = dimension.from_config(cfg)
    local kinds = {}
    for _, d in ipairs(list) do kinds[d.name] = d.from.kind end
    assert.same({ learning_rate = "float", batch_size = "int", optimizer = "choice", dropout = "choice", precision = "choice" }, kinds)
    assert.same({ 1e-4, 1e-2, true }, { list[1].from.low, list[1].from.high, list[1].from.log })
  end)

  it("refuse what is mistyped, empty, out of range or contradictory, with file, line and what would be right", function()
    assert.equal("d.yaml:5: unknown key 'lerning_rate' in training_search_space; nearest: 'learning_rate'",
      refusal "training_search_space:\n  lerning_rate: [0.1]")
    assert.equal("d.yaml:4: unknown key 'training_searchspace'; nearest: 'training_search_space'", refusal "training_searchspace: {}")
    assert.equal("d.yaml:4: training_search_space.batch_size: a list of at least 1 is expected, not of 0",
      refusal "training_search_space: {batch_size: []}")
    assert.matches("batch_size%[2%]: at least 1 is expected, not 0", refusal "training_search_space: {batch_size: [32, 0]}")
    assert.matches("unknown optimizer 'adm'.*nearest: adam", refusal "training_search_space: {optimizer: [adm]}")
    assert.matches("'adam' stands twice", refusal "training_search_space: {optimizer: [adam, ADAM]}")
    assert.matches("min 0.1 is above max 0.01", refusal "training_search_space: {learning_rate: {min: 0.1, max: 0.01}}")
    assert.matches("'max' is missing in training_search_space.l1", refusal "training_search_space: {l1: {min: 0}}")
    assert.matches("logarithmic range starts above 0", refusal "training_search_space: {l1: {min: 0, max: 1, log: true}}")
    assert.matches("a list of values is expected", refusal "training_search_space: {optimizer: {min: 1, max: 2}}")
    assert.matches("dropout and dropout_rate are two names of one key", refusal "training_search_space: {dropout: [0], dropout_rate: [0]}")
    assert.matches("reuse_factors%[1%]: an integer is expected", refusal "hardware_config: {reuse_factors: [fast]}")
    local _, why = config.parse("dataset: {name: mnist}\nsearch_space:\n  mlp_width_space: [4]\n  task_config: {}", "d.yaml")
    assert.equal("d.yaml:4: unknown key 'task_config' in search_space; it is a section of its own, beside search_space", why)
  end)

  it("hold task, loss and outputs against each other", function()
    assert.matches("^d.yaml:4: task_config.loss_function: mse is not a loss of a classification; possible: cross_entropy, bce_with_logits",
      refusal "task_config: {task_type: classification, loss_function: mse}")
    assert.matches("unknown metric 'maee'.*nearest: mae", refusal "task_config: {metrics: [maee]}")
    local function with(space, text)
      return config.parse(("dataset: {name: mnist}\nsearch_space: {mlp_width_space: [4], %s}\n%s"):format(space, text or ""), "d.yaml")
    end
    assert.matches("softmax of one output", select(2, with "output_dim: 1, output_activation: softmax"))
    assert.matches("cross_entropy needs an output a class", select(2, with("output_dim: 1", "task_config: {loss: crossentropy}")))
    assert.equal("sigmoid", with("output_dim: 1").search_space.output_activation)
    assert.equal("identity", with("output_dim: 1", "task_config: {task_type: regression}").search_space.output_activation)
    assert.matches("input_channels: 1, but search_space.input_channels is 3", select(2, with("input_channels: 3", "task_config: {input_channels: 1}")))
    local result, message = nac.global_search.run(assert(parse "task_config: {task_type: regression}"), { results = os.tmpname() .. "d" })
    assert.is_nil(result)
    assert.equal("d.yaml:4: task_config.task_type: regression, but data set mnist has classes", message)
    local function why(cfg) return select(2, nac.global_search.run(assert(cfg), { results = os.tmpname() .. "d", quiet = true })) end
    assert.equal("d.yaml:4: task_config.metrics: mae is measured of numbers, the data have classes", why(parse "task_config: {metrics: [mae]}"))
    assert.matches("search.objective_names: distance is measured of positions, the data have none", why(parse("", ", objective_names: [distance, bops]")))
    assert.equal("d.yaml:2: search_space.output_dim: 3 outputs, but the answers of data set bragg are 2 numbers each",
      why(config.parse("dataset: {name: bragg, sample: true}\nsearch_space: {mlp_width_space: [4], output_dim: 3}", "d.yaml")))
  end)
end)

describe("a search with dimensions", function()
  local folder, result
  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    local cfg = assert(parse([[
training_search_space:
  {learning_rate: [0.001, 0.01], batch_size: [20, 50], optimizer: [adam, sgd], schedule: [constant, cosine], l1: [0, 1.0e-4], dropout: [0.1], epochs: [1, 2]}
hardware_config: {precision_options: ["ap_fixed<4,2>", "ap_fixed<16,6>"], reuse_factors: [1, 4], strategies: [Latency, Resource]}
task_config: {metrics: [loss, auc]}
]], ", objective_names: [performance_metric, bops, clock_cycles]"))
    result = assert(nac.global_search.run(cfg, { results = folder, quiet = true, pictures = false }))
  end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("draws them for every trial and writes them to parameters, table and architecture file", function()
    local rows = {}
    for _, row in ipairs(assert(csv.read(folder .. "/mlp_search_results.csv"))) do rows[tonumber(row.trial)] = row end
    for _, record in ipairs(result.study:trials()) do
      assert.equal("complete", record.state, record.reason)
      local p, row = record.params, rows[record.number]
      local top = assert(yaml.load(("%s/trial_yamls/trial_%d_arch.yaml"):format(folder, record.number)))
      local settings = top.metadata.settings
      for _, name in ipairs { "learning_rate", "batch_size", "optimizer", "schedule", "l1", "epochs", "precision", "reuse_factor", "strategy" } do
        assert.is_not_nil(p[name], name)
        assert.equal(tostring(p[name]), row[name])
        assert.equal(p[name], settings[name])
      end
      assert.is_nil(p.dropout) -- one value: fixed, no parameter
      assert.equal("0.1", row.dropout)
      assert.equal(.1, settings.dropout)
      assert.is_true(tonumber(row.auc) > 0 and tonumber(row.auc) <= 1 and tonumber(row.loss) > 0)
    end
  end)

  it("trains and counts with what was drawn", function()
    for _, record in ipairs(result.study:trials()) do
      if not record.attrs.duplicate_of then
        local epochs = 0
        for _ in pairs(record.reports or {}) do epochs = epochs + 1 end
        assert.equal(record.params.epochs, epochs)
      end
      local desc = assert(nac.arch.load(("%s/trial_yamls/trial_%d_arch.yaml"):format(folder, record.number)))
      assert.equal(nac.bops.count(desc, { bits = record.params.precision == "ap_fixed<4,2>" and 4 or 16 }), record.values.bops)
      assert.equal(nac.estimate.resources(desc, {
        precision = record.params.precision, reuse_factor = record.params.reuse_factor, strategy = record.params.strategy, board = "zcu102",
      }).clock_cycles, record.values.clock_cycles)
    end
  end)

  it("shows them in the report and hands the winner's on to what comes next", function()
    assert.matches("settings", tostring(result))
    assert.matches("learning_rate 0.0", tostring(result))
    local cfg = assert(require("nac.global_search.setup").of_results(folder, folder .. "/best_model_for_local_search.yaml"))
    local p = result.best.params
    assert.same({ p.learning_rate, p.batch_size, p.optimizer, .1, p.precision, p.reuse_factor },
      { cfg.search.learning_rate, cfg.search.batch_size, cfg.search.optimizer, cfg.search.dropout, cfg.hls_config.model.precision,
        cfg.hls_config.model.reuse_factor })
    local start = assert(require("nac.local_search.start").from_results(folder))
    assert.equal(p.learning_rate, start.search.learning_rate)
    local small = assert(nac.local_search.run(folder, nil, { qat_epochs = 1, pruning_iterations = 0 }, { quiet = true, pictures = false, workers = 0 }))
    assert.is_number(small.best.accuracy)
  end)

  it("hands those of the trial that was compressed on to the firmware, whatever configuration is named", function()
    local other
    for _, record in ipairs(result.study:front()) do
      if record.number ~= result.best.number then other = record end
    end
    local small = assert(nac.local_search.run(folder, nil, { qat_epochs = 1, pruning_iterations = 0 },
      { trial = other.number, quiet = true, pictures = false, workers = 0, force = true }))
    local source = require "nac.synthesis.source"
    local function drawn(cfg) return { cfg.hls_config.model.precision, cfg.hls_config.model.reuse_factor, cfg.hls_config.model.strategy } end
    local p = other.params
    assert.same({ p.precision, p.reuse_factor, p.strategy }, drawn(assert(source.config(nil, small.model))))
    local searched = assert(config.load(folder .. "/config_as_run.yaml")) -- lists values: what was drawn takes their place
    assert.same({ p.precision, p.reuse_factor, p.strategy }, drawn(assert(source.config(searched, small.model))))
    local fixed = assert(parse "hls_config: {model: {reuse_factor: 3}}") -- lists none: as it says
    assert.equal(3, assert(source.config(fixed, small.model)).hls_config.model.reuse_factor)
  end)

  it("refuses settings in an architecture file that no configuration could have", function()
    local path = folder .. "/odd.yaml"
    local text = assert(file.read(folder .. "/best_model_for_local_search.yaml"))
    local function why(from, to)
      assert(file.write(path, (text:gsub(from, to))))
      return select(2, require("nac.global_search.setup").of_results(folder, path))
    end
    assert.matches("odd.yaml: metadata.settings: learning_rate: a finite number is expected", why("learning_rate: [%d.e-]+", "learning_rate: fast"))
    assert.matches("unknown setting 'batchsize'.*nearest: batch_size", why("batch_size:", "batchsize:"))
  end)

  it("does not take the same network with other settings for a duplicate", function()
    local hashes = {}
    for _, record in ipairs(result.study:trials()) do
      local desc = assert(nac.arch.load(("%s/trial_yamls/trial_%d_arch.yaml"):format(folder, record.number)))
      local p, key = record.params, {}
      for _, name in ipairs(record.order) do key[#key + 1] = name .. "=" .. tostring(p[name]) end
      key = nac.arch.to_nn(desc):hash() .. table.concat(key, " ")
      if hashes[record.attrs.hash] then assert.equal(hashes[record.attrs.hash], key) end
      hashes[record.attrs.hash] = key
    end
  end)

  it("leaves out what nothing depends on, and says so", function()
    local cfg = assert(parse "hardware_config: {reuse_factors: [1, 4]}")
    local list, notes = dimension.from_config(cfg)
    assert.same({}, list)
    assert.matches("^d.yaml:4: hardware_config.reuse_factors is not searched: .*use_hardware_metrics: true", notes[1])
  end)
end)

describe("dropout of a described network", function()
  it("stands behind every activation but the output's, also inside phi and rho", function()
    local function dropouts(desc)
      local n = 0
      local net <close> = nac.arch.to_nn(assert(nac.arch.from_table(desc)), { dropout = .2 }):build { seed = 1 }
      for _, layer in ipairs(net:layers()) do n = n + (layer.kind == "dropout" and 1 or 0) end
      return n
    end
    local function mlp(widths)
      local p = { widths = widths, activations = {}, normalizations = {} }
      for i = 1, #widths - 1 do p.activations[i], p.normalizations[i] = "relu", "none" end
      return p
    end
    assert.equal(2, dropouts { input_shape = { 4 }, components = { { block_type = "MLP", params = mlp { 4, 8, 8, 2 } } } })
    assert.equal(3, dropouts { input_shape = { 4, 4, 1 }, components = {
      { block_type = "Conv", params = { channels = { 1, 2, 2 }, kernels = { 1, 1 }, activations = { "relu", "relu" }, normalizations = { "none", "none" } } },
      { block_type = "MLP", params = mlp { 32, 4, 2 } } } })
    assert.equal(3, dropouts { input_shape = { 5, 3 }, components = {
      { block_type = "DeepSets", params = { phi = mlp { 3, 4, 4 }, aggregation = "mean", rho = mlp { 4, 4, 2 } } } } })
  end)
end)

describe("one output for two classes", function()
  it("is trained by binary cross-entropy, searched, compressed and scored", function()
    local folder = os.tmpname()
    os.remove(folder)
    local loader = folder .. ".lua"
    assert(file.write(loader, [[
      local nac = require "nac"
      return function()
        local function part(n, seed)
          local x = nac.tensor.randn({ n, 6 }, { seed = seed })
          local y = nac.tensor.zeros({ n }, "i32")
          for i = 1, n do y[i] = x:slice(1, i, i):sum() > 0 and 1 or 0 end
          return x, y
        end
        local x, y = part(300, 1)
        local xt, yt = part(100, 2)
        return { x_train = x, y_train = y, x_test = xt, y_test = yt, task = "classification", name = "signs" }
      end]]))
    local cfg = assert(config.parse(([[
dataset: {loader: %s}
search: {model_type: block, n_trials: 3, epochs: 6, workers: 0, learning_rate: 0.02, batch_size: 16}
search_space: {mlp_width_space: [8], act_space: [ReLU, null], block_types: [MLP, None], num_blocks: 2, output_dim: 1}
]]):format(loader), "one.yaml"))
    local result = assert(nac.global_search.run(cfg, { results = folder, quiet = true, pictures = false }))
    assert.is_true(result.test > .8, tostring(result))
    local small = assert(nac.local_search.run(result, nil, { qat_epochs = 2, pruning_iterations = 1, pruning_epochs = 1 },
      { quiet = true, pictures = false, workers = 0 }))
    assert.is_true(small.test > .7, tostring(small))
    os.execute("rm -rf " .. folder .. " " .. loader)
  end)
end)

describe("a setting of the data", function()
  -- A row as the data set's own file would bring it, over samples of 6 numbers of which a trial sees some.
  local row = {
    section = "training_search_space", key = "epochs", name = "window_size", to = "dataset.window_size", doc = "Lengths.",
    fits = function(value, settings) return value >= (settings.batch_size or 0) end,
  }
  local function source(first)
    return {
      train = function()
        local x = nac.tensor.randn({ 120, 6 }, { seed = 1 })
        local y = nac.tensor.zeros({ 120 }, "i32")
        for i = 1, 120 do y[i] = i % 2 end
        return x:slice(2, 1, first):contiguous(), y
      end,
      test = function() return nil, "none" end,
      provenance = function() return { source = "spec" } end,
      with = function(options) return source(options.window_size), { shape = { options.window_size } } end,
    }
  end

  it("has the network drawn and trained for the data as the trial sees them", function()
    table.insert(dimension.rows, 1, row)
    local facts = { name = "windows", shape = { 6 }, n_classes = 2, task = "classification" }
    nac.dataset.register("windows", function() return require("nac.dataset.base").new(facts, source(6)) end)
    local cfg = assert(config.parse([[
dataset: {name: windows}
search_space: {mlp_width_space: [4], act_space: [relu], num_blocks: 1}
search: {n_trials: 6, epochs: 1, workers: 0, sampler: random}
training_search_space: {epochs: [2, 4, 6]}]], "w.yaml"))
    local folder = os.tmpname()
    os.remove(folder)
    local result = assert(nac.global_search.run(cfg, { results = folder, quiet = true, pictures = false }))
    table.remove(dimension.rows, 1)
    local seen = {}
    for _, record in ipairs(result.study:trials()) do
      assert.equal("complete", record.state, record.reason)
      local desc = assert(nac.arch.load(("%s/trial_yamls/trial_%d_arch.yaml"):format(folder, record.number)))
      assert.same({ record.params.window_size }, desc.input_shape)
      seen[record.params.window_size] = true
    end
    assert.is_true(next(seen, next(seen)) ~= nil)
    assert.is_number(result.select[result.best.number])
    os.execute("rm -rf " .. folder)
  end)

  it("offers only values that go with the others, under a name of their own", function()
    local names = {}
    local trial = { draw = function(_, name, d) names[#names + 1] = name return d.kind == "choice" and d.choices[#d.choices] or d.low end }
    local d = require "nac.distribution"
    local list = {
      { name = "batch_size", values = { 3, 4 }, from = d.choice { 3, 4 }, row = dimension.find "batch_size" },
      { name = "window_size", values = { 2, 4, 6 }, from = d.choice { 2, 4, 6 }, row = row },
    }
    assert.same({ batch_size = 4, window_size = 6 }, dimension.draw(list, {}, trial))
    assert.same({ "batch_size", "window_size_of_4_6" }, names)
    assert.same({ batch_size = 3, window_size = 4 }, dimension.known(list, {}, { batch_size = 3, window_size_of_4_6 = 4 }))
  end)
end)
