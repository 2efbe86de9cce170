--- Writes docs/results.md from the numbers of each case.
local file = require "nac.util.file"
local json = require "nac.util.json"

local M = {}

local head = [[
# Results

Written by `make experiments` (`experiments/results.lua`); nothing here is typed by hand. Protocol: networks are fitted on `fit`, stopped and
searched on `search`, chosen on `select`; the test set is read at the end. Of the front the cheapest networks that are no worse than the
baseline on `select` are trained anew on fresh seeds, with the same settings, data and epochs as the baseline; `selected` is what the search's own
net scored, `retrained` the mean of the fresh ones, both on `select`. Differences on the test set are paired sample by sample and seed by seed;
intervals hold 95 % and count both the seeds and the choice of test samples (`nac.compare`). A ratio of costs counts as shown where the whole
interval lies above minus the margin; else it is "not shown". Costs are of unpruned networks at one width; LUTs and cycles are estimates
(docs/estimate.md), not placed.

]]

local function number(x, form) return type(x) == "number" and form:format(x) or "" end

local function grouped(x)
  if not x then return "" end
  local text = ("%.0f"):format(x)
  repeat
    local changed
    text, changed = text:gsub("^(-?%d+)(%d%d%d)", "%1 %2")
  until changed == 0
  return text
end

local function table_of(columns, rows)
  local lines = { "| " .. table.concat(columns, " | ") .. " |", "|" .. ("---|"):rep(#columns) }
  for _, row in ipairs(rows) do lines[#lines + 1] = "| " .. table.concat(row, " | ") .. " |" end
  return table.concat(lines, "\n") .. "\n"
end

-- How a score is shown: accuracies in percent, distances in pixels (scores are minus the distance).
local function shown(out, x)
  if not x then return "" end
  if out.metric == "accuracy" then return ("%.2f"):format(100 * x) end
  return ("%.4f"):format(-x)
end

local function with_interval(out, r)
  if not r then return "" end
  local low, high = r.low, r.high
  if out.metric ~= "accuracy" then low, high = high, low end
  return ("%s (%s to %s)"):format(shown(out, r.mean), shown(out, low), shown(out, high))
end

local function difference(out, d)
  if not d then return "" end
  local unit = out.metric == "accuracy" and 100 or 1
  local form = out.metric == "accuracy" and "%+.2f (%+.2f to %+.2f)" or "%+.4f (%+.4f to %+.4f)"
  return form:format(unit * d.difference, unit * d.low, unit * d.high)
end

local function networks(out)
  local columns = { "network", "parameters" }
  for _, definition in ipairs(out.bops) do columns[#columns + 1] = "BOPs, " .. definition end
  for _, title in ipairs { "LUT", "cycles", "selected", "retrained", "test", "against the baseline" } do columns[#columns + 1] = title end
  local rows = {}
  local function add(entry, name)
    local row = { name, grouped(entry.params) }
    for _, definition in ipairs(out.bops) do row[#row + 1] = grouped(entry[definition]) end
    for _, cell in ipairs { grouped(entry.lut), grouped(entry.cycles), shown(out, entry.selected), shown(out, entry.retrained),
      with_interval(out, entry.test), difference(out, entry.against) } do row[#row + 1] = cell end
    rows[#rows + 1] = row
  end
  for i, b in ipairs(out.search.baselines) do add(b, b.name .. (i == 1 and " (baseline)" or "")) end
  local verdict = out.search.verdict
  for _, c in ipairs(out.search.candidates) do
    add(c, c.name:gsub("_", " ") .. (verdict and verdict.name == c.name and " **(winner)**" or c.best and " (best on `select`)" or ""))
  end
  for _, g in ipairs(out.guesses or {}) do
    local row = { g.name }
    for i = 2, #columns do row[i] = "" end
    row[#columns - 1] = g.text or shown(out, g.score)
    rows[#rows + 1] = row
  end
  return table_of(columns, rows)
end

local function claim_a(out)
  local verdict = out.search.verdict
  local margin = out.metric == "accuracy" and ("%g points"):format(100 * out.margin) or ("%g px"):format(out.margin)
  if not verdict then return "**(A) search:** no network of the front holds the baseline's level on `select`.\n" end
  local parts = {}
  for _, definition in ipairs(out.bops) do parts[#parts + 1] = ("%.1f times fewer BOPs (%s)"):format(verdict.ratios[definition], definition) end
  return ("**(A) search:** %s, no worse by more than %s: %s.\n"):format(table.concat(parts, ", "), margin,
    verdict.shown and "shown" or "not shown (the interval crosses the margin)")
end

local function claim_b(out)
  local c = out.compression
  if not c then return "" end
  local rows = {}
  for _, level in ipairs(c.levels) do
    local row = { shown(out, level.level) }
    for _, cost in ipairs { "ebops", "lut" } do
      local r = level[cost]
      row[#row + 1] = r.base and grouped(r.base) or "not reached"
      row[#row + 1] = r.winner and grouped(r.winner) or "not reached"
      row[#row + 1] = number(r.ratio, "%.1f")
    end
    rows[#rows + 1] = row
  end
  return ("**(B) compression:** both through the same local search (mean of %d seeds); at each level on `select` the cheapest point of each. "
    .. "The baseline's float nets score %s.\n\n"):format(c.seeds, shown(out, c.float)) ..
    table_of({ "level", "EBOPs, baseline", "winner", "ratio", "LUT, baseline", "winner", "ratio" }, rows)
end

local function section(out)
  local lines = { ("## %s\n"):format(out.title), out.what }
  if out.sample then lines[#lines] = lines[#lines] .. " **On the sample that comes along**, not the full public set." end
  lines[#lines + 1] = ("\nSearch: %d trials in %.0f s, %d networks on the front. Retraining: %s; seeds %s. %s test samples, %d bits. Scores in %s.\n"):format(
    out.search.trials, out.search.seconds, out.search.front, out.recipe, table.concat(out.seeds, ", "), grouped(out.search.samples), out.bits,
    out.metric == "accuracy" and "percent" or "pixels (less is better); differences are of minus the distance")
  lines[#lines + 1] = networks(out)
  lines[#lines + 1] = claim_a(out)
  lines[#lines + 1] = claim_b(out)
  for _, picture in ipairs(out.pictures or {}) do lines[#lines + 1] = ("![%s](%s)\n"):format(picture.title, picture.path) end
  for _, text in ipairs(out.texts or {}) do lines[#lines + 1] = text .. "\n" end
  lines[#lines + 1] = ("%s, %s, nac-lua %s.\n"):format(out.date, out.machine, out.version)
  return table.concat(lines, "\n")
end

--- Writes the page.
-- @param dir of the numbers, NAME.json a case
-- @param names of the cases, in their order; those that were not run are left out
-- @param path of the page
-- @return the path
function M.write(dir, names, path)
  local parts = { head }
  for _, name in ipairs(names) do
    local text = file.read(("%s/%s.json"):format(dir, name))
    if text then parts[#parts + 1] = section(assert(json.decode(text))) end
  end
  local others = file.read "experiments/results/elsewhere.md"
  if others then parts[#parts + 1] = others end
  assert(file.write(path, table.concat(parts, "\n")))
  return path
end

return M
