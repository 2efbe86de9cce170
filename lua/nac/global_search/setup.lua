--- From a configuration and the options of a run to a job: everything that the
-- other parts of a global search read.
local objective = require "nac.objective"

local M = {}

-- Options of a run that stand for a key of the configuration.
local overrides = {
  trials = { "search", "n_trials" },
  epochs = { "search", "epochs" },
  seed = { "search", "seed" },
  workers = { "search", "workers" },
  results = { "output", "results_dir" },
  sample = { "dataset", "sample" },
}

local function load_config(config)
  if type(config) == "string" then return require("nac.config").load(config) end
  if type(config) ~= "table" or type(config.search) ~= "table" then
    error("a configuration of nac.config.load or the path of one expected", 4)
  end
  return config
end

-- The configuration as run: a copy whose keys the options have replaced.
local function override(config, options)
  local copy = setmetatable({}, getmetatable(config))
  for key, value in pairs(config) do copy[key] = value end
  for name, place in pairs(overrides) do
    local value = options[name]
    if value ~= nil then
      local section, key = place[1], place[2]
      if copy[section] == config[section] then
        copy[section] = {}
        for k, v in pairs(config[section]) do copy[section][k] = v end
      end
      copy[section][key] = value
    end
  end
  return copy
end

local function objectives_of(search)
  local list = {}
  for i, name in ipairs(search.objective_names) do
    list[i] = {
      name = objective.get(name).name,
      direction = search.maximize_flags[i] and "maximize" or "minimize",
      maximize = search.maximize_flags[i],
    }
  end
  return list
end

-- Names of the objectives in the order asked for, by direction.
local function directions(objectives)
  local maximize, minimize = {}, {}
  for _, row in ipairs(objectives) do
    local list = row.maximize and maximize or minimize
    list[#list + 1] = row.name
  end
  return maximize, minimize
end

local function hardware(hls)
  return {
    estimator = hls.estimator, board = hls.board, clock_ns = hls.clock_ns,
    precision = hls.model.precision, reuse_factor = hls.model.reuse_factor, strategy = hls.model.strategy,
  }
end

local function count(shape)
  local n = 1
  for _, size in ipairs(shape) do n = n * size end
  return n
end

-- What the configuration says of the data against what the data is.
local function check_data(config, dataset)
  local space = config.search_space
  if space.output_dim and dataset.n_classes and space.output_dim ~= dataset.n_classes then
    return nil, ("%s: search_space.output_dim: %d outputs, but the data set %s has %d classes"):format(
      config:where("search_space.output_dim"), space.output_dim, dataset.name, dataset.n_classes)
  end
  local side = space.initial_img_size
  local channels = space.input_channels or 1
  if side and dataset.shape and side * side * channels ~= count(dataset.shape) then
    return nil, ("%s: search_space.initial_img_size: %d x %d, but the data set %s gives %d values an image (see dataset.resize_val)"):format(
      config:where("search_space.initial_img_size"), side, side, dataset.name, count(dataset.shape))
  end
  return true
end

--- Prepares a run.
-- @param config a configuration (`nac.config`) or the path of one
-- @param options see `nac.global_search.run`
-- @return the job, or nil and a message
function M.prepare(config, options)
  local base, message = load_config(config)
  if not base then return nil, message end
  local cfg = override(base, options)
  local dataset
  dataset, message = require("nac.dataset").from_config(cfg.dataset, { base_dir = cfg.dir, sample = cfg.dataset.sample })
  if not dataset then return nil, message end
  local fine
  fine, message = check_data(cfg, dataset)
  if not fine then return nil, message end
  local space
  space, message = require("nac.space").from_config(cfg, { dataset = dataset, input_shape = dataset.shape, output_dim = cfg.search_space.output_dim or dataset.n_classes })
  if not space then return nil, message end
  local objectives = objectives_of(cfg.search)
  local maximize, minimize = directions(objectives)
  return {
    config = cfg, dataset = dataset, space = space, objectives = objectives,
    maximize = maximize, minimize = minimize,
    bits = math.tointeger(tonumber(cfg.hls_config.model.precision:match("<(%d+)"))),
    hardware = cfg.search.use_hardware_metrics and hardware(cfg.hls_config) or nil,
    dir = (cfg.output.results_dir:gsub("(.)/+$", "%1")),
  }
end

--- Splits the data; done before the workers are forked, so that they share it.
-- @param job whose `folds` (list of { fit =, search = }) and `select` are filled in
function M.split(job)
  local search = job.config.search
  if search.n_folds > 1 then
    local folds = job.dataset:folds(search.n_folds, search.seed)
    job.folds, job.select = folds, folds.select
  else
    local parts = job.dataset:parts()
    job.folds, job.select = { parts }, parts.select
  end
end

return M
