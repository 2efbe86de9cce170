--- Legal reuse factors of a dense layer, as hls4ml demands them.
local M = {}

-- A reuse factor is legal when it divides the products evenly and cuts them
-- into whole rows or columns.
local function legal(n_in, n_out, rf)
  local products = n_in * n_out
  if products % rf ~= 0 then return false end
  local block = math.min(n_in, rf)
  local multipliers = (products + block - 1) // block
  if multipliers % n_out ~= 0 and rf < n_in then return false end
  return rf % n_in == 0 or rf < n_in
end

--- The legal reuse factor nearest to a wanted one; the smaller of two.
-- @param n_in inputs of the layer
-- @param n_out outputs
-- @param wanted reuse factor asked for
-- @return the reuse factor that is used
function M.nearest(n_in, n_out, wanted)
  local products = n_in * n_out
  if wanted >= products then return products end
  for away = 0, products do
    if wanted - away >= 1 and legal(n_in, n_out, wanted - away) then return wanted - away end
    if wanted + away <= products and legal(n_in, n_out, wanted + away) then return wanted + away end
  end
  return 1
end

return M
