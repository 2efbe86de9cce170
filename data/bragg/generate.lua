--- Simulates diffraction frames with Bragg peaks (lua/nac/simulate/bragg.lua has the physics).
--     nac-lua data/bragg/generate.lua [DIR]        300 frames, 16 200 peaks: the sample that is shipped
local folder = arg[1] or arg[0]:match("^(.*)/[^/]*$") or "."
require("nac.simulate.bragg").write(folder, { frames = 300, seed = 1 })
