-- Runs the benches one after another, each in its own process.
-- usage: nac-lua bench/run.lua [python of the peers' environment]
local benches = { "train_step", "t1_search" }

local self = require("lfs").symlinkattributes("/proc/self/exe", "target")
local failed = 0
for _, name in ipairs(benches) do
  if not os.execute(("'%s' bench/%s.lua %s"):format(self, name, arg[1] or "")) then
    failed = failed + 1
    print("bench/" .. name .. ".lua failed")
  end
  print()
end
os.exit(failed == 0, true)
