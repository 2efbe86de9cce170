--- Writes docs/results.md from the numbers of each case.
local file = require "nac.util.file"
local form = require "experiments.results.form"
local json = require "nac.util.json"

local M = {}

local head = [[
# Results

Written by `make experiments` (`experiments/results.lua`); nothing here is typed by hand. Protocol: networks are fitted on `fit`, stopped
and searched on `search`, chosen on `select`; the test set is read at the end. `selected` is what a search's own net scored on `select`; the
baseline's is that of four nets trained as trials are. Networks of the front that reach it but for the margin are trained anew on fresh
seeds, from the cheapest on (by the cost that the search minimised), with the same settings, data and epochs as the baseline (`retrained`:
their mean on `select`). The first whose mean is no worse than the baseline's by more than the margin is the winner; it goes on until the
whole interval over seeds is no worse by more than that (`sure`), twelve networks at most; the best of the front on `select` follows for
comparison. Differences on the test set are paired sample by sample and seed by seed; intervals hold 95 % and count both the seeds and the
choice of test samples (`nac.compare`). A ratio of costs counts as shown where the whole interval on the test set lies above minus the
margin; else it is "not shown". Costs are of unpruned networks at one width; LUTs and cycles are estimates (docs/estimate.md), not placed.

]]

local function networks(out)
  local columns = { "network", "parameters" }
  for _, definition in ipairs(out.bops) do columns[#columns + 1] = "BOPs, " .. definition end
  for _, title in ipairs { "LUT", "cycles", "selected", "retrained", "test", "against the baseline" } do columns[#columns + 1] = title end
  local rows = {}
  local function add(entry, name)
    local row = { name, form.grouped(entry.params) }
    for _, definition in ipairs(out.bops) do row[#row + 1] = form.grouped(entry[definition]) end
    for _, cell in ipairs { form.grouped(entry.lut), form.grouped(entry.cycles), form.shown(out, entry.selected), form.shown(out, entry.retrained),
      form.with_interval(out, entry.test) .. form.number(entry.within, ", 95 %% within %.3f"), form.difference(out, entry.against) } do row[#row + 1] = cell end
    rows[#rows + 1] = row
  end
  for i, b in ipairs(out.search.baselines) do add(b, b.name .. (i == 1 and " (baseline)" or "")) end
  local verdict, sure = out.search.verdict, out.search.sure
  for _, c in ipairs(out.search.candidates) do
    local mark = verdict and verdict.name == c.name and " **(winner)**" or sure and sure.name == c.name and " (sure)" or ""
    add(c, c.name .. mark .. (c.best and " (best on `select`)" or ""))
  end
  for _, g in ipairs(out.guesses or {}) do
    local row = { g.name }
    for i = 2, #columns do row[i] = "" end
    row[#columns - 1] = g.text or form.shown(out, g.score)
    rows[#rows + 1] = row
  end
  return form.table_of(columns, rows)
end

-- One sentence on a network against the baseline.
local function sentence(out, verdict, margin)
  local parts = {}
  for _, definition in ipairs(out.bops) do parts[#parts + 1] = ("%.1f times fewer BOPs (%s)"):format(verdict.ratios[definition], definition) end
  return ("%s: %s, no worse by more than %s: %s."):format(verdict.name, table.concat(parts, ", "), margin,
    verdict.shown and "shown" or "not shown (the interval crosses the margin)")
end

local function claim_a(out)
  local margin = out.metric == "accuracy" and ("%g points"):format(100 * out.margin) or ("%g px"):format(out.margin)
  if not out.search.verdict then return "**(A) search:** no network of the front holds the baseline's level on `select`.\n" end
  local text = "**(A) search:** " .. sentence(out, out.search.verdict, margin)
  if out.search.sure then text = text .. " The sure one, " .. sentence(out, out.search.sure, margin) end
  return text .. "\n"
end

local function claim_b(out)
  local c = out.compression
  if not c then return "" end
  local rows = {}
  for _, level in ipairs(c.levels) do
    local row = { form.shown(out, level.level) }
    for _, cost in ipairs { "ebops", "lut" } do
      local r = level[cost]
      row[#row + 1] = r.base and form.grouped(r.base) or "not reached"
      row[#row + 1] = r.winner and form.grouped(r.winner) or "not reached"
      row[#row + 1] = form.number(r.ratio, "%.1f")
    end
    rows[#rows + 1] = row
  end
  return ("**(B) compression:** both through the same local search (%s); at each level on `select` the cheapest point of each. "
    .. "The baseline's float nets score %s%s.\n\n"):format(c.seeds > 1 and ("mean of %d seeds"):format(c.seeds) or "one seed",
    form.shown(out, c.float), out.metric == "accuracy" and "" or "; levels are root mean square distances") ..
    form.table_of({ "level", "EBOPs, baseline", "winner", "ratio", "LUT, baseline", "winner", "ratio" }, rows)
end

local function section(out)
  local lines = { ("## %s\n"):format(out.title), out.what }
  if out.sample then lines[#lines] = lines[#lines] .. " **On the sample that comes along**, not the full public set." end
  lines[#lines + 1] = ("\nSearch: %d trials in %.0f s, %d networks on the front. Retraining: %s; seeds %s. %s test samples, %d bits. Scores in %s.\n"):format(
    out.search.trials, out.search.seconds, out.search.front, out.recipe, table.concat(out.seeds, ", "), form.grouped(out.search.samples), out.bits,
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
