--- What one trial of a global search does: draw its settings and an architecture,
-- reject it if it is too costly, train it, return its values.
local dimension = require "nac.space.dimension"
local epochs = require "nac.global_search.epochs"
local files = require "nac.global_search.files"
local nac_arch = require "nac.arch"
local objective = require "nac.objective"
local setup = require "nac.global_search.setup"
local signal = require "nac.util.signal"
local train = require "nac.train"

local M = {}

-- Keys of `search.limits` and the quantity that each bounds.
M.limits = {
  max_params = "params", max_bops = "bops", max_lut_percent = "lut_percent",
  max_avg_resource = "avg_resource", max_cycles = "clock_cycles",
}

-- Costs that are recorded for every trial, whether they are objectives or not.
local always = { "params", "bops" }
local with_hardware = { "avg_resource", "clock_cycles", "lut_percent", "ff_percent", "dsp_percent", "bram_percent" }

-- The costs of a job in the order in which they are computed: cheap ones first.
local function cost_rows(job)
  local rows, seen = {}, {}
  local function add(name)
    local row = objective.get(name)
    if not seen[name] and row.stage ~= "training" then
      seen[name] = true
      rows[#rows + 1] = row
    end
  end
  for _, name in ipairs(always) do add(name) end
  for _, wanted in ipairs(job.objectives) do
    if objective.get(wanted.name).stage == "cost" then add(wanted.name) end
  end
  if job.hardware then
    for _, name in ipairs(with_hardware) do add(name) end
    for _, wanted in ipairs(job.objectives) do add(wanted.name) end
  end
  return rows
end

local function bounds_of(limits)
  local bounds = {}
  for key, name in pairs(M.limits) do
    if limits and limits[key] then bounds[name] = { max = limits[key] } end
  end
  return bounds
end

-- Computes the costs and ends a trial that misses a limit. Returns name -> number.
local function costs(trial, job, view, c)
  local values = {}
  for _, row in ipairs(job.cost_rows) do
    if row.stage == "hardware" and not c.estimate then
      c.estimate = require("nac.estimate").resources(c.description, view.hardware)
      if #c.estimate.notes > 0 then trial:attr("estimate_notes", table.concat(c.estimate.notes, "; ")) end
    end
    values[row.name] = trial:require(row.name, row.compute(c), job.bounds[row.name] or { max = row.most })
  end
  return values
end

-- Ends the trial as failed where a file cannot be written.
local function need(written, message)
  if not written then error(signal.failed(message), 0) end
end

-- Trains a net a fold.
local function train_folds(trial, view, c)
  local search, data = view.config.search, view.dataset
  c.fits, c.nets, c.folds = {}, {}, view.folds
  for i, part in ipairs(view.folds) do
    local net = c.arch:build { seed = trial.seed + i - 1 }
    local options = setup.fit_options(search)
    options.epochs, options.loss, options.patience, options.seed = search.epochs, view.loss, search.patience, trial.seed + i - 1
    options.standardize, options.augment, options.trial = data.standardize, data.augment, #view.folds == 1 and trial or nil
    c.nets[i] = net
    c.fits[i] = train.fit(net, part, options)
  end
end

-- What the configuration asks to be measured beside the objectives.
local function measure(trial, job, c, answer)
  for _, name in ipairs(job.config.task_config.metrics or {}) do
    if answer[name] == nil then trial:attr(name, objective.get(name).compute(c)) end
  end
end

local function keep(trial, nets)
  if #nets == 1 then
    trial:keep(nets[1])
    return
  end
  local named = {}
  for i, net in ipairs(nets) do named["fold" .. i] = net end
  trial:keep(named)
end

--- Makes the objective function of a job.
-- @param job of `nac.global_search.setup`, with its data split
-- @return function(trial) -> values by name
function M.objective(job)
  job.cost_rows = cost_rows(job)
  job.bounds = bounds_of(job.config.search.limits)
  return function(trial)
    local settings = dimension.draw(job.dimensions, job.config, trial)
    local view = setup.trial(job, settings)
    local description, changes = view.space:draw(trial)
    local path = files.yaml_path(job, trial.number)
    local metadata = { trial_id = trial.number, settings = next(settings) and settings or nil, drawn = changes and changes.drawn }
    if changes then -- what was drawn is not all that was built
      trial:attr("drawn", changes.drawn)
      trial:attr("built", changes.built)
    end
    need(nac_arch.write(description, path, metadata))
    local arch = view.to_nn(description)
    local c = {
      description = description, arch = arch, net = arch:net(), config = view.config, task = view.dataset.task,
      positions = rawget(view.dataset, "positions"),
    }
    local values = costs(trial, job, view, c)
    trial:built(dimension.hash(arch:hash(), settings))
    train_folds(trial, view, c)
    local answer = {}
    for _, wanted in ipairs(job.objectives) do
      answer[wanted.name] = values[wanted.name] or objective.get(wanted.name).compute(c)
    end
    local metric = objective.get("performance_metric").compute(c)
    trial:attr("performance_metric", metric)
    measure(trial, job, c, answer)
    metadata.global_search_accuracy, metadata.global_search_bops = metric, values.bops
    need(nac_arch.write(description, path, metadata))
    local best_epochs = {}
    for i, fit in ipairs(c.fits) do best_epochs[i] = fit.best_epoch end
    trial:attr("best_epochs", best_epochs)
    trial:attr("epochs", epochs.of(c.fits))
    keep(trial, c.nets)
    return answer
  end
end

return M
