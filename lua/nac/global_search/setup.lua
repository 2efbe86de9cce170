--- From a configuration and the options of a run to a job: everything that the
-- other parts of a global search read.
local dimension = require "nac.space.dimension"
local fault = require "nac.util.fault"
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

-- Whether all that is to be measured can be, of such data.
local function check_measured(config, dataset)
  for _, place in ipairs { { "search", "objective_names" }, { "task_config", "metrics" } } do
    for _, name in ipairs(config[place[1]][place[2]] or {}) do
      local refuses = objective.get(name).refuses
      local why = refuses and refuses(dataset)
      if why then
        local key = table.concat(place, ".")
        return nil, ("%s: %s: %s %s"):format(config:where(key), key, name, why)
      end
    end
  end
  return true
end

-- What the configuration says of the data against what the data is.
local function check_data(config, dataset)
  local space = config.search_space
  if type(dataset.augment) == "table" and #dataset.shape < 2 then
    return nil, ("%s: dataset.shift: images are needed, samples of data set %s are flat; set dataset.flatten: false"):format(
      config:where("dataset.shift"), dataset.name)
  end
  local told = config.task_config.task_type
  if told and told ~= dataset.task then
    return nil, ("%s: task_config.task_type: %s, but data set %s has %s"):format(
      config:where("task_config.task_type"), told, dataset.name, dataset.task == "regression" and "numbers as answers" or "classes")
  end
  if config.task_config.loss_function == "cross_entropy" and dataset.task == "regression" then
    return nil, ("%s: task_config.loss_function: cross_entropy needs classes, data set %s has numbers as answers"):format(
      config:where("task_config.loss_function"), dataset.name)
  end
  local wanted = dataset.output_shape and count(dataset.output_shape)
  if space.output_dim and wanted and space.output_dim ~= wanted then
    return nil, ("%s: search_space.output_dim: %d outputs, but the answers of data set %s are %d number%s each"):format(
      config:where("search_space.output_dim"), space.output_dim, dataset.name, wanted, wanted == 1 and "" or "s")
  end
  local single = space.output_dim == 1 and dataset.n_classes == 2 -- one logit tells two classes apart
  if space.output_dim and dataset.n_classes and space.output_dim ~= dataset.n_classes and not single then
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
-- @param[opt] dropout rate behind each hidden activation
-- @return function(description) -> arch
function M.builder(dataset, dropout)
  return function(description)
    local arch = require("nac.arch").to_nn(description, { dropout = dropout })
    if dataset.standardize then
      local axis = #dataset.shape == 3 and 1 or -1
      arch:prepend(require("nac.nn").standardize { name = "standardize", axis = axis })
    end
    return arch
  end
end

--- The loss that a configuration trains with, in nac.train's words.
-- @param cfg a configuration
-- @param dataset its data set
function M.loss(cfg, dataset)
  local given = cfg.task_config.loss_function
  if given then return given end
  if dataset.task == "regression" then return "mse" end
  return cfg.search_space.output_dim == 1 and "bce_with_logits" or "cross_entropy"
end

--- The keys of section `search` that a training of another stage takes, too.
M.training_keys = { "batch_size", "l1", "l2", "learning_rate", "optimizer", "schedule", "weight_decay" }

--- The options of nac.train.fit that section `search` stands for.
-- @param search the section, or a table with some of its keys
-- @return a new table, to which epochs, loss, seed, ... may be added
function M.fit_options(search)
  return {
    batch = search.batch_size, l1 = search.l1, l2 = search.l2, schedule = search.schedule,
    optimizer = { kind = search.optimizer or "adam", lr = search.learning_rate, weight_decay = search.weight_decay },
  }
end

-- The parts of a job that depend on what a trial draws (`nac.space.dimension`), or nil and a message.
local function dependent(cfg, dataset, space)
  local hardware, message
  if cfg.search.use_hardware_metrics then
    hardware, message = require("nac.estimate").options(cfg)
    if not hardware then return nil, message end
  end
  return {
    config = cfg, dataset = dataset, space = space, hardware = hardware, loss = M.loss(cfg, dataset),
    to_nn = M.builder(dataset, cfg.search.dropout > 0 and cfg.search.dropout or nil),
  }
end

-- The keys of section `dataset` among settings, or nil.
local function data_options(settings)
  local options
  for name, value in pairs(settings) do
    local key = dimension.find(name).to:match "^dataset%.(.+)$"
    if key then
      options = options or {}
      options[key] = value
    end
  end
  return options
end

-- Whether the data and the estimator know all that may be drawn.
local function check_dimensions(cfg, job)
  for _, d in ipairs(job.dimensions) do
    if d.row.to:find "^dataset%." and not job.dataset:has_views() then
      return nil, ("%s: %s.%s: data set %s is the same whatever its %s"):format(
        cfg:where(d.row.section .. "." .. d.row.key), d.row.section, d.row.key, job.dataset.name, d.name)
    end
    for _, value in ipairs(d.row.hardware and d.values or {}) do
      local options, message = require("nac.estimate").options(dimension.apply(cfg, { [d.name] = value }))
      if not options then return nil, (message:gsub("hls_config%.board", d.row.section .. "." .. d.row.key)) end
    end
  end
  return true
end

--- A job as one trial sees it: with the settings that the trial drew. Where they are
-- about the data, these are `dataset:with(options)`.
-- @param job of `prepare`, split
-- @param settings name -> value (`nac.space.dimension`)
-- @return config, dataset, space, hardware, loss, to_nn, folds, select
function M.trial(job, settings)
  local cfg = dimension.apply(job.config, settings)
  local options = data_options(settings)
  if not options then
    local view = assert(dependent(cfg, job.dataset, job.space))
    view.folds, view.select = job.folds, job.select
    return view
  end
  local dataset = job.dataset:with(options)
  local view = assert(dependent(cfg, dataset, job.space:on(require("nac.blocks").description_shape(dataset.shape))))
  view.folds = dataset:folds(cfg.search.n_folds)
  view.select = view.folds.select
  return view
end

--- The configuration of a trial of a results folder: as it was run, with the settings that the
-- trial drew.
-- @param dir the folder
-- @param path the trial's architecture file (its metadata hold the settings)
-- @param[opt] given a configuration in place of the one in the folder; of the settings those count whose values it lists
-- @return the configuration, the description; or nil and a message
function M.of_results(dir, path, given)
  local config, message = given, nil
  if not given then config, message = require("nac.config").load(dir .. "/config_as_run.yaml") end
  if not config then return nil, message end
  local description, metadata = require("nac.arch").load(path)
  if not description then return nil, metadata end
  local settings, why = dimension.read(metadata and metadata.settings, path .. ": metadata.settings")
  if not settings then return nil, why end
  if given then settings = dimension.listed(given, settings) end
  return dimension.apply(config, settings), description
end

--- Prepares a run.
-- @param config a configuration (`nac.config`) or the path of one
-- @param options see `nac.global_search.run`
-- @return the job, or nil and a message
function M.prepare(config, options)
  local base, message = load_config(config)
  if not base then return nil, message end
  local cfg = override(base, options)
  if options.epochs then -- beats a list of them
    cfg.training_search_space = {}
    for key, value in pairs(base.training_search_space) do cfg.training_search_space[key] = key ~= "epochs" and value or nil end
  end
  local dataset
  dataset, message = require("nac.dataset").from_config(cfg.dataset, { base_dir = cfg.dir, sample = cfg.dataset.sample })
  if not dataset then return nil, ("%s: dataset: %s"):format(cfg:where("dataset.name"), message) end
  local fine
  fine, message = dataset:load()
  if not fine then return nil, message end
  fine, message = check_data(cfg, dataset)
  if fine then fine, message = check_measured(cfg, dataset) end
  if not fine then return nil, message end
  local space
  space, message = require("nac.space").from_config(cfg, { dataset = dataset })
  if not space then return nil, message end
  local job
  job, message = dependent(cfg, dataset, space)
  if not job then return nil, message end
  job.dir = cfg.output.results_dir:gsub("(.)/+$", "%1")
  job.objectives = objectives_of(cfg.search)
  job.maximize, job.minimize = directions(job.objectives)
  job.dimensions, job.notes = dimension.from_config(cfg)
  fine, message = check_dimensions(cfg, job)
  if not fine then return nil, message end
  return job
end

--- Reads and splits the data; done before the workers are forked, so that they
-- share it.
-- @param job whose `folds` (list of { fit =, search = }) and `select` are filled in
-- @return true, or nil and a message
function M.split(job)
  local folds, message = fault.told(job.dataset.folds, job.dataset, job.config.search.n_folds)
  if not folds then return nil, message end
  job.folds, job.select = folds, folds.select
  return true
end

return M
