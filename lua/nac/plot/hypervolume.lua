--- Picture of a search's progress: how much of the space of objectives the front dominates after each trial.
local axis = require "nac.plot.axis"
local curves = require "nac.plot.curves"
local hypervolume = require "nac.hypervolume"
local record = require "nac.study.record"
local trials = require "nac.plot.trials"

local M = {}

-- Each objective from 0 (the best value of all trials) to 1 (the worst); logarithms where it spans decades.
local function scaled(records, objectives)
  local points = {}
  for i in ipairs(records) do points[i] = {} end
  for j, objective in ipairs(objectives) do
    local least, most = axis.extent(objective.name, records)
    local f = axis.logarithmic(objective.name, least, most) and math.log or function(x) return x end
    local low, high = f(least), f(most)
    for i, record in ipairs(records) do
      local share = high > low and (f(record.values[objective.name]) - low) / (high - low) or 0
      points[i][j] = objective.direction == "maximize" and 1 - share or share
    end
  end
  return points
end

--- The hypervolume after each trial, as a share of the box between the best and the worst value of each objective
-- over all trials (logarithms of quantities that span decades). The reference lies a tenth beyond the worst.
-- @param records trials with `values`, in the order of their numbers; those not complete are left out
-- @param objectives list of { name =, direction = }
-- @return list of { trial number, share }, one row for each trial after which it has grown, and the last
function M.history(records, objectives)
  local good = record.valued(records, objectives)
  local points, reference, box = scaled(good, objectives), {}, 1
  for j in ipairs(objectives) do reference[j], box = 1.1, box * 1.1 end
  local rows, front, volume = {}, {}, -1
  for i, point in ipairs(points) do
    front[#front + 1] = point
    local now = hypervolume.of(front, reference)
    if now > volume or i == #points then rows[#rows + 1] = { good[i].number or i - 1, now / box } end
    if now > volume then volume = now else front[#front] = nil end
  end
  return rows
end

--- Starts drawing.
-- @param records as for `history`
-- @param objectives list of at least two { name =, direction = }
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(records, objectives, path)
  local good, message = trials.checked(records, objectives, 2, 3)
  if not good then return nil, message end
  local points = {}
  for _, row in ipairs(M.history(good, objectives)) do
    if #points > 0 then points[#points + 1] = { row[1], points[#points][2] } end -- a step: nothing grows in between
    points[#points + 1] = row
  end
  return curves.start({ { x = "trial", y = "hypervolume (share of the box)", lines = { { title = "front of all trials so far", points = points,
    style = "lines" } } } }, path)
end

return M
