--- Naive twins of tensors in Lua, for specs: an array is { shape = {...},
-- at = function(index) -> number }, and each operation is written in the most
-- direct way.
local tensor = require "nac.tensor"

local M = {}

--- Calls f(index) for each index (list, from 1) of a shape, in row-major order.
function M.each(shape, f)
  local index = {}
  local function down(d)
    if d > #shape then return f(index) end
    for i = 1, shape[d] do
      index[d] = i
      down(d + 1)
    end
  end
  down(1)
end

local function replaced(list, d, value)
  local copy = { table.unpack(list) }
  copy[d] = value
  return copy
end

local function removed(list, d)
  local copy = { table.unpack(list) }
  table.remove(copy, d)
  return copy
end

local function inserted(list, d, value)
  local copy = { table.unpack(list) }
  table.insert(copy, d, value)
  return copy
end

local sizes = { 0, 1, 1, 2, 3, 5, 7 }

--- A random tensor, often a view that is not contiguous, and its twin.
-- Values are multiples of 1/4 (f32, f64) or whole, so that sums are exact.
function M.random(r, dtype, shape)
  if not shape then
    shape = {}
    for d = 1, r:int(0, 3) do shape[d] = r:choice(sizes) end
  end
  -- The storage is larger than the tensor: some dimensions are sliced out of
  -- longer ones, two may be exchanged, one selected from an extra one.
  local n = 1
  local stored, first, order = {}, {}, {}
  for d = 1, #shape do
    order[d] = d
    first[d] = r:int(0, 1) * r:int(0, 2)
    stored[d] = shape[d] + first[d] + r:int(0, 1) * r:int(0, 2)
    n = n * stored[d]
  end
  local values = {}
  for i = 1, n do
    values[i] = dtype == "u8" and r:int(0, 9) or dtype == "i32" and r:int(-9, 9) or r:int(-16, 16) / 4
  end
  local d1, d2 = r:int(1, math.max(1, #shape)), r:int(1, math.max(1, #shape))
  order[d1], order[d2] = order[d2], order[d1]
  local layout = {}
  for d = 1, #shape do layout[d] = stored[order[d]] end
  local t = tensor.new(values, dtype):reshape(layout)
  if #shape > 0 then t = t:transpose(d1, d2) end
  for d = 1, #shape do t = t:slice(d, first[d] + 1, first[d] + shape[d]) end
  local function at(index)
    local offset = 0
    for d = 1, #shape do offset = offset * layout[d] + first[order[d]] + index[order[d]] - 1 end
    return values[offset + 1]
  end
  return t, { shape = shape, at = at }
end

--- A random shape that broadcasts with `shape`.
function M.broadcastable(r, shape)
  local other = {}
  for d = r:int(1, #shape + 1), #shape do other[#other + 1] = r:int(1, 3) == 1 and 1 or shape[d] end
  return other
end

--- f over two arrays, broadcast.
function M.binary(a, b, f)
  local rank = math.max(#a.shape, #b.shape)
  local function size(x, d) return x.shape[d - rank + #x.shape] or 1 end
  local function pick(x, index)
    local own = {}
    for d = 1, #x.shape do
      local i = index[d + rank - #x.shape]
      own[d] = x.shape[d] == 1 and 1 or i
    end
    return x.at(own)
  end
  local shape = {}
  for d = 1, rank do shape[d] = size(a, d) == 1 and size(b, d) or size(a, d) end
  return { shape = shape, at = function(index) return f(pick(a, index), pick(b, index)) end }
end

--- f(list of the values) along dimension d, or of all values without d.
function M.reduce(a, f, d, keep)
  if not d then
    local list = {}
    M.each(a.shape, function(index) list[#list + 1] = a.at(index) end)
    return f(list)
  end
  local function at(index)
    local list = {}
    for i = 1, a.shape[d] do
      list[i] = a.at(keep and replaced(index, d, i) or inserted(index, d, i))
    end
    return f(list)
  end
  return { shape = keep and replaced(a.shape, d, 1) or removed(a.shape, d), at = at }
end

--- Raises unless the tensor has the twin's shape and, up to `tolerance`, its numbers.
function M.compare(twin, t, tolerance, what)
  local shape = t:shape()
  local same = #shape == #twin.shape
  for d = 1, #shape do same = same and shape[d] == twin.shape[d] end
  if not same then
    error(("%s: shape {%s}, expected {%s}"):format(what, table.concat(shape, ","), table.concat(twin.shape, ",")), 2)
  end
  M.each(shape, function(index)
    local got, want = t:get(table.unpack(index)), twin.at(index)
    local equal = got == want or (got ~= got and want ~= want) or math.abs(got - want) <= (tolerance or 0)
    if not equal then error(("%s at {%s}: %s, expected %s"):format(what, table.concat(index, ","), got, want), 3) end
  end)
end

return M
