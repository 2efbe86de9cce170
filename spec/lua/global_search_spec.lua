-- Runs small searches as a user does and opens what they leave behind.
local csv = require "nac.util.csv"
local file = require "nac.util.file"
local json = require "nac.util.json"
local run = require("spec.support.interpreter").run

local base = [[
dataset: {name: mnist, resize_val: 8, subset_size: 400, sample: true}
search:
  n_trials: 5
  epochs: 1
  workers: 2
  population: 4
%s
  objective_names: [performance_metric, bops, avg_resource, clock_cycles]
search_space:
  mlp_width_space: [8, 16, 32]
  act_space: [relu, tanh]
  norm_space: [null, batch]
  num_blocks: 2
output: {results_dir: results}
]]

local folder

-- A configuration with further lines in its search section; the shell line that searches with it.
local function search(name, lines, options)
  assert(file.write(("%s/%s.yaml"):format(folder, name), base:format(lines or "")))
  return ("cd %s; $NAC_LUA search %s.yaml --results %s %s"):format(folder, name, name, options or "")
end

local function path(...) return table.concat({ folder, ... }, "/") end

local function rows_of(name) return assert(csv.read(path(name, "mlp_search_results.csv"))) end

-- Rows without what may differ between two runs.
local function values_of(name)
  local out = {}
  for i, row in ipairs(rows_of(name)) do
    out[i] = table.concat({ row.trial, row.performance_metric, row.bops, row.params, row.avg_resource, row.clock_cycles }, " ")
  end
  return out
end

describe("nac-lua search", function()
  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_directory(folder))
  end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("leaves tables, architectures, weights, pictures and its provenance", function()
    local text, status = run(search("whole"))
    assert.equal(0, status, text)
    assert.matches("population 4", text)
    assert.matches("winner: trial %d+ %(accuracy: search 0%.%d+, select 0%.%d+, test 0%.%d+%)", text)
    local rows, columns = rows_of "whole"
    assert.equal("trial performance_metric bops params yaml_path avg_resource clock_cycles run_timestamp "
      .. "lut_percent ff_percent dsp_percent bram_percent", table.concat(columns, " "))
    assert.near(tonumber(rows[1].avg_resource),
      (rows[1].lut_percent + rows[1].ff_percent + rows[1].dsp_percent + rows[1].bram_percent) / 4, 1e-6)
    assert.equal(5, #rows)
    for i, row in ipairs(rows) do
      assert.equal(tostring(i - 1), row.trial)
      assert.is_true(tonumber(row.performance_metric) <= 1 and tonumber(row.bops) > 0)
      assert.equal(("whole/trial_yamls/trial_%d_arch.yaml"):format(i - 1), row.yaml_path)
      assert.truthy(require("nac.arch").load(path(row.yaml_path)))
    end
    assert.truthy(require("nac.arch").load(path("whole", "best_model_for_local_search.yaml")))
    if file.program("gnuplot") then
      assert.matches("^\137PNG", file.read(path("whole", "pareto_fronts_2d.png")))
      assert.matches("^\137PNG", file.read(path("whole", "pareto_front_3d.png")))
    end
    assert.truthy(file.exists(path("whole", "study.db")))
    local provenance = require("nac.provenance").read(path("whole", "provenance.json"))
    assert.is_true(provenance.finished)
    assert.equal(1, provenance.seed)
    assert.equal(64, #provenance.config.sha256)
    assert.equal(file.exists(path("whole", "weights", ("trial_%d.npz"):format(provenance.winner.trial))), "file")
  end)

  it("keeps every trial's epochs for the learning curves", function()
    local source = require("nac.global_search.read").from(folder .. "/whole")
    for _, record in ipairs(source.records) do
      local runs = require("nac.global_search.epochs").runs(record)
      assert.equal(#record.attrs.best_epochs, #runs)
      local best, least = nil, math.huge
      for _, row in ipairs(runs[1].history) do
        if row.val_loss < least then best, least = row.epoch, row.val_loss end
      end
      assert.equal(record.attrs.best_epochs[1], best)
    end
    if not file.program("gnuplot") then return end
    assert.same({ path("whole", "learning_curves.png") .. "\n", 0 }, { run(("$NAC_LUA plot %s --kind learning"):format(path("whole"))) })
    local text, status = run(("$NAC_LUA plot %s --kind learning --trial 99"):format(path("whole")))
    assert.equal(1, status)
    assert.matches("there are none of trial 99", text)
  end)

  it("writes the configuration as run, which gives the same search again", function()
    local command = "cd %s && $NAC_LUA search whole/config_as_run.yaml --results again --no-pictures --quiet"
    local text, status = run(command:format(folder))
    assert.same({ "", 0 }, { text, status })
    assert.same(values_of "whole", values_of "again")
    assert.is_nil(file.exists(path("again", "pareto_fronts_2d.png")))
  end)

  it("replaces nothing but an equal finished search", function()
    local _, status = run(search("whole", "", "--no-pictures --quiet"))
    assert.equal(0, status)
    local text
    text, status = run(search("whole", "", "--seed 2 --quiet"))
    assert.equal(1, status)
    assert.matches("holds the results of another search %(best_model_for_local_search.yaml%): %-%-results DIR writes elsewhere, %-%-force replaces them", text)
    local before = values_of "whole"
    text, status = run(search("whole", "", "--seed 2 --resume --quiet"))
    assert.equal(1, status)
    assert.matches("cannot resume: the search in whole is another one: search.seed was 1, is 2;", text, 1, true)
    assert.same(before, values_of "whole")
    _, status = run(search("whole", "", "--seed 2 --force --no-pictures --quiet"))
    assert.equal(0, status)
    assert.not_same(before, values_of "whole")
  end)

  it("takes a sampler for another one when its file has changed", function()
    local function mine(text) return assert(file.write(path "mine.lua", text .. 'return { name = "mine", ask = function() return {} end }')) end
    mine ""
    assert.same({ "", 0 }, { run(search("mine", "  sampler: mine.lua", "--trials 3 --no-pictures --quiet")) })
    mine "-- better\n"
    local text, status = run(search("mine", "  sampler: mine.lua", "--trials 4 --no-pictures --quiet --resume"))
    assert.equal(1, status)
    assert.matches("the search in mine is another one: sampler.file is another", text, 1, true)
    mine ""
    assert.same({ "", 0 }, { run(search("mine", "  sampler: mine.lua", "--trials 4 --no-pictures --quiet --resume")) })
  end)

  it("writes over no results of any other kind of search or tool", function()
    for _, name in ipairs { "block_search_results.csv", "deepsets_search_results_rank3.csv", "best_model_for_local_search.yaml",
      "trial_yamls/trial_0_arch.yaml" } do
      assert(file.make_directory(path("foreign", "trial_yamls")))
      assert(file.write(path("foreign", name), "not ours\n"))
      for _, option in ipairs { "", "--resume" } do
        local text, status = run(search("foreign", "", "--quiet " .. option))
        assert.equal(1, status, text)
        assert.matches("results.*%(" .. name:gsub("%p", "%%%0") .. "%).*%-%-force replaces them", text)
      end
      assert.equal("not ours\n", file.read(path("foreign", name)))
      os.execute("rm -rf " .. path "foreign")
    end
    assert(file.make_directory(path "foreign"))
    assert(file.write(path("foreign", "block_search_results.csv"), "not ours\n"))
    assert.same({ "", 0 }, { run(search("foreign", "", "--quiet --no-pictures --force")) })
    assert.is_nil(file.exists(path("foreign", "block_search_results.csv")))
    assert.same({ "", 0 }, { run(search("foreign", "", "--quiet --no-pictures")) }) -- the same again
  end)

  it("knows a network again by what was built, whatever was drawn, and keeps both", function()
    local folder_of = path "shrunk"
    local cfg = assert(require("nac.config").parse([[
dataset: {name: mnist, resize_val: 2, subset_size: 100, flatten: false, sample: true}
search: {model_type: block, n_trials: 12, epochs: 1, workers: 0, sampler: random}
search_space: {block_types: [Conv], num_blocks: 1, kernel_space: [1, 3, 5], kernel_rule: shrink, channel_space: [2], mlp_width_space: [2],
  act_space: [relu]}]], "shrunk.yaml"))
    local result = assert(require("nac.global_search").run(cfg, { results = folder_of, quiet = true, pictures = false }))
    local first, duplicates = {}, 0
    for _, record in ipairs(result.study:trials()) do
      local drawn = record.attrs.drawn or {}
      for name, value in pairs(drawn) do assert.same({ value, 1 }, { record.params[name], record.attrs.built[name] }) end
      local text = assert(file.read(("%s/trial_yamls/trial_%d_arch.yaml"):format(folder_of, record.number)))
      assert.equal(next(drawn) ~= nil, text:find "drawn:" ~= nil)
      duplicates = duplicates + (record.attrs.duplicate_of and 1 or 0)
      first[record.attrs.hash] = first[record.attrs.hash] or record
    end
    local _, one = next(first)
    assert.is_nil(next(first, next(first))) -- a 2 x 2 image takes kernels of 1 only: all are one network
    assert.is_true(duplicates > 0 and one.values.bops > 0)
  end)

  it("leaves a folder alone in which another search runs", function()
    local before = { file.read(path("whole", "study.db")), file.read(path("whole", "provenance.json")) }
    local hold <close> = assert(require("nac.storage.sqlite").hold(path("whole", "study.db")))
    for _, option in ipairs { "--force", "--resume", "" } do
      local text, status = run(search("whole", "", "--seed 2 --quiet " .. option))
      assert.equal(1, status)
      assert.matches("study.db is in use by process %d+", text)
    end
    assert.truthy(hold)
    assert.same(before, { file.read(path("whole", "study.db")), file.read(path("whole", "provenance.json")) })
  end)

  it("goes on after Ctrl-C where it stopped", function()
    local _, status = run(search("calm", "", "--trials 8 --no-pictures --quiet"))
    assert.equal(0, status)
    local text
    text, status = run(search("cut", "", "--trials 8 --no-pictures >cut.out 2>cut.log & pid=$!\n"
      .. "for i in $(seq 2000); do grep -q '^trial 2 ' cut.log && break; sleep 0.005; done\n"
      .. "kill -INT $pid; wait $pid; s=$?; tail -1 cut.log; exit $s"))
    assert.equal(130, status, text)
    assert.matches("interrupted; to go on: nac%-lua search cut.yaml %-%-resume %-%-trials 8 %-%-results cut", text)
    assert.truthy(file.exists(path("cut", "mlp_search_results.csv")))
    text, status = run(search("cut", "", "--trials 8 --no-pictures"))
    assert.equal(1, status)
    assert.matches("%-%-resume continues it", text)
    text, status = run(search("cut", "", "--trials 8 --no-pictures --resume --quiet"))
    assert.equal(0, status, text)
    assert.same(values_of "calm", values_of "cut")
  end)

  it("makes a study longer", function()
    local text, status = run(search("calm", "", "--trials 10 --no-pictures --resume --quiet"))
    assert.equal(0, status, text)
    assert.equal(10, #rows_of "calm")
  end)

  it("trains folds and keeps their weights", function()
    local text, status = run(search("folds", "  n_folds: 2", "--trials 2 --no-pictures"))
    assert.equal(0, status, text)
    local best = require("nac.provenance").read(path("folds", "provenance.json")).winner.trial
    assert.truthy(file.exists(path("folds", "weights", ("trial_%d_fold1.npz"):format(best))))
    assert.truthy(file.exists(path("folds", "weights", ("trial_%d_fold2.npz"):format(best))))
  end)

  it("ends trials beyond a limit before training, and chooses a winner within bounds", function()
    local keys = "  limits: {max_params: 700}\n  selection: {max_bops: 60000}"
    local text, status = run(search("limits", keys, "--trials 8 --no-pictures"))
    assert.matches("pruned: params %d+ is above max 700", text)
    local least = math.huge
    for _, row in ipairs(rows_of "limits") do
      assert.is_true(tonumber(row.params) <= 700)
      least = math.min(least, tonumber(row.bops))
    end
    assert.equal(least <= 60000 and 0 or 1, status, text)
    text, status = run(search("bounds", "  selection: {min_accuracy: 1}", "--trials 2 --no-pictures"))
    assert.equal(1, status)
    assert.matches("no trial of the front meets search.selection; the most accurate one, trial %d, misses min_accuracy 1", text)
  end)

  it("tells its progress as JSON", function()
    local text, status = run(search("json", "", "--trials 2 --no-pictures --log json"))
    assert.equal(0, status, text)
    local events = {}
    for line in text:gmatch("[^\n]+") do
      local event = json.decode(line)
      events[#events + 1] = event.event
      if event.event == "trial" then assert.is_number(event.values.bops) end
    end
    assert.same({ "start", "trial", "trial", "end" }, events)
  end)

  it("keeps what was computed when a sampler fails", function()
    assert(file.write(path "bad.lua", [[
      return { name = "bad", ask = function(state) if state.number == 3 then error("no idea") end return {} end }
    ]]))
    local text, status = run(search("fails", "  sampler: bad.lua", "--no-pictures"))
    assert.equal(1, status)
    assert.matches("sampler '.-bad.lua' failed in ask at trial 3: .-bad.lua:1: no idea", text)
    assert.equal(3, #rows_of "fails")
  end)

  it("says in one line what is wrong with a config or a folder", function()
    local function message_of(name, text, options)
      assert(file.write(path(name), text))
      local output, status = run(("cd %s && $NAC_LUA search %s %s"):format(folder, name, options or ""))
      assert.equal(1, status, output)
      assert.equal(1, select(2, output:gsub("\n", "")), output)
      return output
    end
    assert.matches("empty.yaml", message_of("empty.yaml", ""))
    assert.matches("wrong.yaml:5: unknown key 'epoch' in search; nearest: 'epochs'",
      message_of("wrong.yaml", (base:format(""):gsub("workers: 2", "epoch: 2"))))
    local size = base:format(""):gsub("num_blocks: 2", "num_blocks: 2\n  initial_img_size: 9")
    assert.matches("initial_img_size", message_of("size.yaml", size))
    assert(file.write(path "in_the_way", ""))
    assert.matches("cannot make the folder in_the_way: file exists",
      message_of("fine.yaml", base:format(""), "--results in_the_way/results"))
    local output, status = run(("cd %s && $NAC_LUA search nothing.yaml"):format(folder))
    assert.equal(1, status)
    assert.matches("'nothing.yaml' is neither here nor in", output)
    output, status = run(("cd %s && $NAC_LUA search fine.yaml --trials few"):format(folder))
    assert.equal(2, status)
    assert.matches("%-%-trials", output)
  end)

  it("says also with --quiet that the test set cannot be used", function()
    assert(file.write(path "bad_test.lua", [[return function()
      local x, y, wrong = {}, {}, {}
      for i = 1, 60 do x[i], y[i], wrong[i] = { i / 60, i % 2 }, i % 2, 7 end
      return { x_train = x, y_train = y, x_test = x, y_test = wrong }
    end]]))
    assert(file.write(path "bad_test.yaml", "dataset: {loader: bad_test.lua}\nsearch: {n_trials: 2, epochs: 1}\n"
      .. "search_space: {mlp_width_space: [4], num_blocks: 1}\n"))
    local text = run(("cd %s && $NAC_LUA search bad_test.yaml --results bad_test --quiet --no-pictures"):format(folder))
    assert.matches("^nac%-lua search: %S*bad_test.lua: y_test holds class 7, but there are 2 classes\n$", text)
  end)

  it("optimises an objective of the user's own, from a script", function()
    local config = base:format(""):gsub("bops, avg_resource, clock_cycles", "weights"):gsub("workers: 2", "workers: 0")
    assert(file.write(path "own.yaml", config))
    assert(file.write(path "own.lua", [[
      local nac = require "nac"
      require("nac.objective").register {
        name = "weights", stage = "cost", maximize = false, most = 1500, compute = function(c) return c.net:n_params() end,
      }
      local result = assert(nac.global_search.run("own.yaml", { results = "own", quiet = true, pictures = false }))
      local costly = 0 -- beyond `most` before training
      for _, r in ipairs(result.study:trials()) do
        if r.state == "pruned" and r.reason:find "weights %d+ is above max 1500" then costly = costly + 1 end
        assert(r.state ~= "complete" or r.values.weights <= 1500)
      end
      print(#result.study:trials(), costly > 0, result.front:best("weights").values.weights > 0, result.test > 0)
    ]]))
    local text, status = run(("cd %s && $NAC_LUA own.lua"):format(folder))
    assert.same({ "5\ttrue\ttrue\ttrue\n", 0 }, { text, status })
    local _, columns = rows_of "own"
    assert.equal("weights", columns[#columns])
  end)
end)
