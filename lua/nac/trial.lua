--- What an objective sees of its trial: it draws parameters, reports, sets
-- attributes and keeps files. Made by a study; see docs/search.md.
local distribution = require "nac.distribution"
local json = require "nac.util.json"
local record = require "nac.study.record"
local signal = require "nac.util.signal"
local sys = require "nac.c.sys"
local enum = require "nac.util.enum"

local Trial = {}
Trial.__index = Trial

local M = {}

--- A trial over a record.
-- @param fields `record`, `proposals` (name -> value: what the sampler asked
--   for), `stream(name)` (random stream of a parameter), `send` (a function that
--   takes each message as JSON text, or nil), `artifacts` (the study's artifact folder),
--   `duplicate(hash)` -> an earlier visible complete record or nil, `judge(step,
--   level)` -> the reason why the report of this step ends the trial, or nil
function M.new(fields)
  local self = setmetatable(fields, Trial)
  self.number, self.seed, self.params = fields.record.number, fields.record.seed, {}
  return self
end

-- Messages pass through JSON here too, so that a trial leaves the same record
-- whether it runs in a worker or in this process.
local function emit(self, verb, ...)
  local text = json.encode { verb, ... }
  if self.send then self.send(text) end
  record.apply(self.record, json.decode(text))
end

local function poll() if sys.interrupted() then error(signal.interrupted(), 0) end end

-- Always tail called, so that level 2 is the user's line.
local function draw(self, name, d)
  if type(name) ~= "string" or name == "" then
    error("a parameter has a name, got " .. tostring(name), 2)
  end
  poll()
  local known = self.params[name]
  if known ~= nil then
    if self.record.distributions[name] ~= d then
      error(("parameter '%s' is drawn again from another range"):format(name), 2)
    end
    return known
  end
  local value = self.record.fixed and self.record.fixed[name]
  if value ~= nil and not d:contains(value) then
    error(("the enqueued value %s of parameter '%s' is outside its range"):format(tostring(value), name), 2)
  end
  if value == nil then value = self.proposals[name] end
  if value == nil or not d:contains(value) then value = d:uniform(self.stream(name)) end
  value = d:normal(value)
  self.params[name] = value
  if self.send then self.send(record.pack_param(name, value, d)) end
  record.apply(self.record, { "param", name, value, d })
  return value
end

--- Draws an integer.
-- @param name the parameter's name; a second call with it returns the same value
-- @param low lowest value
-- @param high highest value, included
-- @param[opt] options `{log=true}` or `{step=n}`
-- @return the integer
function Trial:int(name, low, high, options) return draw(self, name, distribution.int(low, high, options, 2)) end

--- Draws a real number; see `int`.
function Trial:float(name, low, high, options) return draw(self, name, distribution.float(low, high, options, 2)) end

--- Draws one of a list of booleans, numbers and strings.
function Trial:choice(name, choices) return draw(self, name, distribution.choice(choices, 2)) end

--- Draws from a distribution made before (`nac.distribution`).
function Trial:draw(name, d)
  if not distribution.is(d) then error("a nac.distribution expected for parameter " .. tostring(name), 2) end
  return draw(self, name, d)
end

--- Checks a bound before anything costly: a trial that misses it ends as
-- pruned, its parameters, this value and the amount recorded.
-- @param name of the quantity; becomes an attribute
-- @param value a number
-- @param bounds `{max=, min=}`
-- @return the value
function Trial:require(name, value, bounds)
  if type(value) ~= "number" then
    error(("require '%s': a number expected, got %s"):format(tostring(name), type(value)), 2)
  end
  for key in pairs(bounds) do enum.check(key, { "max", "min" }, "bound", 2) end
  if value ~= value then error(signal.failed(name .. " is nan"), 0) end
  emit(self, "attr", name, value)
  local amount, text = 0, nil
  if bounds.max and value > bounds.max then
    amount, text = value - bounds.max, ("above max %.10g"):format(bounds.max)
  elseif bounds.min and value < bounds.min then
    amount, text = bounds.min - value, ("below min %.10g"):format(bounds.min)
  end
  if text then
    local scale = math.abs(bounds.max and value > bounds.max and bounds.max or bounds.min)
    emit(self, "violation", name, scale > 0 and amount / scale or amount)
    error(signal.pruned(("%s %.10g is %s"):format(name, value, text)), 0)
  end
  return value
end

--- Reports intermediate values of any number of quantities. The study's pruner
-- may end the trial here.
-- @param step an integer, an epoch usually; a step reported again is replaced
-- @param values `{loss = .3, accuracy = .9}` or one number (then named "value")
function Trial:report(step, values)
  poll()
  if not math.tointeger(step) then error("a step is an integer, got " .. tostring(step), 2) end
  if type(values) == "number" then values = { value = values } end
  if type(values) ~= "table" then error("report takes a table name -> number, got " .. type(values), 2) end
  local copy = {}
  for name, v in pairs(values) do
    if type(v) ~= "number" then
      error(("reported %s is a %s; a number expected"):format(tostring(name), type(v)), 2)
    end
    copy[name] = v
  end
  emit(self, "report", math.tointeger(step), copy)
  local reason = self.judge and self.judge(math.tointeger(step), 2)
  if reason then error(signal.pruned(reason), 0) end
end

--- Sets an attribute.
-- @param key a string
-- @param value a string, number, boolean or table of these
function Trial:attr(key, value)
  if type(key) ~= "string" then error("an attribute's key is a string, got " .. type(key), 2) end
  local ok, message = pcall(emit, self, "attr", key, value)
  if not ok then error(("attribute '%s': %s"):format(key, message), 2) end
end

--- Says what was really built. When an earlier trial that this one may see
-- built the same, this trial ends with its values and attributes, and the
-- attribute `duplicate_of` names it.
-- @param hash a string, `arch:hash()` usually
function Trial:built(hash)
  if type(hash) ~= "string" then error("a hash is a string, got " .. type(hash), 2) end
  emit(self, "attr", "hash", hash)
  local twin = self.duplicate and self.duplicate(hash)
  if not twin then return end
  local keys = {}
  for key in pairs(twin.attrs) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    if self.record.attrs[key] == nil then emit(self, "attr", key, twin.attrs[key]) end
  end
  emit(self, "attr", "duplicate_of", twin.number)
  error(signal.complete(twin.values, "duplicate of trial " .. twin.number), 0)
end

--- The path of an artifact of this trial, as the study will keep it.
-- @param[opt] name distinguishes several files of one trial
-- @param[opt="npz"] extension the file's ending
function Trial:artifact_path(name, extension)
  return self.artifacts:path(self.number, name, extension)
end

local function is_net(x)
  if type(x) == "userdata" then return true end
  return type(x) == "table" and type(x.tensors) == "function"
end

--- Keeps a trained net, or whatever a function writes, while the trial is on
-- the front. Written under a temporary name and then renamed.
-- @param what a net; or a function that writes the file at the path it is
--   given; or a table name -> net or function
-- @param[opt] name distinguishes several files of one trial ("fold1")
-- @param[opt="npz"] extension the file's ending
-- @return the path
function Trial:keep(what, name, extension)
  if type(what) == "table" and not is_net(what) then
    local names, paths = {}, {}
    for key in pairs(what) do names[#names + 1] = key end
    table.sort(names)
    for _, key in ipairs(names) do paths[key] = self:keep(what[key], key, extension) end
    return paths
  end
  local write = what
  if is_net(what) then
    write = function(path) return require("nac.model").save(what, path) end
  elseif type(what) ~= "function" then
    error("keep takes a net, a function(path) or a table of these, got " .. type(what), 2)
  end
  local file = self.artifacts:file(self.number, name, extension)
  emit(self, "artifact", file)
  local path, message = self.artifacts:store(file, write)
  if not path then error(signal.failed(message), 0) end
  return path
end

return M
