--- What a local search starts from: trained nets, one a fold, and the very folds
-- they were trained on, so that nothing that a net is scored on was trained on.
local file = require "nac.util.file"
local lfs = require "lfs"
local model = require "nac.model"
local provenance = require "nac.provenance"
local setup = require "nac.global_search.setup"
local yaml = require "nac.util.yaml"

local M = {}

-- The number of the winner of a results folder, from its architecture's file.
local function winner_of(dir)
  local path = dir .. "/best_model_for_local_search.yaml"
  if not file.exists(path) then return nil, ("%s: no such file; run the global search first: nac-lua search CONFIG --results %s"):format(path, dir) end
  local top, doc = yaml.load(path)
  if top == nil then return nil, doc end
  local metadata = type(top) == "table" and type(top.metadata) == "table" and top.metadata or {}
  local number = math.tointeger(metadata.trial_id)
  if not number then return nil, path .. ": metadata.trial_id is missing: it tells whose weights to start from" end
  return number, path
end

-- What a local search calls its start, in its local_search_config.yaml, too.
local function name_of(number, dir) return ("trial %d of %s"):format(number, dir) end

--- The number of the trial that a local search started from.
-- @param what the text in its local_search_config.yaml
-- @return an integer, or nil
function M.trial_in(what) return math.tointeger(tonumber(tostring(what):match "^trial (%d+) of ")) end

-- The numbers of the trials whose weights a folder has.
local function kept_trials(dir)
  local numbers, seen = {}, {}
  if file.exists(dir .. "/weights") == "directory" then
    for name in lfs.dir(dir .. "/weights") do
      local number = tonumber(name:match "^trial_(%d+)[%w_]*%.npz$")
      if number and not seen[number] then
        numbers[#numbers + 1] = number
        seen[number] = true
      end
    end
  end
  table.sort(numbers)
  return #numbers > 0 and table.concat(numbers, ", ") or "none here"
end

-- The nets of a trial with the weights that the global search trained.
local function trained_nets(job, dir, number, description)
  local arch = job.to_nn(description)
  local nets = {}
  for i = 1, #job.folds do
    local path = ("%s/weights/trial_%d%s.npz"):format(dir, number, #job.folds > 1 and "_fold" .. i or "")
    if not file.exists(path) then
      return nil, ("%s: no such file; the global search keeps the weights of the trials on its front: %s"):format(path, kept_trials(dir))
    end
    local net = arch:build {}
    local ok, message = model.load(net, path)
    if not ok then return nil, message end
    nets[i] = net
  end
  return nets
end

-- The predecessor's count of the float net, or the exact one where it knows none.
local function base_bops(description, nets, model_type)
  local bops = require "nac.bops"
  local ok, count = pcall(bops.count, description, { definition = "snac-pack", model_type = model_type })
  return ok and count or bops.count(nets[1], { bits = 32 })
end

--- What tells the global search that a results folder holds from any other.
-- @return its identity, or nil
function M.search_in(dir) return (provenance.read(dir .. "/provenance.json") or {}).identity end

--- The architecture file of a trial.
-- @param dir the results folder of a global search
-- @param number of the trial
function M.trial_path(dir, number) return ("%s/trial_yamls/trial_%d_arch.yaml"):format(dir, number) end

--- From the results folder of a global search.
-- @param dir the folder
-- @param[opt] options `trial`: another trial of the front than the winner
-- @return { nets, folds, select, test = function, search = training settings, loss, seed, reuse_factor, base_bops, what = text }; or nil and a message
function M.from_results(dir, options)
  local number = options and options.trial
  local path
  if number then
    path = M.trial_path(dir, number)
    if not file.exists(path) then return nil, ("%s has no trial %d (%s is not there)"):format(dir, number, path) end
  else
    number, path = winner_of(dir)
    if not number then return nil, path end
  end
  local config, description = setup.of_results(dir, path)
  if not config then return nil, description end
  local job, message = setup.prepare(config, { results = dir })
  if not job then return nil, message end
  local ok
  ok, message = setup.split(job)
  if not ok then return nil, message end
  local nets
  nets, message = trained_nets(job, dir, number, description)
  if not nets then return nil, message end
  return {
    nets = nets, folds = job.folds, select = job.select, search = config.search, seed = config.search.seed,
    reuse_factor = config.hls_config.model.reuse_factor,
    augment = job.dataset.augment, loss = job.loss, base_bops = base_bops(description, nets, config.search.model_type),
    test = function() return job.dataset:test() end, what = name_of(number, dir), global_search = M.search_in(dir),
  }
end

--- From nets and data of one's own.
-- @param nets a net, or a list of nets, one a fold
-- @param data a data set, or parts `{ fit =, search =, select = }`
-- @return as `from_results`
function M.from_nets(nets, data)
  if type(nets) ~= "table" then nets = { nets } end
  if #nets == 0 then error("a net with weights or a list of them expected, one a fold; of a description arch:build{} makes one", 0) end
  for _, net in ipairs(nets) do
    if type(net) ~= "userdata" or not net:built() then error("a local search starts from trained nets; this one has no weights (arch:build{})", 0) end
  end
  local start = { nets = nets, search = {}, seed = 1, what = "the given net" }
  if require("nac.dataset.base").is(data) then
    local folds = data:folds(#nets)
    start.folds, start.select, start.augment = folds, folds.select, data.augment
    start.test = function() return data:test() end
  else
    if #nets ~= 1 then error("several nets need a data set, which makes as many folds", 0) end
    start.folds, start.select = { { fit = data.fit, search = data.search } }, data.select or data.search or data.fit
    start.test = function() return data.test end
  end
  start.base_bops = require("nac.bops").count(nets[1], { bits = 32 })
  return start
end

return M
