--- Training and scoring of nets.
local ctrain = require "nac.c.train"
local cplan = require "nac.c.plan"
local optimizer = require "nac.train.optimizer"
local plateau = require "nac.train.plateau"
local proc = require "nac.c.proc"
local signal = require "nac.util.signal"
local standardize = require "nac.train.standardize"
local tensor = require "nac.tensor"
local enum = require "nac.util.enum"

local M = {}

local known = {
  "batch", "epochs", "l1", "l2", "loss", "lr", "on_epoch", "optimizer", "patience", "piece", "plateau", "reference", "seed",
  "standardize", "trial",
}

-- The trainer's options from the user's.
local function trainer_options(options, task, rows)
  local o, lr = optimizer.options(options.optimizer, 3)
  lr = options.lr or lr or 1e-3
  if type(lr) ~= "number" or not (lr >= 0 and lr < math.huge) then
    error("lr must be a number of 0 or more, got " .. tostring(lr), 3)
  end
  o.batch, o.max_rows = options.batch or 128, rows
  o.l1, o.l2, o.reference, o.piece = options.l1, options.l2, options.reference, options.piece
  o.seed = options.seed or (options.trial and options.trial.seed) or 1
  o.loss = options.loss or (task == "regression" and "mse" or "cross_entropy")
  return o, lr
end

-- The parts of a data set, or of a table of parts.
local function parts_of(data)
  if type(data) ~= "table" then error("data must be a data set or { fit =, search = }, got " .. type(data), 3) end
  local parts = data.fit and data or (type(data.parts) == "function" and data:parts())
  if not parts or not parts.fit then error("data has neither :parts() nor a part called fit", 3) end
  return parts
end

-- Turns a failed call of the trainer into what ends a trial.
local function check(score, message, why)
  if score then return score end
  if why == "interrupted" then error(signal.interrupted(), 0) end
  if why == "nan" then error(signal.failed(message), 0) end
  error(message, 3)
end

-- Runs f; an error of the engine shows the line of the user who called this module.
local function at_user(f, ...)
  local ok, result = pcall(f, ...)
  if not ok then error(type(result) == "string" and result:gsub("^[^:\n]+:%d+: ", "") or result, 3) end
  return result
end

local function check_part(part, name)
  if type(part) ~= "table" or type(part.x) ~= "userdata" or type(part.y) ~= "userdata" then
    error(("the part %s must be { x = tensor, y = tensor }"):format(name), 3)
  end
end

--- Trains a net in place.
--
-- The epoch with the lowest loss on `search` counts: training stops after
-- `patience` epochs without a lower one, and the net gets that epoch's weights
-- back. Without a `search` part all epochs are run. A loss that is not finite
-- raises a signal that fails the trial; Ctrl-C raises one that ends the search.
-- @param net a net with weights (`arch:build`)
-- @param data a data set, or `{ fit = part, search = part }`; a part is
--   `{ x = f32 tensor (N, shape of a sample), y = i32 labels from 0, or f32 targets }`
-- @param[opt] options
--
-- * `epochs` = 10, `batch` = 128
-- * `loss` = "cross_entropy" for classification, "mse" for regression; also "bce_with_logits", "l1" ("mae"),
--   "huber", "smooth_l1", or a table `{ kind = "huber", delta = 1 }`, `{ kind = "smooth_l1", beta = 1 }`,
--   `{ kind = "cross_entropy", label_smoothing = 0, class_weights = { one a class } }`. A softmax at the net's end
--   is left out for cross_entropy, a sigmoid for bce_with_logits: they work on the logits before it. Answers of
--   cross_entropy may also be f32 probabilities (N, classes), those of bce_with_logits are f32 numbers in [0, 1]
--   or, for one output, i32 labels 0 and 1
-- * `optimizer` = "adam" | "adamw" | "sgd" | "rmsprop" or a table with a `kind`, `lr` = 1e-3, `weight_decay` (acts on
--   all parameters; 0.01 for adamw, else 0), `clip_value` and `clip_norm` (of the gradients, in this order; 0 = off), and
--   for adam and adamw `beta1` = .9, `beta2` = .999, `eps` = 1e-8, `amsgrad` = false; sgd `momentum` = 0,
--   `dampening` = 0, `nesterov` = false; rmsprop `alpha` = .99, `eps` = 1e-8, `momentum` = 0, `centered` = false
-- * `l1`, `l2` = 0: added to the gradient of weights (not of biases or normalisation) as l1 sign(w) + l2 w
-- * `patience` = 3 epochs, false = train to the end (the best epoch still counts)
-- * `plateau` = `{ factor = .5, patience = 1, min_lr = 1e-6 }`, false = constant rate
-- * `seed` = the trial's, else 1: order of rows and dropout
-- * `standardize` = the data set's: "mean_std" or "median_quantile" sets the net's standardize
--   layer from the fit part first (nac.train.standardize); "none" leaves it as it is
-- * `trial`: gets `trial:report(epoch, { loss =, accuracy = })` after each epoch
-- * `on_epoch`: function(row of the history)
-- @return `{ epochs, best_epoch, loss, val_loss, val_accuracy, lr, seconds, samples, history }`
function M.fit(net, data, options)
  options = options or {}
  for key in pairs(options) do enum.check(key, known, "option of train.fit", 2) end
  local epochs = options.epochs or 10
  if math.type(epochs) ~= "integer" or epochs < 0 then error("epochs must be an integer of 0 or more, got " .. tostring(epochs), 2) end
  local parts = parts_of(data)
  local fit, search = parts.fit, parts.search
  check_part(fit, "fit")
  if search then check_part(search, "search") end
  local task = data.task or (fit.y:dtype() == "f32" and "regression" or "classification")
  local rows = math.max(fit.x:size(1), search and search.x:size(1) or 0)
  local opts, lr = trainer_options(options, task, rows)
  local patience = options.patience == nil and 3 or options.patience or 0
  if math.type(patience) ~= "integer" then error("patience must be an integer or false, got " .. tostring(patience), 2) end
  local schedule = options.plateau ~= false and search and plateau.new(options.plateau or {})
  local scaled = options.standardize or data.standardize
  if scaled and scaled ~= "none" then standardize.set(net, fit.x, scaled) end
  local trainer <close> = at_user(ctrain.new, net, opts)
  local best_state <close> = tensor.zeros { net:state_size() }
  net:save_state(best_state)
  local started = proc.clock()
  local history, best = {}, nil
  for epoch = 1, epochs do
    local score = check(trainer:epoch(fit.x, fit.y, epoch, lr))
    local row = { epoch = epoch, loss = score.loss, accuracy = score.accuracy, lr = lr }
    if search then
      local s = check(trainer:evaluate(search.x, search.y))
      row.val_loss, row.val_accuracy = s.loss, s.accuracy
      if not (s.loss < math.huge) then error(signal.failed(("search loss is %s after epoch %d"):format(s.loss, epoch)), 0) end
    end
    row.seconds = proc.clock() - started
    history[epoch] = row
    if not search or not best or row.val_loss < best.val_loss then
      best = row
      if search then net:save_state(best_state) end
    end
    if options.trial then options.trial:report(epoch, { loss = row.val_loss or row.loss, accuracy = row.val_accuracy }) end
    if options.on_epoch then options.on_epoch(row) end
    if search and patience > 0 and epoch - best.epoch >= patience then break end
    if schedule then lr = schedule(row.val_loss, lr) end
  end
  if search then net:load_state(best_state) end
  best = best or { epoch = 0 }
  return { epochs = #history, best_epoch = best.epoch, loss = best.loss, val_loss = best.val_loss,
           val_accuracy = best.val_accuracy, lr = lr, seconds = proc.clock() - started,
           samples = #history * fit.x:size(1), history = history }
end

--- Scores a net, in its evaluation form, on samples with known answers.
-- @param net a net with weights
-- @param part `{ x =, y = }` as in `fit`
-- @param[opt] options `loss` = by the type of y, or as in `fit`; `reference` = 0, 32 or 64
-- @return `{ loss = mean, accuracy = share of right answers (where the loss knows them), n = samples }`
function M.evaluate(net, part, options)
  options = options or {}
  check_part(part, "to score")
  local loss = options.loss or (part.y:dtype() == "f32" and "mse" or "cross_entropy")
  local trainer <close> = at_user(ctrain.new, net,
    { loss = loss, batch = 1, max_rows = part.x:size(1), reference = options.reference })
  return (check(trainer:evaluate(part.x, part.y)))
end

--- The outputs of a net, in its evaluation form.
-- @param net a net with weights
-- @param x f32 tensor (N, shape of a sample)
-- @return f32 tensor (N, shape of the output)
function M.predict(net, x)
  local n, batch = x:size(1), 256
  local plan <close> = cplan.new(net, { batch = math.max(1, math.min(n, batch)) })
  local shape = { n, table.unpack(net:output_shape()) }
  local out = tensor.zeros(shape)
  for first = 1, n, batch do
    local last = math.min(first + batch - 1, n)
    local y <close> = plan:forward(x:slice(1, first, last))
    out:slice(1, first, last):copy(y)
  end
  return out
end

return M
