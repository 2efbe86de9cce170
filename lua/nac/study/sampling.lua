--- A study's sampler: loading it, showing it the visible trials, checking what
-- it asks for. The state given to a sampler is a plain table that holds
-- `objectives` (list of `{name=, direction=}`), `options` (`population` and
-- what the user wrote beside the sampler's name), `number` (the trial asked
-- for) and whatever the sampler adds in `tell`.
local enum = require "nac.util.enum"
local fault = require "nac.util.fault"
local run = require "nac.study.run"

local M = {}

-- The samplers that come along; each is lua/nac/sampler/NAME.lua.
local names = { "nsga2", "random", "tpe" }

local Sampling = {}
Sampling.__index = Sampling

--- The sampler that a user named.
-- @param given a name, the path of a Lua file that returns a sampler, a
--   sampler (a table with `ask`), or `{name or path, option = ...}`
-- @param[opt=1] level whose line an error shows
-- @return the sampler, the name to record, its options
function M.load(given, level)
  level = (level or 1) + 1
  local options = {}
  if type(given) == "table" and not given.ask then
    for k, v in pairs(given) do
      if k ~= 1 then options[k] = v end
    end
    given = given[1]
  end
  local sampler, name = given, nil
  if type(given) == "string" then
    name = given
    if given:find "%.lua$" then
      local chunk, message = loadfile(given)
      if not chunk then error("sampler " .. message, level) end
      local ok
      ok, sampler = pcall(chunk)
      if not ok then error(("sampler %s failed: %s"):format(given, fault.message(sampler)), level) end
    else
      sampler = require("nac.sampler." .. enum.check(given, names, "sampler", level))
    end
  end
  if type(sampler) ~= "table" or type(sampler.ask) ~= "function" then
    error(("a sampler is a name (%s), the path of a Lua file, or a table with a function ask(state, space, rng); %s %s"):format(
      table.concat(names, ", "), name and name .. " returned" or "got",
      type(sampler) == "table" and "a table without ask" or type(sampler)), level)
  end
  name = name or sampler.name or "user"
  if sampler.options then
    local allowed = { "population" }
    for key in pairs(sampler.options) do allowed[#allowed + 1] = key end
    table.sort(allowed)
    for key in pairs(options) do enum.check(key, allowed, "option of sampler " .. name, level) end
  end
  if sampler.check then sampler.check(options, level) end
  return sampler, name, options
end

--- Sampling over a list of records.
-- @param fields `sampler`, `name`, `objectives`, `options`, `declared` (list of
--   `{name=, distribution=}` known from the start), `stream(n)` (random stream
--   for asking trial n)
function M.new(fields)
  return setmetatable(fields, Sampling):reset()
end

--- Forgets what was told.
function Sampling:reset()
  self.told, self.hashes, self.space, self.by_name = 0, {}, {}, {}
  self.state = { objectives = self.objectives, options = self.options }
  for _, entry in ipairs(self.declared or {}) do self:learn(entry.name, entry.distribution) end
  return self
end

function Sampling:learn(name, d)
  if not self.by_name[name] then
    local entry = { name = name, distribution = d }
    self.space[#self.space + 1] = entry
    self.by_name[name] = entry
  end
end

local function call(self, n, verb, ...)
  local ok, result = run.call(nil, self.sampler[verb], ...)
  if not ok then
    if result.interrupted then error(result, 0) end
    local what = result.traceback or result.reason
    error(setmetatable({ sampler = self.name, text = ("sampler '%s' failed in %s at trial %d: %s"):format(self.name, verb, n, what) },
      { __tostring = function(e) return e.text end }), 0)
  end
  return result
end

--- Tells one finished trial.
function Sampling:tell(record)
  for _, name in ipairs(record.order) do self:learn(name, record.distributions[name]) end
  local hash = record.attrs.hash
  if hash and record.state == "complete" and not self.hashes[hash] then self.hashes[hash] = record end
  if self.sampler.tell then
    self.state.number = record.number
    call(self, record.number, "tell", self.state, record)
  end
  self.told = self.told + 1
end

--- What the sampler wants for trial n.
-- @param n the trial's number
-- @param[opt] pending list of what was proposed (name -> value) for earlier trials whose results trial n may not see
-- @return name -> value; raises what `call` raises, also for a value outside
--   the known range
function Sampling:ask(n, pending)
  local state = self.state
  state.number, state.pending = n, pending or {}
  local wanted = call(self, n, "ask", state, self.space, self.stream(n))
  local function refuse(text)
    error(("sampler '%s' at trial %d: %s"):format(self.name, n, text), 0)
  end
  if type(wanted) ~= "table" then refuse("ask must return a table name -> value, got " .. type(wanted)) end
  for name, value in pairs(wanted) do
    local entry = self.by_name[name]
    if entry and not entry.distribution:contains(value) then
      refuse(("value %s of parameter '%s' is outside its range"):format(tostring(value), tostring(name)))
    end
  end
  return wanted
end

--- The complete trial with that hash among the first `visible`, or nil.
function Sampling:duplicate(hash, visible)
  local record = self.hashes[hash]
  if record and record.number < visible then return record end
end

return M
