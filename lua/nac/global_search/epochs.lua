--- The epochs of a trial's trainings, as the study keeps them for the learning curves: numbers by quantity, one an epoch.
local M = {}

local kept = { "loss", "val_loss", "accuracy", "val_accuracy" }

-- Five digits are enough for a picture and keep studies small; what is not finite is no point of a curve.
local function short(x)
  if type(x) ~= "number" or x ~= x or math.abs(x) == math.huge then return false end
  return tonumber(("%.5g"):format(x))
end

--- What the study keeps.
-- @param fits results of `nac.train.fit`, one a fold
-- @return list, one a fold, of { loss = list, ... } with a number an epoch, or false where there is none; quantities that a
-- training does not have are left out
function M.of(fits)
  local out = {}
  for i, fit in ipairs(fits) do
    out[i] = {}
    for _, key in ipairs(kept) do
      local list, any = {}, false
      for epoch, row in ipairs(fit.history) do
        list[epoch] = short(row[key])
        any = any or list[epoch] ~= false
      end
      if any then out[i][key] = list end
    end
  end
  return out
end

--- The trainings of a trial for `nac.plot.learning`.
-- @param record a trial with the attribute `epochs`
-- @return list of { title =, history = rows }, one a fold
function M.runs(record)
  local runs = {}
  for i, fold in ipairs(record.attrs.epochs) do
    local history = {}
    for key, list in pairs(fold) do
      for epoch, value in ipairs(list) do
        history[epoch] = history[epoch] or { epoch = epoch }
        history[epoch][key] = value or nil
      end
    end
    runs[i] = { title = ("trial %d, fold %d"):format(record.number, i), history = history }
  end
  return runs
end

return M
