--- Local search: makes a trained net small, by quantisation-aware training and
-- iterative pruning at several precisions. docs/local_search.md tells the rest.
--
--     local result = nac.global_search.run "t1.yaml"
--     print(nac.local_search.run(result, nil, cfg.local_search))
local curves = require "nac.local_search.curves"
local enum = require "nac.util.enum"
local faults = require "nac.util.fault"
local file = require "nac.util.file"
local hash = require "nac.c.hash"
local identity = require "nac.util.identity"
local outputs = require "nac.local_search.outputs"
local proc = require "nac.c.proc"
local report = require "nac.local_search.report"
local score = require "nac.local_search.score"
local setup = require "nac.global_search.setup"
local specs = require "nac.quant.spec"
local start = require "nac.local_search.start"
local study = require "nac.study"
local units = require "nac.local_search.unit"

local M = {}

local defaults = {
  mode = "combined", qat_epochs = 10, pruning_iterations = 10, pruning_epochs = 10, pruning_rate = .8, pruning_algorithm = "lottery",
  include_bias = false, pruning_structure = "weights", pruning_norm = "l1", tolerance = .01, kept_epoch = "best",
  pruning_schedule = "iterative",
}
local optional = { "mask_updates", "precision_pairs", "pruning_sparsity", "reuse_factor", "rewind" }

local function fail(form, ...) error(form:format(...), 0) end

-- A message without the place in here that it came from, which is no news to the user.
local function plain(message) return (tostring(message):gsub("^[^\n]-%.lua:%d+: ", "")) end

local function whole(s, key)
  if math.type(s[key]) ~= "integer" or s[key] < 0 then fail("%s must be an integer from 0, got %s", key, tostring(s[key])) end
end

-- How sparsity grows.
local function check_schedule(s)
  enum.check(s.pruning_schedule, { "iterative", "constant", "cubic" }, "pruning schedule", 0)
  local zeros = s.pruning_sparsity
  if s.pruning_schedule == "iterative" then
    if zeros ~= nil then fail("pruning_sparsity goes with pruning_schedule constant or cubic; iterative has pruning_rate") end
  elseif type(zeros) ~= "number" or not (zeros > 0 and zeros <= 1) then
    fail("pruning_sparsity must be above 0 and at most 1 with pruning_schedule %s, got %s", s.pruning_schedule, tostring(zeros))
  end
end

-- What is pruned and how far it is rewound.
local function check_pruning(s)
  enum.check(s.pruning_structure, { "weights", "units", "heads", "reuse_groups" }, "structure of pruning", 0)
  enum.check(s.pruning_norm, { "l1", "l2" }, "norm", 0)
  if s.mask_updates ~= nil then whole(s, "mask_updates") end
  if s.pruning_structure ~= "reuse_groups" then
    s.reuse_factor = nil
  else
    local factor = s.reuse_factor or 1 -- the configuration's may come in its place
    if math.type(factor) ~= "integer" or factor < 1 then fail("reuse_factor must be an integer from 1, got %s", tostring(factor)) end
    if s.include_bias then fail("include_bias does not go with pruning_structure reuse_groups: biases belong to no multiplier") end
  end
  if s.pruning_structure == "units" or s.pruning_structure == "heads" then
    if s.include_bias then fail("include_bias does not go with pruning_structure %s: a bias goes with its unit", s.pruning_structure) end
    if (s.mask_updates or 0) > 0 then
      fail("mask_updates does not go with pruning_structure %s: the net shrinks, nothing is masked", s.pruning_structure)
    end
  end
  check_schedule(s)
  if s.rewind == nil then return end
  local epoch = math.tointeger(tonumber(tostring(s.rewind):match "^epoch:(%d+)$"))
  if not epoch then
    enum.check(s.rewind, { "none", "lr", "init", "warmup", "epoch:k" }, "rewinding", 0)
    if s.rewind == "epoch:k" then fail("rewind: epoch:k takes a number, as in epoch:3") end
  elseif s.mode == "separated" then
    fail("rewind: epoch:%d needs mode combined: separated pruning has no warm-up whose epochs could be rewound to", epoch)
  elseif epoch > s.qat_epochs then
    fail("rewind: epoch:%d, but the warm-up has %d epochs (qat_epochs)", epoch, s.qat_epochs)
  end
end

-- What a pair says of single roles, kinds and layers; names against the net where it is known.
local function check_pair(i, pair, net)
  local ok, message = pcall(specs.check, pair, net and net:layers())
  if not ok then fail("precision_pairs[%d]: %s", i, (plain(message):gsub("^the spec[.:] ?", ""))) end
end

local function check_pairs(list)
  if type(list) ~= "table" or #list == 0 then fail("precision_pairs is empty; at least one { total_bits =, int_bits = }") end
  local seen = {}
  for i, pair in ipairs(list) do
    if type(pair) ~= "table" or pair[1] ~= nil then
      fail("precision_pairs[%d]: { total_bits =, int_bits = } expected, got %s", i, type(pair) == "table" and "a list" or tostring(pair))
    end
    for key in pairs(pair) do enum.check(key, specs.keys, ("key of precision_pairs[%d]"):format(i), 0) end
    check_pair(i, pair)
    local total, int = pair.total_bits, pair.int_bits
    if math.type(total) ~= "integer" or total < 1 or total > 64 then
      fail("precision_pairs[%d]: total_bits must be an integer from 1 to 64, got %s", i, tostring(total))
    end
    if int ~= "auto" and int ~= "learned" and (math.type(int) ~= "integer" or int > total) then
      fail("precision_pairs[%d]: int_bits must be \"auto\", \"learned\" or an integer of at most %d, got %s", i, total, tostring(int))
    end
    if pair.int_bits_exclude_sign and int == total then
      fail("precision_pairs[%d]: int_bits %d beside the sign leave no bit of %d for the sign", i, int, total)
    end
    if pair.steps == "free" then
      fail("precision_pairs[%d]: steps = \"free\" has no integer form; a local search learns powers of two (steps = \"powers\", the default)", i)
    end
    if pair.method ~= nil and int ~= "auto" then fail("precision_pairs[%d]: method is how int_bits auto is chosen, but int_bits is %s", i, int) end
    if pair.percentile ~= nil and pair.method ~= "percentile" then fail("precision_pairs[%d]: percentile goes with method percentile", i) end
    local label = units.label(pair)
    if seen[label] then fail("precision_pairs[%d]: %s stands twice", i, label) end
    seen[label] = true
  end
end

-- The settings with defaults, checked.
local function checked(given)
  if type(given) ~= "table" then fail("the settings of a local search are a table, as a configuration's section local_search; got %s", type(given)) end
  local s, known = {}, { table.unpack(optional) }
  for key, value in pairs(defaults) do s[key], known[#known + 1] = value, key end
  table.sort(known)
  for key, value in pairs(given) do s[enum.check(key, known, "key of local_search", 0)] = value end
  s.precision_pairs = s.precision_pairs or { { total_bits = 8, int_bits = 3 } }
  enum.check(s.mode, { "combined", "separated" }, "mode of the local search", 0)
  enum.check(s.pruning_algorithm, { "lottery", "nac", "snac-pack" }, "pruning algorithm", 0)
  for _, key in ipairs { "qat_epochs", "pruning_iterations", "pruning_epochs" } do whole(s, key) end
  enum.check(s.kept_epoch, { "best", "last" }, "kept_epoch", 0)
  check_pruning(s)
  if type(s.pruning_rate) ~= "number" or not (s.pruning_rate > 0 and s.pruning_rate <= 1) then
    fail("pruning_rate must be above 0 and at most 1, got %s", tostring(s.pruning_rate))
  end
  if type(s.tolerance) ~= "number" or not (s.tolerance >= 0 and s.tolerance < 1) then
    fail("tolerance must be at least 0 and below 1, got %s", tostring(s.tolerance))
  end
  check_pairs(s.precision_pairs)
  return s
end

-- What the results depend on: the settings, the training, the data and the nets that all starts from.
local function identity_of(job)
  local facts = { seed = job.seed, nets = {}, data = { select = identity.data(job.select) }, training = setup.fit_options(job.search) }
  for key, value in pairs(job.settings) do
    if key ~= "tolerance" then facts[key] = value end -- it only chooses, at the end
  end
  facts.training.loss, facts.training.augment = job.loss, job.augment
  for i, net in ipairs(job.nets) do
    local name, fold = "fold" .. i, job.folds[i]
    facts.nets[name] = identity.net(net)
    facts.data[name] = hash.sha256(identity.data(fold.fit) .. (identity.data(fold.search) or ""))
  end
  return identity.of(facts)
end

-- One local search at a time works in a folder.
local function lock(job)
  local ok, message = file.make_directory(job.dir .. "/state")
  if not ok then return nil, message end
  local owner
  job.lock, message, owner = proc.lock(job.dir .. "/state/lock")
  if job.lock then return true end
  return nil, owner and ("another local search (process %d) works in %s"):format(owner, job.dir) or message
end

-- Decides what becomes of an earlier run in the folder.
local function make_room(job, options)
  local message
  job.depends_on, message = faults.told(identity_of, job)
  if not job.depends_on then return nil, message end
  job.identity = identity.hash(job.depends_on)
  local earlier = outputs.read_config(job.dir)
  if not earlier then return true end
  local same = earlier.identity == job.identity
  if options.resume and same then return true end
  if options.resume then
    return nil, ("cannot resume: the local search in %s is another one: %s; --force replaces it"):format(
      job.dir, identity.differences(outputs.read_identity(job.dir), job.depends_on))
  end
  if options.force or same and earlier.finished then
    outputs.remove(job.dir)
    return true
  end
  return nil, same and ("%s holds this local search unfinished: --resume continues it, --force starts anew"):format(job.dir)
    or ("%s holds the results of another local search: --force replaces them"):format(job.dir)
end

-- A line for the log and, unless quiet, for the screen; workers write it, too.
local function log_to(path, quiet)
  return function(text)
    local out = io.open(path, "a")
    if out then
      out:write(text .. "\n") -- one write: workers share the file
      out:close()
    end
    if not quiet then io.stderr:write(text .. "\n") end
  end
end

-- The job: what all units read.
local function new_job(what, data, settings, options)
  local s = checked(settings)
  local from, message
  if type(what) == "table" and what.dir and not what[1] then what = what.dir end
  if type(what) == "string" then
    from, message = start.from_results(what, options)
    if not from then return nil, message end
  else
    if what == nil then fail("a local search takes a result of nac.global_search.run, the path of its folder, a net or a list of nets; got nil") end
    if data == nil then fail("a local search of a net needs data: a data set, or { fit =, search =, select = }") end
    from = start.from_nets(what, data)
  end
  for i, pair in ipairs(s.precision_pairs) do check_pair(i, pair, from.nets[1]) end
  if s.pruning_structure == "reuse_groups" then s.reuse_factor = s.reuse_factor or from.reuse_factor or 1 end
  local mode = require("nac.local_search." .. s.mode)
  local job = { settings = s, mode = mode, dir = options.dir or (type(what) == "string" and what or "results") .. "/" .. mode.folder }
  for key, value in pairs(from) do job[key] = value end
  for key, value in pairs(options.search or {}) do job.search[enum.check(key, setup.training_keys, "training setting in search", 0)] = value end
  job.seed = options.seed or job.seed
  job.metric = score.name(job.select, job.loss)
  job.say = log_to(job.dir .. "/training_log.txt", options.quiet)
  return job
end

-- Runs the units in workers; what is done already is done.
local function run_units(job, list, options)
  local s <close> = study { sampler = "random", maximize = { "accuracy" }, seed = job.seed, sync = false }
  local ok, fault = pcall(s.optimize, s, function(trial)
    -- a worker whose parent was killed ends when it tells of its iteration, before it writes anything
    local rows = units.run(job, list[trial.number + 1], function(iteration) trial:attr("iteration", iteration) end)
    return { accuracy = rows[#rows].accuracy }
  end, { trials = #list, workers = options.workers or require("nac.c.cpu").info().cores })
  local reason = not ok and tostring(fault) or nil
  for _, record in ipairs(s:trials()) do
    if record.state == "failed" then
      local unit = list[record.number + 1]
      reason = reason or ("%s on fold %d failed: %s"):format(units.label(unit.pair), unit.fold, tostring(record.reason))
    end
  end
  if s.interrupted then require("nac.c.sys").set_interrupted(false) end
  return s.interrupted, reason
end

-- The winner on the test set: the mean over its folds, once, at the end.
local function test_of(job, best)
  local part, message
  if job.test then part, message = job.test() end
  if not part then return nil, message end
  local sum = 0
  for _, r in ipairs(best.units) do
    local net, why = units.load(job, r.unit, best.iteration)
    if not net then return nil, why end
    sum = sum + (score.of(net, part, r.unit.pair ~= nil, job.loss))
    net:close()
  end
  return sum / #best.units
end

local function finish(job, list, result)
  result.curves = curves.collect(job, list)
  result.front = report.front(result.curves)
  result.constant_guess = score.constant_guess(job.select, job.loss)
  local ok, message = outputs.write_tables(job, result.curves)
  if ok then ok, message = outputs.write_lines(job, list) end
  if not ok then return nil, message end
  if result.interrupted or result.fault or #result.curves == 0 then return outputs.write_config(job, false) end
  local all = {}
  for _, curve in ipairs(result.curves) do table.move(curve.rows, 1, #curve.rows, #all + 1, all) end
  result.best = curves.choose(all, job.settings.tolerance)
  result.test, message = test_of(job, result.best)
  if message then result.notes[#result.notes + 1] = message end
  ok, message = outputs.write_models(job, result)
  if not ok then return nil, message end
  if result.draw then
    local notes
    result.pictures, notes = outputs.draw(job, result.curves, result.constant_guess, result.model)
    table.move(notes, 1, #notes, #result.notes + 1, result.notes)
  end
  outputs.tidy(job, list, result)
  local best = result.best
  ok, message = outputs.write_config(job, true, { precision = best.label, iteration = best.iteration, sparsity = best.sparsity,
    accuracy = best.accuracy, test = result.test, effective_bops = best.bops })
  if not ok then return nil, message end
  return true
end

-- Everything from the first unit to the last file.
local function work(job, result, options)
  local ok, message = outputs.write_config(job, false)
  if not ok then return nil, message end
  local list = job.mode.units(job)
  local precisions, folds = #job.settings.precision_pairs, #job.nets
  job.say(("%s local search of %s: %d precision%s, %d fold%s; results in %s"):format(
    job.settings.mode, job.what, precisions, precisions == 1 and "" or "s", folds, folds == 1 and "" or "s", job.dir))
  result.interrupted, result.fault = run_units(job, list, options)
  return finish(job, list, result)
end

--- Checks settings before anything runs.
-- @param settings as of `run`
-- @return true; or nil and a message. Where words and types are right, as a configuration's are, it begins with the key that is meant
function M.check(settings)
  local ok, message = pcall(checked, settings)
  if ok then return true end
  return nil, plain(message)
end

--- Runs a local search.
-- @param what result of `nac.global_search.run`, or the path of its results folder: the winner's trained weights, on the
--   folds that they were trained on; or a net, or a list of nets, one a fold
-- @param[opt] data with nets: a data set, or parts `{ fit =, search =, select = }`
-- @param[opt] settings as a configuration's section local_search: `mode` = "combined" | "separated", `qat_epochs`,
--   `pruning_iterations`, `pruning_epochs` = 10, `pruning_rate` = .8 (part of the weights left that an iteration keeps),
--   `pruning_schedule` = "iterative" | "constant" | "cubic" (the latter two with `pruning_sparsity`),
--   `pruning_algorithm` = "lottery" | "snac-pack" | "nac", `pruning_structure` = "weights" | "units" | "heads" | "reuse_groups" (with `reuse_factor`,
--   by default the configuration's), `pruning_norm` = "l1" | "l2", `mask_updates`, `rewind` (nac.prune.iterative), `include_bias`,
--   `kept_epoch` = "best" | "last", `precision_pairs` = list of { total_bits =, int_bits = number, "auto" or "learned" } and what else nac.quant.prepare takes
-- @param[opt] options `dir` (default: local_search_combined or local_search_separated in the results folder), `workers`, `resume`, `force`,
--   `trial` (another trial than the winner), `seed`, `quiet`, `pictures`, `search` (training settings:
--   `batch_size`, `learning_rate`, `optimizer`, `schedule`, `weight_decay`, `l1`, `l2`)
-- @return `metric` (what it is called: "accuracy", "mse", "mae"; all are kept so that more is better),
--   `curves` (one a precision: label, rows of iteration, sparsity, accuracy, std, bops, scaled_bops, ebops; `chosen` row, `model` = its
--   net's path for nac.model.load), `front`, `best` (row), `model` (its net's path), `test`,
--   `constant_guess`, `dir`, `pictures`, `notes`, `interrupted`, `fault`, `seconds`; tostring gives the report. Or nil and a message
function M.run(what, data, settings, options)
  options = options or {}
  local begun = proc.clock()
  local called, job, message = pcall(new_job, what, data, settings or {}, options)
  if not called then error(plain(job), 2) end
  if not job then return nil, message end
  local ok
  ok, message = lock(job)
  if not ok then return nil, message end
  ok, message = make_room(job, options)
  if not ok then
    proc.close(job.lock)
    return nil, message
  end
  local result = { dir = job.dir, job = job, metric = job.metric, notes = {}, pictures = {}, draw = options.pictures ~= false }
  ok, message = work(job, result, options)
  proc.close(job.lock)
  if not ok then return nil, message end
  result.seconds = proc.clock() - begun
  return setmetatable(result, { __tostring = report.text })
end

return M
