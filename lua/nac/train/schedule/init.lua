--- Learning rates over the epochs, with PyTorch's numbers. A kind of schedule is
-- one file beside this one: a table with
--
-- * `options`: name = default; "integer", "number" or "list" where it must be
--   given, false where it may be absent
-- * `rate(o, t, run, state)`: the rate after t epochs (or steps), from 0;
--   run = `{ lr, epochs, steps }`: the given rate, epochs in all, steps an epoch
-- * and if needed `check(o, level)`, `per_step(o)`, `start(o, run)` -> state, a
--   plain table, and `observe(o, state, row)` after each epoch
--
-- Any of them may begin with a warm-up.
local enum = require "nac.util.enum"
local tensor = require "nac.tensor"
local warmup = require "nac.train.schedule.warmup"

local M = {}

local names = { "constant", "step", "multi_step", "exponential", "cosine", "warm_restarts", "plateau", "one_cycle" }

local function check_option(name, value, default, level)
  local want = type(default) == "string" and (default == "integer" or default == "number" or default == "list") and default
  if value == nil and want then error(("the schedule needs the option '%s'"):format(name), level + 1) end
  if value == nil then return default end
  want = want or (type(default) == "string" and "string" or "number")
  local ok = want == "string" and type(value) == "string" or want == "list" and type(value) == "table"
    or want == "integer" and math.type(value) == "integer" and value > 0
    or want == "number" and type(value) == "number" and value == value
  if not ok then
    error(("option '%s' of the schedule must be %s, got %s"):format(
      name, want == "integer" and "an integer above 0" or "a " .. want, tostring(value)), level + 1)
  end
  return value
end

-- The kind and its options from what the user wrote.
local function read(spec, level)
  if type(spec) == "string" then spec = { kind = spec } end
  if type(spec) ~= "table" then error("schedule must be a name, a table or a function, got " .. type(spec), level + 1) end
  local kind = require("nac.train.schedule." .. enum.check(spec.kind, names, "schedule", level + 1))
  local known, options = { "kind", "warmup" }, {}
  for name, default in pairs(kind.options) do
    known[#known + 1] = name
    options[name] = check_option(name, spec[name], default, level + 1)
  end
  table.sort(known)
  for name in pairs(spec) do enum.check(name, known, "option of the schedule", level + 1) end
  if kind.check then kind.check(options, level + 1) end
  return kind, options, warmup.read(spec.warmup, level + 1)
end

local Schedule = {}
Schedule.__index = Schedule

--- Makes a schedule.
-- @param spec a kind, `{ kind =, warmup =, ... }`, or `function(epoch, row of the epoch before, lr)` -> rate
-- @param run `{ lr =, epochs =, steps = }`
-- @param level whose line an error shows, as in `error`
-- @return a schedule; its `state` is a plain table, to be saved and restored
function M.new(spec, run, level)
  level = level or 1
  if type(spec) == "function" then return setmetatable({ call = spec, run = run, state = {} }, Schedule) end
  local kind, options, warm = read(spec, level + 1)
  local rest = { lr = run.lr, epochs = run.epochs - warm.epochs, steps = run.steps }
  local self = { kind = kind, options = options, warm = warm, run = rest, state = kind.start and kind.start(options, rest) or {} }
  if kind.per_step and kind.per_step(options) then self.buffer = tensor.zeros({ run.steps }, "f64") end
  return setmetatable(self, Schedule)
end

--- The rate of an epoch.
-- @param epoch from 1
-- @param[opt] row of the epoch before, for a schedule that is a function
-- @return a number, or an f64 tensor of one number a step; and the last of them
function Schedule:rates(epoch, row)
  if self.call then
    local lr = self.call(epoch, row, self.run.lr)
    if type(lr) ~= "number" then error("the schedule's function must return a number, got " .. type(lr), 0) end
    return lr, lr
  end
  local t = epoch - 1
  if t < self.warm.epochs then
    local lr = warmup.rate(self.warm, t, self.run.lr)
    return lr, lr
  end
  t = t - self.warm.epochs
  if not self.buffer then
    local lr = self.kind.rate(self.options, t, self.run, self.state)
    return lr, lr
  end
  local steps = self.run.steps
  for i = 1, steps do self.buffer:set(self.kind.rate(self.options, t * steps + i - 1, self.run), i) end
  return self.buffer, self.buffer:get(steps)
end

--- The rate that an epoch after the last one would begin with; a function is not
-- asked for it: its last rate then.
-- @param epoch the last one, 0 if none
-- @param row its row of the history
function Schedule:following(epoch, row)
  if self.call then return row and row.lr or self.run.lr end
  local rates, lr = self:rates(epoch + 1)
  return rates == self.buffer and rates:get(1) or lr
end

--- Tells the schedule how an epoch went.
-- @param row of the history
function Schedule:observe(row)
  if not self.call and self.kind.observe and row.epoch > self.warm.epochs then
    self.kind.observe(self.options, self.state, row)
  end
end

return M
