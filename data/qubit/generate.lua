--- Simulates qubit readout traces (lua/nac/simulate/qubit.lua has the physics).
--     nac-lua data/qubit/generate.lua              100 000 traces into data/full/qubit, half a minute
--     nac-lua data/qubit/generate.lua sample DIR   the sample that is shipped
local qubit = require "nac.simulate.qubit"

local folder = arg[0]:match("^(.*)/[^/]*$") or "."
if arg[1] == "sample" then
  -- Multiples of 64 units pack well: it adds .05 % to the variance of the noise.
  qubit.write(arg[2] or folder, { train = 3000, test = 1000 }, { seed = 2, step = 64, gzip = true })
else
  print("qubit: complete in " .. assert(qubit.cache(folder .. "/../full/qubit")))
end
