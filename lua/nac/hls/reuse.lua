--- Reuse factors: how many products a multiplier serves, operation by operation.
local dense = require "nac.estimate.reuse"

local M = {}

local function divisors(n)
  local list = {}
  for d = 1, n do
    if n % d == 0 then list[#list + 1] = d end
  end
  return list
end

--- The factors that a product with constants can have: a multiplier serves a divisor of the inputs, or whole rows of
-- the weights, a divisor of the outputs many.
-- @param n_in inputs of an output
-- @param n_out outputs
-- @return list, rising from 1 to n_in * n_out
function M.of_constants(n_in, n_out)
  local list = divisors(n_in)
  for _, rows in ipairs(divisors(n_out)) do
    if rows > 1 then list[#list + 1] = rows * n_in end
  end
  return list
end

-- Ways to go through extents step by step: { factor =, steps = one divisor an extent }, by factor.
local function ways(extents)
  local list = { { factor = 1, steps = {} } }
  for _, n in ipairs(extents) do
    local longer = {}
    for _, way in ipairs(list) do
      for _, d in ipairs(divisors(n)) do
        local steps = { table.unpack(way.steps) }
        steps[#steps + 1] = d
        longer[#longer + 1] = { factor = way.factor * d, steps = steps }
      end
    end
    list = longer
  end
  table.sort(list, function(a, b)
    if a.factor ~= b.factor then return a.factor < b.factor end
    for i = 1, #extents do
      if a.steps[i] ~= b.steps[i] then return a.steps[i] > b.steps[i] end -- outer loops first
    end
    return false
  end)
  return list
end

-- Extents that an operation goes through in steps.
local extents_of = {
  matmul = function(op) return { op.matrix.count, op.matrix.m, op.matrix.n } end,
  softmax = function(op) return { op.outer, op.inner } end,
}

-- Inputs and outputs of a product with constants.
local products = {
  matmul_const = function(op) return op.n, op.inner end,
  conv_const = function(op)
    local w = op.window
    return w.c // w.groups * w.kh * w.kw, w.o // w.groups
  end,
}

--- Whether multipliers of an operation can be shared.
function M.has(op) return (extents_of[op.op] or products[op.op]) ~= nil end

--- The factors that an operation can have.
-- @param op as nac.hls.graph reads it
-- @return list, rising from 1
function M.legal(op)
  if products[op.op] then return M.of_constants(products[op.op](op)) end
  local list = {}
  for _, way in ipairs(ways(extents_of[op.op] and extents_of[op.op](op) or {})) do
    if list[#list] ~= way.factor then list[#list + 1] = way.factor end
  end
  return list
end

--- The legal factor of a product with constants nearest to a wanted one; the smaller of two.
M.nearest = dense.nearest

--- Cycles from one start of an operation's pipeline to the next: with the strategy "latency" its reuse factor, else 1.
-- What gathers a whole value from a stream goes row after row, one a cycle, whatever the factor.
function M.interval(op) return op.strategy == "latency" and op.mode ~= "whole" and M.has(op) and op.reuse_factor or 1 end

--- What a reader of the firmware is told of an operation: its name, and where it has multipliers strategy and reuse factor.
function M.text(op)
  if not M.has(op) then return op.op end
  return ("%s, %s, reuse factor %d"):format(op.op, op.strategy, op.reuse_taken or M.interval(op))
end

--- How an operation goes through its extents in blocks: with the strategy "resource" in the legal factor nearest to the
-- wanted one, else at once, or row after row where its values are streamed (nac.hls.stream).
-- @param op as nac.hls.graph reads it
-- @param made what emitters say; learns the factor that was taken
-- @param rows steps of each extent for one row a cycle
-- @return the factor, the steps of each extent
function M.of_blocks(op, made, rows)
  local steps, factor = {}, 1
  if op.strategy == "latency" then
    for d, n in ipairs(rows) do
      steps[d] = op.mode == "whole" and n or 1
      factor = factor * steps[d]
    end
    return factor, steps
  end
  local best
  for _, way in ipairs(ways(extents_of[op.op](op))) do
    if not best or math.abs(way.factor - op.reuse_factor) < math.abs(best.factor - op.reuse_factor) then best = way end
  end
  made.reuse(best.factor)
  return best.factor, best.steps
end

return M
