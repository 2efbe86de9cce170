--- Trains architectures on fresh seeds, two at a time, and keeps the nets on disk: what is there already, from the same
-- architecture, settings and data, is not trained again.
local hash = require "nac.c.hash"
local json = require "nac.util.json"
local file = require "nac.util.file"
local nac = require "nac"

local M = {}

-- One training as text: equal texts give equal nets.
local function identity(case, arch, seed)
  return hash.sha256(json.encode { arch:hash(), case.recipe, case.data:provenance(), seed, nac.version })
end

-- Path without its ending, and whether the net is there.
local function place(case, arch, name, seed)
  local base = ("%s/nets/%s_seed%d"):format(case.dir, name, seed)
  local known = file.read(base .. ".txt")
  return base, known == identity(case, arch, seed)
end

local function train_one(case, arch, base, seed)
  local options = { seed = seed, augment = case.data.augment, standardize = case.data.standardize }
  for key, value in pairs(case.recipe) do options[key] = value end
  local net = arch:build { seed = seed }
  nac.train.fit(net, case.data, options)
  assert(nac.model.save(net, base .. ".yaml"))
  assert(file.write(base .. ".txt", identity(case, arch, seed)))
end

--- Trains each architecture on each seed.
-- @param case a case with `data`, `dir`, `recipe` (options of nac.train.fit), `seeds`
-- @param list of { name =, arch = }; each gets `nets`, one a seed
function M.run(case, list)
  assert(file.make_directory(case.dir .. "/nets"))
  case.data:parts() -- read before workers are forked
  local todo = {}
  for _, entry in ipairs(list) do
    for _, seed in ipairs(case.seeds) do
      local base, there = place(case, entry.arch, entry.name, seed)
      if not there then todo[#todo + 1] = { entry.arch, base, seed } end
    end
  end
  if #todo > 0 then
    local s <close> = nac.study { sampler = "random", minimize = { "zero" }, seed = 1, sync = false }
    s:optimize(function(trial)
      train_one(case, table.unpack(todo[trial.number + 1]))
      return { zero = 0 }
    end, { trials = #todo, workers = require("nac.c.cpu").info().cores })
    for _, record in ipairs(s:trials()) do assert(record.state == "complete", record.reason) end
    if s.interrupted then os.exit(130) end
  end
  for _, entry in ipairs(list) do
    entry.nets = {}
    for k, seed in ipairs(case.seeds) do
      entry.nets[k] = assert(nac.model.load(place(case, entry.arch, entry.name, seed) .. ".yaml"))
    end
  end
end

return M
