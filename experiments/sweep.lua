--- How far can a network be pruned? Twenty steps of 20 % at 32, 16, 8 and 4 bits.
--
--     nac-lua sweep.lua            trains a small network for digits, then prunes it
--     nac-lua sweep.lua --each     prunes each layer alike and rewinds, instead of all layers together
--
-- It ends with a table and a picture of accuracy against the part of the weights that is zero.

local nac = require "nac"
local nn = nac.nn

local parser = require "argparse" ("sweep.lua", "Prunes a network in twenty steps at four precisions.")
parser:flag("--each", "each layer alike, back to the weights after warm-up")
parser:option("--results", "folder (default: results/sweep)", "results/sweep")
parser:option("--workers", "precisions at the same time (default: one a core)"):convert(math.tointeger)
local options = parser:parse()

-- 1. A network, trained as usual.
local mnist = nac.dataset.mnist { resize = 16, flatten = true, subset = 10000 }
local net = nn.sequential {
  input = { 256 },
  nn.dense { units = 64, bias = false }, nn.batchnorm {}, nn.relu {},
  nn.dense { units = 64, bias = false }, nn.batchnorm {}, nn.relu {},
  nn.dense { units = 10 },
}:build { seed = 1 }
local fit = nac.train.fit(net, mnist, { epochs = 20, lr = 3e-3 })
print(("float network: accuracy %.4f on the search part after %d epochs"):format(fit.val_accuracy, fit.epochs))

-- 2. The sweep. `int_bits = "auto"` places the binary point of each tensor by the data.
local settings = {
  pruning_algorithm = options.each and "snac-pack" or "nac",
  pruning_rate = 0.8, -- what a step keeps of the weights that are left
  pruning_iterations = 20, qat_epochs = 10, pruning_epochs = 10,
  precision_pairs = {},
}
for i, bits in ipairs { 32, 16, 8, 4 } do settings.precision_pairs[i] = { total_bits = bits, int_bits = "auto" } end
local result, message = nac.local_search.run(net, mnist, settings, {
  dir = options.results, workers = options.workers, force = true, search = { learning_rate = 3e-3 },
})
if not result then
  io.stderr:write("sweep.lua: ", message, "\n")
  os.exit(1)
end
print(result)
