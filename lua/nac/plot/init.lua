--- Pictures of results, drawn by gnuplot: .png, .svg, .pdf or .gif by the ending of the path.
--
-- Each kind is a function that draws and waits: `plot.front2d(records, objectives, path)` returns the path, or nil
-- and a message. `plot.start_front2d(...)` returns at once, with a job whose method `finish` waits; gnuplot works in a
-- process of its own. What a kind takes stands at the function `start` of its file.
local kinds = {
  front2d = { "front" },             -- every pair of objectives
  front3d = { "front3d" },           -- three objectives at once
  turning = { "front3d", "start_turning" }, -- the same, as an animation
  animation = { "animation" },       -- how a search finds its front, trial by trial
  hypervolume = { "hypervolume" },   -- how much the front dominates after each trial
  parallel = { "parallel" },         -- each trial a line across its parameters and values
  importance = { "importance" },     -- which parameters matter
  learning = { "learning" },         -- losses and metrics epoch by epoch
  curves = { "curves" },             -- lines through points
  confusion = { "confusion" },       -- which class is taken for which
  roc = { "roc" },                   -- true against false positive rate
  iq = { "iq" },                     -- a qubit's readout in the plane of I and Q, and the errors
  traces = { "traces" },             -- mean traces of a qubit's readout
  patches = { "patches" },           -- Bragg peaks with the true and the found centre
  samples = { "samples" },           -- images of a data set
  weights = { "weights" },           -- histograms of weights, before and after quantisation
  trace = { "trace" },               -- what layers give, against their formats
  cost = { "cost" },                 -- share of each layer in the cost
}

local M = {}

for name, place in pairs(kinds) do
  local function start(...) return require("nac.plot." .. place[1])[place[2] or "start"](...) end
  M["start_" .. name] = start
  M[name] = function(...)
    local job, message = start(...)
    if not job then return nil, message end
    return job:finish()
  end
end

return M
