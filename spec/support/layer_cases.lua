--- Small nets around each layer kind, over many shapes, for specs that check
-- every kind in the same way. A new kind needs its row here.
local cnet = require "nac.c.net"

local M = {}

local flat = { { 1 }, { 3 }, { 5 }, { 17 } }
local any = { { 1 }, { 4 }, { 1, 3 }, { 2, 1 }, { 3, 5 }, { 2, 3, 4 } }

-- The layer alone on inputs of these shapes, with each set of attributes.
local function alone(kind, shapes, ...)
  local list = {}
  local sets = select("#", ...) > 0 and { ... } or { {} }
  for _, shape in ipairs(shapes) do
    for _, attributes in ipairs(sets) do
      local layer = { kind = kind }
      for key, value in pairs(attributes) do layer[key] = value end
      list[#list + 1] = { shape = shape, layers = { layer } }
    end
  end
  return list
end

--- kind -> list of { shape = of a sample, layers = as net:add takes them }
M.cases = {
  dense = alone("dense", any, { units = 1 }, { units = 5 }, { units = 3, bias = false }),
  batchnorm = alone("batchnorm", any, {}, { eps = 0.1, momentum = 1 }),
  relu = alone("relu", any),
  leaky_relu = alone("leaky_relu", any, {}, { slope = 0.5 }),
  tanh = alone("tanh", any),
  sigmoid = alone("sigmoid", any),
  softmax = alone("softmax", any),
  flatten = alone("flatten", any),
  dropout = alone("dropout", flat, { rate = 0 }, { rate = 0.4 }),
  identity = alone("identity", any),
  standardize = alone("standardize", any, {}, { axis = 1 }, { axis = 0 }),
}

-- Layers that use the parameters of another.
M.cases["shared dense"] = { { shape = { 3 }, layers = {
  { kind = "dense", units = 3, name = "a" }, { kind = "tanh" }, { kind = "dense", units = 3, share = "a" },
} } }
M.cases["shared batchnorm"] = { { shape = { 3 }, layers = {
  { kind = "batchnorm", name = "a" }, { kind = "tanh" }, { kind = "batchnorm", share = "a" },
} } }

--- Kinds that have no case.
function M.missing()
  local missing = {}
  for _, kind in ipairs(cnet.kinds()) do
    if not M.cases[kind] then missing[#missing + 1] = kind end
  end
  return missing
end

--- Calls f(kind, case) for every case.
function M.each(f)
  local kinds = {}
  for kind in pairs(M.cases) do kinds[#kinds + 1] = kind end
  table.sort(kinds)
  for _, kind in ipairs(kinds) do
    for _, case in ipairs(M.cases[kind]) do f(kind, case) end
  end
end

--- "2x3" and the layer's attributes, for messages.
function M.text(case)
  local words = {}
  for _, layer in ipairs(case.layers) do
    local list = {}
    for key, value in pairs(layer) do
      if key ~= "kind" and type(value) ~= "table" then list[#list + 1] = key .. "=" .. tostring(value) end
    end
    table.sort(list)
    words[#words + 1] = layer.kind .. "{" .. table.concat(list, ",") .. "}"
  end
  return table.concat(words, " ") .. " on " .. table.concat(case.shape, "x")
end

return M
