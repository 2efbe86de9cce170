--- What one trial of a global search does: draw an architecture, reject it if
-- it is too costly, train it, return its values.
local files = require "nac.global_search.files"
local nac_arch = require "nac.arch"
local objective = require "nac.objective"
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
local function costs(trial, job, c)
  local values = {}
  for _, row in ipairs(job.cost_rows) do
    if row.stage == "hardware" and not c.estimate then
      c.estimate = require("nac.estimate").resources(c.description, job.hardware)
    end
    values[row.name] = trial:require(row.name, row.compute(c), job.bounds[row.name] or {})
  end
  return values
end

-- Ends the trial as failed where a file cannot be written.
local function need(written, message)
  if not written then error(signal.failed(message), 0) end
end

-- Trains a net a fold.
local function train_folds(trial, job, c)
  local search = job.config.search
  c.fits, c.nets = {}, {}
  for i, part in ipairs(job.folds) do
    local net = c.arch:build { seed = trial.seed + i - 1 }
    c.nets[i] = net
    c.fits[i] = train.fit(net, part, {
      epochs = search.epochs, batch = search.batch_size, loss = c.task == "classification" and "cross_entropy" or "mse",
      optimizer = { kind = search.optimizer, lr = search.learning_rate },
      l1 = search.l1, l2 = search.l2, patience = search.patience, standardize = job.dataset.standardize, augment = job.dataset.augment,
      seed = trial.seed + i - 1, trial = #job.folds == 1 and trial or nil,
    })
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
    local description = job.space:draw(trial)
    local path = files.yaml_path(job, trial.number)
    need(nac_arch.write(description, path, { trial_id = trial.number }))
    local arch = job.to_nn(description)
    local c = {
      description = description, arch = arch, net = arch:net(), bits = job.bits,
      config = job.config, task = job.dataset.task,
    }
    local values = costs(trial, job, c)
    trial:built(arch:hash())
    train_folds(trial, job, c)
    local answer = {}
    for _, wanted in ipairs(job.objectives) do
      answer[wanted.name] = values[wanted.name] or objective.get(wanted.name).compute(c)
    end
    local metric = objective.get("performance_metric").compute(c)
    trial:attr("performance_metric", metric)
    need(nac_arch.write(description, path, {
      trial_id = trial.number, global_search_accuracy = metric, global_search_bops = values.bops,
    }))
    local epochs = {}
    for i, fit in ipairs(c.fits) do epochs[i] = fit.best_epoch end
    trial:attr("best_epochs", epochs)
    keep(trial, c.nets)
    return answer
  end
end

return M
