--- Patches around peaks, cut anew with other random shifts in each epoch. A peak
-- is kept with as much of its frame as any shift can need, so that cutting is a
-- matter of slices.
local rng = require "nac.rng"
local tensor = require "nac.tensor"

local M = {}

--- Side of a patch, in pixels.
M.SIDE = 11

-- Cuts all patches: `moves[i]` is the number of the i-th peak's shift, from 0, of (2 most + 1)^2.
local function cut(part, moves)
  local width = 2 * part.most_shift + 1
  local groups, where = {}, {}
  for i, move in ipairs(moves) do
    groups[move] = groups[move] or {}
    table.insert(groups[move], i)
  end
  local pieces, places, row = {}, {}, 0
  for move = 0, width * width - 1 do
    if groups[move] then
      local index = tensor.new(groups[move], "i32")
      local dr, dc = move // width, move % width
      pieces[#pieces + 1] = part.wide:rows(index):slice(2, dr + 1, dr + M.SIDE):slice(3, dc + 1, dc + M.SIDE)
      places[#places + 1] = part.place:rows(index) - tensor.new({ { dr, dc } }, "f32")
      for _, i in ipairs(groups[move]) do
        row = row + 1
        where[i] = row
      end
    end
  end
  local back = tensor.new(where, "i32")
  return tensor.concat(pieces, 1):rows(back), tensor.concat(places, 1):rows(back)
end

-- As NAC does: each patch from 0 to 1, positions as (column, row) in sides of a patch.
local function normalised(part, x, place)
  local n = x:size(1)
  local flat = x:reshape { n, M.SIDE * M.SIDE }
  if part.normalize then
    local low, high = flat:min(2, { keep = true }), flat:max(2, { keep = true })
    flat = (flat - low) / (high - low):maximum(1e-6)
  end
  local y = tensor.concat({ place:slice(2, 2, 2), place:slice(2, 1, 1) }, 2) / M.SIDE
  return flat:reshape { n, table.unpack(part.shape) }, y
end

local function patches(part, epoch)
  local stream, moves = rng.stream(part.seed, part.purpose, epoch), {}
  local width = 2 * part.most_shift + 1
  for i = 1, part.rows do moves[i] = stream:below(width * width) end
  return normalised(part, cut(part, moves))
end

local Stream = {}
Stream.__index = Stream

--- Rows of each piece: all at once.
function Stream:sizes() return { self.rows } end

--- The patches of an epoch, shifts drawn anew; 0 gives always the same.
function Stream:pieces(epoch)
  local done = false
  return function()
    if done then return nil end
    done = true
    return patches(self, epoch)
  end
end

--- A part whose patches are cut anew in each epoch (a stream, `nac.train.part`).
-- @param wide f32 [N, SIDE + 2 shift, SIDE + 2 shift]: peaks in the middle pixel of these
-- @param place f32 [N, 2]: row and column of each peak in there
-- @param o `shift` (most pixels up, down, left and right), `seed`, `purpose` (of the random stream), `shape` of a
-- sample, `normalize`
function M.stream(wide, place, o)
  return setmetatable({
    rows = wide:size(1), most = wide:size(1), task = "regression", seed = o.seed, purpose = "shifts " .. o.purpose, most_shift = o.shift,
    wide = wide, place = place, shape = o.shape, normalize = o.normalize,
  }, Stream)
end

--- A part whose patches are cut once, with random shifts as well: without them every peak lies in the middle
-- pixel, and a net that always says so looks good.
-- @return { x =, y = }
function M.fixed(wide, place, o)
  local x, y = M.stream(wide, place, o):pieces(0)()
  return { x = x:contiguous(), y = y:contiguous() }
end

return M
