--- deepsets: rho(aggregate(phi(element))) of a set (elements, features)
-- (Zaheer et al. 2017, arXiv:1703.06114, theorem 2). Attributes: `phi` and
-- `rho`, each a list of widths or the attributes of an `mlp` layer as a table;
-- `aggregation` over the elements: mean, max or sum.
local attributes = require "nac.nn.blocks.attributes"

-- {32, 32} or {units = {32, 32}, ...} as attributes of `mlp`.
local function mlp_of(given, name)
  local a = { name = name }
  if #given > 0 then a.units = given end
  for key, value in pairs(given) do
    if type(key) == "string" then a[key] = value end
  end
  return require("nac.nn").mlp(a)
end

return function(x, given)
  local nn = require "nac.nn"
  local a = attributes.check(given, {
    phi = { type = "list" }, rho = { type = "list" }, aggregation = { type = "string", default = "mean" },
  })
  local shape = x:shape()
  if #shape ~= 2 then
    error(("a set (elements, features) is needed, what comes in is %s"):format(table.concat(shape, "x")), 0)
  end
  local each = mlp_of(a.phi, "phi") (x)
  local all = nn.aggregate { func = a.aggregation, axis = 1, name = "aggregate" } (each)
  return mlp_of(a.rho, "rho") (all)
end
