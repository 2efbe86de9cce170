--- Dense layers one after another over the last axis, each followed by a
-- normalisation and an activation: what MLP blocks, phi and rho are made of.
local enum = require "nac.util.enum"

local M = {}

local norms = { "none", "batch", "layer", "batch_positions" }

-- The entry of a list, or the one word for all.
local function entry(words, i)
  if type(words) == "table" then return words[i] end
  return words
end

-- The layer of a normalisation, or nil for "none", over samples of this rank:
-- batch: each feature over batch and positions; layer: the features of each
-- position; batch_positions: each place in a set over batch and features.
local function norm_layer(word, rank, group)
  local nn = require "nac.nn"
  enum.check(word, norms, "normalisation", -1) -- no position
  if word == "layer" then return nn.layernorm { group = group } end
  if word == "batch_positions" and rank == 1 then error("norm batch_positions needs a set (elements, features)", 0) end
  if word == "batch" then return nn.batchnorm { axis = rank > 1 and -1 or nil, group = group } end
  if word == "batch_positions" then return nn.batchnorm { group = group } end
end

--- The layers.
-- @param p {units = widths without the input's, activations = word or list,
--   norms = word or list, bias = true | false | nil: wherever no batchnorm over
--   the features follows, whose shift takes its place, dropout = rate behind each activation,
--   output = true where the last layer is the net's output, which has none}
-- @param rank of a sample: 1 flat, 2 a set (elements, features)
-- @param[opt] group of the layers
-- @return a list of layers
function M.layers(p, rank, group)
  local nn = require "nac.nn"
  local list = {}
  for i, units in ipairs(p.units) do
    local norm, activation = entry(p.norms, i) or "none", entry(p.activations, i) or "identity"
    local bias = p.bias
    if bias == nil then bias = norm ~= "batch" end
    list[#list + 1] = nn.dense { units = units, bias = bias, group = group }
    list[#list + 1] = norm_layer(norm, rank, group)
    enum.check(activation, nn.kinds(), "activation", -1)
    if activation ~= "identity" then
      list[#list + 1] = nn.layer(activation, { group = group })
      if p.dropout and not (p.output and i == #p.units) then list[#list + 1] = nn.dropout { rate = p.dropout, group = group } end
    end
  end
  return list
end

return M
