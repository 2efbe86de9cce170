--- How strong units are, and which of them stay.
local M = {}

--- The norm of each row of a weight: of all that comes into a unit.
-- @param weight (units, ...)
-- @param[opt="l1"] norm "l1": sum of magnitudes; "l2": root of the sum of squares
-- @return list of numbers
function M.rows(weight, norm)
  local n = weight:size(1)
  local rows = weight:contiguous():reshape { n, weight:numel() // n }
  if norm == "l2" then return (rows * rows):sum(2):sqrt():totable() end
  return rows:abs():sum(2):totable()
end

--- Adds norms of parts of a unit up.
-- @param norm "l1" or "l2"
-- @param a, b lists of numbers
-- @return list of numbers
function M.together(norm, a, b)
  local sum = {}
  for i = 1, #a do sum[i] = norm == "l2" and math.sqrt(a[i] ^ 2 + b[i] ^ 2) or a[i] + b[i] end
  return sum
end

--- Norms of blocks of units of equal length.
-- @param norm "l1" or "l2"
-- @param list norms of the units
-- @param width units a block
-- @return list of numbers
function M.blocks(norm, list, width)
  local sum = {}
  for i, x in ipairs(list) do
    local block = (i - 1) // width + 1
    sum[block] = (sum[block] or 0) + (norm == "l2" and x * x or x)
  end
  for i, x in ipairs(sum) do sum[i] = norm == "l2" and math.sqrt(x) or x end
  return sum
end

--- The strongest, in their order; of equals the first.
-- @param list strengths
-- @param count how many
-- @return list of indices
function M.strongest(list, count)
  local order = {}
  for i = 1, #list do order[i] = i end
  table.sort(order, function(a, b)
    if list[a] ~= list[b] then return list[a] > list[b] end
    return a < b
  end)
  local kept = { table.unpack(order, 1, count) }
  table.sort(kept)
  return kept
end

return M
