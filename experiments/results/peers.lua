--- Others' numbers (experiments/results/peers/), as points for the pictures.
local csv = require "nac.util.csv"

local M = {}

local folder = "experiments/results/peers/"

--- NAC's trials of a task.
-- @param task "jets" or "braggnn", as the file calls it
-- @param title for the legend
-- @return definition of BOPs -> { title =, points = { { bops, metric }, ... } }
function M.trials(task, title)
  local points = {}
  for _, row in ipairs(assert(csv.read(folder .. "nac_trials.csv"))) do
    if row.task == task then points[#points + 1] = { tonumber(row.bops), tonumber(row.metric) } end
  end
  return { ["nac-2024"] = { title = title, points = points } }
end

--- The compression curves of one of NAC's networks.
-- @param model as the file calls it
-- @return list of { title =, points = { { sparsity, metric }, ... } }, one a width
function M.compression(model)
  local lines, by_bits = {}, {}
  for _, row in ipairs(assert(csv.read(folder .. "nac_compress.csv"))) do
    if row.model == model and tonumber(row.test) then
      local line = by_bits[row.bits]
      if not line then
        line = { title = ("NAC, %s bit (other data)"):format(row.bits), points = {} }
        by_bits[row.bits], lines[#lines + 1] = line, line
      end
      line.points[#line.points + 1] = { tonumber(row.sparsity), tonumber(row.test) }
    end
  end
  return lines
end

return M
