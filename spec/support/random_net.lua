--- Random nets for specs: chains, and graphs where values have several readers.
local cnet = require "nac.c.net"
local twin = require "spec.support.core_twin"

local M = {}

local smooth = {
  "tanh", "sigmoid", "softmax", "batchnorm", "batchnorm", "dropout", "identity", "flatten", "gelu", "silu", "softplus", "log_softmax",
}
local bent = { "relu", "relu", "leaky_relu", "elu", "hard_tanh", "hard_sigmoid" }

-- A convolution of any sort over a value of (channels, positions ...).
local function random_conv(dice, shape)
  local groups = dice(1, 3) == 1 and shape[1] or 1
  return {
    kind = #shape == 3 and "conv2d" or "conv1d", channels = groups * dice(1, groups > 1 and 2 or 9), groups = groups,
    kernel = dice(1, 3), stride = dice(1, 4) == 1 and 2 or 1, same = true, bias = dice(1, 3) > 1,
  }
end

-- A layer that moves numbers about or looks at its neighbours.
local function random_mover(dice, bends, shape)
  local rank = #shape
  local kinds = { "layernorm", "scale", "permute", "slice", "reshape", "global_avg_pool", "avg_pool", bends and "max_pool" or "scale" }
  local layer = { kind = kinds[dice(1, #kinds)] }
  if layer.kind:find("pool") and (rank < 2 or rank > 3) then return { kind = "scale", value = 0.5 } end
  if layer.kind == "layernorm" then
    layer.eps, layer.rank = 0.1, dice(0, rank)
  elseif layer.kind == "scale" then
    layer.value = -1.5
  elseif layer.kind == "permute" then
    layer.order = {}
    for d = 1, rank do layer.order[d] = d % rank + 1 end
  elseif layer.kind == "slice" then
    layer.axis = dice(1, rank)
    layer.first = dice(1, shape[layer.axis])
    layer.last = dice(layer.first, shape[layer.axis])
  elseif layer.kind == "reshape" then
    layer.shape = { -1, shape[rank] }
  elseif layer.kind:find("^%a+_pool") and not layer.kind:find("global") then
    layer.size, layer.stride, layer.padding = 2, dice(1, 2), 1
  end
  return layer
end

local function random_layer(dice, bends, shape)
  if dice(1, 4) == 1 then return random_mover(dice, bends, shape) end
  if #shape > 1 and #shape < 4 and dice(1, 2) == 1 then return random_conv(dice, shape) end
  if dice(1, 2) == 1 then return { kind = "dense", units = dice(1, 19), bias = dice(1, 3) > 1 } end
  local pool = bends and dice(1, 2) == 1 and bent or smooth
  local layer = { kind = pool[dice(1, #pool)] }
  if layer.kind == "dropout" then layer.rate = 0.3 end
  if layer.kind:find("softmax") or layer.kind == "batchnorm" then layer.axis = dice(1, 2) == 1 and 1 or -1 end
  return layer
end

local function shape_text(shape) return table.concat(shape, "x") end

-- Values of the net with the newest value's shape, the newest left out.
local function twins_of(shapes)
  local list = {}
  for value = 1, #shapes - 1 do
    if shape_text(shapes[value]) == shape_text(shapes[#shapes]) then list[#list + 1] = value end
  end
  return list
end

--- A net drawn from a seed.
-- @param seed of shapes, layers and weights
-- @param options `bends` = whether relu and leaky_relu occur, `graph` = whether
--   layers read older values; `units` = of a last dense layer, `head` = a softmax after it
-- @return net with weights, text that describes it
function M.draw(seed, options)
  local dice = twin.dice(seed)
  local shape = {}
  for d = 1, dice(1, 3) do shape[d] = dice(1, 9) end
  local net = cnet.new(shape)
  local shapes, words = { shape }, { shape_text(shape) }
  local function add(layer)
    net:add(layer)
    shapes[#shapes + 1] = net:output_shape()
    words[#words + 1] = layer.kind .. (layer.inputs and "(" .. table.concat(layer.inputs, ",") .. ")" or "")
  end
  for _ = 1, dice(2, 9) do
    local from = options.graph and dice(1, 4) == 1 and dice(1, #shapes) or #shapes
    local layer = random_layer(dice, options.bends, shapes[from])
    if from < #shapes then layer.inputs = { from } end
    add(layer)
    local others = twins_of(shapes)
    if options.graph and #others > 0 and dice(1, 2) == 1 then
      local kinds = { "add", "add", "mul", "concat" }
      add { kind = kinds[dice(1, #kinds)], inputs = { #shapes, others[dice(1, #others)] } }
    end
  end
  if options.units then
    add { kind = "flatten" }
    add { kind = "dense", units = options.units }
    if options.head then add { kind = "softmax" } end
  end
  net:init(seed)
  return net, table.concat(words, " > ")
end

return M
