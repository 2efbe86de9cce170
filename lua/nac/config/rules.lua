--- Conditions between keys of a configuration. Each returns nothing, or the key
-- at fault and what is wrong with it.
local enum = require "nac.util.enum"
local objective = require "nac.objective"

local M = {}

local function has(list, word)
  for _, item in ipairs(list) do if item == word then return true end end
  return false
end

local function dataset(cfg)
  if not cfg.dataset.name and not cfg.dataset.loader and not cfg.dataset.file then
    return "dataset", "name, file or loader is needed"
  end
  -- A name without a near one may be registered before the search starts.
  local names, name = require("nac.dataset").names(), cfg.dataset.name
  if name and not cfg.dataset.loader and not cfg.dataset.file and not has(names, name) and enum.nearest(name, names) then
    return "dataset.name", enum.refusal(name, names, "data set")
  end
end

-- DeepSets need sets, not flat vectors.
local function sets(cfg)
  if cfg.search.model_type == "deepsets" and not cfg:given("dataset.flatten") then cfg.dataset.flatten = false end
end

-- Losses by what the answers are.
local losses = {
  classification = { "cross_entropy", "bce_with_logits" }, regression = { "mse", "mae", "huber", "smooth_l1", "bce_with_logits" },
}

-- Task, loss and outputs must go together. Numbers as answers have no softmax at the end unless it
-- was asked for, a single output that tells two classes apart has a sigmoid.
local function task(cfg)
  local t, space = cfg.task_config, cfg.search_space
  local kind, given = t.task_type, cfg.dataset.task
  if kind and given and kind ~= given then return "task_config.task_type", ("%s, but dataset.task is %s"):format(kind, given) end
  kind = kind or given
  if kind and t.loss_function and not has(losses[kind], t.loss_function) then
    return "task_config.loss_function", ("%s is not a loss of a %s; possible: %s"):format(t.loss_function, kind, table.concat(losses[kind], ", "))
  end
  if t.input_channels then
    if space.input_channels and space.input_channels ~= t.input_channels then
      return "task_config.input_channels", ("%d, but search_space.input_channels is %d"):format(t.input_channels, space.input_channels)
    end
    space.input_channels = t.input_channels
  end
  local output, single = space.output_activation, space.output_dim == 1 and kind ~= "regression"
  if not cfg:given("search_space.output_activation") then
    space.output_activation = kind == "regression" and "identity" or single and "sigmoid" or output
  elseif single and output == "softmax" then
    return "search_space.output_activation", "softmax of one output is always 1; sigmoid tells two classes apart"
  end
  if single and t.loss_function == "cross_entropy" then
    return "task_config.loss_function", "cross_entropy needs an output a class, search_space.output_dim is 1; binary_crossentropy is for one"
  end
end

-- Bounds on what the estimator says, in the sections limits and selection.
local estimated = { "max_lut_percent", "max_avg_resource", "max_cycles" }

-- What asks for an estimate: the key and its words, or nil.
local function needs_hardware(search)
  for _, name in ipairs(search.objective_names) do
    if objective.get(name).stage == "hardware" then return "search.objective_names", ("objective '%s'"):format(name) end
  end
  for _, section in ipairs { "limits", "selection" } do
    for _, key in ipairs(estimated) do
      if search[section] and search[section][key] then return ("search.%s.%s"):format(section, key), "it" end
    end
  end
end

local function objectives(cfg)
  local search = cfg.search
  local names = search.objective_names
  local key, what = needs_hardware(search)
  if search.use_hardware_metrics == nil then search.use_hardware_metrics = key ~= nil end
  if key and not search.use_hardware_metrics then return key, what .. " needs use_hardware_metrics: true" end
  if not search.maximize_flags then
    search.maximize_flags = {}
    for i, name in ipairs(names) do search.maximize_flags[i] = objective.get(name).maximize or false end
  end
  if #search.maximize_flags ~= #names then
    return "search.maximize_flags", ("%d flags for %d objectives (%s)"):format(
      #search.maximize_flags, #names, table.concat(names, ", "))
  end
end

local function space(cfg)
  local s, kind = cfg.search_space, cfg.search.model_type
  if not cfg:given("search_space") then return "search_space", "the section is missing" end
  if s.mlp_preset ~= "none" then
    if kind ~= "mlp" then return "search_space.mlp_preset", "a preset needs search.model_type mlp" end
  elseif not s.mlp_width_space then
    return "search_space", "mlp_width_space is needed for search.model_type " .. kind
  end
  if kind == "braggnn" and not s.channel_space then return "search_space", "channel_space is needed for search.model_type braggnn" end
  if kind ~= "block" and kind ~= "braggnn" then return end
  if has(s.block_types, "Conv") or has(s.block_types, "ConvAttn") then
    for _, key in ipairs { "channel_space", "kernel_space" } do
      if not s[key] then return "search_space", key .. " is needed where block_types has Conv or ConvAttn" end
    end
  end
  if has(s.block_types, "ConvAttn") and not s.conv_attn.hidden_channel_space then
    return "search_space", "conv_attn.hidden_channel_space is needed where block_types has ConvAttn"
  end
end

local function layer_lists(cfg)
  local s = cfg.search_space
  if next(s.mlp_lists) ~= nil and s.mlp_preset == "none" then return "search_space.mlp_lists", "needs mlp_preset: snac-pack" end
end

local function ranges(cfg)
  for _, key in ipairs { "bottleneck_range", "phi_len_range", "rho_len_range" } do
    local range = cfg.search_space[key]
    if range and range[1] > range[2] then
      return "search_space." .. key, ("least %d is more than greatest %d"):format(range[1], range[2])
    end
  end
end

local function tuning(cfg)
  for _, row in ipairs(require("nac.tune.space").rows) do
    local range = cfg.tuning.ranges[row.name]
    if range and row.kind ~= "choice" and range[1] > range[2] then
      return "tuning.ranges." .. row.name, ("lowest %s is above highest %s"):format(range[1], range[2])
    end
  end
end

-- What goes with what in the local search; its own message begins with the key.
local function local_search(cfg)
  local ok, message = require("nac.local_search").check(cfg.local_search)
  if ok then return end
  return "local_search." .. message:match "^[%w_]*", (message:gsub("^precision_pairs%[(%d+)%]", "pair %1"):gsub("^[%w_]+: ", ""))
end

local function bits(cfg)
  local s = cfg.synthesis
  if s.total_bits and type(s.int_bits) == "number" and s.int_bits > s.total_bits then
    return "synthesis.int_bits", ("%d integer bits of %d"):format(s.int_bits, s.total_bits)
  end
end

-- Weights for estimators that have some.
local function estimator(cfg)
  local hls = cfg.hls_config
  local needed = require("nac.estimate").needs_weights(hls.estimator)
  if needed and not hls.estimator_weights then
    return "hls_config.estimator", ("%s needs estimator_weights, the path of your own copy"):format(hls.estimator)
  elseif hls.estimator_weights and not needed then
    return "hls_config.estimator_weights", ("estimator %s has none"):format(hls.estimator)
  end
end

local rules = { dataset, sets, task, objectives, space, layer_lists, ranges, tuning, local_search, bits, estimator }

--- Applies all conditions; fills in the defaults that depend on other keys.
-- @param cfg a checked configuration
-- @return nothing, or the key and the message
function M.apply(cfg)
  for _, rule in ipairs(rules) do
    local key, message = rule(cfg)
    if key then return key, message end
  end
end

return M
