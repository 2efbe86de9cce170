--- Dimensions of a search beside the architecture: settings of the training, the
-- firmware and the data that each trial draws. A dimension says which key of the
-- configuration takes the value, so that a trial is run by the configuration with
-- its own values in place, and so is whatever comes after it (local search,
-- synthesis). To add one, add a row.
local choice = require("nac.space.draw").possible
local distribution = require "nac.distribution"

local M = {}

-- A readout window ends with its trace.
local function window_fits(size, settings, cfg)
  local start = settings.start_location or cfg.dataset.start_location or 0
  return start + size <= require("nac.dataset.qubit").SAMPLES
end

--- One row a dimension: `name` of the parameter; `section` and `key` under which a
-- configuration lists its values (`also` = other names of that key in files in use);
-- `to` = the key that takes a value; `doc`. Optional: `hardware` = only the estimate
-- of the firmware depends on it; `fits(value, settings, config)` -> whether a listed
-- value can be had with the settings drawn so far: where it cannot, it is not offered
-- (`nac.space.draw`).
M.rows = {
  { section = "dataset_search_space", key = "start_locations", name = "start_location", to = "dataset.start_location",
    doc = "First samples of a readout window." },
  { section = "dataset_search_space", key = "window_sizes", name = "window_size", to = "dataset.window_size", fits = window_fits,
    doc = "Lengths of a readout window; those that end with the trace at the drawn start are offered." },
  { section = "training_search_space", key = "learning_rate", name = "learning_rate", to = "search.learning_rate", doc = "Learning rates." },
  { section = "training_search_space", key = "batch_size", name = "batch_size", to = "search.batch_size", doc = "Samples a training step." },
  { section = "training_search_space", key = "optimizer", name = "optimizer", to = "search.optimizer", doc = "Optimisers." },
  { section = "training_search_space", key = "schedule", name = "schedule", to = "search.schedule", doc = "Schedules of the learning rate." },
  { section = "training_search_space", key = "weight_decay", name = "weight_decay", to = "search.weight_decay", doc = "Weight decays." },
  { section = "training_search_space", key = "l1", name = "l1", to = "search.l1", doc = "Weights of the L1 penalty." },
  { section = "training_search_space", key = "l2", name = "l2", to = "search.l2", doc = "Weights of the L2 penalty." },
  { section = "training_search_space", key = "dropout", also = { "dropout_rate" }, name = "dropout", to = "search.dropout",
    doc = "Rates of dropout." },
  { section = "training_search_space", key = "epochs", name = "epochs", to = "search.epochs", doc = "Most epochs of training." },
  { section = "hardware_config", key = "precision_options", also = { "precisions" }, name = "precision", to = "hls_config.model.precision",
    doc = "Types of weights and activations; the width sets the bits of BOPs." },
  { section = "hardware_config", key = "reuse_factors", name = "reuse_factor", to = "hls_config.model.reuse_factor", hardware = true,
    doc = "Reuse factors." },
  { section = "hardware_config", key = "strategies", name = "strategy", to = "hls_config.model.strategy", hardware = true, doc = "Strategies." },
  { section = "hardware_config", key = "boards", name = "board", to = "hls_config.board", hardware = true, doc = "Boards." },
}

--- The sections of a configuration that list values.
M.sections = { "dataset_search_space", "training_search_space", "hardware_config" }

--- The row of a parameter, or nil.
function M.find(name)
  for _, row in ipairs(M.rows) do
    if row.name == name then return row end
  end
end

-- A list of values, or { min =, max =, log = }, as a distribution.
local function distribution_of(values)
  if not values.min then return distribution.choice(values) end
  local kind = math.type(values.min) == "integer" and math.type(values.max) == "integer" and "int" or "float"
  return distribution[kind](values.min, values.max, { log = values.log or false })
end

--- The dimensions of a configuration.
-- @param cfg a configuration (`nac.config`)
-- @return a list of { name =, values =, from = distribution, row = }; texts on those that
-- are left out because nothing would depend on them
function M.from_config(cfg)
  local list, notes = {}, {}
  for _, row in ipairs(M.rows) do
    local values = (cfg[row.section] or {})[row.key]
    local d = values and distribution_of(values)
    if d and row.hardware and not cfg.search.use_hardware_metrics and not d:single() then
      notes[#notes + 1] = ("%s: %s.%s is not searched: no objective, limit or selection needs the estimate of the firmware; "):format(
        cfg:where(row.section .. "." .. row.key), row.section, row.key) .. "search.use_hardware_metrics: true estimates it"
    elseif d then
      list[#list + 1] = { name = row.name, values = values, from = d, row = row }
    end
  end
  return list, notes
end

-- Settings by name; get(name, distribution) -> the value of a parameter.
local function walk(list, cfg, get)
  local settings = {}
  for _, dimension in ipairs(list) do
    local name, d, fits = dimension.name, dimension.from, dimension.row.fits
    if fits and d.kind == "choice" then
      local left
      name, left = choice(name, dimension.values, function(value) return fits(value, settings, cfg) end)
      if not name then
        error(("%s.%s: no value goes with the others drawn"):format(dimension.row.section, dimension.row.key), 0)
      end
      d = distribution.choice(left)
    end
    if not d:single() then settings[dimension.name] = get(name, d)
    elseif d.kind == "choice" then settings[dimension.name] = d.choices[1]
    else settings[dimension.name] = d.low end
  end
  return settings
end

--- Draws a value for each dimension; one that has a single value is fixed and no parameter.
-- @param list of `from_config`
-- @param cfg the configuration
-- @param trial gives the values
-- @return settings: name -> value
function M.draw(list, cfg, trial)
  return walk(list, cfg, function(name, d) return trial:draw(name, d) end)
end

--- The settings that a trial is known to have had.
-- @param params name -> drawn value, of its record
-- @return settings: name -> value
function M.known(list, cfg, params)
  return walk(list, cfg, function(name) return params[name] end)
end

-- A copy of a table with the value at a dotted key replaced; what is not on the way is shared.
local function replaced(map, key, value)
  local copy = setmetatable({}, getmetatable(map))
  for k, v in pairs(map) do copy[k] = v end
  local first, rest = key:match "^([^.]+)%.(.+)$"
  if first then copy[first] = replaced(map[first], rest, value) else copy[key] = value end
  return copy
end

--- The configuration of one trial.
-- @param cfg a configuration
-- @param settings name -> value
-- @return a copy with the settings in place of what the keys had
function M.apply(cfg, settings)
  for _, row in ipairs(M.rows) do
    if settings[row.name] ~= nil then cfg = replaced(cfg, row.to, settings[row.name]) end
  end
  return cfg
end

--- Settings that a file tells, checked as a configuration's would be.
-- @param given name -> value, or nil
-- @param where of it, for messages
-- @return settings; or nil and "WHERE: what is wrong"
function M.read(given, where)
  if given == nil then return {} end
  if type(given) ~= "table" then return nil, where .. ": a mapping of settings is expected" end
  local settings = {}
  for name, value in pairs(given) do
    local row = M.find(name)
    if not row then
      local names = {}
      for i, known in ipairs(M.rows) do names[i] = known.name end
      return nil, ("%s: %s"):format(where, require("nac.util.enum").refusal(tostring(name), names, "setting"))
    end
    local rule = { key = row.key, kind = "values", of = require("nac.config.schema").rule(row.to) }
    local checked, why = require("nac.config.check").check({ rule }, { [row.key] = value }, require("nac.util.yaml").wrap(where))
    if not checked then return nil, why end
    settings[name] = checked[row.key][1]
    if settings[name] == nil then return nil, ("%s: %s: one value is expected"):format(where, name) end
  end
  return settings
end

--- Those of the settings that a configuration searches.
-- @param cfg a configuration
-- @param settings name -> value
-- @return name -> value
function M.listed(cfg, settings)
  local some = {}
  for _, row in ipairs(M.rows) do
    if (cfg[row.section] or {})[row.key] then some[row.name] = settings[row.name] end
  end
  return some
end

--- Settings as text, in the order of the rows: "learning_rate 0.001, precision ap_fixed<8,3>"; "" for none.
function M.text(settings)
  local parts = {}
  for _, row in ipairs(M.rows) do
    local value = settings[row.name]
    if value ~= nil then parts[#parts + 1] = ("%s %s"):format(row.name, math.type(value) == "float" and ("%.6g"):format(value) or tostring(value)) end
  end
  return table.concat(parts, ", ")
end

--- What makes a trial a duplicate: the hash of what it built and its settings.
-- @param hash of the architecture
-- @return a hash; of the architecture alone where there are no settings
function M.hash(hash, settings)
  if next(settings) == nil then return hash end
  local parts = { hash }
  for _, row in ipairs(M.rows) do
    local value = settings[row.name]
    if value ~= nil then parts[#parts + 1] = ("%s=%s"):format(row.name, type(value) == "number" and ("%.17g"):format(value) or tostring(value)) end
  end
  return require("nac.c.hash").sha256(table.concat(parts, "\n"))
end

return M
