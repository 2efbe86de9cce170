--- Combined: at each precision, quantisation-aware training, then pruning of the quantised net.
local quantity = require "nac.report.quantity"

local M = { folder = "local_search_combined" }

--- The units of work: every precision on every fold.
-- @param job of the local search
-- @return list of units
function M.units(job)
  local s, units = job.settings, {}
  for _, pair in ipairs(s.precision_pairs) do
    for fold = 1, #job.nets do
      units[#units + 1] = { pair = pair, fold = fold, iterations = s.pruning_iterations, warmup = s.qat_epochs }
    end
  end
  return units
end

local columns = {
  "Precision", "TotalBits", "IntBits", "Iteration", "Sparsity", "Accuracy", "EffectiveBOPs", "ScaledBOPs", "EBOPs", "LUT", "AccuracyStd", "Folds",
}

--- The tables to be written.
-- @param curves list of { label =, pair =, rows = { mean rows } }
-- @return list of { file =, columns =, rows = }
function M.tables(curves)
  local rows = {}
  for _, curve in ipairs(curves) do
    for _, r in ipairs(curve.rows) do
      rows[#rows + 1] = {
        Precision = curve.label, TotalBits = curve.pair.total_bits, IntBits = curve.pair.int_bits, Iteration = r.iteration,
        Sparsity = r.sparsity, Accuracy = r.accuracy, EffectiveBOPs = r.bops, ScaledBOPs = r.scaled_bops, EBOPs = r.ebops, LUT = r.lut,
        AccuracyStd = r.std, Folds = r.folds,
      }
    end
  end
  return { { file = "combined_qat_pruning_log.csv", columns = columns, rows = rows } }
end

--- The pictures to be drawn.
-- @param curves as above
-- @param metric what is drawn upwards
-- @param[opt] guess what a constant guess scores
-- @return list of { file =, panels = see nac.plot.curves }
function M.pictures(curves, metric, guess)
  local function shown(value) return quantity.shown(metric, value) end
  local function panel(x, label, logarithmic)
    local lines = {}
    for i, curve in ipairs(curves) do
      local points = {}
      for j, r in ipairs(curve.rows) do points[j] = { r[x], shown(r.accuracy) } end
      lines[i] = { title = curve.label, points = points }
    end
    return { x = label, y = metric, lines = lines, logarithmic = logarithmic, level = guess and { "constant guess", shown(guess) } }
  end
  return { { file = "combined_local_search.png",
    panels = { panel("sparsity", "sparsity (part of the weights that is zero)"), panel("bops", "effective bit operations (BOPs)", true) } } }
end

return M
