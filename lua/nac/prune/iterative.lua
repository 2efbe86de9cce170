--- Iterative magnitude pruning: train, prune, rewind, train again.
local enum = require "nac.util.enum"
local magnitude = require "nac.prune.magnitude"
local schedule = require "nac.prune.schedule"
local tensor = require "nac.tensor"
local train = require "nac.train"

local M = {}

-- The two algorithms that go by a name.
local presets = {
  -- NAC: of all weights together a fifth of those left, twenty times; no rewinding, constant rate
  nac = { scope = "global", schedule = { kind = "iterative", keep = .8 }, iterations = 20, rewind = "none", plateau = false },
  -- SNAC-Pack: each layer alike, 1 - rate^i; back to the weights after warm-up
  ["snac-pack"] = { scope = "layer", schedule = { kind = "iterative", keep = .8 }, iterations = 10, rewind = "warmup" },
}

local known = {
  "algorithm", "done", "epochs", "factors", "fit", "include_bias", "iterations", "keep", "layers", "lr", "on_iteration", "resumed", "rewind",
  "rewind_state", "schedule", "scope", "warmup",
}

local function snapshot(net)
  local state = tensor.zeros { net:state_size() }
  net:save_state(state)
  return state
end

local function count(value, what, least, level)
  if math.type(value) ~= "integer" or value < least then
    error(("prune.iterative: %s must be an integer from %d, got %s"):format(what, least, tostring(value)), level + 1)
  end
  return value
end

-- "none", "lr", "init", "warmup", or "epoch" and its number.
local function rewinding(text, warmup, level)
  local epoch = type(text) == "string" and math.tointeger(tonumber(text:match "^epoch:(%d+)$"))
  if not epoch then return enum.check(text, { "none", "lr", "init", "warmup", "epoch:k" }, "rewinding", level + 1) end
  if epoch > warmup then
    error(("prune.iterative: rewind to epoch %d, but the warm-up has %d epochs"):format(epoch, warmup), level + 1)
  end
  return epoch == 0 and "init" or "epoch", epoch
end

local function settings(options, level)
  options = options or {}
  for key in pairs(options) do enum.check(key, known, "option of prune.iterative", level + 1) end
  local preset = options.algorithm and presets[enum.check(options.algorithm, { "nac", "snac-pack" }, "pruning algorithm", level + 1)]
    or presets["snac-pack"]
  local s = setmetatable({}, { __index = function(_, key)
    if options[key] ~= nil then return options[key] end
    return preset[key]
  end })
  s.iterations = count(s.iterations, "iterations", 0, level + 1)
  s.epochs = count(s.epochs or 10, "epochs", 0, level + 1)
  s.warmup = count(s.warmup or 0, "warmup", 0, level + 1)
  s.done = count(s.done or 0, "done", 0, level + 1)
  local keep = options.keep
  if keep ~= nil and not (type(keep) == "number" and keep > 0 and keep <= 1) then
    error(("prune.iterative: keep must be a part above 0 and at most 1, got %s"):format(tostring(keep)), level + 1)
  end
  s.sparsity_of = schedule.new(keep and { kind = "iterative", keep = keep } or s.schedule, level + 1)
  s.how, s.epoch = rewinding(s.rewind, s.warmup, level + 1)
  return s
end

-- Trains some epochs; the best epoch's weights count, none is left out.
local function fit(net, data, s, epochs, extra)
  local o = { epochs = epochs, patience = false }
  if s.plateau ~= nil then o.plateau = s.plateau end
  for _, more in ipairs { s.fit or {}, extra or {} } do
    for key, value in pairs(more) do o[key] = value end
  end
  if epochs == 0 then return { lr = o.lr, epochs = 0, seconds = 0 } end
  return train.fit(net, data, o)
end

local function warm_up(net, data, s)
  local states = { init = s.how == "init" and snapshot(net) or nil }
  local result = fit(net, data, s, s.warmup, { on_epoch = function(row, run)
    if row.epoch == s.epoch then states.epoch = run:state().net end
  end })
  if s.how == "warmup" then states.warmup = snapshot(net) end
  return states[s.how], result
end

--- Prunes a net in iterations, training after each.
-- What each kind of rewinding does after the masks of an iteration are found:
--
-- * "none": weights and statistics stay; the learning rate goes on from where it stopped, and stays there
-- * "lr": weights and statistics stay; the schedule of the learning rate begins anew (Renda et al. 2020)
-- * "init", "epoch:k", "warmup": weights and statistics are those before the warm-up, after its epoch k, after it
--   (Frankle et al. 2020); the schedule begins anew
--
-- In all of them the optimiser's moments begin anew, and pruned weights stay pruned.
-- @param net a net with weights, trained or not
-- @param data as in `nac.train.fit`
-- @param[opt] options
--
-- * `algorithm` = "snac-pack" (scope layer, 10 iterations, rewind warmup) | "nac" (scope global, 20 iterations, rewind none,
--   constant learning rate); the following override it
-- * `iterations`, `scope`, `rewind`; `keep` = .8: part of the weights left that an iteration keeps, or a `schedule` (nac.prune.schedule)
-- * `warmup` = 0 epochs before the first pruning, `epochs` = 10 after each, `fit`: further options of nac.train.fit
-- * `include_bias` = false, `layers`, `factors`: as in nac.prune.magnitude
-- * `on_iteration`: function(row, net, rewind_state), called after each; to go on from an earlier call with the net as it was then, `resumed` = true,
--   `done` = its iterations, `rewind_state`, and for "none" `lr` = the rate of its last row
-- @return list of { iteration =, sparsity =, fit = result of nac.train.fit, seconds = }; number 0 is the warm-up
function M.run(net, data, options)
  local s = settings(options, 2)
  local rows, state, last = {}, s.rewind_state, { lr = s.lr }
  local function finish(iteration, result)
    local row = { iteration = iteration, sparsity = magnitude.sparsity(net, { include_bias = s.include_bias, layers = s.layers }),
      fit = result, seconds = result.seconds }
    rows[#rows + 1] = row
    last = result
    if s.on_iteration then s.on_iteration(row, net, state) end
  end
  if not s.resumed then
    local result
    state, result = warm_up(net, data, s)
    finish(0, result)
  end
  for i = s.done + 1, s.iterations do
    magnitude.magnitude(net, { sparsity = s.sparsity_of(i), scope = s.scope, include_bias = s.include_bias, layers = s.layers, factors = s.factors })
    if state then
      net:load_state(state)
      magnitude.reapply(net)
    end
    local constant = s.how == "none" and last.lr
    finish(i, fit(net, data, s, s.epochs, constant and { lr = last.lr, plateau = false, schedule = "constant" }))
  end
  return rows
end

return M
