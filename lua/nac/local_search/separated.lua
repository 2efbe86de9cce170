--- Separated: the float net is pruned; the unpruned net is trained at each precision.
local quantity = require "nac.report.quantity"

local M = { folder = "local_search_separated" }

--- The units of work: pruning and every precision, on every fold.
-- @param job of the local search
-- @return list of units
function M.units(job)
  local s, units = job.settings, {}
  for fold = 1, #job.nets do
    units[#units + 1] = { fold = fold, iterations = s.pruning_iterations, warmup = 0 }
  end
  for _, pair in ipairs(s.precision_pairs) do
    for fold = 1, #job.nets do units[#units + 1] = { pair = pair, fold = fold, iterations = 0, warmup = s.qat_epochs } end
  end
  return units
end

--- The tables to be written.
-- @param curves list of { label =, pair = (nil: float), rows = { mean rows } }
-- @return list of { file =, columns =, rows = }
function M.tables(curves)
  local pruning, qat = {}, {}
  for _, curve in ipairs(curves) do
    for _, r in ipairs(curve.rows) do
      local row = { Iteration = r.iteration, Sparsity = r.sparsity, Accuracy = r.accuracy, EffectiveBOPs = r.bops, ScaledBOPs = r.scaled_bops, EBOPs = r.ebops,
        LUT = r.lut, AccuracyStd = r.std, Folds = r.folds }
      if curve.pair then
        row.Precision, row.TotalBits, row.IntBits = curve.label, curve.pair.total_bits, curve.pair.int_bits
        qat[#qat + 1] = row
      else
        pruning[#pruning + 1] = row
      end
    end
  end
  return {
    { file = "pruning_log.csv", rows = pruning,
      columns = { "Iteration", "Sparsity", "Accuracy", "EffectiveBOPs", "ScaledBOPs", "AccuracyStd", "Folds" } },
    { file = "qat_log.csv", rows = qat,
      columns = { "Precision", "TotalBits", "IntBits", "Accuracy", "EffectiveBOPs", "ScaledBOPs", "EBOPs", "LUT", "AccuracyStd", "Folds" } },
  }
end

--- The pictures to be drawn.
-- @param curves as above
-- @param metric what is drawn upwards
-- @param[opt] guess what a constant guess scores
-- @return list of { file =, panels = see nac.plot.curves }
function M.pictures(curves, metric, guess)
  local function shown(value) return quantity.shown(metric, value) end
  local pruned, quantised = {}, {}
  for _, curve in ipairs(curves) do
    for _, r in ipairs(curve.rows) do
      if curve.pair then
        quantised[#quantised + 1] = { r.bops, shown(r.accuracy), curve.label }
      else
        pruned[#pruned + 1] = { r.sparsity, shown(r.accuracy) }
      end
    end
  end
  table.sort(quantised, function(a, b) return a[1] < b[1] end)
  local level = guess and { "constant guess", shown(guess) }
  return {
    { file = "pruning_curve.png", panels = { { x = "sparsity (part of the weights that is zero)", y = metric,
      lines = { { title = "float", points = pruned } }, level = level } } },
    { file = "qat_results.png", panels = { { x = "effective bit operations (BOPs)", y = metric, logarithmic = true,
      lines = { { title = "quantised, not pruned", points = quantised } }, level = level } } },
  }
end

return M
