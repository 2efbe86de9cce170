--- Splits of a training set. They are a function of (seed, labels) only, and
-- each part holds the classes in proportion (src/core/split.h has the method).
-- Samples that belong together (the jets of one event) may be given as groups:
-- groups are then dealt, each whole, by the class of its first sample.
local c = require "nac.c.split"
local c_tensor = require "nac.c.tensor"

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

-- Groups numbered from 1 in the order in which they come: the group of each
-- sample, and the first sample of each group.
local function number(groups)
  local of, firsts, seen = {}, {}, {}
  for i, group in ipairs(groups:totable()) do
    if not seen[group] then
      firsts[#firsts + 1] = i
      seen[group] = #firsts
    end
    of[i] = seen[group]
  end
  return c_tensor.new(of, "i32"), c_tensor.new(firsts, "i32")
end

-- The pile of each sample.
local function deal(strata, groups, seed, round, n)
  if not groups then return c.deal(strata, seed, round, n) end
  local of, firsts = number(groups)
  local classes <close> = strata:rows(firsts)
  local piles <close> = c.deal(classes, seed, round, n)
  return piles:rows(of)
end

--- 80 % to fit, 10 % to search, 10 % to select.
-- @param x tensor [N, ...]
-- @param y tensor [N, ...]
-- @param strata i32 tensor [N]: the classes (zeros for regression)
-- @param seed integer
-- @param[opt] groups i32 tensor [N]: samples of one number stay in one part
-- @return { fit = part, search = part, select = part }
function M.parts(x, y, strata, seed, groups)
  check(strata:numel(), 3, "fit, search and select")
  local piles <close> = deal(strata, groups, seed, 0, TENTHS)
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
-- @param[opt] groups as in `parts`
-- @return list of { fit = part, search = part }, with the field select = part
function M.folds(x, y, strata, k, seed, groups)
  local piles <close> = deal(strata, groups, seed, 0, TENTHS)
  local folds = { select = take(x, y, piles, SELECT) }
  local kept <close> = c.pick(piles, NOT_SELECT)
  local x_kept <close> = x:rows(kept)
  local y_kept <close> = y:rows(kept)
  local strata_kept <close> = strata:rows(kept)
  check(strata_kept:numel(), k, ("%d folds"):format(k))
  local of <close> = deal(strata_kept, groups and groups:rows(kept), seed, k, k)
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
