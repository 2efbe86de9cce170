--- Which parameters decide whether a trial is good.
--
-- PED-ANOVA (Watanabe, Bansal & Hutter 2023, arXiv:2304.10255, eq. 12): a parameter matters as much as its
-- distribution among the best trials differs from that among all: the mean over all of (p_best / p_all - 1)^2. Densities are
-- histograms here: a value each for choices, at most ten ranges of equal counts for numbers.
local record = require "nac.study.record"

local M = {}

local BINS = 10

-- Number or text of the bin of each record's value; a parameter that a trial did not draw is a bin of its own.
local function bins_of(records, name)
  local sorted, distinct, count, numbers = {}, {}, 0, true
  for _, r in ipairs(records) do
    local v = r.params[name]
    if v ~= nil then
      numbers = numbers and type(v) == "number"
      sorted[#sorted + 1] = v
      if not distinct[tostring(v)] then distinct[tostring(v)], count = true, count + 1 end
    end
  end
  local limits = {}
  if numbers and count > BINS then
    table.sort(sorted)
    for i = 1, BINS - 1 do limits[i] = sorted[#sorted * i // BINS + 1] end
  end
  local out = {}
  for i, r in ipairs(records) do
    local v = r.params[name]
    if v == nil then
      out[i] = "not drawn"
    elseif #limits > 0 then
      out[i] = 1
      for k, limit in ipairs(limits) do
        if v >= limit then out[i] = k + 1 end
      end
    else
      out[i] = tostring(v)
    end
  end
  return out
end

-- The mean over all trials of (p_best / p_all - 1)^2; half a count more in each bin, so that few trials prove little.
local function divergence(bins, is_best, n_best)
  local all, best, kinds = {}, {}, 0
  for i, bin in ipairs(bins) do
    if not all[bin] then all[bin], best[bin], kinds = 0, 0, kinds + 1 end
    all[bin] = all[bin] + 1
    if is_best[i] then best[bin] = best[bin] + 1 end
  end
  local names, sum = {}, 0
  for bin in pairs(all) do names[#names + 1] = bin end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end) -- sums in a fixed order
  for _, bin in ipairs(names) do
    local p = (all[bin] + .5) / (#bins + .5 * kinds)
    local q = (best[bin] + .5 * p * kinds) / (n_best + .5 * kinds)
    sum = sum + p * (q / p - 1) ^ 2
  end
  return sum
end

--- The importance of each parameter for one objective.
-- @param records trials with `params` and `values`; those not complete are left out
-- @param objective { name =, direction = "maximize" | "minimize" }
-- @param[opt=.1] share of the trials that count as the best, at least 5 of them
-- @return list of { name =, importance = }, the most important first; they sum to 1 (all 0 where nothing matters);
-- or nil and a message with fewer than 10 complete trials
function M.of(records, objective, share)
  local good = record.valued(records, { objective })
  if #good < 10 then return nil, ("importances need 10 complete trials, there are %d"):format(#good) end
  local order, sign = {}, objective.direction == "maximize" and -1 or 1
  for i in ipairs(good) do order[i] = i end
  table.sort(order, function(a, b)
    local x, y = sign * good[a].values[objective.name], sign * good[b].values[objective.name]
    if x ~= y then return x < y end
    return a < b
  end)
  local is_best, n_best = {}, math.min(#good, math.max(5, math.floor((share or .1) * #good + .5)))
  for k = 1, n_best do is_best[order[k]] = true end
  local seen, list, total = {}, {}, 0
  for _, r in ipairs(good) do
    for name in pairs(r.params) do seen[name] = true end
  end
  for name in pairs(seen) do list[#list + 1] = { name = name, importance = divergence(bins_of(good, name), is_best, n_best) } end
  table.sort(list, function(a, b) return a.importance > b.importance or a.importance == b.importance and a.name < b.name end)
  for _, row in ipairs(list) do total = total + row.importance end
  for _, row in ipairs(list) do row.importance = total > 0 and row.importance / total or 0 end
  return list
end

return M
