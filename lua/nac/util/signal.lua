--- Values that end a trial early when raised with `error`. They are tables, so
-- that a study can tell them from a fault in the user's code.
local M = {}

local meta = {}
meta.__index = meta
function meta:__tostring() return self.reason or self.state end

local function make(fields) return setmetatable(fields, meta) end

--- The user asked to stop (Ctrl-C).
function M.interrupted() return make { state = "interrupted", interrupted = true, reason = "interrupted" } end

--- The trial is infeasible or not worth finishing; not a fault.
function M.pruned(reason) return make { state = "pruned", reason = reason } end

--- The trial cannot be finished; the reason is recorded.
function M.failed(reason) return make { state = "failed", reason = reason } end

--- The trial ends at once with these values (a duplicate of an earlier one).
function M.complete(values, reason) return make { state = "complete", values = values, reason = reason } end

--- Whether `value` is one of these signals.
function M.is(value) return getmetatable(value) == meta end

return M
