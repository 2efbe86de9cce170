--- The settings that a tuning searches, one row each: their ranges, how a trial
-- draws them, and what `nac.train.fit` makes of them. Some depend on another
-- one: momentum is drawn for sgd only, a step's length for the step schedule only.
--
-- A range is `{ lowest, highest }`, a choice a list; one number or word alone, or
-- two equal ends, fix the setting; `false` leaves it as it is in `start`.
local distribution = require "nac.distribution"
local enum = require "nac.util.enum"

local M = {}

local function sgd(v) return v.optimizer == "sgd" end
local function adam(v) return v.optimizer == "adam" or v.optimizer == "adamw" end
local function schedule(kind) return function(v) return v.schedule == kind end end

-- In the order in which they are drawn. kind: "number" or "integer" (a range,
-- drawn logarithmically where `log` and the range say so), "choice"; `range`: the
-- default, nil where a setting is only tuned when asked for; `start`: its value
-- where nothing is said; `above`, `min`, `max`: what it may be.
M.rows = {
  { name = "learning_rate", kind = "number", log = true, range = { 1e-3, 1e-2 }, start = 1e-3, above = 0, max = 100,
    doc = "Learning rate, logarithmic." },
  { name = "batch_size", kind = "choice", range = { 32, 64, 128, 256, 512 }, start = 128, min = 1, max = 1000000,
    doc = "Samples a training step, one of the list." },
  { name = "weight_decay", kind = "number", log = true, range = { 1e-10, 1e-8 }, start = 0, min = 0, max = 100,
    doc = "Weight decay of the optimiser, logarithmic." },
  { name = "optimizer", kind = "choice", words = { "adam", "adamw", "sgd", "rmsprop" }, range = { "adam", "sgd", "rmsprop" },
    start = "adam", doc = "Optimisers." },
  { name = "momentum", kind = "number", range = { .7, .999 }, start = .9, min = 0, max = 1, when = sgd, doc = "Momentum of sgd." },
  { name = "beta1", kind = "number", range = { .8, .99 }, start = .9, min = 0, max = .9999, when = adam,
    doc = "beta1 of adam and adamw." },
  { name = "beta2", kind = "number", range = { .95, .9999 }, start = .999, min = 0, max = .999999, when = adam,
    doc = "beta2 of adam and adamw." },
  { name = "schedule", kind = "choice", words = { "constant", "step", "cosine", "exponential", "plateau" },
    range = { "constant", "step", "cosine", "exponential", "plateau" }, start = "plateau", doc = "Schedules of the learning rate." },
  { name = "step_size", kind = "integer", start = 1, min = 1, max = 1000000, when = schedule "step",
    range = function(epochs) return { 1, math.max(1, epochs // 2) } end,
    doc = "Epochs between two falls of the step schedule. Default: 1 to half of the epochs." },
  { name = "step_gamma", kind = "number", range = { .1, .9 }, start = .5, above = 0, max = 1, when = schedule "step",
    doc = "Factor of each fall of the step schedule." },
  { name = "exponential_gamma", kind = "number", range = { .7, .99 }, start = .9, above = 0, max = 1, when = schedule "exponential",
    doc = "Factor an epoch of the exponential schedule." },
  { name = "plateau_factor", kind = "number", range = { .1, .9 }, start = .5, above = 0, max = .999, when = schedule "plateau",
    doc = "Factor of each fall of the plateau schedule." },
  { name = "plateau_patience", kind = "integer", range = { 0, 3 }, start = 0, min = 0, max = 1000000, when = schedule "plateau",
    doc = "Epochs without a lower search loss that the plateau schedule tolerates." },
  { name = "l1", kind = "number", log = true, min = 0, max = 100, doc = "Weight of the L1 penalty, logarithmic if above 0; only tuned if given." },
  { name = "l2", kind = "number", log = true, min = 0, max = 100, doc = "Weight of the L2 penalty, logarithmic if above 0; only tuned if given." },
  { name = "dropout", kind = "number", min = 0, max = .95, doc = "Rate of dropout behind each hidden activation; only tuned if given." },
}

M.names = {}
local by_name = {}
for i, row in ipairs(M.rows) do
  M.names[i] = row.name
  by_name[row.name] = row
end

local function bad(level, what, row, fmt, ...)
  error(("%s %s: %s"):format(what, row.name, fmt:format(...)), level + 1)
end

-- One value of a row, whatever the range.
local function check_value(row, value, what, level)
  if row.words then return enum.check(value, row.words, what .. " " .. row.name, level + 1) end
  local whole = row.kind ~= "number"
  if type(value) ~= "number" or value ~= value or whole and not math.tointeger(value) then
    bad(level + 1, what, row, "%s is expected, got %s", whole and "an integer" or "a number", tostring(value))
  end
  if row.above and value <= row.above then bad(level + 1, what, row, "more than %s is expected, got %s", row.above, value) end
  if row.min and value < row.min then bad(level + 1, what, row, "at least %s is expected, got %s", row.min, value) end
  if row.max and value > row.max then bad(level + 1, what, row, "at most %s is expected, got %s", row.max, value) end
  return whole and math.tointeger(value) or value
end

local function check_range(row, given, level)
  local what, list = "range", given
  if type(given) ~= "table" then list = row.kind == "choice" and { given } or { given, given } end
  if row.kind ~= "choice" and #list ~= 2 then bad(level + 1, what, row, "{ lowest, highest } is expected, got %d values", #list) end
  if #list == 0 then bad(level + 1, what, row, "a list of at least one value is expected") end
  local checked = {}
  for i, value in ipairs(list) do checked[i] = check_value(row, value, what, level + 1) end
  if row.kind == "choice" then return distribution.choice(checked, level + 1) end
  if checked[1] > checked[2] then bad(level + 1, what, row, "the lowest value %s is above the highest %s", checked[1], checked[2]) end
  local log = { log = row.log and checked[1] > 0 or false }
  return distribution[row.kind == "integer" and "int" or "float"](checked[1], checked[2], log, level + 1)
end

--- A space: the distributions of what is tuned and the values of the rest.
-- @param ranges name -> range, false or nil (its default); see the head of this file
-- @param start name -> value where a setting is not tuned, and of the first trial
-- @param epochs of a training, that default ranges depend on
-- @param[opt=1] level whose line an error shows, as in `error`
-- @return { distributions = name -> distribution, start = name -> value }
function M.new(ranges, start, epochs, level)
  level = (level or 1) + 1
  for what, map in pairs { ranges = ranges or {}, start = start or {} } do
    if type(map) ~= "table" then error(("%s: a table by the names of settings is expected, got %s"):format(what, type(map)), level) end
    for name in pairs(map) do enum.check(name, M.names, "setting in " .. what, level) end
  end
  local space = { distributions = {}, start = {} }
  for _, row in ipairs(M.rows) do
    local given = (ranges or {})[row.name]
    if given == nil then
      given = row.range
      if type(given) == "function" then given = given(epochs) end
    end
    if given then space.distributions[row.name] = check_range(row, given, level) end
    local value = (start or {})[row.name]
    if value == nil then value = row.start else value = check_value(row, value, "start", level) end
    space.start[row.name] = value
  end
  return space
end

-- The value at the bottom of a distribution that has one only.
local function only(d) return d.kind == "choice" and d.choices[1] or d.low end

--- All settings of a trial: drawn, or fixed.
-- @param space of `new`
-- @param get function(name, distribution) -> value
-- @return name -> value
function M.draw(space, get)
  local values = {}
  for _, row in ipairs(M.rows) do
    if not row.when or row.when(values) then
      local d = space.distributions[row.name]
      if not d then values[row.name] = space.start[row.name]
      elseif d:single() then values[row.name] = only(d)
      else values[row.name] = get(row.name, d) end
    end
  end
  return values
end

--- The settings that a trial is known to have had.
-- @param space of `new`
-- @param params name -> drawn value, of its record
-- @return name -> value
function M.values(space, params) return M.draw(space, function(name) return params[name] end) end

--- Parameters of the first trial: the start, moved into the ranges.
-- @return name -> value; what no range is near to is left open
function M.first(space)
  local params = {}
  for name, d in pairs(space.distributions) do
    local value = space.start[name]
    if value ~= nil and type(value) ~= "number" then
      params[name] = d:contains(value) and value or nil
    elseif d.kind == "choice" then -- of numbers: the nearest
      for _, choice in ipairs(d.choices) do
        if value and (not params[name] or math.abs(choice - value) < math.abs(params[name] - value)) then params[name] = choice end
      end
    else
      params[name] = math.max(d.low, math.min(d.high, value or d.low))
    end
  end
  return params
end

--- All settings of a trial that draws what `first` says.
-- @param space of `new`
-- @return name -> value
function M.example(space)
  local first = M.first(space)
  return M.draw(space, function(name, d)
    if first[name] ~= nil then return first[name] end
    return only(d)
  end)
end

local function schedule_of(v)
  if v.schedule == "step" then return { kind = "step", step_size = v.step_size, gamma = v.step_gamma } end
  if v.schedule == "exponential" then return { kind = "exponential", gamma = v.exponential_gamma } end
  if v.schedule == "plateau" then
    return { kind = "plateau", factor = v.plateau_factor, patience = v.plateau_patience, min_lr = 1e-6 }
  end
  return v.schedule
end

--- The options of `nac.train.fit` that settings stand for (dropout is the net's).
-- @param v name -> value, as `best` of a tuning has them
-- @return a new table, to which epochs, seed, ... may be added
function M.fit_options(v)
  local optimizer = { kind = v.optimizer, lr = v.learning_rate, weight_decay = v.weight_decay }
  for _, name in ipairs { "momentum", "beta1", "beta2" } do
    if by_name[name].when(v) then optimizer[name] = v[name] end
  end
  return { batch = v.batch_size, optimizer = optimizer, schedule = schedule_of(v), l1 = v.l1, l2 = v.l2 }
end

return M
