--- Pruning: weights that are zero and stay so.
--
--     nac.prune.magnitude(net, { sparsity = .5 })
--     nac.prune.iterative(net, data, { algorithm = "nac", epochs = 5 })
local M = {}

local magnitude = require "nac.prune.magnitude"

--- Prunes the weights with the least magnitudes; see nac.prune.magnitude.
-- @function magnitude
-- @param net a net with weights
-- @param options `sparsity` or `amount`, `scope`, `structure`, `reuse_factor`, `norm`, `include_bias`, `layers`
-- @return the sparsity as counted
M.magnitude = magnitude.magnitude

--- The part of the weights that is zero, counted.
-- @function sparsity
-- @param net a net with weights
-- @param[opt] options `include_bias`, `layers`
-- @return the part; a list of { name =, zeros =, n = }
M.sparsity = magnitude.sparsity

--- The groups of weights that share a multiplier; see nac.prune.magnitude.
-- @function reuse_groups
-- @param net a net with weights
-- @param reuse_factor weights a multiplier
-- @return list of { layer =, group =, groups =, zero = }
M.reuse_groups = magnitude.reuse_groups

--- Trains and prunes in turns, with rewinding; see nac.prune.iterative.
-- @function iterative
-- @param net a net with weights
-- @param data as in nac.train.fit
-- @param[opt] options
-- @return list of rows, the net
M.iterative = require("nac.prune.iterative").run

--- A smaller net without the weakest units, channels or heads; see nac.prune.structured.
-- @function structured
-- @param net a net with weights
-- @param options `amount`, `structure`, `norm`, `layers`, `least`
-- @return the new net, a report
M.structured = require("nac.prune.structured").structured

--- How sparsity grows; see nac.prune.schedule.
-- @function schedule
-- @param what a table with `kind` = "constant", "cubic", "iterative", or a function
-- @return function(iteration) -> sparsity
M.schedule = function(what) return require("nac.prune.schedule").new(what, 2) end

return M
