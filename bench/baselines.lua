--- What networks have to beat on Bragg peaks and in qubit readout: the methods in use
-- without networks, on the test sets. docs/data.md has the figures.
--     nac-lua bench/baselines.lua           the shipped sets
--     nac-lua bench/baselines.lua simulate  the 100 000 simulated traces as well (made where they are not there)
local nac = require "nac"

local ds = nac.dataset.bragg { sample = true }
print(ds, ds:test().x:size(1) .. " test patches, shift 1: mean / median / 75 % / 95 %, pixels")
for _, row in ipairs(nac.baseline.bragg.rows(ds)) do
  local q = row.quantiles
  print(("  %-34s %.3f  %.3f  %.3f  %.3f"):format(row.name, row.mean, q[1].distance, q[2].distance, q[3].distance))
end
for _, simulate in ipairs { false, arg[1] == "simulate" or nil } do
  local traces = nac.dataset.qubit { sample = not simulate, simulate = simulate, start_location = 100, window_size = 400 }
  print(traces, traces:test().x:size(1) .. " test traces, window 100 + 400: share assigned rightly")
  for _, row in ipairs(nac.baseline.qubit.rows(traces)) do print(("  %-34s %.4f"):format(row.name, row.accuracy)) end
end
