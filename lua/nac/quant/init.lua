--- Quantisation: number formats, and nets that compute with them.
--
--     local q = nac.quant.prepare(net, { total_bits = 8, int_bits = "auto", data = data.fit })
--     nac.train.fit(q, data, { epochs = 5 })   -- quantisation-aware
local cquant = require "nac.c.quant"

local M = {}

--- A number format.
-- @function format
-- @param what "ap_fixed<8,3>" (modes that are left out are AMD's: TRN, WRAP), or a table `width`, `integer` =
-- width (the sign among them), `signed` = true, `rounding` = "RND_CONV", `overflow` = "SAT"
-- @return a format with the fields width, integer, fraction, signed, rounding, overflow, step, max, min and
-- the methods `quantise(x)` -> number, whether out of range; `raw(x)`, `value(raw)`, `apply(tensor)` -> tensor, count
M.format = cquant.format

--- A net with number formats; see nac.quant.prepare.
-- @function prepare
-- @param net a net with weights
-- @param spec `{ total_bits = 8, int_bits = 3 }` and more
-- @return the new net, a report
M.prepare = require "nac.quant.prepare"

--- Integer bits for the numbers of a tensor; see nac.quant.calibrate.
-- @function integer_bits
-- @param x f32 tensor
-- @param options `total_bits`, `signed`, `method`, `percentile`
-- @return the integer bits
M.integer_bits = require("nac.quant.calibrate").integer_bits

--- A copy of a net with its weights, masks and formats.
-- @function copy
-- @param net a net with weights
-- @param[opt] count of layers, from the first
-- @return a net of its own
M.copy = require("nac.quant.rebuild").copy

--- The same function without batchnorms; see nac.quant.rebuild.
-- @function fold
-- @param net a net with weights
-- @return a net of its own
M.fold = require("nac.quant.rebuild").fold

--- A copy of a net whose learned steps have become number formats; see nac.quant.steps.
-- @function settle
-- @param net a net with weights
-- @return a net of its own
M.settle = require("nac.quant.steps").settle

--- A quantised net as an integer graph, run exactly; see nac.quant.lower.
-- @function lower
-- @param net with number formats on its input and parameters
-- @param options `input` = the type that raw inputs arrive in
-- @return the graph: run, at, report, stats, warnings, accuracy, ops
M.lower = require("nac.quant.lower").lower

return M
