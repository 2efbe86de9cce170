--- Spaces of architectures.
local M = {}

--- The space that a configuration declares; see `nac.space.config`.
function M.from_config(cfg, given) return require("nac.space.config").from_config(cfg, given) end

return M
