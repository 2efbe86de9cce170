-- Runs the benches one after another, each in its own process.
-- usage: nac-lua bench/run.lua [python of the peers' environment]
local benches = {
  { "engine", peers = true }, -- whether it takes the peers' Python
  { "hls4ml_side", peers = true },
  { "gemm" },
  { "fixed" },
  { "qat_step", peers = true },
  { "hls_write" },
  { "hls_random" },
  { "firmware_t1" },
  { "compression" },
  { "t1_search" },
  { "search_quality" },
  { "tuning" },
  { "estimate" },
  { "trial_overhead" },
  { "spaces" },
  { "baselines" },
  { "jets_snac_pack" },
}

local self = require("lfs").symlinkattributes("/proc/self/exe", "target")
local failed = 0
for _, bench in ipairs(benches) do
  local command = ("'%s' bench/%s.lua %s"):format(self, bench[1], bench.peers and arg[1] or "")
  if not os.execute(command) then
    failed = failed + 1
    print("bench/" .. bench[1] .. ".lua failed")
  end
  print()
end
os.exit(failed == 0, true)
