--- A network of a table of the results page: its costs, its trainings, its scores.
local compare = require "nac.compare"
local nac = require "nac"
local setup = require "nac.global_search.setup"
local training = require "experiments.results.training"

local M = {}

-- Costs of a description: bit operations by each definition, parameters, the estimate of the firmware.
local function costs(case, description)
  local out = { params = nac.arch.to_nn(description):net():n_params() }
  for _, definition in ipairs(case.bops) do
    out[definition] = nac.bops.count(description, { definition = definition, bits = case.bits })
  end
  local estimate = nac.estimate.resources(description, { board = case.board, precision = case.precision })
  out.lut, out.cycles = estimate.lut, estimate.clock_cycles
  return out
end

--- A network of the table.
-- @param case a case
-- @param name for people and for file names
-- @param description of `nac.arch`
-- @param[opt] settings what a trial drew beside the architecture: those on data give another view of them
-- @return { name =, description =, settings =, data =, arch =, params =, [definition] =, lut =, cycles = }
function M.new(case, name, description, settings)
  local entry = costs(case, description)
  entry.name, entry.description, entry.settings = name, description, settings or {}
  entry.data = M.data(case, entry)
  entry.arch = setup.builder(entry.data)(description)
  return entry
end

--- The data as an entry sees them.
function M.data(case, entry)
  return entry.data or case.view and case.view(case.data, entry.settings) or case.data
end

-- Scores of each net on a part.
local function scores(case, nets, part)
  local list = {}
  for k, net in ipairs(nets) do list[k] = compare.scores(net, part, { scale = case.scale }) end
  return list
end

--- What one net scores on a part.
function M.score(case, net, part) return scores(case, { net }, part)[1]:mean() end

-- The distance within which 95 % of the samples lie, mean over seeds.
local function within(list)
  local sum = 0
  for _, s in ipairs(list) do
    local distances = (-s):totable()
    table.sort(distances)
    sum = sum + distances[math.ceil(.95 * #distances)] / #list
  end
  return sum
end

--- Trains an entry on the case's seeds and scores it on `select` and on `test`; data that are its own are then let go.
-- The entry gets `nets`, `selects` (score of each seed), `retrained` (their mean), `scores` (on `test`, sample by sample), `test`; of positions
-- `within`, the distance that 95 % keep.
function M.measure(case, entry)
  entry.nets = training.run(case, entry, { recipe = case.recipe, seeds = case.seeds })
  local select, test = entry.data:parts().select, assert(entry.data:test())
  entry.selects, entry.retrained, entry.samples = {}, 0, test.y:size(1)
  for k, s in ipairs(scores(case, entry.nets, select)) do
    entry.selects[k] = s:mean()
    entry.retrained = entry.retrained + entry.selects[k] / #entry.nets
  end
  entry.scores = scores(case, entry.nets, test)
  entry.test = compare.mean(entry.scores)
  if case.metric ~= "accuracy" then entry.within = within(entry.scores) end
  if entry.data ~= case.data then entry.data = nil end
  collectgarbage()
end

--- An entry's numbers for the page, without its nets.
function M.row(entry)
  local row = {}
  for key, value in pairs(entry) do
    if type(value) ~= "table" and type(value) ~= "userdata" then row[key] = value end
  end
  row.test, row.against, row.selects, row.settings = entry.test, entry.against, entry.selects, next(entry.settings) and entry.settings or nil
  return row
end

return M
