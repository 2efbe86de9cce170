--- Training and scoring of nets.
local checkpoint = require "nac.train.checkpoint"
local ctrain = require "nac.c.train"
local cplan = require "nac.c.plan"
local guard = require "nac.train.guard"
local parts = require "nac.train.part"
local run = require "nac.train.run"
local tensor = require "nac.tensor"

local M = {}

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
-- * `loss` = "cross_entropy" for classification ("bce_with_logits" where the net has one output), "mse" for regression; also "bce_with_logits", "l1" ("mae"),
--   "huber", "smooth_l1", or a table `{ kind = "huber", delta = 1 }`, `{ kind = "smooth_l1", beta = 1 }`,
--   `{ kind = "cross_entropy", label_smoothing = 0, class_weights = { one a class } }`. A softmax at the net's end
--   is left out for cross_entropy, a sigmoid for bce_with_logits: they work on the logits before it. Answers of
--   cross_entropy may also be f32 probabilities (N, classes), those of bce_with_logits are f32 numbers in [0, 1]
--   or, for one output, i32 labels 0 and 1
-- * `optimizer` = "adam" | "adamw" | "sgd" | "rmsprop" | "adagrad" or a table with a `kind`, `lr` = 1e-3, `weight_decay` (acts on
--   all parameters; 0.01 for adamw, else 0), `clip_value` and `clip_norm` (of the gradients, in this order; 0 = off), and
--   for adam and adamw `beta1` = .9, `beta2` = .999, `eps` = 1e-8, `amsgrad` = false; sgd `momentum` = 0,
--   `dampening` = 0, `nesterov` = false; rmsprop `alpha` = .99, `eps` = 1e-8, `momentum` = 0, `centered` = false;
--   adagrad `eps` = 1e-10
-- * `l1`, `l2` = 0: added to the gradient of weights (not of biases or normalisation) as l1 sign(w) + l2 w
-- * `patience` = 3 epochs, false = train to the end (the best epoch still counts)
-- * `kept_epoch` = "best" (the least loss on the search part) or "last"
-- * `plateau` = `{ factor = .5, patience = 1, min_lr = 1e-6 }`: the rate falls after `patience` epochs without a lower
--   loss on `search`; false = constant rate
-- * `schedule` in its place: "constant", `{ kind = "step", step_size =, gamma = .1 }`, `{ kind = "multi_step",
--   milestones = { ... }, gamma = .1 }`, `{ kind = "exponential", gamma = }`, `{ kind = "cosine", epochs = all, min_lr = 0 }`,
--   `{ kind = "warm_restarts", epochs =, factor = 1, min_lr = 0 }`,
--   `{ kind = "one_cycle", max_lr = lr, pct_start = .3, div_factor = 25, final_div_factor = 1e4, anneal = "cosine" |
--   "linear", per = "step" | "epoch" }`, `{ kind = "plateau", factor = .1, patience = 10 (tolerated epochs),
--   threshold = 1e-4, cooldown = 0, min_lr = 0, monitor = "loss" | "accuracy" }`; each may have `warmup = epochs` or
--   `warmup = { epochs =, start_factor = 1/3 }` before it; or function(epoch, row of the epoch before, lr) -> rate
-- * `seed` = the trial's, else 1: order of rows and dropout
-- * `standardize` = the data set's: "mean_std" or "median_quantile" sets the net's standardize
--   layer from the fit part first (nac.train.standardize); "none" leaves it as it is
-- * `augment` = the data set's: `{ shift = pixels }` moves the images of each batch by up to so many pixels in each
--   direction, at random, anew each epoch; or function(x, epoch) -> a tensor like x, called once an epoch
-- * `trial`: gets `trial:report(epoch, { loss =, accuracy = })` after each epoch
-- * `pauses`: `{ at = function(steps of an epoch) -> ascending list, call = function(step, epoch) }`: within each epoch,
--   after so many of its steps (0: before the first), `call` may look at the net or change its masks and weights
-- * `on_epoch`: function(row of the history, run): `run:state()` is all that the training depends on, to be saved
-- * `resume`: such a state, or the name of a file with one; the training goes on from there and ends as if it had
--   not been interrupted, bit for bit
-- * `checkpoint`: name of a file that the state is written to after each epoch; if it is there at the start, the
--   training goes on from it
-- @return `{ epochs, best_epoch, loss, val_loss, val_accuracy, lr, seconds, samples, history }`; `lr` is the rate that
--   a further epoch would have
function M.fit(net, data, options)
  local training <close> = run.new(net, data, options, 2)
  local trial, on_epoch = training.options.trial, training.options.on_epoch
  while not training:finished() do
    local row = training:step(2)
    if trial then trial:report(row.epoch, { loss = row.val_loss or row.loss, accuracy = row.val_accuracy }) end
    if training.options.checkpoint then
      local ok, message = checkpoint.write(training.options.checkpoint, training:state())
      if not ok then error(message, 2) end
    end
    if on_epoch then on_epoch(row, training) end
  end
  return training:finish()
end

--- Starts a training to be run epoch by epoch, by a loop of one's own:
-- `while not run:finished() do local row = run:step() ... end; local result = run:finish()`.
-- @function start
-- @param net a net with weights
-- @param data as in `fit`
-- @param[opt] options as in `fit` (`trial` and `on_epoch` are the loop's business)
-- @return a run with `finished`, `step`, `state`, `load_state`, `finish`, `close`
function M.start(net, data, options) return run.new(net, data, options, 2) end

--- Scores a net, in its evaluation form, on samples with known answers.
-- @param net a net with weights
-- @param part `{ x =, y = }` as in `fit`
-- @param[opt] options `loss` = by the type of y, or as in `fit`; `reference` = 0, 32 or 64
-- @return `{ loss = mean, accuracy = share of right answers (where the loss knows them), n = samples }`
function M.evaluate(net, part, options)
  options = options or {}
  guard.part(2, part, "to score")
  local loss = options.loss or guard.call(2, guard.loss, net, parts.task(part))
  local trainer <close> = guard.call(2, ctrain.new, net,
    { loss = loss, batch = 1, max_rows = parts.most(part), reference = options.reference })
  return guard.score(2, parts.evaluate(part, trainer))
end

--- The outputs of a net, in its evaluation form.
-- @param net a net with weights
-- @param x f32 tensor (N, shape of a sample)
-- @return f32 tensor (N, shape of the output)
function M.predict(net, x)
  if not tensor.is(x) then error("x must be a tensor, got " .. type(x), 2) end
  local n, batch = x:size(1), 256
  x = x:contiguous()
  local plan <close> = guard.call(2, cplan.new, net, { batch = math.max(1, math.min(n, batch)) })
  local shape = { n, table.unpack(net:output_shape()) }
  local out = guard.call(2, tensor.zeros, shape)
  for first = 1, n, batch do
    local last = math.min(first + batch - 1, n)
    local y <close> = guard.call(2, plan.forward, plan, x:slice(1, first, last))
    out:slice(1, first, last):copy(y)
  end
  return out
end

return M
