--- A study's pruner: loading it, showing it the visible trials, having it judge
-- a report. The state given to a pruner is a plain table that holds `objective`
-- (`{name=, direction=}` of the reported quantity that it judges), `options` (what
-- the user wrote beside its name), `number` (of the trial told or judged) and
-- whatever the pruner adds in `tell`. It is rebuilt by telling again.
local enum = require "nac.util.enum"

local M = {}

-- The pruners that come along; each is lua/nac/pruner/NAME.lua.
local names = { "median", "none", "successive_halving" }

local Pruning = {}
Pruning.__index = Pruning

local function check_options(pruner, name, options, level)
  local allowed = { "maximize", "minimize" }
  for key in pairs(pruner.options or {}) do allowed[#allowed + 1] = key end
  table.sort(allowed)
  for key, value in pairs(options) do
    if pruner.options or key == 2 then enum.check(key, allowed, "option of pruner " .. name, level + 1) end
    if key == "maximize" or key == "minimize" then
      if type(value) ~= "string" then
        error(("%s of pruner %s takes the name of one reported quantity, got %s"):format(key, name, type(value)), level + 1)
      end
    elseif pruner.options and not (math.tointeger(value) and value >= 0) then
      error(("option %s of pruner %s must be an integer of 0 or more, got %s"):format(key, name, tostring(value)), level + 1)
    end
  end
  if options.maximize and options.minimize then
    error(("pruner %s judges one quantity: maximize or minimize, not both"):format(name), level + 1)
  end
  if pruner.check then pruner.check(options, level + 1) end
end

--- The pruner that a user named.
-- @param given a name, the path of a Lua file that returns a pruner, a pruner
--   (a table with `should_prune`), or `{name, path or pruner, option = ...}`; nil is "none"
-- @param[opt=1] level whose line an error shows
-- @return the pruner, the name to record, its options
function M.load(given, level)
  level = (level or 1) + 1
  local options = {}
  if type(given) == "table" and not given.should_prune and given[1] then
    for k, v in pairs(given) do
      if k ~= 1 then options[k] = v end
    end
    given = given[1]
  end
  local pruner, name = given or "none", nil
  if type(pruner) == "string" then
    name = pruner
    if name:find "%.lua$" then
      local chunk, message = loadfile(name)
      if not chunk then error(("pruner %s: %s"):format(name, message), level) end
      pruner = chunk()
    else
      pruner = require("nac.pruner." .. enum.check(name, names, "pruner", level))
    end
  end
  if type(pruner) ~= "table" or type(pruner.should_prune) ~= "function" then
    error(("a pruner is a name (%s), the path of a Lua file, or a table with a function should_prune(state, trial, step, value); got %s")
      :format(table.concat(names, ", "), type(pruner) == "table" and "a table without should_prune" or type(pruner)), level)
  end
  name = name or pruner.name or "user"
  check_options(pruner, name, options, level)
  return pruner, name, options
end

--- Pruning of a study.
-- @param fields `pruner`, `name`, `options`, `objectives` (of the study)
function M.new(fields)
  local o = fields.options
  fields.objective = { name = o.maximize or o.minimize, direction = o.maximize and "maximize" or "minimize" }
  if not fields.objective.name then fields.objective = fields.objectives[1] end
  return setmetatable(fields, Pruning):reset()
end

--- Forgets what was told.
function Pruning:reset()
  local o = self.objective
  self.state = { objective = { name = o.name, direction = o.direction }, options = self.options }
  return self
end

local function call(self, verb, ...)
  local results = table.pack(xpcall(self.pruner[verb], function(e) return debug.traceback(tostring(e), 2) end, ...))
  if results[1] then return table.unpack(results, 2, 4) end
  error(("pruner '%s' failed in %s at trial %d: %s"):format(self.name, verb, self.state.number, results[2]), 0)
end

--- Tells one finished trial.
function Pruning:tell(record)
  self.state.number = record.number
  if self.pruner.tell then call(self, "tell", self.state, record) end
end

--- Judges the report that a running trial has just made.
-- @param record the trial's record, the report in it
-- @param step the report's step
-- @param level whose line shows when the quantity was not reported
-- @return nil, or the reason why the trial ends
function Pruning:judge(record, step, level)
  if self.name == "none" then return nil end
  local o, value, reported = self.objective, nil, {}
  for _, report in ipairs(record.reports) do
    if report.step == step then
      value = report.values[o.name]
      if value == nil then value = report.values.value end
      for name in pairs(report.values) do reported[#reported + 1] = name end
    end
  end
  if value == nil then
    table.sort(reported)
    error(("the pruner '%s' judges %s, which is not among the reported %s; report it, or name another: pruner = { '%s', minimize = name }")
      :format(self.name, o.name, table.concat(reported, ", "), self.name), level + 1)
  end
  self.state.number = record.number
  local prune, threshold, what = call(self, "should_prune", self.state, record, step, value)
  if not prune then return nil end
  local text = ("%s %.6g at step %d"):format(o.name, value, step)
  if type(threshold) ~= "number" then return ("%s: ended by pruner %s"):format(text, self.name) end
  return ("%s is %s %.6g, %s"):format(text, o.direction == "maximize" and "below" or "above", threshold,
    what or "the threshold of pruner " .. self.name)
end

return M
