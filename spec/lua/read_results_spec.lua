-- Trials of searches that are over, of this version and of the predecessors.
local file = require "nac.util.file"
local read = require "nac.global_search.read"
local run = require("spec.support.interpreter").run

local folder
local function write(name, text)
  local path = folder .. "/" .. name
  assert(file.write(path, text))
  return path
end

describe("reading what a search left", function()
  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_directory(folder))
  end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  -- Lines as NAC writes them (trials 1 and 4 of its published Bragg search, hyper-parameters cut short).
  local bragg = [[
Trial 1, Mean Distance: 0.20396684110164642, BOPs: 135483678720.0, Inference time: 0.0979, Param Count: 45274, ]] .. [[
Hyperparams: {'Proj_outchannel': 3, 'b0': 'ConvAttn', 'b0_ConvAttn_act': 2, 'MLP_norms_3': None}
Trial 0, Mean Distance: nan, BOPs: 9678867456.0, Inference time: 0.0946, Validation Loss: nan, Param Count: 3016, Hyperparams: {'Proj_outchannel': 1}
]]

  it("takes NAC's global_search.txt", function()
    local source = assert(read.from(write("global_search.txt", bragg)))
    assert.same({ { name = "mean_distance", direction = "minimize" }, { name = "bops", direction = "minimize" } }, source.objectives)
    local failed, record = source.records[1], source.records[2]
    assert.same({ 0, "failed" }, { failed.number, failed.state }) -- nan is no value
    assert.same({ mean_distance = 0.20396684110164642, bops = 135483678720.0 }, record.values)
    assert.same({ Proj_outchannel = 3, b0 = "ConvAttn", b0_ConvAttn_act = 2, MLP_norms_3 = "none" }, record.params)
    assert.same({ 45274, .0979 }, { record.attrs.params, record.attrs.inference_time })
    source = assert(read.from(write("jets.txt", "Trial 3, Accuracy: 0.64, BOPs: 8352.0, Hyperparams: {'phi_len': 2}\n")))
    assert.same({ name = "performance_metric", direction = "maximize" }, source.objectives[1])
  end)

  it("tells the two searches of NAC's own log apart", function()
    local path = write("both.txt", bragg .. "Trial 1, Accuracy: 0.5, BOPs: 5\nTrial 0, Accuracy: 0.6, BOPs: 7\n")
    local list = assert(read.all(path))
    assert.same({ 2, 2, 2 }, { #list, #list[1].records, #list[2].records })
    assert.matches("both_performance_metric$", list[2].base)
    assert.matches("it holds 2 searches; one is expected", select(2, read.from(path)))
    local text, status = run("$NAC_LUA plot " .. path)
    assert.equal(0, status, text)
    assert.matches("both_mean_distance.png\n.*both_performance_metric.png\n", text)
  end)

  it("says which line of it is wrong", function()
    local function why(text) return select(2, read.from(write("bad.txt", text))) end
    assert.matches("bad.txt: line 2: a line 'Trial N, ", why(bragg:match "^[^\n]*\n" .. "nonsense\n"))
    assert.matches("line 1: a metric .* and BOPs expected", why "Trial 1, BOPs: 5")
    assert.matches("line 1: the hyper%-parameters have no end", why "Trial 1, Accuracy: .5, BOPs: 5, Hyperparams: {'a': 1")
  end)

  it("takes SNAC-Pack's results, in whatever order its workers wrote them", function()
    local source = assert(read.from(write("block_search_results.csv", [[
trial,performance_metric,bops,params,yaml_path,run_timestamp
1,0.91,250000.0,4000,trial_1_arch.yaml,2025-06-01
0,0.85,90000.0,1500,trial_0_arch.yaml,2025-06-01
]])))
    assert.equal("performance_metric maximize bops minimize",
      ("%s %s %s %s"):format(source.objectives[1].name, source.objectives[1].direction, source.objectives[2].name, source.objectives[2].direction))
    assert.same({ 0, .85 }, { source.records[1].number, source.records[1].values.performance_metric })
  end)

  it("takes tables of NAC's trials, one task a file", function()
    local head = "task,trial,metric,bops,val_loss,params,hyperparams_json\n"
    local one = [[braggnn,1,0.204,1354.0,0.0004,45274,"{""b0"": ""Conv"", ""MLP_norms_0"": null}"]]
    local source = assert(read.from(write("trials.csv", head .. one .. "\n")))
    assert.same({ name = "metric", direction = "minimize" }, source.objectives[1])
    assert.same({ b0 = "Conv", MLP_norms_0 = "none" }, source.records[1].params)
    local list = assert(read.all(write("trials.csv", head .. one .. "\ndeepsets,2,0.6,5,1,9,{}\n")))
    assert.same({ "braggnn", "minimize", "deepsets", "maximize" },
      { list[1].name, list[1].objectives[1].direction, list[2].name, list[2].objectives[1].direction })
    local _, why = read.from(write("trials.csv", "x,y\n1,2\n"))
    assert.matches("name columns with %-%-maximize and %-%-minimize %(there are x, y%)", why)
  end)

  it("takes the table of a local search, with its unquoted commas", function()
    local path = write("combined_qat_pruning_log.csv", [[
Precision,TotalBits,IntBits,Iteration,Sparsity,Accuracy,EffectiveBOPs
<16,6>,16,6,0,0.0000,0.9500,1000000
<16,6>,16,6,1,0.2000,0.9480,800000
<8,3>,8,3,0,0.0000,0.9400,300000
]])
    local source = assert(read.from(path))
    assert.same({ "<16,6>", "<8,3>" }, { source.curves[1].label, source.curves[2].label })
    assert.same({ iteration = 1, sparsity = .2, accuracy = .948, bops = 800000, bits = 16 }, source.curves[1].rows[2])
    local text, status = run("$NAC_LUA plot " .. path)
    assert.same({ path:gsub("csv$", "png") .. "\n", 0 }, { text, status })
    source = assert(read.from(write("pruning_log.csv", "Iteration,Sparsity,Accuracy\n1,0.2,0.94\n2,0.36,0.93\n")))
    assert.equal(2, #source.curves[1].rows)
  end)
end)
