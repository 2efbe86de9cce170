--- Iterative magnitude pruning: train, prune, rewind, train again.
local enum = require "nac.util.enum"
local magnitude = require "nac.prune.magnitude"
local rebuild = require "nac.quant.rebuild"
local schedule = require "nac.prune.schedule"
local structured = require "nac.prune.structured"
local tensor = require "nac.tensor"
local train = require "nac.train"

local M = {}

-- The algorithms that go by a name.
local presets = {
  -- Lottery tickets (Frankle & Carbin 2019; 2020 for the rewinding): of all weights together, by what training made of them; back to
  -- the weights after warm-up
  lottery = { scope = "global", schedule = { kind = "iterative", keep = .8 }, iterations = 10, rewind = "warmup", mask_updates = 0 },
  -- NAC: of all weights together a fifth of those left, twenty times; no rewinding, constant rate
  nac = { scope = "global", schedule = { kind = "iterative", keep = .8 }, iterations = 20, rewind = "none", plateau = false, mask_updates = 0 },
  -- SNAC-Pack: each layer alike, 1 - rate^(i + 1) with i from 0, masks found anew every half epoch; back to the weights after warm-up
  ["snac-pack"] = { scope = "layer", schedule = { kind = "iterative", keep = .8 }, iterations = 10, rewind = "warmup", mask_updates = 2 },
}

local known = {
  "algorithm", "done", "epochs", "factors", "fit", "include_bias", "iterations", "keep", "layers", "lr", "mask_updates", "norm", "on_iteration",
  "origin", "resumed", "reuse_factor", "rewind", "rewind_state", "schedule", "scope", "structure", "warmup",
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
  if not epoch then
    if text == "epoch:k" then error("prune.iterative: 'epoch:k' takes a number, as in epoch:3", level + 1) end
    return enum.check(text, { "none", "lr", "init", "warmup", "epoch:k" }, "rewinding", level + 1)
  end
  if epoch > warmup then
    error(("prune.iterative: rewind to epoch %d, but the warm-up has %d epochs"):format(epoch, warmup), level + 1)
  end
  return epoch == 0 and "init" or "epoch", epoch
end

local function settings(options, level)
  options = options or {}
  for key in pairs(options) do enum.check(key, known, "option of prune.iterative", level + 1) end
  local preset = presets[enum.check(options.algorithm or "lottery", { "lottery", "nac", "snac-pack" }, "pruning algorithm", level + 1)]
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
  s.structure = enum.check(s.structure or "weights", { "weights", "units", "heads", "reuse_groups" }, "structure of pruning", level + 1)
  s.shrinks = s.structure == "units" or s.structure == "heads"
  s.mask_updates = s.shrinks and 0 or count(s.mask_updates, "mask_updates", 0, level + 1)
  return s
end

-- Trains some epochs, none is left out. The best epoch's weights count, unless s.fit says `kept_epoch = "last"`.
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

-- Options of nac.prune.magnitude.
local function masking(s, sparsity)
  return { sparsity = sparsity, scope = s.scope, include_bias = s.include_bias, layers = s.layers, factors = s.factors,
    structure = s.structure, reuse_factor = s.reuse_factor, norm = s.norm }
end

-- Finds the masks anew, those that go now and those that went before.
local function update(net, s, i)
  magnitude.release(net, masking(s))
  magnitude.magnitude(net, masking(s, s.sparsity_of(i)))
end

-- Has the masks found anew so many times an epoch. The step before each time trains without masks, so that a
-- pruned weight stands at what one step makes of zero, and competes with that.
local function pauses(net, s, i)
  local updates, releases = {}, {}
  return {
    at = function(steps)
      local list = {}
      for k = 1, s.mask_updates do
        local stop = steps * k // s.mask_updates
        if stop > 0 then updates[stop], releases[stop - 1] = true, true end
      end
      for step = 0, steps do
        if updates[step] or releases[step] then list[#list + 1] = step end
      end
      return list
    end,
    call = function(step)
      if updates[step] then update(net, s, i) end
      if releases[step] then magnitude.release(net, masking(s)) end
    end,
  }
end

-- One iteration by masks. Returns the net, what is rewound to, and options of its training.
local function mask_step(net, s, i, state)
  if s.mask_updates == 0 then magnitude.magnitude(net, masking(s, s.sparsity_of(i))) end
  if state then
    net:load_state(state)
    magnitude.reapply(net)
  end
  if s.mask_updates == 0 then return net, state end
  update(net, s, i)
  return net, state, { pauses = pauses(net, s, i) }
end

-- One iteration that makes the net smaller, and likewise what it is rewound to.
local function shrink_step(net, s, i, state)
  local left, reference = 1 - s.sparsity_of(i), nil
  if state then
    reference = rebuild.copy(net)
    reference:load_state(state)
  end
  local small, report, other = structured.structured(net, { structure = s.structure, norm = s.norm, layers = s.layers, with = reference,
    amount = function(name) return math.floor(s.origin.counts[name] * left + .5) end })
  if next(report.kept) == nil then
    local texts = {}
    for name, why in pairs(report.skipped) do texts[#texts + 1] = ("'%s': %s"):format(name, why) end
    table.sort(texts)
    error(("prune.iterative: no %s can go: %s"):format(s.structure, table.concat(texts, "; ")), 0)
  end
  if other then
    reference:close()
    state = snapshot(other)
    small:load_state(state)
    other:close()
  end
  return small, state
end

-- How many weights a net has, and how many of them are not zero.
local function weights_of(net, s)
  local all, left = 0, 0
  for _, row in ipairs(select(2, magnitude.sparsity(net, { include_bias = s.include_bias }))) do all, left = all + row.n, left + row.n - row.zeros end
  return all, left
end

-- The part of the weights that is gone: zero, or no longer there.
local function sparsity_of(net, s)
  if not s.shrinks then return (magnitude.sparsity(net, { include_bias = s.include_bias, layers = s.layers })) end
  local _, left = weights_of(net, s)
  return 1 - left / s.origin.weights
end

--- Prunes a net in iterations, training after each.
-- What each kind of rewinding does after it is found what goes in an iteration:
--
-- * "none": weights and statistics stay; the learning rate goes on from where it stopped, and stays there
-- * "lr": weights and statistics stay; the schedule of the learning rate begins anew (Renda et al. 2020)
-- * "init", "epoch:k", "warmup": weights and statistics are those before the warm-up, after its epoch k, after it
--   (Frankle et al. 2020); the schedule begins anew
--
-- In all of them the optimiser's moments begin anew. With `mask_updates` = 0 what goes is found once, from the weights
-- trained before (and before rewinding), and never comes back. Else masks are found from the weights rewound to, and anew so many
-- times an epoch while training: the step before each time is trained without masks, and what one step makes of a pruned weight
-- competes with the rest.
-- @param net a net with weights, trained or not
-- @param data as in `nac.train.fit`
-- @param[opt] options
--
-- * `algorithm` = "lottery" (scope global, 10 iterations, rewind warmup, mask_updates 0) | "snac-pack" (scope layer, 10 iterations, rewind
--   warmup, mask_updates 2) | "nac" (scope global, 20 iterations, rewind none, constant learning rate, mask_updates 0); the following
--   override it
-- * `iterations`, `scope`, `rewind`, `mask_updates`; `keep` = .8: part of the weights left that an iteration keeps, or a `schedule`
--   (nac.prune.schedule)
-- * `structure` = "weights" | "reuse_groups" (see nac.prune.magnitude, with `reuse_factor`, `norm`) | "units" | "heads" (see
--   nac.prune.structured, with `norm`): the net shrinks, the schedule counts units or heads of each layer, mask_updates is 0
-- * `warmup` = 0 epochs before the first pruning, `epochs` = 10 after each, `fit`: further options of nac.train.fit
-- * `include_bias` = false, `layers`, `factors`: as in nac.prune.magnitude
-- * `on_iteration`: function(row, net, rewind_state), called after each; to go on from an earlier call with the net as it was then, `resumed` = true,
--   `done` = its iterations, `rewind_state`, for "none" `lr` = the rate of its last row, for a shrinking net `origin` = the net before any pruning
-- @return list of { iteration =, sparsity = part of the weights that is zero or gone, fit = result of nac.train.fit, seconds = }, number 0 is
--   the warm-up; the net, another one where it shrank
function M.run(net, data, options)
  local s = settings(options, 2)
  local rows, state, last = {}, s.rewind_state, { lr = s.lr }
  if s.shrinks then
    local from = s.origin or net
    s.origin = { counts = structured.counts(from, s.structure), weights = weights_of(from, s) }
    if next(s.origin.counts) == nil then error(("prune.iterative: the net has no %s to be pruned"):format(s.structure), 2) end
  end
  local function finish(iteration, result)
    local row = { iteration = iteration, sparsity = sparsity_of(net, s), fit = result, seconds = result.seconds }
    rows[#rows + 1] = row
    last = result
    if s.on_iteration then s.on_iteration(row, net, state) end
  end
  if not s.resumed then
    local result
    state, result = warm_up(net, data, s)
    finish(0, result)
  end
  local step = s.shrinks and shrink_step or mask_step
  for i = s.done + 1, s.iterations do
    local extra
    net, state, extra = step(net, s, i, state)
    extra = extra or {}
    if s.how == "none" and last.lr then extra.lr, extra.plateau, extra.schedule = last.lr, false, "constant" end
    local result = fit(net, data, s, s.epochs, extra)
    if extra.pauses and s.epochs > 0 then magnitude.match(net, masking(s)) end -- the weights of the epoch that is kept have its masks
    finish(i, result)
  end
  return rows, net
end

return M
