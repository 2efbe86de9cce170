--- Hyper-parameter tuning of one architecture: a study of trainings that differ in
-- learning rate, batch size, optimiser, schedule, ... (`nac.tune.space`).
--
--     local tuned = nac.tune.run(arch, mnist, { trials = 50, epochs = 10 })
--     print(tuned)                                   -- best settings, scores on search and select
--     local options = nac.tune.fit_options(tuned.best)
--     options.epochs = 100
--     nac.train.fit(arch:build { seed = 2 }, mnist, options)
local enum = require "nac.util.enum"
local guard = require "nac.train.guard"
local faults = require "nac.util.fault"
local identity = require "nac.util.identity"
local model = require "nac.model"
local network = require "nac.tune.network"
local progress = require "nac.progress"
local provenance = require "nac.provenance"
local clock = require("nac.c.proc").clock
local results = require "nac.tune.results"
local space = require "nac.tune.space"
local train = require "nac.train"

local M = {
  --- The options of nac.train.fit that settings stand for: fit_options(settings) -> table.
  fit_options = space.fit_options,
  --- Reads best_hyperparameters.yaml: read_best(path) -> settings; or nil and a message.
  read_best = results.read_best,
}

local known = {
  "config", "epochs", "fit", "force", "lag", "log", "objective", "on_trial", "pictures", "prepare", "pruner", "ranges", "results", "resume",
  "retrain", "sampler", "seed", "start", "storage", "trial_memory", "trial_timeout", "trials", "workers",
}

-- What a training takes beside the settings.
local fit_known = { "augment", "loss", "patience", "piece", "standardize" }

local function whole(options, name, default, least, level)
  local value = options[name]
  if value == nil then return default end
  if math.type(value) ~= "integer" or value < least then
    error(("%s must be an integer of %d or more, got %s"):format(name, least, tostring(value)), level + 1)
  end
  return value
end

-- The options as a job: checked, with their defaults.
local function prepare(arch, data, options, level)
  if type(options) ~= "table" then error("options must be a table, got " .. type(options), level + 1) end
  for key in pairs(options) do enum.check(key, known, "option of tune.run", level + 1) end
  for key in pairs(options.fit or {}) do enum.check(key, fit_known, "option in fit", level + 1) end
  local parts, task = guard.parts(level + 1, data)
  if not parts.search then error("tuning needs data with a part called search, to judge on", level + 1) end
  if options.prepare ~= nil and type(options.prepare) ~= "function" then
    error("prepare must be a function(net, settings), got " .. type(options.prepare), level + 1)
  end
  if options.results ~= nil and (type(options.results) ~= "string" or options.results == "") then
    error("results must be the path of a folder, got " .. tostring(options.results), level + 1)
  end
  if type(options.retrain) ~= "boolean" then whole(options, "retrain", nil, 1, level + 1) end
  local epochs = whole(options, "epochs", 10, 1, level + 1)
  local job = {
    prepare = options.prepare, data = data, parts = parts, task = task, epochs = epochs, trials = whole(options, "trials", 100, 1, level + 1),
    seed = options.seed or 1, fit = options.fit or {}, space = space.new(options.ranges, options.start, epochs, level + 1),
    objective = enum.check(options.objective or "loss", { "accuracy", "loss" }, "objective of a tuning", level + 1),
    dir = options.results and options.results:gsub("(.)/+$", "%1"), log = options.log or "quiet",
    sampler = options.sampler or "tpe", pruner = options.pruner or { "median", startup = 10 },
  }
  job.build, job.hash = network.builder(arch, data, job.space, level + 1)
  function job.settings_of(record) return space.values(job.space, record.params) end
  return job
end

-- What the results depend on.
local function identity_of(job, options)
  local ranges, data = {}, { name = job.data.name, standardize = job.data.standardize, augment = job.data.augment }
  for name, d in pairs(job.space.distributions) do ranges[name] = d:to_table() end
  for _, part in ipairs { "fit", "search", "select" } do data[part] = identity.data(job.parts[part]) end
  return identity.of {
    network = job.hash, ranges = ranges, start = job.space.start, data = data, training = job.fit, epochs = job.epochs, seed = job.seed,
    objective = job.objective, prepare = job.prepare, sampler = identity.named(job.sampler), pruner = identity.named(job.pruner), lag = options.lag,
  }
end

-- The net of a trial before its training.
local function new_net(job, settings, seed)
  local net = job.build(settings):build { seed = seed }
  local prepared = job.prepare and job.prepare(net, settings)
  if not prepared or prepared == net then return net end
  net:close()
  return prepared
end

-- A training with these settings; the net is left as its best epoch made it.
local function fit(job, settings, seed, epochs, trial)
  local options = space.fit_options(settings)
  for key, value in pairs(job.fit) do options[key] = value end
  options.epochs, options.seed, options.trial = epochs, seed, trial
  local net = new_net(job, settings, seed)
  return net, train.fit(net, job.data, options)
end

local function objective(job)
  return function(trial)
    local settings = space.draw(job.space, function(name, d) return trial:draw(name, d) end)
    local net, done = fit(job, settings, trial.seed, job.epochs, trial)
    trial:keep(net)
    net:close()
    return { accuracy = done.val_accuracy, loss = done.val_loss, epochs = done.epochs, best_epoch = done.best_epoch }
  end
end

local function open_study(job, options)
  local maximize = job.objective == "accuracy"
  local ok, study = pcall(require "nac.study", {
    maximize = maximize and { "accuracy" } or nil, minimize = not maximize and { "loss" } or nil,
    sampler = job.sampler, pruner = job.pruner, seed = job.seed, lag = options.lag, name = "tuning", resume = options.resume,
    storage = job.dir and results.path(job.dir, "study") or options.storage,
    artifacts = job.dir and results.path(job.dir, "artifacts") or nil,
  })
  if not ok then return nil, (tostring(study):gsub("^[^\n]-%.lua:%d+: ", "")) end
  if #study:trials() == 0 then study:enqueue(space.first(job.space)) end
  return study
end

local function run_trials(job, study, options)
  local done = 0
  for _, record in ipairs(study:trials()) do done = done + (record.finished and 1 or 0) end
  local display = progress.new {
    kind = job.log, objectives = study.objectives, total = job.trials, done = done, front_size = function() return #study:front() end,
  }
  display:start { text = ("tuning %d parameters: %d trials of at most %d epochs, sampler %s, pruner %s, seed %d%s"):format(
    job.build(space.example(job.space)):net():n_params(), job.trials, job.epochs, study:sampler_text(options.workers or 0), study.pruner_name, job.seed,
    job.dir and "; results in " .. job.dir or "") }
  local ok, fault = pcall(study.optimize, study, objective(job), {
    trials = job.trials, workers = options.workers, trial_timeout = options.trial_timeout, trial_memory = options.trial_memory,
    on_trial = function(record)
      display:trial(record)
      if options.on_trial then options.on_trial(record, study) end
    end,
  })
  display:close()
  -- what is left to do after Ctrl-C is short
  if study.interrupted then require("nac.c.sys").set_interrupted(false) end
  return not ok and tostring(fault) or nil
end

local function scores(record)
  local values = record.values
  return { accuracy = values.accuracy or record.attrs.accuracy, loss = values.loss or record.attrs.loss }
end

-- The trial of the front with the lowest loss: equal accuracies are frequent.
local function best_of(study)
  local best
  for _, record in ipairs(study:front()) do
    if not best or scores(record).loss < scores(best).loss then best = record end
  end
  return best
end

-- The net of the best trial: the weights that it kept, or trained anew.
local function best_net(job, study, record, retrain)
  local settings = job.settings_of(record)
  local path = not retrain and study:artifact(record)
  if path then
    local net = new_net(job, settings, record.seed)
    local ok, message = model.load(net, path)
    if not ok then return nil, message end
    return net
  end
  return (fit(job, settings, record.seed, math.type(retrain) == "integer" and retrain or job.epochs))
end

local function evaluate(job, net)
  if not job.parts.select then return nil end
  local score = train.evaluate(net, job.parts.select, { loss = job.fit.loss or job.task == "regression" and "mse" or "cross_entropy" })
  return { accuracy = score.accuracy, loss = score.loss }
end

-- The first trial had the settings that were there before: trained again it
-- has the same weights, so that it can be compared on the select part.
local function at_start(job, records, result)
  local record = records[1]
  if not record or record.state ~= "complete" then return nil end
  local start = { settings = job.settings_of(record), search = scores(record), record = record }
  if record == result.record and not result.retrained then
    start.select = result.select
  elseif not result.interrupted then
    local net <close> = fit(job, start.settings, record.seed, job.epochs)
    start.select = evaluate(job, net)
  end
  return start
end

local function why_none(records)
  for _, record in ipairs(records) do
    if record.reason then return ("no trial is complete; trial %d %s: %s"):format(record.number, record.state, record.reason) end
  end
  return "no trial is complete"
end

-- Everything after the last trial.
local function finish(job, study, options, fault)
  local records = study:trials()
  local result = {
    study = study, record = best_of(study), dir = job.dir, objective = job.objective, epochs = job.epochs,
    interrupted = study.interrupted, fault = fault, notes = {}, pictures = {},
  }
  local picture, message
  if job.dir and options.pictures ~= false then
    picture, message = results.start_picture(job.dir, records, job.objective, job.settings_of)
    if not picture then result.notes[1] = message end
  end
  if result.record then
    result.best, result.search = job.settings_of(result.record), scores(result.record)
    result.retrained = options.retrain and not study.interrupted or nil
    result.net, message = best_net(job, study, result.record, result.retrained and options.retrain)
    if result.net then result.select = evaluate(job, result.net) else result.notes[#result.notes + 1] = message end
    result.start = at_start(job, records, result)
  else
    result.why = why_none(records)
  end
  local ok = true
  if job.dir then
    ok, message = results.write_csv(results.path(job.dir, "csv"), records, job.settings_of)
    if ok and result.best then ok, message = results.write_best(results.path(job.dir, "best"), result) end
  end
  if picture then
    local path, why = picture:finish()
    if path then result.pictures[1] = path else result.notes[#result.notes + 1] = why end
  end
  if not ok then return nil, message end
  return result
end

local function write_provenance(job, about)
  if not job.dir then return true end
  return require("nac.util.file").write(results.path(job.dir, "provenance"), provenance.text(about))
end

--- Tunes the training of one architecture.
-- @param arch an architecture (nac.nn), a description (nac.arch) or the path of one, or
--   function(settings) -> architecture
-- @param data a data set, or `{ fit = part, search = part, select = part }`: trained on
--   `fit`, judged on `search`, the best scored on `select` where there is one
-- @param[opt] options
--
-- * `trials` = 100, `epochs` = 10 (at most, a trial)
-- * `ranges`: name -> range, see `nac.tune.space`; what is not named has its default
-- * `start`: name -> value: the settings so far. They are the first trial, moved into the
--   ranges, and hold for what is not tuned
-- * `fit`: further options of `nac.train.fit` (loss, patience, ...)
-- * `prepare`: function(net, settings), called for each net before its training: to load weights, or to quantise; what
--   it returns, if anything, is trained in the net's place
-- * `objective` = "loss", or "accuracy": what is judged on `search`
-- * `sampler` = "tpe", `pruner` = `{ "median", startup = 10 }`, `seed` = 1, `lag`, `workers` = 0, `trial_timeout`,
--   `trial_memory`, `on_trial`, `storage`, `resume`: as of a study (docs/search.md)
-- * `results`: folder for study, table, picture and best settings; then `force` replaces another tuning there,
--   `pictures` = false draws nothing
-- * `retrain`: true trains the best settings once more, a number so many epochs; else `net` has the weights that
--   the best trial kept
-- * `log` = "quiet": the display ("lines", "live", "json")
-- @return a table: `best` (name -> value), `net`, `record` (of the best trial), `search` and `select` (its scores,
--   `{ accuracy =, loss = }`), `start` (`settings`, `search`, `select` of the first trial), `study`, `dir`,
--   `pictures`, `notes`, `why` (there is no best), `interrupted`, `fault` (a sampler or storage that failed in midst of the
--   trials); tostring gives the report. Or nil and a message
function M.run(arch, data, options)
  local begun = clock()
  options = options or {}
  local job = prepare(arch, data, options, 2)
  local ready, message, about
  local hold <close>, taken = results.hold(job.dir) -- a tuning that runs there loses nothing
  if not hold and taken then return nil, taken end
  if job.dir then
    job.depends_on, message = faults.told(identity_of, job, options)
    if not job.depends_on then return nil, message end
    job.identity = identity.hash(job.depends_on)
    ready, message = results.prepare(job.dir, job, options)
    if not ready then return nil, message end
    about = provenance.start(options.config or { search = { seed = job.seed }, dataset = { seed = data.seed } })
    about.identity, about.depends_on, about.network = job.identity, job.depends_on, job.hash
    ready, message = write_provenance(job, about)
    if not ready then return nil, message end
  end
  local study
  study, message = open_study(job, options)
  if not study then return nil, message end
  local fault = run_trials(job, study, options)
  local result
  result, message = finish(job, study, options, fault)
  if not result then return nil, fault or message end
  if about then
    about.trials, about.finished = #study:trials(), not result.interrupted and not fault
    about.ended = os.date("!%Y-%m-%dT%H:%M:%SZ")
    about.winner = result.record and { trial = result.record.number, search = result.search, select = result.select }
    ready, message = write_provenance(job, about)
    if not ready then return nil, message end
  end
  result.seconds = clock() - begun
  return setmetatable(result, { __tostring = require("nac.report.tuning").text })
end

--- Tunes the winner of a search, or another architecture, as a configuration says; see nac.tune.config.
-- @param config a configuration, or the path of one
-- @param[opt] options `arch`, `trials`, `epochs`, `workers`, `seed`, `sample`, `results`, `resume`, `force`, `pictures`, `log`
-- @return as `run`
function M.from_config(config, options) return require("nac.tune.config")(config, options) end

return M
