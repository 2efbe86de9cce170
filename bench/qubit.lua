--- Qubit readout: a network of two hidden units in the window 100 + 400 of the simulated traces, trained,
-- compressed by the local search at 8, 6 and 4 bits, against the matched filter on the same test traces.
--     nac-lua bench/qubit.lua [seed [epochs]]     seed 1, 10 epochs
local nac = require "nac"

local M = {}

--- The net, trained: 800 inputs, two units without activation, one logit.
function M.trained(data, seed, epochs)
  local arch = nac.nn.sequential { input = data.shape }:add(nac.nn.dense { units = 2 }):add(nac.nn.dense { units = 1 })
  local net = arch:build { seed = seed }
  nac.train.fit(net, data, { epochs = epochs, batch = 256, loss = "bce_with_logits", optimizer = { kind = "adam", lr = 1e-3 },
    schedule = { kind = "cosine" }, patience = false, seed = seed })
  return net
end

if arg and arg[0] and arg[0]:find "qubit%.lua$" then
  local seed, epochs = math.tointeger(arg[1] or 1), math.tointeger(arg[2] or 10)
  local data = nac.dataset.qubit { simulate = true, start_location = 100, window_size = 400 }
  local test = data:test()
  print(("%s, window 100 + 400, %d test traces, seed %d, %d epochs"):format(data:title(), test.x:size(1), seed, epochs))
  local function line(name, accuracy, extra) print(("  %-34s %.4f %s"):format(name, accuracy, extra or "")) end
  for _, row in ipairs(nac.baseline.qubit.rows(data)) do line(row.name, row.accuracy) end
  local net = M.trained(data, seed, epochs)
  line("800-2-1, float", nac.train.evaluate(net, test, { loss = "bce_with_logits" }).accuracy, ("%d parameters"):format(net:n_params()))
  local dir = os.tmpname()
  os.remove(dir)
  local small = assert(nac.local_search.run(net, data, {
    qat_epochs = 5, pruning_iterations = 5, pruning_epochs = 4, pruning_rate = .7, tolerance = .0005,
    precision_pairs = { { total_bits = 8, int_bits = "auto" }, { total_bits = 6, int_bits = "auto" }, { total_bits = 4, int_bits = "auto" } },
  }, { dir = dir, quiet = true, pictures = false, seed = seed, search = { batch_size = 256, learning_rate = 1e-3 } }))
  for _, curve in ipairs(small.curves) do
    local best = assert(nac.model.load(curve.model))
    local graph <close> = nac.quant.lower(best)
    line(("800-2-1, %s, kept"):format(curve.label), graph:accuracy(test), ("%.0f %% zeros, %.0f BOPs"):format(100 * curve.chosen.sparsity,
      curve.chosen.bops))
  end
  line("winner of the local search", small.test, ("%s, %.0f %% zeros"):format(small.best.label, 100 * small.best.sparsity))
  os.execute("rm -rf '" .. dir .. "'")
end

return M
