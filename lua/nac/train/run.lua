--- A training that is run epoch by epoch: what `nac.train.fit` loops over. Its
-- state can be taken between epochs and given to another run of the same net,
-- data and options, which then goes on as if there had been no interruption.
local checkpoint = require "nac.train.checkpoint"
local ctrain = require "nac.c.train"
local enum = require "nac.util.enum"
local file = require "nac.util.file"
local guard = require "nac.train.guard"
local part = require "nac.train.part"
local optimizer = require "nac.train.optimizer"
local proc = require "nac.c.proc"
local schedule = require "nac.train.schedule"
local signal = require "nac.util.signal"
local standardize = require "nac.train.standardize"
local tensor = require "nac.tensor"

local M = {}

local Run = {}
Run.__index = Run
Run.__name = "nac.train.run"

local known = {
  "augment", "batch", "checkpoint", "epochs", "kept_epoch", "l1", "l2", "loss", "lr", "on_epoch", "optimizer", "patience", "pauses", "piece", "plateau",
  "reference", "resume", "schedule", "seed", "standardize", "trial",
}

-- The trainer's options from the user's, and the learning rate.
local function trainer_options(options, loss, rows, level)
  local o, lr = optimizer.options(options.optimizer, level + 1)
  lr = options.lr or lr or 1e-3
  if type(lr) ~= "number" or not (lr >= 0 and lr < math.huge) then
    error("lr must be a number of 0 or more, got " .. tostring(lr), level + 1)
  end
  o.batch, o.max_rows = options.batch or 128, rows
  o.l1, o.l2, o.reference, o.piece = options.l1, options.l2, options.reference, options.piece
  o.seed = options.seed or (options.trial and options.trial.seed) or 1
  o.shift = type(options.augment) == "table" and options.augment.shift or 0
  o.loss = options.loss or loss
  return o, lr
end

-- The schedule that the options ask for: `plateau` stands for that kind with
-- its own defaults, and counts the epochs after which the rate falls.
local function schedule_spec(options, search, level)
  if options.schedule then
    if options.plateau then error("give either a schedule or a plateau", level + 1) end
    return options.schedule
  end
  if options.plateau == false or not search then return "constant" end
  local p = options.plateau or {}
  if type(p) ~= "table" then error("plateau must be a table or false, got " .. type(p), level + 1) end
  for key in pairs(p) do enum.check(key, { "factor", "min_lr", "patience", "threshold" }, "option of plateau", level + 1) end
  return { kind = "plateau", factor = p.factor or .5, patience = (p.patience or 1) - 1, min_lr = p.min_lr or 1e-6,
           threshold = p.threshold or 1e-4 }
end

-- What becomes of the samples of an epoch: { shift = pixels }, a function, or nil.
local function augment_of(options, data, level)
  local augment = options.augment
  if augment == nil then augment = data.augment end
  if augment == nil or augment == false or type(augment) == "function" then return augment or nil end
  if type(augment) ~= "table" then
    error("augment must be { shift = pixels } or a function(x, epoch), got " .. type(augment), level + 1)
  end
  for key in pairs(augment) do enum.check(key, { "shift" }, "augmentation", level + 1) end
  return augment
end

-- Where epochs of so many steps pause: { steps = ascending list, call = function(step) } for part.epoch, or nil.
local function pauses_of(options, steps, level)
  local p = options.pauses
  if p == nil then return nil end
  if type(p) ~= "table" or type(p.at) ~= "function" or type(p.call) ~= "function" then
    error("pauses must be { at = function(steps of an epoch) -> list of steps, call = function(step, epoch) }", level + 1)
  end
  local list, last = p.at(steps), -1
  for _, step in ipairs(list) do
    if math.type(step) ~= "integer" or step <= last or step > steps then
      error(("pauses.at must give ascending integers from 0 to %d, the steps of an epoch; got %s"):format(steps, tostring(step)), level + 1)
    end
    last = step
  end
  return list
end

-- Takes up a state, or the one in the file of that name.
local function take_up(self, state)
  if type(state) == "string" then
    local read, message = checkpoint.read(state)
    if not read then error(message, 0) end
    state = read
  end
  self:load_state(state)
end

--- Starts a training; nothing is trained yet. Arguments as in `nac.train.fit`.
-- @param net a net with weights
-- @param data a data set, or `{ fit = part, search = part }`
-- @param[opt] options as in `fit`
-- @param[opt=1] level whose line an error shows, as in `error`
-- @return a run; to be closed
function M.new(net, data, options, level)
  options, level = options or {}, (level or 1) + 1
  for key in pairs(options) do enum.check(key, known, "option of train.fit", level) end
  local epochs = guard.count(level, options.epochs == nil and 10 or options.epochs, "epochs")
  local parts, task = guard.parts(level, data)
  local fit, search = parts.fit, parts.search
  local rows = math.max(part.most(fit), search and part.most(search) or 0)
  local augment = augment_of(options, data, level)
  options = setmetatable({ augment = augment }, { __index = options })
  local opts, lr = trainer_options(options, guard.call(level, guard.loss, net, task), rows, level)
  local patience = options.patience == nil and 3 or options.patience or 0
  if math.type(patience) ~= "integer" then error("patience must be an integer or false, got " .. tostring(patience), level) end
  local keeps_last = enum.check(options.kept_epoch or "best", { "best", "last" }, "kept_epoch", level) == "last"
  local spec = schedule_spec(options, search, level)
  local scaled = options.standardize or data.standardize
  if scaled and scaled ~= "none" then guard.call(level, standardize.set, net, part.some(fit), scaled) end
  local trainer = guard.call(level, ctrain.new, net, opts)
  local run = { lr = lr, epochs = epochs, steps = part.steps(fit, trainer) }
  local self = setmetatable({
    change = type(augment) == "function" and augment or nil, net = net, fit = fit, search = search, options = options,
    epochs = epochs, patience = patience, keeps_last = keeps_last, trainer = trainer,
    settings = { batch = opts.batch, seed = opts.seed, rows = part.rows(fit) }, history = {}, seconds = 0, best_state = tensor.zeros { net:state_size() },
  }, Run)
  local ok, made = pcall(schedule.new, spec, run, 1)
  if not ok then
    self:close()
    error(type(made) == "string" and made:gsub("^[^:\n]+:%d+: ", "") or made, level)
  end
  self.schedule = made
  self.pause_steps = pauses_of(options, run.steps, level)
  net:save_state(self.best_state)
  local resume = options.resume or (options.checkpoint and file.exists(options.checkpoint) and options.checkpoint)
  if resume then
    ok, made = pcall(take_up, self, resume)
    if not ok then
      self:close()
      error(made, level)
    end
  end
  return self
end

--- Whether nothing is left to do: all epochs are run, or `patience` is at its end.
function Run:finished()
  local n = #self.history
  return n >= self.epochs or (self.search and self.patience > 0 and self.best ~= nil and n - self.best.epoch >= self.patience)
end

--- Runs the next epoch.
-- @param[opt=1] level whose line an error shows, as in `error`
-- @return its row of the history
function Run:step(level)
  level = (level or 1) + 1
  local started, before, epoch = proc.clock(), self.seconds, #self.history + 1
  local rates, lr = self.schedule:rates(epoch, self.history[epoch - 1])
  local pauses = self.pause_steps and { steps = self.pause_steps, call = function(step) self.options.pauses.call(step, epoch) end }
  local score = guard.score(level, part.epoch(self.fit, self.trainer, epoch, rates, self.change, pauses))
  local row = { epoch = epoch, loss = score.loss, accuracy = score.accuracy, lr = lr }
  if self.search then
    local s = guard.score(level, part.evaluate(self.search, self.trainer))
    row.val_loss, row.val_accuracy = s.loss, s.accuracy
    if not (s.loss < math.huge) then error(signal.failed(("search loss is %s after epoch %d"):format(s.loss, epoch)), 0) end
  end
  self.seconds = before + proc.clock() - started
  row.seconds = self.seconds
  self.history[epoch] = row
  if not self.search or not self.best or row.val_loss < self.best.val_loss then
    self.best = row
    if self.search then self.net:save_state(self.best_state) end
  end
  self.schedule:observe(row)
  return row
end

local function copy(t)
  local new = {}
  for key, value in pairs(t) do new[key] = value end
  return new
end

--- All that the training depends on, after the last epoch.
-- @return a table of tensors, numbers and strings:
--   `{ net =, best =, best_epoch =, optimizer =, schedule =, history =, seconds =, settings = }`
function Run:state()
  local weights, best = tensor.zeros { self.net:state_size() }, tensor.zeros { self.net:state_size() }
  self.net:save_state(weights)
  best:copy(self.best_state)
  local history = {}
  for i, row in ipairs(self.history) do history[i] = copy(row) end
  return { net = weights, best = best, best_epoch = self.best and self.best.epoch or 0, optimizer = self.trainer:state(),
           schedule = copy(self.schedule.state), history = history, seconds = self.seconds,
           settings = copy(self.settings) }
end

-- What must be equal for the state to mean the same.
local function check_state(self, state)
  if type(state) ~= "table" or not tensor.is(state.net) or not tensor.is(state.best) or type(state.history) ~= "table"
    or type(state.settings) ~= "table" or type(state.schedule) ~= "table" or type(state.optimizer) ~= "table" then
    error("a state of a training expected, got " .. (type(state) == "table" and "another table" or type(state)), 0)
  end
  local size = self.net:state_size()
  for _, name in ipairs { "net", "best" } do
    if state[name]:numel() ~= size then
      error(("the state is of a net of %d numbers, this one has %d"):format(state[name]:numel(), size), 0)
    end
  end
  for name, value in pairs(self.settings) do
    if state.settings[name] ~= value then
      error(("the state is of a training with %s = %s, this one has %s"):format(name, tostring(state.settings[name]), value), 0)
    end
  end
end

--- Takes up a state, the net's weights included; raises, and changes nothing,
-- when it is of another net, optimizer, batch, seed or number of rows.
-- @param state what `state` gave
function Run:load_state(state)
  check_state(self, state)
  self.trainer:load_state(state.optimizer)
  self.net:load_state(state.net)
  self.best_state:copy(state.best)
  self.history, self.seconds, self.schedule.state = {}, state.seconds, copy(state.schedule)
  for i, row in ipairs(state.history) do self.history[i] = copy(row) end
  self.best = self.history[state.best_epoch]
end

--- Gives the net the weights of the epoch that is kept: its best one (with a search part), or the last.
-- @return the result, as `nac.train.fit` does
function Run:finish()
  if self.search and not self.keeps_last then self.net:load_state(self.best_state) end
  local n = #self.history
  local best = self.keeps_last and self.history[n] or self.best or { epoch = 0 }
  local lr = self.schedule:following(n, self.history[n])
  return { epochs = n, best_epoch = best.epoch, loss = best.loss, val_loss = best.val_loss, val_accuracy = best.val_accuracy,
           lr = lr, seconds = self.seconds, samples = n * part.rows(self.fit), history = self.history }
end

--- Frees what the training held.
function Run:close()
  self.trainer:close()
  self.best_state:close()
end

Run.__close = Run.close

return M
