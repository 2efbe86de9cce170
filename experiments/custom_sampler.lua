--- A sampler of your own, driving the search of t1.yaml.
--
--     nac-lua custom_sampler.lua             30 trials of 10 epochs
--     nac-lua custom_sampler.lua --quick     6 trials of 2 epochs
--
-- The sampler is climber.lua, beside this file: copy both and change them.

local nac = require "nac"

local parser = require "argparse" ("custom_sampler.lua", "Searches as t1.lua does, with the sampler of climber.lua.")
parser:flag("--quick", "6 trials of 2 epochs")
parser:option("--results", "results folder", "results/custom_sampler")
local options = parser:parse()

local folder = arg[0]:match("^(.*/)") or ""
local result, message = nac.global_search.run(folder .. "t1.yaml", {
  sampler = folder .. "climber.lua",
  trials = options.quick and 6 or nil,
  epochs = options.quick and 2 or nil,
  results = options.results,
})
if not result then
  io.stderr:write("custom_sampler.lua: ", message, "\n")
  os.exit(1)
end
print(result)
