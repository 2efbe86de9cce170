--- One unit of work: one precision on one fold, from warm-up through all pruning
-- iterations. Its state lies in files of its own, so that a killed run goes on with the next
-- iteration: NAME.json (what is done), NAME_start.yaml and .npz (the net before its first training,
-- with its formats), NAME_K.npz (the net after iteration K; of a net that shrinks also NAME_K.yaml) and
-- NAME_rewind_K.npz (what is rewound to).
local bops = require "nac.bops"
local estimate = require "nac.estimate"
local file = require "nac.util.file"
local json = require "nac.util.json"
local model = require "nac.model"
local quantity = require "nac.report.quantity"
local npz = require "nac.npz"
local prune = require "nac.prune"
local quant = require "nac.quant"
local score = require "nac.local_search.score"
local setup = require "nac.global_search.setup"
local signal = require "nac.util.signal"
local train = require "nac.train"

local M = {}

--- The name of a unit's files: "8b3i_fold1", "float_fold1".
function M.name(unit)
  local pair = unit.pair
  return ("%s_fold%d"):format(pair and ("%db%si"):format(pair.total_bits, pair.int_bits) or "float", unit.fold)
end

local function path(job, unit, ending) return ("%s/state/%s%s"):format(job.dir, M.name(unit), ending) end

-- Whether the net loses units or heads, so that its files hold its layers, too.
local function shrinks(job)
  local structure = job.settings.pruning_structure
  return structure == "units" or structure == "heads"
end

--- The file with a unit's net after an iteration.
function M.net_path(job, unit, iteration) return path(job, unit, ("_%d.%s"):format(iteration, shrinks(job) and "yaml" or "npz")) end

-- What is rewound to: one state for all iterations, unless the net shrinks.
local function rewind_path(job, unit, iteration) return path(job, unit, ("_rewind_%d.npz"):format(shrinks(job) and iteration or 0)) end

-- Ends the unit as failed where a file cannot be written or read.
local function need(ok, message)
  if not ok then error(signal.failed(message), 0) end
  return ok
end

--- The rows that a unit has done.
-- @return list of rows, empty if there is none yet
function M.rows(job, unit)
  local text = file.read(path(job, unit, ".json"))
  local state = text and json.decode(text)
  return type(state) == "table" and type(state.rows) == "table" and state.rows or {}
end

-- The net of a unit before its first training: the fold's, with formats for a precision. Returns
-- a net of its own, the report of nac.quant.prepare (nil for float).
local function start(job, unit)
  local net = job.nets[unit.fold]
  if not unit.pair then return quant.copy(net) end
  local spec = { data = job.folds[unit.fold].fit, quiet = true }
  for key, value in pairs(unit.pair) do spec[key] = value end
  return quant.prepare(net, spec)
end

--- Bit operations of a net as it is: real widths, weights that are not zero.
local function effective_bops(net, unit) return bops.count(net, { bits = unit.pair and unit.pair.total_bits or 32 }) end

-- Saves the net first and then what says that it counts.
local function save(job, unit, rows, net)
  local iteration = rows[#rows].iteration
  need(model.save(net, M.net_path(job, unit, iteration)))
  need(file.write(path(job, unit, ".json"), json.encode { rows = rows }))
end

-- The loss of a net that has not been trained here.
local function loss_of(job, unit, net)
  local fold = job.folds[unit.fold]
  return train.evaluate(net, fold.search or fold.fit, { loss = job.loss }).loss
end

local function row_of(job, unit, net, r)
  local accuracy, why = score.of(net, job.select, unit.pair ~= nil, job.loss)
  if why and r.iteration == 0 then
    job.say(("%s fold %d is scored by its fake-quantised form, not by integers: %s"):format(M.label(unit.pair), unit.fold, why))
  end
  local layers = {}
  for _, one in ipairs(select(2, prune.sparsity(net))) do layers[#layers + 1] = one.zeros / one.n end
  return {
    iteration = r.iteration, sparsity = r.sparsity, layers = layers, epochs = r.fit.epochs, seconds = r.seconds,
    loss = r.fit.val_loss or r.fit.loss or loss_of(job, unit, net), lr = r.fit.lr,
    accuracy = accuracy, bops = effective_bops(net, unit),
    ebops = unit.pair and bops.count(net, { definition = "ebops", bits = unit.pair.total_bits }) or nil,
    lut = unit.pair and estimate.resources(net).lut or nil,
  }
end

local function say(job, unit, row)
  job.say(("%s fold %d iteration %d: sparsity %.4f %s %s effective BOPs %.0f (%d epoch%s, %.2f s)"):format(
    M.label(unit.pair), unit.fold, row.iteration, row.sparsity, job.metric, quantity.score(quantity.shown(job.metric, row.accuracy)), row.bops,
    row.epochs, row.epochs == 1 and "" or "s", row.seconds))
end

--- "<8,3>", "<8,auto>" or "float".
function M.label(pair) return pair and ("<%d,%s>"):format(pair.total_bits, pair.int_bits) or "float" end

local function fit_options(job, unit)
  local options = setup.fit_options(job.search)
  options.kept_epoch = job.settings.kept_epoch
  options.standardize, options.augment, options.seed, options.loss = "none", job.augment or false, job.seed + unit.fold - 1, job.loss
  return options
end

-- Where an earlier run stopped: the net, and the state that is rewound to.
local function take_up(job, unit, net, last)
  local at = M.net_path(job, unit, last.iteration)
  if shrinks(job) then net = need(model.load(at)) else need(model.load(net, at)) end
  local rewind = npz.read(rewind_path(job, unit, last.iteration))
  return net, rewind and rewind.state
end

-- The schedule in the words of nac.prune.schedule.
local function schedule_of(s, iterations)
  return { kind = s.pruning_schedule, keep = s.pruning_rate, sparsity = s.pruning_sparsity, final = s.pruning_sparsity,
    iterations = math.max(iterations, 1) }
end

-- Options of nac.prune.iterative, but for those of going on.
local function pruning_options(job, unit, report)
  local s = job.settings
  return {
    algorithm = s.pruning_algorithm, rewind = s.rewind, factors = report and report.factors, schedule = schedule_of(s, unit.iterations),
    include_bias = s.include_bias, structure = s.pruning_structure, norm = s.pruning_norm, mask_updates = s.mask_updates,
    reuse_factor = s.pruning_structure == "reuse_groups" and s.reuse_factor or nil,
    iterations = unit.iterations, warmup = unit.warmup, epochs = s.pruning_epochs, fit = fit_options(job, unit),
  }
end

-- Says at the start which formats overflow and what pruning leaves alone.
local function tell(job, unit, net, report)
  local texts, structure = { table.unpack(report and report.warnings or {}) }, job.settings.pruning_structure
  if unit.iterations > 0 and shrinks(job) then
    local skipped = select(2, prune.structured(net, { amount = 0, structure = structure })).skipped
    for name, why in pairs(skipped) do texts[#texts + 1] = ("'%s' keeps its %s: %s"):format(name, structure, why) end
    table.sort(texts)
  end
  for _, text in ipairs(texts) do job.say(("%s fold %d: %s"):format(M.label(unit.pair), unit.fold, text)) end
end

--- Runs a unit to its end, or what an earlier run left of it.
-- @param job of the local search
-- @param unit { fold =, pair = pair or nil (float), iterations =, warmup = epochs }
-- @param[opt] on_iteration function(number), called when one is done, before it is saved
-- @return its rows
function M.run(job, unit, on_iteration)
  local rows = M.rows(job, unit)
  local last = rows[#rows]
  if last and last.iteration == unit.iterations then return rows end
  local origin, report = start(job, unit)
  if not last then need(model.save(origin, path(job, unit, "_start.yaml"))) end -- choosing formats from data may take long
  local options, net = pruning_options(job, unit, report), origin
  if last then
    net, options.rewind_state = take_up(job, unit, origin, last)
    options.resumed, options.done, options.lr, options.origin = true, last.iteration, last.lr, origin
  end
  if not last then tell(job, unit, origin, report) end
  function options.on_iteration(r, trained, state)
    if state and (r.iteration == 0 or shrinks(job)) then need(npz.write(rewind_path(job, unit, r.iteration), { state = state })) end
    rows[#rows + 1] = row_of(job, unit, trained, r)
    if on_iteration then on_iteration(r.iteration) end
    save(job, unit, rows, trained)
    say(job, unit, rows[#rows])
  end
  prune.iterative(net, job.folds[unit.fold], options)
  origin:close()
  return rows
end

--- The net of a unit after an iteration, from its file.
-- @return the net; or nil and a message
function M.load(job, unit, iteration)
  if shrinks(job) then return model.load(M.net_path(job, unit, iteration)) end
  local net, message = model.load(path(job, unit, "_start.yaml"))
  if not net then return nil, message end
  local ok
  ok, message = model.load(net, M.net_path(job, unit, iteration))
  if not ok then return nil, message end
  return net
end

--- Removes the nets of a unit's iterations except some; its rows stay.
-- @param keep set of iterations
function M.clean(job, unit, keep)
  for _, row in ipairs(M.rows(job, unit)) do
    if not keep[row.iteration] then
      local net = M.net_path(job, unit, row.iteration)
      os.remove(net)
      os.remove((net:gsub("%.yaml$", ".npz")))
    end
    os.remove(rewind_path(job, unit, row.iteration))
  end
end

return M
