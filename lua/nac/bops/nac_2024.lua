--- `nac-2024`: as NAC counted during its published searches: like `nac`, with
-- the layers of phi counted once a set.
local nac = require "nac.bops.nac"

local M = { bits = 32, fixed_bits = true }

function M.describe(desc, o)
  return nac.describe(desc, setmetatable({ count_phi = true }, { __index = o }))
end

return M
