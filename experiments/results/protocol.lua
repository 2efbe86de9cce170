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

local MOST = 4 -- networks of the front that are retrained

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

local function entry_of(case, name, description)
  local entry = costs(case, description)
  entry.name, entry.description, entry.arch = name, description, case.to_nn(description)
  return entry
end

-- Networks of the front worth a retraining: as good as the baseline on `select` as far as the search can tell, the cheapest; and the best.
local function candidates(case, result, least)
  local list, best = {}, nil
  for _, record in ipairs(result.front) do
    local select = result.select[record.number]
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
    local path = ("%s/trial_yamls/trial_%d_arch.yaml"):format(result.dir, row.record.number)
    out[i] = entry_of(case, "trial_" .. row.record.number, assert(nac.arch.load(path)))
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
  row.test = entry.test
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
  case.to_nn = setup.builder(case.data)
  local bases = {}
  for i, b in ipairs(case.baselines) do bases[i] = entry_of(case, b.name, b.description) end
  training.run(case, bases)
  for _, b in ipairs(bases) do b.retrained = mean_score(case, b.nets, case.data:parts().select) end
  local base = bases[1]
  local list = candidates(case, result, base.retrained - case.margin)
  say("%s: %d networks of the front are retrained on %d seeds", case.name, #list, #case.seeds)
  training.run(case, list)
  local winner
  for _, c in ipairs(list) do
    c.retrained = mean_score(case, c.nets, case.data:parts().select)
    if c.retrained >= base.retrained - case.margin / 2 and (not winner or c.exact < winner.exact) then winner = c end
  end
  local test = assert(case.data:test())
  local function test_scores(entry)
    local scores = {}
    for k, net in ipairs(entry.nets) do scores[k] = compare.scores(net, test, { scale = case.scale }) end
    entry.test = compare.mean(scores)
    return scores
  end
  local base_scores, verdict = test_scores(base), nil
  for i = 2, #bases do test_scores(bases[i]) end
  for _, c in ipairs(list) do
    local scores = test_scores(c)
    c.against = compare.paired(base_scores, scores)
    if c == winner then
      verdict = { name = c.name, shown = compare.no_worse(c.against, case.margin), ratios = {} }
      for _, definition in ipairs(case.bops) do verdict.ratios[definition] = base[definition] / c[definition] end
    end
  end
  local out = { trials = #result.study:trials(), front = #result.front, seconds = lasted(result.study:trials()), samples = test.y:size(1), verdict = verdict,
    baselines = {}, candidates = {}, took = os.time() - begun }
  for i, b in ipairs(bases) do out.baselines[i] = row_of(b) end
  for i, c in ipairs(list) do
    out.candidates[i] = row_of(c)
    out.candidates[i].against = c.against
  end
  return winner or list[1], bases, out, result
end

-- The curves of a local search of an entry's nets, means over their seeds: label -> iteration -> numbers.
local function compress(case, entry)
  local sums = {}
  for k = 1, math.min(case.compress_seeds or 1, #entry.nets) do
    local dir = ("%s/compress_%s_%d"):format(case.dir, entry.name, case.seeds[k])
    local options = { dir = dir, quiet = true, pictures = false, seed = case.seeds[k], search = case.recipe_of_compression,
      resume = file.exists(dir .. "/local_search_config.yaml") ~= nil }
    local result, message = nac.local_search.run(entry.nets[k], case.data, case.compression, options)
    if not result and options.resume then
      options.resume, options.force = nil, true
      result, message = nac.local_search.run(entry.nets[k], case.data, case.compression, options)
    end
    assert(result, message)
    if result.interrupted then os.exit(130) end
    for _, curve in ipairs(result.curves) do
      for _, r in ipairs(curve.rows) do
        local key = ("%s %d"):format(curve.label, r.iteration)
        local s = sums[key] or { label = curve.label, iteration = r.iteration, n = 0, sparsity = 0, accuracy = 0, bops = 0, ebops = 0, lut = 0 }
        sums[key], s.n = s, s.n + 1
        for _, name in ipairs { "sparsity", "accuracy", "bops", "ebops", "lut" } do s[name] = s[name] + (r[name] or 0) end
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

--- Claim B: the same local search for baseline and winner; at each level below the baseline's float score the cheapest of both.
-- @return what the page shows
function M.claim_compression(case, base, winner)
  say("%s: local search of %s and of %s", case.name, base.name, winner.name)
  local select = case.data:parts().select
  local begun = os.time()
  local out = { base = compress(case, base), winner = compress(case, winner), float = mean_score(case, base.nets, select), levels = {},
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
