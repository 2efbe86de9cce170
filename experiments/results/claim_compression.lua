--- Claim B: baseline and winner through the same local search, compared at equal accuracy.
local entries = require "experiments.results.entry"
local file = require "nac.util.file"
local nac = require "nac"
local resumed = require "experiments.results.resumed"
local say = require "experiments.results.say"
local training = require "experiments.results.training"

local M = {}

-- A score of a local search in the case's unit: there positions are scored by minus the mean square of their coordinates, here
-- by minus the root mean square distance.
local function curve_score(case, value)
  if case.metric == "accuracy" then return value end
  return -case.scale * math.sqrt(2 * -value)
end

-- The curves of a local search of an entry's nets, means over their seeds: label -> iteration -> numbers.
local function compress(case, entry)
  local data, sums = entries.data(case, entry), {}
  for k = 1, math.min(case.compress_seeds or 1, #entry.nets) do
    local dir = ("%s/compress_%s_%d"):format(case.dir, training.file_name(entry.name), case.seeds[k])
    local options = { dir = dir, quiet = true, pictures = false, seed = case.seeds[k], search = case.recipe_of_compression }
    local result = resumed(function(o) return nac.local_search.run(entry.nets[k], data, case.compression, o) end, options,
      file.exists(dir .. "/local_search_config.yaml") ~= nil)
    for _, curve in ipairs(result.curves) do
      for _, r in ipairs(curve.rows) do
        local key = ("%s %d"):format(curve.label, r.iteration)
        local s = sums[key] or { label = curve.label, iteration = r.iteration, n = 0, sparsity = 0, accuracy = 0, bops = 0, ebops = 0, lut = 0 }
        sums[key], s.n = s, s.n + 1
        for _, name in ipairs { "sparsity", "bops", "ebops", "lut" } do s[name] = s[name] + (r[name] or 0) end
        s.accuracy = s.accuracy + curve_score(case, r.accuracy)
      end
    end
  end
  local rows = {}
  for _, s in pairs(sums) do
    for _, name in ipairs { "sparsity", "accuracy", "bops", "ebops", "lut" } do s[name] = s[name] / s.n end
    rows[#rows + 1] = s
  end
  table.sort(rows, function(a, b)
    if a.label ~= b.label then return a.label < b.label end
    return a.iteration < b.iteration
  end)
  return rows
end

-- The cheapest row that reaches a level, by one cost.
local function cheapest(rows, level, cost)
  local best
  for _, r in ipairs(rows) do
    if r.accuracy >= level and (not best or r[cost] < best[cost]) then best = r end
  end
  return best
end

local function float_score(case, entry)
  local select, sum = entries.data(case, entry):parts().select, 0
  for _, net in ipairs(entry.nets) do
    local r = nac.train.evaluate(net, select, { loss = case.recipe.loss })
    sum = sum + curve_score(case, r.accuracy or -r.loss)
  end
  return sum / #entry.nets
end

--- The same local search for both; at each level below the baseline's float score the cheapest of each.
-- @return what the page shows
function M.run(case, base, winner)
  say("%s: local search of %s and of %s", case.name, base.name, winner.name)
  local begun = os.time()
  local out = { base = compress(case, base), winner = compress(case, winner), float = float_score(case, base), levels = {},
    seeds = math.min(case.compress_seeds or 1, #base.nets) }
  for i, below in ipairs(case.levels) do
    local row = { below = below, level = out.float - below }
    for _, cost in ipairs { "ebops", "lut" } do
      local a, b = cheapest(out.base, row.level, cost), cheapest(out.winner, row.level, cost)
      row[cost] = { base = a and a[cost], winner = b and b[cost], ratio = a and b and a[cost] / b[cost] }
    end
    out.levels[i] = row
  end
  out.took = os.time() - begun
  return out
end

return M
