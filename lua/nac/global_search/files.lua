--- The results folder: what lies where, and when it may be replaced.
local file = require "nac.util.file"
local identity = require "nac.util.identity"
local lfs = require "lfs"

local M = {}

--- The path of a trial's architecture file.
function M.yaml_path(job, number) return ("%s/trial_yamls/trial_%d_arch.yaml"):format(job.dir, number) end

--- The path of a file of the results folder.
-- @param what "study", "weights", "csv", "config", "provenance", "best", "front_2d", "front_3d"
function M.path(job, what)
  local names = {
    study = "study.db", weights = "weights", config = "config_as_run.yaml", provenance = "provenance.json",
    csv = job.config.search.model_type .. "_search_results.csv",
    best = "best_model_for_local_search.yaml",
    front_2d = "pareto_fronts_2d.png", front_3d = "pareto_front_3d.png",
  }
  return job.dir .. "/" .. names[what]
end

-- What a search leaves that another one would write over, of any version or tool.
local results = { "^study%.db$", "^%w+_search_results[%w_]*%.csv$", "^best_model_for_local_search%.yaml$" }

-- The first file of results in the folder, or nil.
local function holds_results(job)
  local names = {}
  for name in lfs.dir(job.dir) do
    for _, pattern in ipairs(results) do
      if name:match(pattern) then names[#names + 1] = name end
    end
  end
  for name in lfs.dir(job.dir .. "/trial_yamls") do
    if name:match "^trial_%d+_arch%.yaml$" then names[#names + 1] = "trial_yamls/" .. name end
  end
  table.sort(names)
  return names[1]
end

-- Removes what an earlier run wrote, and nothing else.
local function remove_ours(job)
  for _, what in ipairs { "config", "provenance", "front_2d", "front_3d" } do
    os.remove(M.path(job, what))
  end
  for name in lfs.dir(job.dir) do
    for _, pattern in ipairs(results) do
      if name:match(pattern) then os.remove(job.dir .. "/" .. name) end
    end
  end
  for _, ending in ipairs { "-journal", "-wal", "-shm" } do os.remove(M.path(job, "study") .. ending) end
  local folders = {
    [job.dir .. "/trial_yamls"] = "^trial_%d+_arch%.yaml$", [M.path(job, "weights")] = "^%.?[%a_]*trial_%d+[%w_%-%.]*$",
  }
  for folder, pattern in pairs(folders) do
    if file.exists(folder) == "directory" then
      for name in lfs.dir(folder) do
        if name:match(pattern) then os.remove(folder .. "/" .. name) end
      end
    end
  end
end

--- Makes the results folder and keeps other processes from writing there.
-- @return a value to be closed when the study is open, or nil and a message
function M.hold(job)
  local made, message = file.make_directory(job.dir .. "/trial_yamls")
  if not made then return nil, message end
  return require("nac.storage.sqlite").hold(M.path(job, "study"))
end

--- Decides what becomes of an earlier run in the results folder, which is held. A finished run
-- of the same configuration and length is replaced: the new one computes the same. Of
-- anything else nothing is overwritten unless `options.force` says so.
-- @param job of the search; `depends_on` tells what the results depend on, `identity` is its hash
-- @param options `resume`, `force`
-- @param earlier the provenance found in the folder, or nil
-- @return true, or nil and a message
function M.prepare(job, options, earlier)
  local same = earlier and earlier.identity == job.identity
  local found = holds_results(job)
  if not found then return true end
  if options.resume then
    if not file.exists(M.path(job, "study")) then
      return nil, ("cannot resume: %s holds results (%s), but no study.db; --results DIR writes elsewhere, --force replaces them"):format(job.dir, found)
    end
    if same then return true end
    return nil, ("cannot resume: the search in %s is another one: %s; --results DIR starts a new one, --force replaces it"):format(
      job.dir, identity.differences(earlier and earlier.depends_on, job.depends_on))
  end
  if options.force or (same and earlier.finished and earlier.trials == job.config.search.n_trials) then
    remove_ours(job)
    return true
  end
  if same then
    return nil, ("%s holds this search with %s: --resume continues it, --force starts anew, --results DIR writes elsewhere")
      :format(job.dir, earlier.finished and ("%d trials"):format(earlier.trials) or "its trials unfinished")
  end
  return nil, ("%s holds the results of another search (%s): --results DIR writes elsewhere, --force replaces them"):format(job.dir, found)
end

return M
