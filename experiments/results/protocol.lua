--- What is done for each row of docs/results.md.
--
--   fit     trains; search stops trainings and is what the search optimises; select chooses; test is read at the end.
--   A  search:      the cheapest network of the front that is no worse than the baseline on `select` after retraining on
--                   fresh seeds, against the baseline, both unpruned and at the same width.
--   B  compression: baseline and winner through the same local search, compared at equal accuracy.
local compare = require "nac.compare"
local file = require "nac.util.file"
local json = require "nac.util.json"
local nac = require "nac"
local pictures = require "experiments.results.pictures"
local setup = require "nac.global_search.setup"
local training = require "experiments.results.training"

local M = {}

local MOST = 6 -- networks of the front that are retrained

local function say(...) io.stderr:write(("[%s] "):format(os.date "!%H:%M:%S"), string.format(...), "\n") end

-- Mean of what nets score on a part.
local function mean_score(case, nets, part)
  local sum = 0
  for _, net in ipairs(nets) do sum = sum + compare.scores(net, part, { scale = case.scale }):mean() end
  return sum / #nets
end

--- The search of a case, continued or taken as it is where it was run before.
function M.search(case)
  local dir = case.dir .. "/search"
  local options = { results = dir, trials = case.trials, epochs = case.epochs, quiet = true, sample = case.sample or nil }
  options.resume = file.exists(dir .. "/study.db") ~= nil
  local result, message = nac.global_search.run(case.config, options)
  if not result and options.resume then
    options.resume, options.force = nil, true
    result, message = nac.global_search.run(case.config, options)
  end
  assert(result, message)
  if result.interrupted then os.exit(130) end
  return result
end

-- Costs of a description: bit operations by both definitions, parameters, the estimate of the firmware.
local function costs(case, description)
  local arch = nac.arch.to_nn(description)
  local out = { params = arch:net():n_params() }
  for _, definition in ipairs(case.bops) do
    out[definition] = nac.bops.count(description, { definition = definition, bits = case.bits })
  end
  local estimate = nac.estimate.resources(description, { board = case.board, precision = case.precision })
  out.lut, out.cycles = estimate.lut, estimate.clock_cycles
  return out
end

-- A network of the table. `settings` are what a trial drew beside the architecture: those on data give another view of them.
local function entry_of(case, name, description, settings)
  local entry = costs(case, description)
  entry.name, entry.description, entry.settings = name, description, settings or {}
  entry.data = case.view and case.view(case.data, entry.settings) or case.data
  entry.arch = setup.builder(entry.data)(description)
  return entry
end

-- Trains an entry and scores it on `select` and on `test`; data that are its own are then let go.
local function measure(case, entry)
  training.run(case, entry)
  local select, test = entry.data:parts().select, assert(entry.data:test())
  entry.retrained, entry.scores, entry.samples = mean_score(case, entry.nets, select), {}, test.y:size(1)
  for k, net in ipairs(entry.nets) do entry.scores[k] = compare.scores(net, test, { scale = case.scale }) end
  entry.test = compare.mean(entry.scores)
  if entry.data ~= case.data then entry.data = nil end
  collectgarbage()
end

-- What the search's own nets of a trial score on `select`. The search knows it where there are classes; positions are scored
-- there by the loss, here by the distance.
local function selected(case, result, record)
  if case.metric == "accuracy" then return result.select[record.number] end
  local net = setup.builder(case.data)(result.describe(record)):build {}
  if not nac.model.load(net, ("%s/weights/trial_%d.npz"):format(result.dir, record.number)) then return nil end
  local score = mean_score(case, { net }, case.data:parts().select)
  net:close()
  return score
end

-- Networks of the front worth a retraining: as good as the baseline on `select` as far as the search can tell, the cheapest; and the best.
local function candidates(case, result, least)
  local list, best = {}, nil
  for _, record in ipairs(result.front) do
    local select = selected(case, result, record)
    if select then
      local row = { record = record, select = select }
      if not best or select > best.select then best = row end
      if select >= least then list[#list + 1] = row end
    end
  end
  table.sort(list, function(a, b) return a.record.attrs.bops < b.record.attrs.bops end)
  local chosen, has_best = {}, false
  for i = 1, math.min(MOST, #list) do
    chosen[i] = list[i]
    has_best = has_best or list[i] == best
  end
  if best and not has_best then chosen[#chosen + 1] = best end
  local out = {}
  for i, row in ipairs(chosen) do
    out[i] = entry_of(case, "trial " .. row.record.number, result.describe(row.record), result.settings(row.record))
    out[i].selected, out[i].searched, out[i].best = row.select, row.record.attrs.performance_metric, row == best
  end
  return out
end

-- A network's numbers for the page, without its nets.
local function row_of(entry)
  local row = {}
  for key, value in pairs(entry) do
    if type(value) ~= "table" and type(value) ~= "userdata" then row[key] = value end
  end
  row.test, row.against, row.settings = entry.test, entry.against, next(entry.settings) and entry.settings or nil
  return row
end

-- Wall clock of the trials, however often the search was interrupted.
local function lasted(records)
  local first, last = math.huge, 0
  for _, r in ipairs(records) do first, last = math.min(first, r.started or math.huge), math.max(last, r.finished or 0) end
  return math.max(0, last - first)
end

--- Claim A.
-- @return the winner's entry with `nets`, the baselines' entries, and what the page shows
function M.claim_search(case)
  local begun = os.time()
  say("%s: search, %s trials", case.name, case.trials or case.config.search.n_trials)
  local result = M.search(case)
  local bases = {}
  for i, b in ipairs(case.baselines) do
    bases[i] = entry_of(case, b.name, b.description, b.settings)
    measure(case, bases[i])
  end
  local base, winner = bases[1], nil
  local list = candidates(case, result, base.retrained - case.margin)
  say("%s: %d networks of the front are retrained on %d seeds", case.name, #list, #case.seeds)
  for _, c in ipairs(list) do
    measure(case, c)
    -- the choice is made on `select`; what was scored on `test` is only reported
    if c.retrained >= base.retrained - case.margin / 2 and (not winner or c.exact < winner.exact) then winner = c end
    c.against = compare.paired(base.scores, c.scores)
  end
  local verdict = winner and { name = winner.name, shown = compare.no_worse(winner.against, case.margin), ratios = {} }
  for _, definition in ipairs(winner and case.bops or {}) do verdict.ratios[definition] = base[definition] / winner[definition] end
  local out = { trials = #result.study:trials(), front = #result.front, seconds = lasted(result.study:trials()), samples = base.samples,
    verdict = verdict, baselines = {}, candidates = {}, took = os.time() - begun }
  for i, b in ipairs(bases) do out.baselines[i] = row_of(b) end
  for i, c in ipairs(list) do out.candidates[i] = row_of(c) end
  return winner or list[1], bases, out, result
end

-- A score of a local search in the case's unit: there positions are scored by minus the mean square of their coordinates, here
-- by minus the root mean square distance.
local function curve_score(case, value)
  if case.metric == "accuracy" then return value end
  return -case.scale * math.sqrt(2 * -value)
end

-- The curves of a local search of an entry's nets, means over their seeds: label -> iteration -> numbers.
local function compress(case, entry)
  local data, sums = entry.data or case.view(case.data, entry.settings), {}
  for k = 1, math.min(case.compress_seeds or 1, #entry.nets) do
    local dir = ("%s/compress_%s_%d"):format(case.dir, entry.name:gsub("[^%w%-]+", "_"), case.seeds[k])
    local options = { dir = dir, quiet = true, pictures = false, seed = case.seeds[k], search = case.recipe_of_compression,
      resume = file.exists(dir .. "/local_search_config.yaml") ~= nil }
    local result, message = nac.local_search.run(entry.nets[k], data, case.compression, options)
    if not result and options.resume then
      options.resume, options.force = nil, true
      result, message = nac.local_search.run(entry.nets[k], data, case.compression, options)
    end
    assert(result, message)
    if result.interrupted then os.exit(130) end
    for _, curve in ipairs(result.curves) do
      for _, r in ipairs(curve.rows) do
        local key = ("%s %d"):format(curve.label, r.iteration)
        local s = sums[key] or { label = curve.label, iteration = r.iteration, n = 0, sparsity = 0, accuracy = 0, bops = 0, ebops = 0, lut = 0 }
        sums[key], s.n = s, s.n + 1
        for _, name in ipairs { "sparsity", "bops", "ebops", "lut" } do s[name] = s[name] + (r[name] or 0) end
        s.accuracy = s.accuracy + curve_score(case, r.accuracy)
      end
    end
  end
  local rows = {}
  for _, s in pairs(sums) do
    for _, name in ipairs { "sparsity", "accuracy", "bops", "ebops", "lut" } do s[name] = s[name] / s.n end
    rows[#rows + 1] = s
  end
  table.sort(rows, function(a, b)
    if a.label ~= b.label then return a.label < b.label end
    return a.iteration < b.iteration
  end)
  return rows
end

-- The cheapest row that reaches a level, by one cost.
local function cheapest(rows, level, cost)
  local best
  for _, r in ipairs(rows) do
    if r.accuracy >= level and (not best or r[cost] < best[cost]) then best = r end
  end
  return best
end

local function float_score(case, entry)
  local select, sum = (entry.data or case.view(case.data, entry.settings)):parts().select, 0
  for _, net in ipairs(entry.nets) do
    local r = nac.train.evaluate(net, select, { loss = case.recipe.loss })
    sum = sum + curve_score(case, r.accuracy or -r.loss)
  end
  return sum / #entry.nets
end

--- Claim B: the same local search for baseline and winner; at each level below the baseline's float score the cheapest of both.
-- @return what the page shows
function M.claim_compression(case, base, winner)
  say("%s: local search of %s and of %s", case.name, base.name, winner.name)
  local begun = os.time()
  local out = { base = compress(case, base), winner = compress(case, winner), float = float_score(case, base), levels = {},
    seeds = math.min(case.compress_seeds or 1, #base.nets) }
  for i, below in ipairs(case.levels) do
    local row = { below = below, level = out.float - below }
    for _, cost in ipairs { "ebops", "lut" } do
      local a, b = cheapest(out.base, row.level, cost), cheapest(out.winner, row.level, cost)
      row[cost] = { base = a and a[cost], winner = b and b[cost], ratio = a and b and a[cost] / b[cost] }
    end
    out.levels[i] = row
  end
  out.took = os.time() - begun
  return out
end

--- Runs a case and writes its numbers.
-- @param case see experiments/results/cases/
-- @param base_dir where results go
-- @return the table that was written to `base_dir/NAME.json`
function M.run(case, base_dir)
  case.dir = ("%s/%s"):format(base_dir, case.name)
  assert(file.make_directory(case.dir))
  local winner, bases, search, result = M.claim_search(case)
  local out = { name = case.name, title = case.title, what = case.what, metric = case.metric, margin = case.margin, bits = case.bits, bops = case.bops,
    sample = case.data.sample or false, data = case.data:provenance(), search = search, recipe = case.recipe_text, seeds = case.seeds,
    machine = require("nac.c.cpu").info().model, version = nac.version, date = os.date "!%Y-%m-%d" }
  out.guesses = case.guesses and case.guesses(assert(case.data:test()))
  if winner then out.compression = M.claim_compression(case, bases[1], winner) end
  pictures.draw(case, out, result, base_dir == "results/experiments" and "docs/results" or base_dir .. "/results")
  if case.finish then case.finish(case, out, { winner = winner, bases = bases }) end
  assert(file.write(("%s/%s.json"):format(base_dir, case.name), json.encode(out)))
  return out
end

return M
