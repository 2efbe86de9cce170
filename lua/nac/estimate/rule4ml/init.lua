--- The estimates of rule4ml 0.2 (arXiv:2408.05314), for compatibility: computed from the
-- user's own copy of its weights, which are not part of this program. docs/estimate.md
-- says how they compare.
local features = require "nac.estimate.rule4ml.features"
local gnn = require "nac.estimate.rule4ml.gnn"
local mlp = require "nac.estimate.rule4ml.mlp"
local source = require "nac.estimate.rule4ml.source"
local torch_file = require "nac.torch_file"

local M = {}

M.TARGETS = { "BRAM", "DSP", "FF", "LUT", "CYCLES", "INTERVAL" }

-- The two predictors: file of the weights, its reader, the network.
local predictors = {
  gnn = { suffix = ".weights.pt", read = torch_file.read, network = gnn.network },
  mlp = { suffix = ".weights.h5", read = mlp.read, network = mlp.network },
}

-- What the settings file must have for the rest to make sense.
local function check_settings(settings)
  for _, key in ipairs { "global_numerical_labels", "sequential_numerical_labels", "global_categorical_maps" } do
    if type(settings[key]) ~= "table" then return nil, ("'%s' is missing"):format(key) end
  end
  for _, list in ipairs { settings.global_numerical_labels, settings.sequential_numerical_labels } do
    for _, label in ipairs(list) do if type(label) ~= "string" then return nil, "a label is no text" end end
  end
  local maps = { settings.global_categorical_maps, settings.sequential_categorical_maps or {} }
  for _, group in ipairs(maps) do
    for name, map in pairs(group) do
      if type(map) ~= "table" then return nil, ("'%s' is no map"):format(name) end
      for word, index in pairs(map) do
        if math.type(index) ~= "integer" or index < 0 then return nil, ("'%s' has no index"):format(tostring(word)) end
      end
    end
  end
  settings.sequential_categorical_maps = maps[2]
  maps[2].layer_type = maps[2].layer_type or {}
  return true
end

local function load_target(from, kind, target)
  local predictor = predictors[kind]
  local settings, why = from:json(("%s/%s.config.json"):format(kind, target))
  if not settings then return nil, why end
  local fine
  fine, why = check_settings(settings)
  if not fine then return nil, ("%s: %s/%s.config.json: damaged: %s"):format(from.path, kind, target, why) end
  local name = ("%s/%s%s"):format(kind, target, predictor.suffix)
  local state
  state, why = from:with(name, predictor.read)
  if not state then return nil, why end
  local ok, network = pcall(predictor.network, state, settings)
  if not ok then return nil, ("%s: %s: damaged or of another version: %s"):format(from.path, name, tostring(network)) end
  return { network = network, settings = settings }
end

--- Reads the weights of a predictor.
-- @param path of the wheel of rule4ml 0.2.0, or of a folder it was unpacked or installed into
-- @param[opt="gnn"] kind "gnn" or "mlp"
-- @return the weights; or nil and a message
function M.read(path, kind)
  kind = kind or "gnn"
  local from, why = source.open(path)
  if not from then return nil, why end
  local weights = { kind = kind, path = path, targets = {} }
  for _, target in ipairs(M.TARGETS) do
    weights.targets[target], why = load_target(from, kind, target)
    if not weights.targets[target] then return nil, why end
  end
  return weights
end

local loaded = {}

--- Reads them once a process; arguments as `read`.
function M.load(path, kind)
  local key = (kind or "gnn") .. " " .. path
  if not loaded[key] then
    local weights, why = M.read(path, kind)
    if not weights then return nil, why end
    loaded[key] = weights
  end
  return loaded[key]
end

local function as_float32(x) return (string.unpack("<f", string.pack("<f", x))) end

local function category_of(settings, given)
  return function(name)
    local map = settings.global_categorical_maps[name] or {}
    local index = map[given[name]]
    if index then return index end
    local known = {}
    for word in pairs(map) do known[#known + 1] = word end
    table.sort(known)
    error(("rule4ml: it was trained on the %s %s, not on '%s'; the estimator analytic takes any"):format(
      name:gsub("_", " "), table.concat(known, ", "), tostring(given[name])), 0)
  end
end

--- What rule4ml predicts.
-- @param weights of `load`
-- @param layers of `nac.estimate.rule4ml.features.layers`
-- @param given {bits =, strategy =, board = (names), hls4ml_version = "0.8.1", vivado_version = "2019.1"}
-- @return {BRAM=, DSP=, FF=, LUT=, CYCLES=, INTERVAL=}: counts and cycles, as it gives them
function M.predict(weights, layers, given)
  local numbers = features.numbers(layers, given.bits)
  local words = {
    strategy = given.strategy, board = given.board, hls4ml_version = given.hls4ml_version or "0.8.1",
    vivado_version = given.vivado_version or "2019.1",
  }
  local out = {}
  for _, target in ipairs(M.TARGETS) do
    local t = weights.targets[target]
    -- Its answers are float32: below 1e-45 they are 0.
    local value = as_float32(t.network { layers = layers, number = numbers, category = category_of(t.settings, words) })
    -- The graph network's resources are percentages of a board.
    local scaler = t.settings.scaler_config
    local totals = type(scaler) == "table" and type(scaler.available_resources) == "table" and scaler.available_resources[words.board]
    local total = type(totals) == "table" and totals[target:lower()]
    if type(total) == "number" then value = value * total / 100 end
    out[target] = value
  end
  return out
end

-- A prediction that can be no count is bounded, and says so.
local function bounded(value, least, what, notes)
  if value >= least then return value end
  notes[#notes + 1] = ("rule4ml predicts %.3g %s; %d is taken"):format(value, what, least)
  return least
end

--- An estimator for `nac.estimate.register`. Keras' functional form, which lists the input,
-- is taken for networks over images, Sequential for flat inputs, as the predecessor builds them.
-- @param kind "gnn" or "mlp"
function M.estimator(kind)
  return function(_, hw, net)
    if hw.layers then error("rule4ml knows one precision, reuse factor and strategy for all layers; the estimator analytic takes `layers`", 0) end
    local layers = features.layers(net, hw.reuse_factor, { functional = #net:input_shape() > 1 })
    if #layers == 0 then error("rule4ml: the network has no layers that it knows", 0) end
    local p = M.predict(hw.weights, layers, { bits = hw.bits, strategy = hw.strategy, board = hw.board.name })
    local notes = {}
    local row = {
      layer = "(network)", kind = "rule4ml " .. kind, whole = true, notes = notes,
      lut = bounded(p.LUT, 0, "LUT", notes), ff = bounded(p.FF, 0, "FF", notes), dsp = bounded(p.DSP, 0, "DSP", notes),
      bram = bounded(p.BRAM, 0, "BRAM", notes), cycles = bounded(p.CYCLES, 1, "clock cycles", notes),
      interval = bounded(p.INTERVAL, 1, "cycles between inputs", notes),
    }
    if hw.sparsity > 0 then notes[#notes + 1] = "rule4ml does not know of weights that are zero" end
    return { row }
  end
end

return M
