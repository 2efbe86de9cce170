--- What is done for each row of docs/results.md.
--
--   fit     trains; search stops trainings and is what the search optimises; select chooses; test is read at the end.
--   A  search:      claim_search.lua
--   B  compression: claim_compression.lua
local claim_compression = require "experiments.results.claim_compression"
local claim_search = require "experiments.results.claim_search"
local file = require "nac.util.file"
local json = require "nac.util.json"
local nac = require "nac"
local pictures = require "experiments.results.pictures"

local M = {}

--- Runs a case and writes its numbers.
-- @param case see experiments/results/cases/
-- @param base_dir where results go
-- @return the table that was written to `base_dir/NAME.json`
function M.run(case, base_dir)
  case.dir = ("%s/%s"):format(base_dir, case.name)
  assert(file.make_directory(case.dir))
  local winner, bases, search, result = claim_search.run(case)
  local out = { name = case.name, title = case.title, what = case.what, metric = case.metric, margin = case.margin, bits = case.bits, bops = case.bops,
    sample = case.data.sample or false, data = case.data:provenance(), search = search, recipe = case.recipe_text, seeds = case.seeds,
    machine = require("nac.c.cpu").info().model, version = nac.version, date = os.date "!%Y-%m-%d" }
  out.guesses = case.guesses and case.guesses(assert(case.data:test()))
  if winner then out.compression = claim_compression.run(case, bases[1], winner) end
  pictures.draw(case, out, result, base_dir == "results/experiments" and "docs/results" or base_dir .. "/results")
  if case.finish then case.finish(case, out, { winner = winner, bases = bases }) end
  assert(file.write(("%s/%s.json"):format(base_dir, case.name), json.encode(out)))
  return out
end

return M
