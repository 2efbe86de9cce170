--- `nac-2024`: as NAC counted during its published searches: like `nac`, with
-- the layers of phi counted once a set.
local nac = require "nac.bops.nac"

local M = { bits = 32, fixed_bits = true }

--- BOPs of an architecture description, layer by layer.
-- @param desc a description (`nac.arch`)
-- @param o checked options (`nac.bops`)
-- @return list of {layer=, kind=, bops=}, list of notes or nil
function M.describe(desc, o)
  return nac.describe(desc, setmetatable({ count_phi = true }, { __index = o }))
end

return M
