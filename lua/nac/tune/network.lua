--- The network that is tuned: from what the user gave to the architecture of a
-- trial. Only dropout changes it: the rate goes to the dropout layers that are
-- there, or, where there is none, a dropout layer goes behind each activation
-- that another weighted layer follows.
local nn = require "nac.nn"

local M = {}

local activations = {
  relu = 1, leaky_relu = 1, tanh = 1, sigmoid = 1, gelu = 1, silu = 1, elu = 1, softplus = 1, hard_tanh = 1, hard_sigmoid = 1,
}
local weighted = { dense = 1, conv1d = 1, conv2d = 1 }

local function with_rate(layer, rate)
  local attributes = {}
  for key, value in pairs(layer) do attributes[key] = value end
  attributes.kind, attributes.rate = nil, rate
  return nn.dropout(attributes)
end

local function last_weighted(layers)
  for i = #layers, 1, -1 do
    if weighted[layers[i].kind] then return i end
  end
  return 0
end

-- A chain of the same layers with dropout of this rate; nil where it has no place.
local function with_dropout(arch, rate)
  if not arch.layers then return nil end
  local copy, places, own = nn.sequential { input = arch.input }, 0, false
  for _, layer in ipairs(arch.layers) do own = own or layer.kind == "dropout" end
  local last = last_weighted(arch.layers)
  for i, layer in ipairs(arch.layers) do
    local is_place
    if own then is_place = layer.kind == "dropout" else is_place = activations[layer.kind] and i < last end
    if not (own and is_place) then copy:add(layer) end
    if is_place then
      copy:add(own and with_rate(layer, rate) or nn.dropout { rate = rate })
      places = places + 1
    end
  end
  for i = #(arch.before or {}), 1, -1 do copy:prepend(arch.before[i]) end
  return places > 0 and copy or nil
end

-- The layer that scales the inputs, where the data ask for it and arch is only a description.
local function built(description, data)
  return require("nac.global_search.setup").builder(data)(description)
end

--- A builder of architectures.
-- @param given an architecture (nac.nn), a description (nac.arch), the path of one,
--   or function(values) -> architecture, which sees to dropout itself
-- @param data of the tuning
-- @param space of nac.tune.space
-- @param[opt=1] level whose line an error shows, as in `error`
-- @return function(values) -> architecture; and what tells this network from others, as text
function M.builder(given, data, space, level)
  level = (level or 1) + 1
  if type(given) == "function" then
    return given, given(require("nac.tune.space").example(space)):hash()
  end
  local arch = given
  if type(given) == "string" then
    local description, message = require("nac.arch").load(given)
    if not description then error(message, level) end
    arch = built(description, data)
  elseif type(given) == "table" and given.components then
    arch = built(given, data)
  end
  if not nn.is_arch(arch) then
    error("tune.run takes an architecture of nac.nn, a description of nac.arch, the path of one, or a function that makes one; got "
      .. type(given), level)
  end
  if (space.distributions.dropout or space.start.dropout) and not with_dropout(arch, .5) then
    error("dropout has no place in this architecture: give function(values) -> architecture and use values.dropout there", level)
  end
  return function(values) return values.dropout and with_dropout(arch, values.dropout) or arch end, arch:hash()
end

return M
