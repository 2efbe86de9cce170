--- The files that a local search leaves in its folder.
local csv = require "nac.util.csv"
local file = require "nac.util.file"
local json = require "nac.util.json"
local lfs = require "lfs"
local model = require "nac.model"
local plot = require "nac.plot"
local units = require "nac.local_search.unit"
local yaml = require "nac.util.yaml"

local M = {}

--- The file that says what was run, and whether it is finished.
function M.config_path(dir) return dir .. "/local_search_config.yaml" end

local order = {
  "what", "mode", "qat_epochs", "pruning_iterations", "pruning_epochs", "pruning_rate", "pruning_schedule", "pruning_sparsity", "tolerance",
  "pruning_algorithm", "pruning_structure", "pruning_norm", "reuse_factor", "mask_updates", "rewind", "include_bias", "kept_epoch", "precision_pairs",
  "total_bits", "int_bits", "n_folds", "seed", "written_by", "identity", "global_search", "finished", "winner",
}

-- The file that says what the results depend on, each setting by name.
local function identity_path(dir) return dir .. "/state/identity.json" end

--- Reads what an earlier run depended on.
-- @return name -> text, or nil
function M.read_identity(dir)
  local text = file.read(identity_path(dir))
  return text and json.decode(text)
end

--- Writes it, and what the results depend on.
-- @param job of the local search
-- @param finished whether all is done
-- @param[opt] winner table
-- @return true, or nil and a message
function M.write_config(job, finished, winner)
  local out = { what = job.what, n_folds = #job.nets, seed = job.seed, identity = job.identity, global_search = job.global_search, finished = finished,
    winner = winner, written_by = "nac-lua " .. require("nac.c.sys").version }
  for _, key in ipairs(order) do
    if out[key] == nil then out[key] = job.settings[key] end
  end
  local ok, message = file.write(identity_path(job.dir), json.encode(job.depends_on))
  if not ok then return nil, message end
  return file.write(M.config_path(job.dir), yaml.dump(out, { order = order }))
end

--- Reads it.
-- @return a table, or nil
function M.read_config(dir)
  if not file.exists(M.config_path(dir)) then return nil end
  local value = yaml.load(M.config_path(dir))
  return type(value) == "table" and value or {}
end

-- Files that a local search writes, beside its folder state/.
local ours = {
  "^best_model[%w_%-]*%.npz$", "^best_model[%w_%-]*%.yaml$", "^combined_local_search%.png$", "^combined_qat_pruning_log%.csv$", "^pruning_curve%.png$",
  "^pruning_log%.csv$", "^qat_log%.csv$", "^qat_results%.png$", "^training_log%.txt$", "^local_search_config%.yaml$",
  "^local_search_results%.txt$", "^weights%.png$",
}

--- Removes what an earlier run wrote, and nothing else.
function M.remove(dir)
  for _, folder in ipairs { { dir, ours }, { dir .. "/state", { "^[%w%-]+_fold%d+[%w_]*%.npz$", "^[%w%-]+_fold%d+_[%w_]+%.yaml$",
    "^[%w%-]+_fold%d+%.json$" } } } do
    if file.exists(folder[1]) == "directory" then
      for name in lfs.dir(folder[1]) do
        for _, pattern in ipairs(folder[2]) do
          if name:match(pattern) then os.remove(folder[1] .. "/" .. name) end
        end
      end
    end
  end
end

--- Writes the tables of a mode.
-- @return true, or nil and a message
function M.write_tables(job, curves)
  for _, t in ipairs(job.mode.tables(curves)) do
    local ok, message = csv.write(job.dir .. "/" .. t.file, t.columns, t.rows)
    if not ok then return nil, message end
  end
  return true
end

-- A number as PyTorch prints it in a tensor.
local function as_tensor(x)
  local text = ("%.4f"):format(x)
  return ("tensor(%s)"):format(text:match "^([01])%.0000$" and text:sub(1, 2) or text)
end

-- A number in as few digits as tell it from all others; nan and inf as words.
local function number(x) return (json.encode(x):gsub('"', "")) end

--- Writes NAC's text log, one line a precision, fold and iteration. Its figure called Val is ours on the part select; it has none
-- of the test set, which is read once, for the winner.
-- @param job of the local search
-- @param list of units
-- @return true, or nil and a message
function M.write_lines(job, list)
  local lines = {}
  for _, unit in ipairs(list) do
    local name = unit.pair and ("%d-Bit QAT Model"):format(unit.pair.total_bits) or "Model"
    for _, row in ipairs(units.rows(job, unit)) do
      local layers = {}
      for i, part in ipairs(row.layers or {}) do layers[i] = as_tensor(part) end
      lines[#lines + 1] = ("Fold %d %s %s Prune Iter: %d, %s: %s, Val Loss: %s, Sparsities: (%s%s)\n"):format(
        unit.fold, units.label(unit.pair), name, row.iteration, row.accuracy < 0 and "Val Negative Mean Square" or "Val Accuracy",
        number(row.accuracy), number(row.loss or "nan"), table.concat(layers, ", "), #layers == 1 and "," or "")
    end
  end
  return file.write(job.dir .. "/local_search_results.txt", table.concat(lines))
end

--- Draws the pictures of a mode, and the winner's weights before and after rounding.
-- @param winner path of its net
-- @return list of paths, list of notes on those not drawn
function M.draw(job, curves, guess, winner)
  local started, paths, notes = {}, {}, {}
  local function note(picture, message)
    if picture then started[#started + 1] = picture else notes[#notes + 1] = message end
  end
  for _, picture in ipairs(job.mode.pictures(curves, job.metric, guess)) do
    local any = false
    for _, line in ipairs(picture.panels[1].lines) do any = any or #line.points > 0 end
    if any then note(plot.start_curves(picture.panels, job.dir .. "/" .. picture.file)) end
  end
  local net = assert(model.load(winner))
  note(plot.start_weights(net, net, job.dir .. "/weights.png"))
  net:close()
  for _, at in ipairs(started) do
    local path, message = at:finish()
    if path then paths[#paths + 1] = path else notes[#notes + 1] = message end
  end
  return paths, notes
end

-- Saves the net of a unit after an iteration, with its layers and formats.
local function write_model(job, at, path)
  local net, message = units.load(job, at.unit, at.iteration)
  if not net then return nil, message end
  local ok
  ok, message = model.save(net, path)
  net:close()
  if not ok then return nil, message end
  return path
end

--- Saves the chosen net of each curve, best_model_8b3i.yaml with its arrays in best_model_8b3i.npz, and the winner's,
-- best_model.yaml; notes their paths as `model` of the curves and of the result.
-- @param result with `curves` and `best`
-- @return true, or nil and a message
function M.write_models(job, result)
  local message
  for _, curve in ipairs(result.curves) do
    local name = units.name(curve.best.unit):gsub("_fold%d+$", "")
    curve.model, message = write_model(job, curve.best, ("%s/best_model_%s.yaml"):format(job.dir, name))
    if not curve.model then return nil, message end
  end
  result.model, message = write_model(job, require("nac.local_search.curves").best_fold(result.best), job.dir .. "/best_model.yaml")
  return result.model ~= nil or nil, message
end

--- Removes the nets of iterations that nothing needs any more.
-- @param list of all units
-- @param result with `curves` and `best`
function M.tidy(job, list, result)
  for _, unit in ipairs(list) do
    local keep = {}
    for _, curve in ipairs(result.curves) do
      if curve.label == units.label(unit.pair) then keep[curve.chosen.iteration] = true end
    end
    if result.best.label == units.label(unit.pair) then keep[result.best.iteration] = true end
    units.clean(job, unit, keep)
  end
end

return M
