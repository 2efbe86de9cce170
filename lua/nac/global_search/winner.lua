--- Chooses the winner of a search. The `select` part of the data, which neither
-- training nor search has seen, ranks the trials whose weights were kept; the
-- test set is touched once, by the winner alone.
local dimension = require "nac.space.dimension"
local files = require "nac.global_search.files"
local model = require "nac.model"
local nac_arch = require "nac.arch"
local quantity = require("nac.report.quantity").of
local setup = require "nac.global_search.setup"
local train = require "nac.train"

local M = {}

-- Keys of `search.selection` on costs, and the quantity that each bounds.
local cost_bounds = { max_bops = "bops", max_lut_percent = "lut_percent", max_cycles = "clock_cycles" }

-- The nets of a trial with their kept weights, one a fold; and the job as the trial saw it.
local function load_nets(job, study, record)
  local description, message = nac_arch.load(files.yaml_path(job, record.number))
  if not description then return nil, message end
  local view = setup.trial(job, dimension.known(job.dimensions, job.config, record.params))
  local arch = view.to_nn(description)
  local nets = {}
  for i = 1, #job.folds do
    local path = study:artifact(record, #job.folds > 1 and "fold" .. i or nil)
    if not path then return nil, ("the weights of trial %d are missing"):format(record.number) end
    local net = arch:build { seed = record.seed + i - 1 }
    local ok, why = model.load(net, path)
    if not ok then return nil, why end
    nets[i] = net
  end
  return nets, view
end

-- Mean over the folds' nets of what training calls the performance metric.
local function score(view, nets, part)
  local sum = 0
  for _, net in ipairs(nets) do
    local result = train.evaluate(net, part, { loss = view.loss })
    sum = sum + (view.dataset.task == "classification" and result.accuracy or -result.loss)
  end
  return sum / #nets
end

local function close(nets)
  for _, net in ipairs(nets) do net:close() end
end

-- The first condition that a trial misses, as text, or nil.
local function missed(selection, record, accuracy)
  if selection.min_accuracy and accuracy < selection.min_accuracy then
    return ("min_accuracy %g (it has %.4f)"):format(selection.min_accuracy, accuracy)
  end
  for key, name in pairs(cost_bounds) do
    local value = selection[key] and quantity(record, name)
    if selection[key] and not value then return ("%s (%s was not estimated)"):format(key, name) end
    if value and value > selection[key] then return ("%s %g (it has %g)"):format(key, selection[key], value) end
  end
  return nil
end

-- More accurate first; of equals the cheaper, then the earlier.
local function better(a, b)
  if not b then return true end
  if a.select ~= b.select then return a.select > b.select end
  local cost_a, cost_b = quantity(a.record, "bops"), quantity(b.record, "bops")
  if cost_a ~= cost_b then return cost_a < cost_b end
  return a.record.number < b.record.number
end

--- Ranks the front on the select part.
-- @param job of the search
-- @param study of the search
-- @param records the trials of the front
-- @return a table: `best` ({ record =, select = } or nil), `select` (trial number ->
-- metric on the select part), `note` (why there is no best, else nil)
function M.choose(job, study, records)
  local selection = job.config.search.selection or {}
  local best, closest, note
  local scores = {}
  for _, record in ipairs(records) do
    if record.attrs.duplicate_of == nil then
      local nets, view = load_nets(job, study, record)
      if nets then
        local candidate = { record = record, select = score(view, nets, view.select) }
        close(nets)
        scores[record.number] = candidate.select
        local why = missed(selection, record, candidate.select)
        if not why then
          if better(candidate, best) then best = candidate end
        elseif better(candidate, closest) then
          closest = candidate
          note = ("no trial of the front meets search.selection; the most accurate one, trial %d, misses %s"):format(record.number, why)
        end
      else
        note = note or view
      end
    end
  end
  return { best = best, select = scores, note = not best and note or nil }
end

--- The metric of the winner on the test set.
-- @return the number, or nil and a message
function M.test(job, study, best)
  local nets, view = load_nets(job, study, best.record)
  if not nets then return nil, view end
  local part, message = view.dataset:test()
  local value = part and score(view, nets, part) or nil
  close(nets)
  if not part then return nil, message end
  return value
end

return M
