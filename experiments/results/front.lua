--- Which networks of a search's front are worth a training on fresh seeds.
local entry = require "experiments.results.entry"
local file = require "nac.util.file"
local nac = require "nac"
local resumed = require "experiments.results.resumed"
local setup = require "nac.global_search.setup"
local training = require "experiments.results.training"

local M = {}

--- The search of a case, continued or taken as it is where it was run before.
function M.search(case)
  local dir = case.dir .. "/search"
  local options = { results = dir, trials = case.trials, epochs = case.epochs, quiet = true, sample = case.sample or nil }
  return resumed(function(o) return nac.global_search.run(case.config, o) end, options, file.exists(dir .. "/study.db") ~= nil)
end

--- What the baseline scores on `select` when it is trained as a trial of the search is: the mean of four seeds.
function M.as_searched(case, base)
  local search = case.config.search
  local recipe = setup.fit_options(search)
  recipe.epochs, recipe.patience = case.epochs or search.epochs, search.patience
  recipe.loss = setup.loss(case.config, case.data)
  local nets = training.run(case, base, { recipe = recipe, seeds = { 201, 202, 203, 204 }, label = "as_searched" })
  local select, sum = entry.data(case, base):parts().select, 0
  for _, net in ipairs(nets) do
    sum = sum + entry.score(case, net, select)
    net:close()
  end
  return sum / #nets
end

-- What the search's own nets of a trial score on `select`. The search knows it where there are classes; positions are scored
-- there by the loss, here by the distance.
local function selected(case, result, record)
  if case.metric == "accuracy" then return result.select[record.number] end
  local net = setup.builder(case.data)(result.describe(record)):build {}
  if not nac.model.load(net, ("%s/weights/trial_%d.npz"):format(result.dir, record.number)) then return nil end
  local score = entry.score(case, net, case.data:parts().select)
  net:close()
  return score
end

--- The networks of the front that scored at least `least` on `select`, by the rising cost that the search minimised first, and the best one.
-- @param case a case
-- @param result of `search`
-- @param least score on `select`
-- @return list of entries with `selected` (on `select`) and `searched` (what the search saw); the entry of the best, which may be in the list
function M.candidates(case, result, least)
  local list, best = {}, nil
  local records = { table.unpack(result.front) }
  local cost = case.config.search.objective_names[2]
  table.sort(records, function(a, b) return a.values[cost] < b.values[cost] end)
  for _, record in ipairs(records) do
    local score = selected(case, result, record)
    local leads = score and (not best or score > best.selected)
    if score and (score >= least or leads) then
      local row = entry.new(case, "trial " .. record.number, result.describe(record), result.settings(record))
      row.selected, row.searched = score, record.attrs.performance_metric
      if leads then best = row end
      if score >= least then list[#list + 1] = row end
    end
  end
  return list, best
end

return M
