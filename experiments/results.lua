--- The results page: searches, baselines, comparisons and compression on every tutorial's data, written to docs/results.md.
--
--     nac-lua results.lua                   all cases, under an hour on two cores
--     nac-lua results.lua jets bragg        some of them; the page keeps the others' numbers
--     nac-lua results.lua --quick           a few trials each, into results/experiments_quick: to see that all works
--     nac-lua results.lua --page            only writes the page anew
--
-- What was done already is not done again, so that an interrupted run goes on. Run it at the root of the sources.
package.path = "./?.lua;" .. package.path
local page = require "experiments.results.page"
local protocol = require "experiments.results.protocol"

local cases = { "digits", "clothes", "jets", "bragg", "qubit" }
local parser = require "argparse" ("results.lua", "Writes docs/results.md.")
parser:argument("case", "which (default: all): " .. table.concat(cases, ", ")):args("*"):choices(cases)
parser:flag("--quick", "a few trials each, written beside the real ones")
parser:flag("--page", "write the page from what is there")
parser:option("--dir", "where the numbers lie (default: results/experiments; with --quick results/experiments_quick)")
local options = parser:parse()

local dir = options.dir or options.quick and "results/experiments_quick" or "results/experiments"
local path = (options.quick or options.dir) and dir .. "/results.md" or "docs/results.md"
for _, name in ipairs(options.page and {} or #options.case > 0 and options.case or cases) do
  local case = require("experiments.results.cases." .. name)(options)
  protocol.run(case, dir)
  page.write(dir, cases, path)
end
print(page.write(dir, cases, path))
