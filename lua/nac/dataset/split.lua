--- Splits of a training set. They are a function of (seed, labels) only, and
-- each part holds the classes in proportion (src/core/split.h has the method).
local c = require "nac.c.split"

local M = {}

-- Tenths of the training set: one for `search`, one for `select`, the rest to fit.
local TENTHS, SEARCH, SELECT = 10, { 0 }, { 1 }
local FIT, NOT_SELECT = { 2, 3, 4, 5, 6, 7, 8, 9 }, { 0, 2, 3, 4, 5, 6, 7, 8, 9 }

local function take(x, y, piles, wanted)
  local index <close> = c.pick(piles, wanted)
  return { x = x:rows(index), y = y:rows(index) }
end

local function check(n, needed, what)
  if n < needed then error(("%d training samples are too few for %s, which need %d"):format(n, what, needed), 0) end
end

--- 80 % to fit, 10 % to search, 10 % to select.
-- @param x tensor [N, ...]
-- @param y tensor [N, ...]
-- @param strata i32 tensor [N]: the classes (zeros for regression)
-- @param seed integer
-- @return { fit = part, search = part, select = part }
function M.parts(x, y, strata, seed)
  check(strata:numel(), 3, "fit, search and select")
  local piles <close> = c.deal(strata, seed, 0, TENTHS)
  return {
    fit = take(x, y, piles, FIT),
    search = take(x, y, piles, SEARCH),
    select = take(x, y, piles, SELECT),
  }
end

--- k folds of what `select` leaves; `select` is the same as that of `parts`.
-- @param x tensor [N, ...]
-- @param y tensor [N, ...]
-- @param strata i32 tensor [N]
-- @param k number of folds, 2 to 256
-- @param seed integer
-- @return list of { fit = part, search = part }, with the field select = part
function M.folds(x, y, strata, k, seed)
  local piles <close> = c.deal(strata, seed, 0, TENTHS)
  local folds = { select = take(x, y, piles, SELECT) }
  local kept <close> = c.pick(piles, NOT_SELECT)
  local x_kept <close> = x:rows(kept)
  local y_kept <close> = y:rows(kept)
  local strata_kept <close> = strata:rows(kept)
  check(strata_kept:numel(), k, ("%d folds"):format(k))
  local of <close> = c.deal(strata_kept, seed, k, k)
  for i = 0, k - 1 do
    local others = {}
    for j = 0, k - 1 do
      if j ~= i then others[#others + 1] = j end
    end
    folds[i + 1] = { fit = take(x_kept, y_kept, of, others), search = take(x_kept, y_kept, of, { i }) }
  end
  return folds
end

return M
