--- Nets made anew from the layers of another: copies, their first layers, and
-- nets whose batchnorms are folded into the products before them.
local cnet = require "nac.c.net"
local formats = require "nac.quant.formats"

local M = {}

-- The table that net:add takes, for one layer of net:layers().
local function spec_of(layer, place)
  if layer.kind == "opaque" then
    error(("layer '%s' is a Lua function, which cannot be copied into another net; write it as a composite of layers"):format(layer.name), 0)
  end
  local made = { kind = layer.kind, name = layer.name, group = layer.group, share = layer.share, inputs = {} }
  for key, value in pairs(layer.attrs) do made[key] = value end
  for i, value in ipairs(layer.inputs) do made.inputs[i] = place[value] end
  return made
end

local function tensors_by_name(net)
  local map = {}
  for _, entry in ipairs(net:tensors()) do map[entry.name] = entry.tensor end
  return map
end

-- Tensors and masks of the same name.
local function copy_tensors(from, to)
  local source = tensors_by_name(from)
  for _, entry in ipairs(to:tensors()) do
    if source[entry.name] then
      entry.tensor:copy(source[entry.name])
      local mask = entry.role == "parameter" and from:mask(entry.name)
      if mask then to:set_mask(entry.name, mask) end
    end
  end
end

--- A copy of a net: layers, weights, masks and number formats.
-- @param net a net with weights
-- @param[opt] count of layers, from the first; the copy's output is the last one's
-- @param[opt] list of formats in place of the net's, as of nac.quant.formats
-- @return a net of its own
function M.copy(net, count, list)
  local layers = net:layers()
  local new = cnet.new(net:input_shape())
  local place = { 1 }
  for i = 1, count or #layers do place[i + 1] = new:add(spec_of(layers[i], place)) end
  local own, kept = {}, {}
  for i = 1, #place - 1 do own[layers[i].name] = true end
  for _, entry in ipairs(list or formats.list(net)) do
    local here = math.type(entry.of) == "integer" and entry.of <= #place or own[tostring(entry.of):match "^(.*)%.[^.]+$"]
    if here then kept[#kept + 1] = entry end
  end
  formats.declare(new, kept)
  new:init(1)
  copy_tensors(net, new)
  formats.set(new, kept)
  return new
end

-- Layers whose parameters are used by more than one.
local function shared_layers(layers)
  local shared = {}
  for _, layer in ipairs(layers) do
    if layer.share then shared[layer.name], shared[layer.share] = true, true end
  end
  return shared
end

local products = { dense = true, conv1d = true, conv2d = true }

-- Axis of a product's output that its weights' rows go along.
local function channel_axis(layer) return layer.kind == "dense" and #layer.output or 1 end

-- Batchnorm layer -> the product that takes it up, both as indices.
local function pairs_to_fold(layers)
  local uses, shared, fold = {}, shared_layers(layers), {}
  for _, layer in ipairs(layers) do
    for _, value in ipairs(layer.inputs) do uses[value] = (uses[value] or 0) + 1 end
  end
  for i, layer in ipairs(layers) do
    local from = layer.inputs[1] - 1
    local product = layers[from]
    if layer.kind == "batchnorm" and product and products[product.kind] and uses[from + 1] == 1
      and not shared[layer.name] and not shared[product.name]
      and (layer.attrs.axis < 0 and #layer.output + 1 or 0) + layer.attrs.axis == channel_axis(product)
      and (i < #layers or from == i - 1) then
      fold[i] = from
    end
  end
  return fold
end

-- What a batchnorm does with its frozen statistics: y = factor x + shift, one each a channel, as lists.
local function affine(map, layer)
  local name = layer.share or layer.name
  local weight, bias = map[name .. ".weight"]:totable(), map[name .. ".bias"]:totable()
  local mean, var = map[name .. ".running_mean"]:totable(), map[name .. ".running_var"]:totable()
  local factor, shift = {}, {}
  for c = 1, #mean do
    factor[c] = weight[c] / math.sqrt(var[c] + layer.attrs.eps)
    shift[c] = bias[c] - mean[c] * factor[c]
  end
  return factor, shift
end

-- weights <- factor weights, bias <- factor bias + shift.
local function fold_into(map, product, factor, shift)
  local weight, bias = map[product.name .. ".weight"], map[product.name .. ".bias"]
  for c = 1, #factor do
    weight:select(1, c):mul_(factor[c])
    bias:set(bias:get(c) * factor[c] + shift[c], c)
  end
end

-- A batchnorm that no product takes up becomes a fixed scale and offset: y = (x - offset) scale.
-- A channel whose factor is 0 keeps its shift through a factor too small to matter.
local function set_fixed(map, layer, factor, shift)
  local offset, scale = map[layer.name .. ".offset"], map[layer.name .. ".scale"]
  for c = 1, #factor do
    local f = factor[c] ~= 0 and factor[c] or 1e-12
    scale:set(f, c)
    offset:set(-shift[c] / f, c)
  end
end

--- A net that computes what another does in evaluation, without batchnorms: one
-- behind a dense layer or a convolution that nothing else reads is folded into
-- its weights and bias (Jacob et al. 2018, eq. 14); any other becomes a
-- standardize layer of the same name. Statistics do not change any more.
-- @param net a net with weights
-- @param[opt] before function of the new net before it has its weights, and of the tensors of the old one by name
-- @return the new net, without number formats; parameter name -> factors that its rows were multiplied with
function M.fold(net, before)
  local layers = net:layers()
  local fold = pairs_to_fold(layers)
  local gets_bias = {}
  for _, product in pairs(fold) do gets_bias[product] = true end
  local new = cnet.new(net:input_shape())
  local place = { 1 }
  for i, layer in ipairs(layers) do
    if fold[i] then
      place[i + 1] = place[fold[i] + 1]
    else
      local made = spec_of(layer, place)
      if gets_bias[i] then made.bias = true end
      if layer.kind == "batchnorm" then
        made = { kind = "standardize", name = layer.name, group = layer.group, inputs = made.inputs, axis = layer.attrs.axis }
      end
      place[i + 1] = new:add(made)
    end
  end
  local from = tensors_by_name(net)
  if before then before(new, from) end
  new:init(1)
  local to = tensors_by_name(new)
  for product in pairs(gets_bias) do to[layers[product].name .. ".bias"]:fill(0) end
  copy_tensors(net, new)
  local factors = {}
  for i, layer in ipairs(layers) do
    if layer.kind == "batchnorm" then
      local factor, shift = affine(from, layer)
      if fold[i] then
        fold_into(to, layers[fold[i]], factor, shift)
        factors[layers[fold[i]].name .. ".weight"] = factor
      else
        set_fixed(to, layer, factor, shift)
      end
    end
  end
  return new, factors
end

return M
