-- The predecessors' three tutorial configurations as they are, from search to local search, only shorter.
local config = require "nac.config"
local csv = require "nac.util.csv"
local nac = require "nac"

-- Two states whose traces differ a little: stands in for the readout data where these are not there.
local function traces()
  local function part(n, seed)
    local x, y = nac.tensor.randn({ n, 800 }, { seed = seed }), nac.tensor.zeros({ n }, "i32")
    for i = 1, n do
      y[i] = i % 2
      if i % 2 == 1 then
        local row = x:slice(1, i, i)
        row:copy(row + .3)
      end
    end
    return x, y
  end
  local x, y = part(300, 1)
  local x_test, y_test = part(100, 2)
  return { x_train = x, y_train = y, x_test = x_test, y_test = y_test, task = "classification" }
end

describe("the predecessor's configuration", function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
  end)
  after_each(function() os.execute("rm -rf " .. folder) end)

  local function search(name, change)
    local cfg = assert(config.load("spec/golden/config/" .. name .. "_config.yaml"))
    if change then change(cfg) end
    local result = assert(nac.global_search.run(cfg, {
      trials = 3, epochs = 1, workers = 0, results = folder, sample = true, quiet = true, pictures = false,
    }))
    for _, record in ipairs(result.study:trials()) do assert.equal("complete", record.state, record.reason) end
    local small = assert(nac.local_search.run(result, nil, { qat_epochs = 1, pruning_epochs = 1, pruning_iterations = 1,
      precision_pairs = { { total_bits = 8, int_bits = 3 } } }, { workers = 0, quiet = true, pictures = false }))
    assert.is_number(small.best.accuracy)
    return result
  end

  it("of tutorial 1 runs", function()
    search "t1"
    assert.same({ "trial", "performance_metric", "bops", "params", "yaml_path", "avg_resource", "clock_cycles", "run_timestamp",
      "lut_percent", "ff_percent", "dsp_percent", "bram_percent" }, select(2, csv.read(folder .. "/mlp_search_results.csv")))
  end)

  it("of tutorial 2 runs, with attention in its space, also with an estimate of the firmware", function()
    search("t2", function(cfg)
      cfg.search.n_folds, cfg.dataset.subset_size, cfg.search.seed = 1, 300, 3
      cfg.search.use_hardware_metrics = true
    end)
    local attention = false
    for i = 0, 2 do
      for _, component in ipairs(assert(nac.arch.load(("%s/trial_yamls/trial_%d_arch.yaml"):format(folder, i))).components) do
        attention = attention or component.block_type == "ConvAttn"
      end
    end
    assert.is_true(attention)
    for _, row in ipairs(assert(csv.read(folder .. "/block_search_results.csv"))) do assert.is_true(tonumber(row.clock_cycles) > 0) end
  end)

  it("of tutorial 3 runs", function()
    local known = false
    for _, name in ipairs(nac.dataset.names()) do known = known or name == "qubit" end
    if not known then nac.dataset.register("qubit", traces) end
    local result = search "t3"
    assert.is_true(result.test > .5)
  end)
end)
