--- The results folder of a tuning.
local csv = require "nac.util.csv"
local file = require "nac.util.file"
local identity = require "nac.util.identity"
local plot = require "nac.plot.tuning"
local provenance = require "nac.provenance"
local space = require "nac.tune.space"
local yaml = require "nac.util.yaml"

local M = {}

local names = {
  study = "study.db", artifacts = "weights", csv = "tuning.csv", best = "best_hyperparameters.yaml", picture = "tuning.png",
  provenance = "provenance.json",
}

--- The path of a file of the folder.
-- @param dir the folder
-- @param what "study", "artifacts" (a folder), "csv", "best", "picture", "provenance"
function M.path(dir, what) return dir .. "/" .. names[what] end

local function remove_ours(dir)
  for _, what in ipairs { "study", "csv", "best", "picture", "provenance" } do os.remove(M.path(dir, what)) end
  for _, ending in ipairs { "-journal", "-wal", "-shm" } do os.remove(M.path(dir, "study") .. ending) end
  local weights = M.path(dir, "artifacts")
  if file.exists(weights) ~= "directory" then return end
  for name in require("lfs").dir(weights) do
    if name:match "^%.?[%a_]*trial_%d+%.npz$" then os.remove(weights .. "/" .. name) end
  end
end

--- Makes the results folder and keeps other processes from writing there.
-- @param dir the folder, or nil
-- @return a value to be closed when the study is open; nil without a folder; or nil and a message
function M.hold(dir)
  if not dir then return nil end
  local made, message = file.make_directory(dir)
  if not made then return nil, message end
  return require("nac.storage.sqlite").hold(M.path(dir, "study"))
end

--- Makes the folder and decides what becomes of an earlier tuning in it: a
-- finished one of the same identity and length is replaced by what it computes anew,
-- anything else only with `force`.
-- @param dir the folder
-- @param run `depends_on` (what results depend on, see nac.util.identity), `identity` (its hash), `trials`
-- @param options `resume`, `force`
-- @return true; or nil and a message
function M.prepare(dir, run, options)
  if not file.exists(M.path(dir, "study")) then return true end
  local earlier = provenance.read(M.path(dir, "provenance"))
  local same = earlier and earlier.identity == run.identity
  if options.resume then
    if same then return true end
    return nil, ("cannot resume: the tuning in %s is another one: %s; --results DIR starts a new one, --force replaces it"):format(
      dir, identity.differences(earlier and earlier.depends_on, run.depends_on))
  end
  if options.force or same and earlier.finished and earlier.trials == run.trials then
    remove_ours(dir)
    return true
  end
  if same then
    return nil, ("%s holds this tuning with %s: --resume continues it, --force starts anew, --results DIR writes elsewhere"):format(
      dir, earlier.finished and ("%d trials"):format(earlier.trials) or "its trials unfinished")
  end
  return nil, ("%s holds the results of another tuning: --results DIR writes elsewhere, --force replaces them"):format(dir)
end

-- The first line of a reason.
local function line(text) return text and tostring(text):match "[^\n]*" end

--- One row a trial, settings and all; failed and pruned trials too.
-- @param path of the table
-- @param records of the study
-- @param settings_of function(record) -> name -> value
-- @return true; or nil and a message
function M.write_csv(path, records, settings_of)
  local columns = { "trial", "state", "accuracy", "loss", "epochs", "best_epoch", "seconds" }
  local rows, used = {}, {}
  for i, record in ipairs(records) do
    local row = settings_of(record)
    for name in pairs(row) do used[name] = true end
    local values = record.values or {}
    row.trial, row.state, row.reason = record.number, record.state, line(record.reason)
    row.accuracy, row.loss = values.accuracy or record.attrs.accuracy, values.loss or record.attrs.loss
    row.epochs, row.best_epoch = record.attrs.epochs, record.attrs.best_epoch
    row.seconds = record.seconds and ("%.3f"):format(record.seconds)
    rows[i] = row
  end
  for _, name in ipairs(space.names) do
    if used[name] then columns[#columns + 1] = name end
  end
  columns[#columns + 1] = "reason"
  return csv.write(path, columns, rows)
end

--- The best settings and what they reached.
-- @param path of the file
-- @param result of the tuning
-- @return true; or nil and a message
function M.write_best(path, result)
  local order = table.move(space.names, 1, #space.names, 1, {})
  local function scores(score) return score and { accuracy = score.accuracy, loss = score.loss } end
  local text = yaml.dump({
    settings = result.best, epochs = result.epochs, seed = result.record.seed, trial = result.record.number,
    search = scores(result.search), select = scores(result.select),
  }, { order = function(map) return map == result.best and order or { "settings", "epochs", "seed", "trial", "search", "select" } end })
  return file.write(path, text)
end

--- Reads what `write_best` wrote.
-- @param path of best_hyperparameters.yaml
-- @return the settings, name -> value; or nil and a message
function M.read_best(path)
  local value, message = yaml.load(path)
  if value == nil then return nil, message end
  if type(value) ~= "table" or type(value.settings) ~= "table" then return nil, path .. ": settings: is missing" end
  local settings = {}
  for name, setting in pairs(value.settings) do settings[name] = setting end
  local ok, why = pcall(space.new, nil, settings, 1)
  if not ok then return nil, ("%s: %s"):format(path, (tostring(why):gsub("^[^\n]-%.lua:%d+: ", ""))) end
  return settings
end

--- Starts drawing the picture; see nac.plot.tuning.
function M.start_picture(dir, records, score, settings_of) return plot.start(records, score, settings_of, M.path(dir, "picture")) end

return M
