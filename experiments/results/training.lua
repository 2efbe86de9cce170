--- Trains an architecture on fresh seeds, two at a time, and keeps the nets on disk: what is there already, from the same
-- architecture, settings and data, is not trained again.
local hash = require "nac.c.hash"
local json = require "nac.util.json"
local file = require "nac.util.file"
local nac = require "nac"

local M = {}

-- One training as text: equal texts give equal nets.
local function identity(entry, recipe, seed)
  local data = entry.data:provenance()
  data.n_test = nil -- known once the test set has been read
  return hash.sha256(json.encode { entry.arch:hash(), recipe, data, entry.settings, seed, nac.version })
end

local function train_one(entry, recipe, base, seed)
  local options = { seed = seed, augment = entry.data.augment, standardize = entry.data.standardize }
  for key, value in pairs(recipe) do options[key] = value end
  local net = entry.arch:build { seed = seed }
  nac.train.fit(net, entry.data, options)
  assert(nac.model.save(net, base .. ".yaml"))
  assert(file.write(base .. ".txt", identity(entry, recipe, seed)))
end

--- The name of a network as part of a file's name.
function M.file_name(name) return (name:gsub("[^%w%-]+", "_")) end

--- Trains it on each seed.
-- @param case a case with `dir`
-- @param entry { name =, arch =, data =, settings = }
-- @param options `recipe` (options of nac.train.fit), `seeds`, `label`: a word for the files' names, where an entry is trained in two ways
-- @return list of nets, one a seed
function M.run(case, entry, options)
  assert(file.make_directory(case.dir .. "/nets"))
  entry.data:parts() -- read before workers are forked
  local todo, bases = {}, {}
  local name = M.file_name(entry.name .. (options.label and "_" .. options.label or ""))
  for k, seed in ipairs(options.seeds) do
    bases[k] = ("%s/nets/%s_seed%d"):format(case.dir, name, seed)
    if file.read(bases[k] .. ".txt") ~= identity(entry, options.recipe, seed) then todo[#todo + 1] = { bases[k], seed } end
  end
  if #todo > 0 then
    local s <close> = nac.study { sampler = "random", minimize = { "zero" }, seed = 1, sync = false }
    s:optimize(function(trial)
      train_one(entry, options.recipe, table.unpack(todo[trial.number + 1]))
      return { zero = 0 }
    end, { trials = #todo, workers = require("nac.c.cpu").info().cores })
    for _, record in ipairs(s:trials()) do assert(record.state == "complete", record.reason) end
    if s.interrupted then os.exit(130) end
  end
  local nets = {}
  for k in ipairs(options.seeds) do nets[k] = assert(nac.model.load(bases[k] .. ".yaml")) end
  return nets
end

return M
