--- Attention in a net of primitive layers, and what goes with its heads.
--
-- Found is what the layers self_attention and conv_attn leave behind: queries, keys
-- and values projected by products of their own, scores, softmax, mix, a projection
-- back. A head of several goes with its units of queries, keys and values and its
-- columns of the projection; its score is the norm of all these weights. Where there
-- is one head, its hidden channels go: pairs of a query's and a key's channel by the norm of
-- what comes into both, and as many of the value's, by that and the projection's column.
local norms = require "nac.prune.norms"

local M = {}

local products = { dense = true, conv1d = true, conv2d = true }
local passed = { reshape = true, permute = true, scale = true, identity = true }

-- From a value back to the product it comes from: its layer, and the layers passed on the way.
local function back(layers, readers, value)
  local path = {}
  while value > 1 and #readers[value] == 1 do
    local layer = layers[value - 1]
    if products[layer.kind] then return value - 1, path end
    if not passed[layer.kind] then return nil end
    table.insert(path, 1, value - 1)
    value = layer.inputs[1]
  end
end

-- From a value on to the product that reads it.
local function on(layers, readers, value)
  local path = {}
  while value <= #layers and #readers[value] == 1 do
    local next_layer = readers[value][1]
    if products[layers[next_layer].kind] then return next_layer, path end
    if not passed[layers[next_layer].kind] then return nil end
    path[#path + 1] = next_layer
    value = next_layer + 1
  end
end

-- Whether the paths are those of self_attention (several heads: reshape to (elements, heads, width), permute;
-- one: nothing) or conv_attn (reshape to (hidden, positions)), so that one entry of each shape counts what stays.
local function laid_out(layers, block, dense)
  for i, path in ipairs(block.paths) do
    local kinds = {}
    for _, l in ipairs(path) do
      local layer = layers[l]
      if layer.kind == "reshape" or layer.kind == "permute" then kinds[#kinds + 1] = layer.kind end
      if layer.kind == "permute" and table.concat(layer.attrs.order, " ") ~= "2 1 3" then return false end
      if layer.kind == "reshape" then
        local shape = layer.attrs.shape
        if block.heads > 1 and i < 4 and (shape[2] ~= block.heads or #shape ~= 3) then return false end
        if block.heads > 1 and i == 4 and (shape[2] ~= block.hidden or #shape ~= 2) then return false end
        if block.heads == 1 and shape[1] ~= block.hidden then return false end
      end
    end
    local text = table.concat(kinds, " ")
    if block.heads > 1 and text ~= (i < 4 and "reshape permute" or "permute reshape") then return false end
    if block.heads == 1 and text ~= "" and (dense or text ~= "reshape") then return false end
  end
  local value = layers[block.value].output
  return value[dense and #value or 1] == block.hidden and (block.heads == 1 or dense)
end

-- The layers around a mix, or the reason why its heads cannot go.
local function parts_of(layers, readers, shared, mix)
  local scores, softmax
  local block = { paths = {} }
  for position, value in ipairs(layers[mix].inputs) do
    if value > 1 and layers[value - 1].kind == "softmax" then
      softmax = value - 1
      scores = layers[softmax].inputs[1] - 1
      block.value, block.paths[3] = back(layers, readers, layers[mix].inputs[3 - position])
    end
  end
  if not softmax then return nil end
  if scores < 1 or layers[scores].kind ~= "matmul" then return { why = "what its softmax reads is no product of queries and keys" } end
  block.query, block.paths[1] = back(layers, readers, layers[scores].inputs[1])
  block.key, block.paths[2] = back(layers, readers, layers[scores].inputs[2])
  block.project, block.paths[4] = on(layers, readers, mix + 1)
  for _, part in ipairs { "query", "key", "value", "project" } do
    local layer = block[part] and layers[block[part]]
    if not layer then return { why = ("its %s is not one product that nothing else reads"):format(part) } end
    if shared[layer.name] then return { why = ("the weights of '%s' are shared"):format(layer.name) } end
    if layer.attrs.groups and layer.attrs.groups ~= 1 then return { why = ("the channels of '%s' are in groups"):format(layer.name) } end
  end
  local shape, query = layers[mix].output, layers[block.query]
  local dense = query.kind == "dense"
  block.hidden = query.output[dense and #query.output or 1]
  block.heads = #shape == 3 and shape[1] or 1
  block.count = block.heads > 1 and block.heads or block.hidden
  if not laid_out(layers, block, dense) then return { why = "its heads are laid out in another way than those of self_attention and conv_attn" } end
  return block
end

--- The attentions of a net.
-- @param layers of net:layers()
-- @param readers value -> list of the layers that read it
-- @param shared set of names of layers whose weights are shared
-- @return list of { name =, heads =, count = heads, or hidden channels of a single one, ... } or { name =, why = }
function M.find(layers, readers, shared)
  local found = {}
  for i, layer in ipairs(layers) do
    local block = layer.kind == "matmul" and parts_of(layers, readers, shared, i)
    if block then
      block.name = layer.group or layer.name
      found[#found + 1] = block
    end
  end
  return found
end

-- The indices of the units of some blocks.
local function spread(kept, width)
  local index = {}
  for _, block in ipairs(kept) do
    for i = 1, width do index[#index + 1] = (block - 1) * width + i end
  end
  return index
end

-- The norm of each column of the projection: of all that reads a unit.
local function columns(net, layer, norm)
  return norms.rows(net:tensor(layer.name .. ".weight"):transpose(1, 2):contiguous(), norm)
end

--- Adds what stays of an attention to a plan.
-- @param net with weights
-- @param layers of net:layers()
-- @param block of `find`
-- @param count heads or channels that stay
-- @param norm "l1" or "l2"
-- @param keep layer -> { [dimension] = indices that stay, attrs = changed attributes }; grows
-- @return indices of the heads that stay, or of the value's channels
function M.plan(net, layers, block, count, norm, keep)
  local function of(part) return norms.rows(net:tensor(layers[block[part]].name .. ".weight"), norm) end
  local pairs_of = norms.together(norm, of "query", of "key")
  local values = norms.together(norm, of "value", columns(net, layers[block.project], norm))
  local kept, match, mixed
  if block.heads > 1 then
    local width = block.hidden // block.heads
    kept = norms.strongest(norms.blocks(norm, norms.together(norm, pairs_of, values), width), count)
    match, mixed = spread(kept, width), spread(kept, width)
  else
    match, mixed = norms.strongest(pairs_of, count), norms.strongest(values, count)
    kept = mixed
  end
  keep[block.query], keep[block.key], keep[block.value], keep[block.project] = { match }, { match }, { mixed }, { [2] = mixed }
  for i, path in ipairs(block.paths) do
    for _, l in ipairs(path) do
      if layers[l].kind == "reshape" then
        local shape = { table.unpack(layers[l].attrs.shape) }
        if block.heads == 1 then
          shape[1] = count
        elseif i < 4 then
          shape[2] = count
        else
          shape[2] = #mixed
        end
        keep[l] = { attrs = { shape = shape } }
      end
    end
  end
  return kept
end

return M
