local M = {}
function M.definitions() return {"exact","hawks2021","ebops","snac-pack","nac","nac-2024"} end
return M
