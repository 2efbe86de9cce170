local M = {}
function M.names() return {"analytic"} end
return M
