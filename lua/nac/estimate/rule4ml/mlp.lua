--- rule4ml's other predictor, a dense network over numbers of the whole model
-- (Keras 3 weights): a chain of linear layers without bias, then layers with relu.
local hdf5 = require "nac.hdf5"
local tensor = require "nac.tensor"

local M = {}

local function refuse(fmt, ...) error("rule4ml: " .. fmt:format(...), 0) end

-- "dense", "dense_1", ...: Keras numbers layers of a class from the second on.
local function numbered(name, i) return ("layers/%s%s/vars/"):format(name, i == 0 and "" or "_" .. i) end

--- Reads the weights that count (the file also keeps the optimiser's).
-- @param path of TARGET.weights.h5
-- @return { [path in the file] = tensor }; or nil and a message
function M.read(path)
  local names, why = hdf5.names(path)
  if not names then return nil, why end
  local state = {}
  for _, name in ipairs(names) do
    if name:find "^layers/" then
      state[name], why = hdf5.read(path, name)
      if not state[name] then return nil, why end
    end
  end
  return state
end

local function weight(state, name, rows)
  local t = state[name]
  if not t then refuse("the weights hold no '%s'", name) end
  local shape = t:shape()
  if #shape ~= 2 or rows and shape[1] ~= rows then
    refuse("weight '%s' has the shape %s, which does not fit", name, table.concat(shape, "x"))
  end
  return t:to "f64", shape[2]
end

--- The network for one target, as `nac.estimate.rule4ml.gnn.network`; `layers` is not used.
function M.network(state, settings)
  local labels, categories = settings.global_numerical_labels, { "strategy", "board" }
  local tables, width = {}, 0
  for i in ipairs(categories) do
    local columns
    tables[i], columns = weight(state, numbered("embedding", i - 1) .. 0)
    width = width + columns
  end
  local chain, trunk, n, i = {}, {}, #labels, 0
  while state[numbered("dense", i) .. 0] do
    local name = numbered("dense", i)
    local bias = state[name .. 1]
    if bias and #trunk == 0 then n = n + width end
    local w, out = weight(state, name .. 0, n)
    if bias then
      if #bias:shape() ~= 1 or #bias ~= out then refuse("weight '%s1' does not fit", name) end
      trunk[#trunk + 1] = { w, bias:to "f64" }
    else
      chain[#chain + 1] = w
    end
    n, i = out, i + 1
  end
  if #trunk == 0 or n ~= 1 then refuse "the weights hold no dense layers that end in one output" end
  return function(inputs)
    local numbers = {}
    for k, label in ipairs(labels) do
      numbers[k] = inputs.number(label) or refuse("the settings ask for '%s', which is unknown", label)
    end
    local z = tensor.new(numbers, "f64"):reshape { 1, #numbers }
    for _, w in ipairs(chain) do z = z:matmul(w) end
    local parts = {}
    for k, name in ipairs(categories) do parts[k] = tables[k][inputs.category(name) + 1] end
    parts[#parts + 1] = z:reshape { z:size(2) }
    z = tensor.concat(parts)
    z = z:reshape { 1, #z }
    for _, layer in ipairs(trunk) do z = (z:matmul(layer[1]) + layer[2]):relu() end
    return z:item()
  end
end

return M
