--- From a configuration and the options of a run to a job: everything that the
-- other parts of a global search read.
local lfs = require "lfs"
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

--- The configuration with the paths that it names made absolute, so that it
-- can be run again from another folder.
-- @return a copy
function M.located(config)
  local copy = override(config, {})
  copy.dataset = {}
  for key, value in pairs(config.dataset) do copy.dataset[key] = value end
  for _, key in ipairs { "loader", "file", "test_file", "test_label", "dir", "data_dir" } do
    local path = copy.dataset[key]
    if path then
      path = config:resolve(path)
      copy.dataset[key] = path:sub(1, 1) == "/" and path or lfs.currentdir() .. "/" .. path
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
    }
  end
  return list
end

-- Names of the objectives in the order asked for, by direction.
local function directions(objectives)
  local maximize, minimize = {}, {}
  for _, row in ipairs(objectives) do
    local list = row.direction == "maximize" and maximize or minimize
    list[#list + 1] = row.name
  end
  return maximize, minimize
end

local function count(shape)
  local n = 1
  for _, size in ipairs(shape) do n = n * size end
  return n
end

-- What the configuration says of the data against what the data is.
local function check_data(config, dataset)
  local space = config.search_space
  if dataset.augment and #dataset.shape < 2 then
    return nil, ("%s: dataset.shift: images are needed, samples of data set %s are flat; set dataset.flatten: false"):format(
      config:where("dataset.shift"), dataset.name)
  end
  if space.output_dim and dataset.n_classes and space.output_dim ~= dataset.n_classes then
    return nil, ("%s: search_space.output_dim: %d outputs, but the data set %s has %d classes"):format(
      config:where("search_space.output_dim"), space.output_dim, dataset.name, dataset.n_classes)
  end
  -- For braggnn the key is not the input's side; nac.space checks it.
  local side = config.search.model_type ~= "braggnn" and space.initial_img_size or nil
  local channels = space.input_channels or 1
  if side and dataset.shape and side * side * channels ~= count(dataset.shape) then
    return nil, ("%s: search_space.initial_img_size: %d x %d, but data set %s has %d values an image (see dataset.resize_val)")
      :format(config:where("search_space.initial_img_size"), side, side, dataset.name, count(dataset.shape))
  end
  return true
end

--- From a description to the arch that is trained: with the layer that scales the
-- inputs in front, where the data ask for it. Images have one scale a channel.
-- @param dataset a data set
-- @return function(description) -> arch
function M.builder(dataset)
  return function(description)
    local arch = require("nac.arch").to_nn(description)
    if dataset.standardize then
      local axis = #dataset.shape == 3 and 1 or -1
      arch:prepend(require("nac.nn").standardize { name = "standardize", axis = axis })
    end
    return arch
  end
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
  if not dataset then return nil, ("%s: dataset: %s"):format(cfg:where("dataset.name"), message) end
  local fine
  fine, message = dataset:load()
  if not fine then return nil, message end
  fine, message = check_data(cfg, dataset)
  if not fine then return nil, message end
  local space
  space, message = require("nac.space").from_config(cfg, { dataset = dataset })
  if not space then return nil, message end
  local hardware
  if cfg.search.use_hardware_metrics then
    hardware, message = require("nac.estimate").options(cfg)
    if not hardware then return nil, message end
  end
  local objectives = objectives_of(cfg.search)
  local maximize, minimize = directions(objectives)
  return {
    config = cfg, dataset = dataset, to_nn = M.builder(dataset), space = space, objectives = objectives,
    maximize = maximize, minimize = minimize,
    bits = math.tointeger(tonumber(cfg.hls_config.model.precision:match("<(%d+)"))),
    hardware = hardware,
    dir = (cfg.output.results_dir:gsub("(.)/+$", "%1")),
  }
end

--- Reads and splits the data; done before the workers are forked, so that they
-- share it.
-- @param job whose `folds` (list of { fit =, search = }) and `select` are filled in
-- @return true, or nil and a message
function M.split(job)
  local ok, folds = pcall(job.dataset.folds, job.dataset, job.config.search.n_folds)
  if not ok then
    -- a text without a position is about a file; anything else is a fault
    if type(folds) ~= "string" or folds:match("^[^\n]-%.lua:%d+:") then error(folds, 0) end
    return nil, folds
  end
  job.folds, job.select = folds, folds.select
  return true
end

return M
