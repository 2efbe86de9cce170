--- Learning curves: the loss and the metric of trainings, epoch by epoch.
local curves = require "nac.plot.curves"

local M = {}

local MOST = 8 -- trainings that can be told apart

local function finite(x) return type(x) == "number" and x == x and math.abs(x) < math.huge end

local function line(title, history, key)
  local points = {}
  for _, row in ipairs(history) do
    if finite(row[key]) then points[#points + 1] = { row.epoch or row.step, row[key] } end
  end
  return { title = title, points = points }
end

--- Starts drawing.
-- @param runs list of { title =, history = rows with `epoch`, `loss`, `val_loss`, `accuracy`, `val_accuracy` } (a fit of
-- `nac.train.fit` has `history`); or one history. At most 8; of one both the fit and the search part are shown
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(runs, path)
  if runs.history then runs = { runs } end
  if runs[1] and not runs[1].history then runs = { { title = "training", history = runs } } end
  if #runs == 0 then return nil, "no picture: there is no training" end
  if #runs > MOST then error(("learning curves of at most %d trainings can be told apart, got %d"):format(MOST, #runs), 3) end
  local panels = {}
  for _, kind in ipairs { { "loss", "loss" }, { "accuracy", "accuracy" } } do
    local panel, has_fit = { x = "epoch", whole = true, y = kind[2], lines = {} }, #runs == 1
    for _, run in ipairs(runs) do
      local search = line(#runs == 1 and "search part" or run.title, run.history, "val_" .. kind[1])
      if #search.points > 0 then panel.lines[#panel.lines + 1] = search end
      local fit = line(#runs == 1 and "fit part" or run.title .. ", fit part", run.history, kind[1])
      if #fit.points > 0 and (#runs == 1 or #search.points == 0) then
        panel.lines[#panel.lines + 1], has_fit = fit, true
      end
    end
    if not has_fit then panel.y = kind[2] .. " on the search part" end
    if #panel.lines > 0 then panels[#panels + 1] = panel end
  end
  if #panels == 0 then return nil, "no picture: the history is empty" end
  return curves.start(panels, path)
end

return M
