--- How sparsity grows from iteration to iteration.
local enum = require "nac.util.enum"

local M = {}

local function number(o, key, low, high, otherwise)
  local value = o[key]
  if value == nil then value = otherwise end
  if type(value) ~= "number" or not (value >= low and value <= high) then
    error(("pruning schedule: %s must be a number from %g to %g, got %s"):format(key, low, high, tostring(value)), 0)
  end
  return value
end

-- One function a kind: options -> function(iteration from 1) -> sparsity.
local kinds = {}

function kinds.constant(o)
  local sparsity = number(o, "sparsity", 0, 1)
  return function() return sparsity end
end

-- Zhu & Gupta 2017 (arXiv:1710.01878), eq. 1
function kinds.cubic(o)
  local from, to, steps = number(o, "initial", 0, 1, 0), number(o, "final", 0, 1), number(o, "iterations", 1, 1e6)
  return function(i) return to + (from - to) * (1 - math.min(i, steps) / steps) ^ 3 end
end

-- Frankle & Carbin 2019: a fixed part of what is left goes each time
function kinds.iterative(o)
  local keep = number(o, "keep", 0, 1, .8)
  if keep == 0 then error("pruning schedule: keep must be above 0", 0) end
  return function(i) return 1 - keep ^ i end
end

--- A schedule.
-- @param what function(iteration) -> sparsity, returned as it is; or a table with `kind`:
--   "constant" { sparsity }, "cubic" { initial = 0, final, iterations }, "iterative" { keep = .8 }: 1 - keep^i
-- @param[opt=1] level whose line an error shows
-- @return function(iteration, from 1) -> sparsity
function M.new(what, level)
  level = (level or 1) + 1
  if type(what) == "function" then return what end
  if type(what) ~= "table" then error("a pruning schedule is a table with a kind, or a function; got " .. type(what), level) end
  enum.check(what.kind, { "constant", "cubic", "iterative" }, "pruning schedule", level)
  local ok, made = pcall(kinds[what.kind], what)
  if not ok then error(made, level) end
  return made
end

return M
