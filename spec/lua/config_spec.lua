local config = require "nac.config"

local golden = "spec/golden/config/"
local function text_of(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

describe("a configuration", function()
  local base = text_of(golden .. "t1_config.yaml")

  -- The message after replacing `from` by `to` in the t1 configuration.
  local function refusal(from, to)
    local start, stop = base:find(from, 1, true)
    assert(start, from)
    local cfg, why = config.parse(base:sub(1, start - 1) .. to .. base:sub(stop + 1), "t1.yaml")
    assert.is_nil(cfg)
    return why
  end

  it("loads the predecessor's three configurations unmodified", function()
    for _, name in ipairs { "t1", "t2", "t3" } do
      local cfg, why = config.load(golden .. name .. "_config.yaml")
      assert.is_nil(why)
      assert.equal(golden:sub(1, -2), cfg.dir)
    end
  end)

  it("honours its keys and fills in the others", function()
    local cfg = config.load(golden .. "t1_config.yaml")
    assert.equal(3, cfg.search.n_trials)
    assert.equal(8, cfg.dataset.resize_val)
    assert.same({ "performance_metric", "bops", "avg_resource", "clock_cycles" }, cfg.search.objective_names)
    assert.same({ true, false, false, false }, cfg.search.maximize_flags)
    assert.same({ "none", "batch" }, cfg.search_space.norm_space)
    assert.equal("latency", cfg.hls_config.model.strategy)
    assert.equal("ap_fixed<8,3>", cfg.hls_config.model.precision)
    assert.same({ total_bits = 4, int_bits = 1 }, cfg.local_search.precision_pairs[4])
    assert.equal("exact", cfg.search.bops)
    assert.equal(1, cfg.search.seed)
    assert.is_true(cfg:given "search.epochs")
    assert.is_false(cfg:given "search.seed")
    assert.matches("t1_config.yaml:15$", cfg:where "search.epochs")
  end)

  it("understands the predecessors' spellings", function()
    local cfg = config.load(golden .. "t2_config.yaml")
    assert.same({ "relu", "gelu", "leaky_relu" }, cfg.search_space.act_space)
    assert.same({ "Conv", "ConvAttn", "MLP", "None" }, cfg.search_space.block_types)
    assert.is_false(cfg.search.use_hardware_metrics)
  end)

  it("refuses unknown keys with line and nearest key", function()
    assert.equal("t1.yaml:15: unknown key 'epoch' in search; nearest: 'epochs'", refusal("epochs:", "epoch:"))
    assert.equal("t1.yaml:53: unknown key 'outputs'; nearest: 'output'", refusal("output:", "outputs:"))
    assert.matches("mlp_width_space", refusal("mlp_width_space:", "mlp_width_spaces:"))
  end)

  it("takes number formats of roles, layer kinds and layers, as quant.prepare does", function()
    local text = [[
dataset: {name: mnist}
search_space: {mlp_width_space: [8]}
local_search:
  precision_pairs:
    - total_bits: 8
      int_bits: -1
      rounding: trn
      overflow: WRAP
      weights: {total_bits: 4, int_bits: auto, per: channel}
      biases: false
      output: true
      kinds: {conv2d: {signed: true}}
      layers:
        dense1: false
        dense2: {activations: {total_bits: 6}}
]]
    local cfg = assert(config.parse(text, "p.yaml"))
    assert.same({ total_bits = 8, int_bits = -1, rounding = "TRN", overflow = "WRAP", weights = { total_bits = 4, int_bits = "auto", per = "channel" },
      biases = false, output = true, kinds = { conv2d = { signed = true } }, layers = { dense1 = false, dense2 = { activations = { total_bits = 6 } } } },
      cfg.local_search.precision_pairs[1])
    assert.same(cfg.local_search, assert(config.parse(require("nac.config.write").text(cfg), "q.yaml")).local_search)
    local function refused(what, by, message)
      local none, why = config.parse((text:gsub(what, by)), "p.yaml")
      assert.is_nil(none)
      assert.matches(message, why, 1, true)
    end
    refused("trn", "up", "p.yaml:7: local_search.precision_pairs[1].rounding: unknown rounding 'up'; allowed: TRN, ")
    refused("per: channel", "per: row", "p.yaml:9: local_search.precision_pairs[1].weights.per: unknown kind of format")
    refused("biases: false", "biases: true", "p.yaml:10: local_search.precision_pairs[1].biases: a mapping of keys or false is expected, not true")
    refused("signed", "sign", "p.yaml:12: unknown key 'sign' in local_search.precision_pairs[1].kinds.conv2d; nearest: 'signed'")
    refused("total_bits: 6", "total_bits: 66", "p.yaml:15: local_search.precision_pairs[1].layers.dense2.activations.total_bits: at most 64")
    refused("activations: {", "activations: {per: tensor, ", "local_search.precision_pairs: pair 1: layers.dense2.activations: per is for weights and biases")
    refused("layers:.*", "layers: [dense1]", "p.yaml:13: local_search.precision_pairs[1].layers: a mapping by layer name is expected, not a list")
  end)

  it("refuses wrong types with line and key", function()
    assert.equal("t1.yaml:15: search.epochs: an integer is expected, not the word 'ten'", refusal("epochs: 2", "epochs: ten"))
    assert.matches("^t1.yaml:16: .*true or false", refusal("metrics: true", "metrics: 1"))
    assert.matches("^t1.yaml:21: .*a list is expected, not 8", refusal("[8, 16, 32, 64, 128]", "8"))
    assert.matches("a mapping of keys is expected, not 3", select(2, config.parse "dataset: 3\nsearch_space: {}"))
  end)

  it("refuses impossible values", function()
    assert.matches("^t1.yaml:14: search.n_trials: at least 1", refusal("n_trials: 3", "n_trials: 0"))
    assert.matches("width_space%[1%]: at least 1", refusal("[8, 16, 32, 64, 128]", "[-8]"))
    assert.matches("a list of at least 1", refusal("[8, 16, 32, 64, 128]", "[]"))
    assert.matches("'8' stands twice", refusal("[8, 16, 32, 64, 128]", "[8, 8]"))
    assert.matches("1 to 64 bits", refusal("ap_fixed<8,3>", "ap_fixed<80,3>"))
    assert.matches("at most 64", refusal("total_bits: 16", "total_bits: 65"))
    assert.matches("local_search.precision_pairs: pair 4: int_bits must be .* at most 4, got 5", refusal("int_bits: 1}", "int_bits: 5}"))
    assert.matches("pair 4: <6,2> stands twice", refusal("4,  int_bits: 1}", "6,  int_bits: 2}"))
    assert.matches("^t1.yaml:%d+: local_search.rewind: epoch:7, but the warm%-up has 2 epochs",
      refusal("pruning_rate: 0.8", "pruning_rate: 0.8\n  rewind: epoch:7"))
    assert.matches("finite", refusal("pruning_rate: 0.8", "pruning_rate: .nan"))
  end)

  it("refuses unknown words with the nearest", function()
    assert.matches("unknown objective 'clok_cycles'.*nearest: clock_cycles", refusal("clock_cycles]", "clok_cycles]"))
    assert.matches("unknown activation 'relo'.*nearest: relu", refusal("[relu, tanh", "[relo, tanh"))
    assert.matches("^t1.yaml:6: dataset.name: unknown data set 'mnst'.*nearest: mnist", refusal("mnist\n", "mnst\n"))
    assert.matches("unknown board 'zcu103'.*nearest: zcu102", refusal("zcu102", "zcu103"))
    assert.matches("unknown strategy 'Latenci'.*nearest: latency", refusal("Latency", "Latenci"))
  end)

  it("refuses what does not fit together", function()
    assert.equal("t1.yaml:18: search.maximize_flags: 2 flags for 4 objectives (performance_metric, bops, avg_resource, clock_cycles)",
      refusal("[true, false, false, false]", "[true, false]"))
    assert.matches("needs use_hardware_metrics", refusal("metrics: true", "metrics: false"))
    assert.matches("^t1.yaml:5: dataset: name, file or loader", refusal("name: mnist", ""))
    assert.matches("^t1.yaml:25: search_space.mlp_lists: needs", refusal("num_blocks: 3", "mlp_lists: {num_layers: [2]}"))
    assert.matches("mlp_width_space is needed", refusal("mlp_width_space: [8, 16, 32, 64, 128]", ""))
  end)

  it("takes the search space from a file in each of the predecessors' forms", function()
    local function space_of(name, search)
      local text = ("dataset: {name: mnist}\nsearch: {%s}\nsearch_space: %s"):format(search or "", name)
      return config.parse(text, golden .. "x.yaml")
    end
    local cfg = assert(space_of("qubit_search_space.yaml", "model_type: block"))
    assert.same({ 16, 32, 64, 128 }, cfg.search_space.mlp_width_space)
    assert.matches("qubit_search_space.yaml:1$", cfg:where "search_space.mlp_width_space")
    cfg = assert(space_of("braggnn_search_space.yaml", "model_type: block"))
    assert.same({ 9, 3, { 1, 3, 5 } }, { cfg.search_space.initial_img_size, cfg.search_space.num_blocks, cfg.search_space.kernel_space })
    cfg = assert(space_of("deepsets_search_space.yaml", "model_type: deepsets"))
    assert.same({ 1, 4 }, cfg.search_space.phi_len_range)
    cfg = assert(space_of "mnist_search_spaces.yaml")
    assert.same({ 2, 3 }, cfg.search_space.mlp_lists.num_layers)
    assert.same({ .0001, .001, .01 }, cfg.training_search_space.learning_rate)
    assert.same({ 0., .1, .2, .3 }, cfg.training_search_space.dropout)
    assert.matches("mnist_search_spaces.yaml:%d+$", cfg:where "training_search_space.dropout")
    assert.same({ "pynq-z2", "zcu102", "alveo-u200" }, cfg.hardware_config.boards)
    assert.same({ "ap_fixed<2,1>", "ap_fixed<8,3>", "ap_fixed<16,6>" }, cfg.hardware_config.precision_options)
    cfg = assert(space_of("block_search_space.yaml", "model_type: block"))
    assert.equal(11, cfg.search_space.initial_img_size)
    assert.same({ "adam", "rmsprop", "sgd" }, cfg.training_search_space.optimizer)
    assert.same({ "latency", "resource" }, cfg.hardware_config.strategies)
    assert.same({ "regression", "mse", { "mae" } },
      { cfg.task_config.task_type, cfg.task_config.loss_function, cfg.task_config.metrics })
    assert.same({ 1, "identity" }, { cfg.search_space.input_channels, cfg.search_space.output_activation })
    assert.matches("x.yaml:3: search_space: .*nowhere.yaml: No such file", select(2, space_of "nowhere.yaml"))
    assert.matches("t1_config.yaml:%d+: unknown key 'dataset'", select(2, space_of "t1_config.yaml"))
  end)

  it("is written with every key and reads back equal", function()
    local write = require("nac.config.write").text
    for _, name in ipairs { "t1_config", "t2_config", "t3_config" } do
      local text = write(assert(config.load(golden .. name .. ".yaml")))
      assert.equal(text, write(assert(config.parse(text))))
      assert.matches("^dataset:\n  name: ", text)
    end
    local text = "dataset: {name: mnist}\nsearch_space: mnist_search_spaces.yaml\nsearch: {l1: 1e-6}"
    local cfg = assert(config.parse(text, golden .. "x.yaml"))
    local again = assert(config.parse(write(cfg)))
    assert.same({ { 2, 3 }, 1e-6 }, { again.search_space.mlp_lists.num_layers, again.search.l1 })
  end)

  it("estimates where a limit or the selection asks for it", function()
    local function with(search)
      return config.parse("dataset: {name: mnist}\nsearch_space: {mlp_preset: snac-pack}\nsearch: {" .. search .. "}", "x.yaml")
    end
    assert.is_true(with("limits: {max_lut_percent: 1}").search.use_hardware_metrics)
    assert.is_true(with("selection: {max_cycles: 9}").search.use_hardware_metrics)
    assert.is_false(with("limits: {max_bops: 1}").search.use_hardware_metrics)
    local _, why = with "limits: {max_cycles: 9}, use_hardware_metrics: false"
    assert.equal("x.yaml:3: search.limits.max_cycles: it needs use_hardware_metrics: true", why)
  end)

  it("makes do with few keys", function()
    local cfg = config.parse "dataset: {name: mnist}\nsearch_space: {mlp_preset: snac-pack}"
    assert.same({ true, false }, cfg.search.maximize_flags)
    assert.is_false(cfg.search.use_hardware_metrics)
    assert.same({ "performance_metric", "bops" }, cfg.search.objective_names)
    assert.same({}, cfg.search.selection)
  end)

  it("says what an empty file, a list or a word lacks", function()
    assert.matches("empty", select(2, config.parse ""))
    assert.matches("sections", select(2, config.parse "hello"))
    assert.matches("'dataset' is missing", select(2, config.parse "search: {epochs: 3}"))
  end)

  it("is documented: docs/config.md is what the schema prints", function()
    -- In a process of its own: other specs register rows.
    local printed = require("spec.support.interpreter").run("$NAC_LUA -e 'io.write(require(\"nac.config.doc\").markdown())'")
    assert.equal(text_of "docs/config.md", printed)
  end)

  it("looks for files beside itself, then in the current folder", function()
    local cfg = config.load(golden .. "t1_config.yaml")
    assert.equal(golden .. "t2_config.yaml", cfg:resolve "t2_config.yaml")
    assert.equal("spec/lua/config_spec.lua", cfg:resolve "spec/lua/config_spec.lua")
    assert.equal("/etc/x", cfg:resolve "/etc/x")
  end)
end)
