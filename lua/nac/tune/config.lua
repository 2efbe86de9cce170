--- A tuning as a configuration says: section `tuning`, and of `search` the settings
-- that the winner was trained with.
local dimension = require "nac.space.dimension"
local file = require "nac.util.file"
local setup = require "nac.global_search.setup"

local function count(shape)
  local n = 1
  for _, size in ipairs(shape) do n = n * size end
  return n
end

-- The file of the architecture to be tuned: the winner's, or the one named; and what its trial drew.
local function settings_of(config, options)
  local path = options.arch or config.output.results_dir:gsub("(.)/+$", "%1") .. "/best_model_for_local_search.yaml"
  if not file.exists(path) then return path, {} end
  local _, about = require("nac.arch").load(path)
  local settings, message = dimension.read(type(about) == "table" and about.settings or nil, path .. ": metadata.settings")
  return path, settings, message
end

-- The architecture to be tuned, and whether it fits the data.
local function description_of(config, path, data)
  if not file.exists(path) then
    return nil, ("there is no architecture %s: `nac-lua search %s` finds one, --arch FILE names another"):format(path, config.path)
  end
  local description, message = require("nac.arch").load(path)
  if not description then return nil, message end
  local inputs, wanted = count(description.input_shape), count(data.shape)
  if inputs ~= wanted then
    return nil, ("%s: takes %d inputs, data set %s has %d values a sample"):format(path, inputs, data.name, wanted)
  end
  local single = description.output_dim == 1 and data.n_classes == 2 -- one logit tells two classes apart
  if description.output_dim and data.n_classes and description.output_dim ~= data.n_classes and not single then
    return nil, ("%s: has %d outputs, data set %s has %d classes"):format(path, description.output_dim, data.name, data.n_classes)
  end
  return description
end

-- 0 is how a configuration says "none".
local function above_zero(x) return x ~= 0 and x or nil end

--- Tunes as a configuration says.
-- @param config a configuration of `nac.config.load`, or the path of a YAML file
-- @param[opt] options `arch` (path of an architecture; by default the winner of the search); for keys of the
--   configuration `trials`, `epochs`, `workers`, `seed`, `sample`; `results` (by default the folder `tuning` in
--   output.results_dir), `resume`, `force`, `pictures`, `log`: as `nac.tune.run`
-- @return as `nac.tune.run`
return function(config, options)
  options = options or {}
  if type(config) == "string" then
    local loaded, why = require("nac.config").load(config)
    if not loaded then return nil, why end
    config = loaded
  end
  local path, settings, wrong = settings_of(config, options)
  if not settings then return nil, wrong end
  local job, message = setup.prepare(dimension.apply(config, settings), { sample = options.sample })
  if not job then return nil, message end
  local cfg, data = job.config, job.dataset
  if cfg.tuning.objective == "accuracy" and data.task == "regression" then
    return nil, ("%s: tuning.objective: accuracy is measured of classes, data set %s has numbers as answers"):format(
      cfg:where "tuning.objective", data.name)
  end
  local search, tuning = cfg.search, cfg.tuning
  local description
  description, message = description_of(cfg, path, data)
  if not description then return nil, message end
  local split
  split, message = setup.split(job)
  if not split then return nil, message end
  return require("nac.tune").run(description, data, {
    trials = options.trials or tuning.n_trials, epochs = options.epochs or tuning.epochs or search.epochs,
    ranges = tuning.ranges, objective = tuning.objective, sampler = tuning.sampler,
    pruner = tuning.pruner == "median" and { "median", startup = 10 } or tuning.pruner,
    start = {
      learning_rate = search.learning_rate, batch_size = search.batch_size, optimizer = search.optimizer,
      l1 = above_zero(search.l1), l2 = above_zero(search.l2), dropout = above_zero(search.dropout), weight_decay = search.weight_decay,
    },
    fit = { patience = search.patience, loss = job.loss }, retrain = tuning.retrain_epochs, seed = options.seed or tuning.seed or search.seed,
    workers = options.workers or search.workers or require("nac.c.cpu").info().cores, trial_timeout = search.trial_timeout,
    trial_memory = search.trial_memory and search.trial_memory * 2 ^ 20 | 0, results = options.results or job.dir .. "/tuning",
    resume = options.resume, force = options.force, pictures = options.pictures, log = options.log, config = cfg,
  })
end
