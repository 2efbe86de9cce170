--- Global search: samples architectures as a configuration declares, trains
-- each, keeps the Pareto front, chooses a winner and writes the results.
local clock = require("nac.c.proc").clock
local config_text = require "nac.config.write"
local dimension = require "nac.space.dimension"
local faults = require "nac.util.fault"
local file = require "nac.util.file"
local files = require "nac.global_search.files"
local hash = require "nac.c.hash"
local identity = require "nac.util.identity"
local nac_arch = require "nac.arch"
local outputs = require "nac.global_search.outputs"
local progress = require "nac.progress"
local provenance = require "nac.provenance"
local quantity = require "nac.report.quantity"
local schema = require "nac.config.schema"
local setup = require "nac.global_search.setup"
local trials = require "nac.global_search.trial"
local visibility = require "nac.study.visibility"
local winner = require "nac.global_search.winner"

local M = {}

-- A sampler's name, or the place of the user's file.
local function sampler_of(config)
  local sampler = config.search.sampler
  return sampler:find("%.lua$") and config:resolve(sampler) or sampler
end

-- Sections that the trials do not depend on, and keys of `search`.
local ELSEWHERE = { local_search = true, tuning = true, synthesis = true, output = true }
local UNRELATED = { n_trials = true, workers = true, selection = true, study_name = true, trial_timeout = true, trial_memory = true }

-- What the values of trials depend on: a study may only be continued with the same.
local function identity_of(job, sampler)
  local config, fold = job.config, job.folds[1]
  local facts = { data = {}, sampler = identity.named(sampler or sampler_of(config)) }
  for _, rule in ipairs(schema) do
    if not ELSEWHERE[rule.key] then facts[rule.key] = config[rule.key] end
  end
  facts.search = {}
  for key, value in pairs(config.search) do
    if not UNRELATED[key] then facts.search[key] = value end
  end
  for name, part in pairs { fit = fold.fit, search = fold.search, select = job.select } do facts.data[name] = identity.data(part) end
  local board = config.hls_config.board
  if board:find "%.ya?ml$" then facts.board = hash.sha256_file(config:resolve(board)) end
  return identity.of(facts)
end

local function write_provenance(job)
  return file.write(files.path(job, "provenance"), provenance.text(job.provenance))
end

-- Number of processors that trials may use at once.
local function default_workers()
  return require("nac.c.cpu").info().cores
end

local function open_study(job, options)
  local search = job.config.search
  local ok, study = pcall(require "nac.study", {
    sampler = options.sampler or sampler_of(job.config), maximize = job.maximize, minimize = job.minimize, seed = search.seed,
    storage = files.path(job, "study"), name = search.study_name or search.model_type .. "_search",
    population = not options.resume and search.population or nil, lag = search.lag, resume = options.resume,
    artifacts = files.path(job, "weights"),
  })
  if ok then return study end
  return nil, faults.message(study)
end

local function count_finished(study)
  local n = 0
  for _, record in ipairs(study:trials()) do
    if record.finished then n = n + 1 end
  end
  return n
end

-- What begins, in a line.
local function headline(job, study)
  local search, data = job.config.search, job.dataset
  local sampler = study:sampler_text(search.workers or default_workers())
  if study.sampler.visibility == "generation" then
    sampler = ("%s with population %d"):format(sampler, study.population or visibility.population(search.n_trials))
  end
  return ("%s: %d trials of at most %d epochs, sampler %s, seed %d; results in %s"):format(
    data:title(), search.n_trials, search.epochs,
    sampler, search.seed, job.dir)
end

local function run_trials(job, study, options)
  local search = job.config.search
  local display = progress.new {
    kind = options.quiet and "quiet" or options.log, objectives = job.objectives, total = search.n_trials,
    done = count_finished(study), front_size = function() return #study:front() end,
  }
  display:start { text = headline(job, study) }
  local ok, fault = pcall(study.optimize, study, trials.objective(job), {
    trials = search.n_trials, workers = search.workers or default_workers(),
    trial_timeout = search.trial_timeout, trial_memory = search.trial_memory and search.trial_memory * 2 ^ 20 | 0,
    on_trial = function(record) display:trial(record) end,
  })
  display:close()
  -- what is left to do after Ctrl-C is short
  if study.interrupted then require("nac.c.sys").set_interrupted(false) end
  return not ok and tostring(fault) or nil
end

-- Why there is no winner where no trial is complete.
local function no_trial(records)
  for _, record in ipairs(records) do
    if record.state == "failed" then return ("no trial is complete; trial %d failed: %s"):format(record.number, record.reason) end
  end
  for _, record in ipairs(records) do
    if record.state == "pruned" then return ("no trial is complete; trial %d was pruned: %s"):format(record.number, record.reason) end
  end
  return "no trial is complete"
end

-- Everything after the last trial. Pictures are drawn while the rest is done.
-- After an interruption or a fault the test set stays untouched.
local function finish(job, study, options, fault)
  local interrupted = study.interrupted
  local records, front = study:trials(), study:front()
  local result = {
    study = study, task = job.dataset.task, metric = quantity.metric(job.dataset.task, setup.loss(job.config, job.dataset)),
    data = job.dataset:title(), dir = job.dir, objectives = job.objectives, front = front,
    interrupted = interrupted, fault = fault,
    select = {}, notes = { table.unpack(job.notes) },
    describe = function(record) return (nac_arch.load(files.yaml_path(job, record.number))) end,
    settings = function(record) return dimension.known(job.dimensions, job.config, record.params) end,
  }
  local function note(message) result.notes[#result.notes + 1] = message end
  local draw = options.pictures ~= false and #front > 0
  local pictures = draw and outputs.start_pictures(job, records) or function() return {}, {} end
  local written, message = outputs.write_csv(job, records)
  if not written then
    pictures()
    return nil, message
  end
  local chosen = winner.choose(job, study, front)
  result.select = chosen.select
  if chosen.best then
    result.best = chosen.best.record
    written, message = outputs.write_best(job, result.best)
    if not written then
      pictures()
      return nil, message
    end
    if not interrupted and not fault then
      result.test, message = winner.test(job, study, chosen.best)
      if not result.test then note(message) end
    end
  else
    result.why = chosen.note or no_trial(records)
  end
  local paths, missing = pictures()
  result.pictures = paths
  for _, text in ipairs(missing) do note(text) end
  return result
end

local function close_provenance(job, result)
  local states = {}
  for _, record in ipairs(result.study:trials()) do states[record.state] = (states[record.state] or 0) + 1 end
  local p = job.provenance
  p.states, p.trials, p.population = states, #result.study:trials(), result.study.population
  p.finished = not result.interrupted and not result.fault
  p.ended = os.date("!%Y-%m-%dT%H:%M:%SZ")
  p.data = job.dataset:provenance()
  if result.best then
    p.winner = {
      trial = result.best.number, search = result.best.attrs.performance_metric,
      select = result.select[result.best.number], test = result.test,
    }
  end
  return write_provenance(job)
end

--- Runs a search.
-- @param config a configuration of `nac.config.load`, or the path of a YAML file
-- @param[opt] options each stands for a key of the configuration unless said otherwise:
--   `trials`, `epochs`, `seed`, `workers`, `results` (the folder, from the
--   current one), `sample` (use the shipped sample of the data); `resume`
--   (continue the study in the folder), `force` (replace what another run left
--   there), `sampler` (a table with `ask`, instead of the configuration's),
--   `pictures` (false: none), `quiet` and `log` ("json", "lines", "live",
--   "quiet"): the display
-- @return a table: `study`, `task`, `metric` (what it is called: "accuracy", or the loss), `front` (records), `best` (record or nil), `select`
-- (trial number -> metric), `test` (of the best), `dir`, `pictures`, `notes`,
-- `data` (in words), `settings` (function(record) -> name -> value of what the trial drew beside the architecture),
-- `why` (there is no best), `interrupted`, `fault` (a sampler, storage or progress display that failed in
-- midst of the trials), `objectives`; tostring gives the report. Or nil and a message
function M.run(config, options)
  options = options or {}
  local begun = clock()
  local job, message = setup.prepare(config, options)
  if not job then return nil, message end
  local ready
  ready, message = setup.split(job)
  if not ready then return nil, message end
  job.depends_on, message = faults.told(identity_of, job, options.sampler)
  if not job.depends_on then return nil, message end
  job.identity = identity.hash(job.depends_on)
  local hold <close>, taken = files.hold(job) -- a search that runs there loses nothing
  if not hold then return nil, taken end
  local earlier = provenance.read(job.dir .. "/provenance.json")
  ready, message = files.prepare(job, options, earlier)
  if not ready then return nil, message end
  job.provenance = provenance.start(job.config)
  job.provenance.identity, job.provenance.depends_on = job.identity, job.depends_on
  ready, message = file.write(files.path(job, "config"), config_text.text(setup.located(job.config)))
  if ready then ready, message = write_provenance(job) end
  if not ready then return nil, message end
  local study
  study, message = open_study(job, options)
  if not study then return nil, message end
  local fault = run_trials(job, study, options)
  local result
  result, message = finish(job, study, options, fault)
  if not result then return nil, fault or message end
  ready, message = close_provenance(job, result)
  if not ready then return nil, message end
  result.seconds = clock() - begun
  return setmetatable(result, { __tostring = require("nac.report.search").text })
end

return M
