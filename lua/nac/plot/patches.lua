--- Bragg peaks: patches with the true centre and the one that was found.
local metrics = require "nac.metrics"
local samples = require "nac.plot.samples"

local M = {}

--- Starts drawing.
-- @param part { x = patches (N, 1, side, side) or flat, y = (column, row) in sides of a patch } of the data set `bragg`
-- @param predicted positions like y
-- @param options `count` = 20: the first so many; `columns` = 5
-- @param path of the picture
-- @return a job (nac.plot.gnuplot), or nil and a message
function M.start(part, predicted, options, path)
  local n = math.min(options.count or 20, part.x:size(1))
  if n == 0 then return nil, "no picture: there is no patch" end
  local side = math.floor((part.x:numel() / part.x:size(1)) ^ .5 + .5)
  local points, titles = {}, {}
  local x = part.x:slice(1, 1, n):contiguous():reshape { n, 1, side, side }
  for i = 1, n do
    local y, p = part.y:slice(1, i, i):contiguous(), predicted:slice(1, i, i):contiguous()
    local truth, found = y:reshape({ 2 }):totable(), p:reshape({ 2 }):totable()
    points[i] = { { truth[2] * side, truth[1] * side }, { found[2] * side, found[1] * side } }
    titles[i] = ("%.2f px"):format(metrics.distance(p, y, { scale = side }).mean)
  end
  return samples.start({ x = x }, {
    count = n, columns = options.columns, titles = titles, points = points, point_names = { "true centre", "found" },
  }, path)
end

return M
