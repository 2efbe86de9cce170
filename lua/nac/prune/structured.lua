--- Structured pruning: whole units of dense layers, channels of convolutions or heads
-- of attention go, and the net becomes smaller. A unit's score is the norm of its incoming
-- weights, by default the sum of their magnitudes (Li et al. 2017, arXiv:1608.08710).
local cnet = require "nac.c.net"
local enum = require "nac.util.enum"
local formats = require "nac.quant.formats"
local heads = require "nac.prune.heads"
local norms = require "nac.prune.norms"
local tensor = require "nac.tensor"

local M = {}

local function set(text)
  local found = {}
  for word in text:gmatch("%S+") do found[word] = true end
  return found
end

local products = { dense = "units", conv1d = "channels", conv2d = "channels" } -- kind -> attribute that counts
local each_by_itself = set "relu leaky_relu gelu silu elu softplus tanh sigmoid hard_tanh hard_sigmoid dropout identity scale"
local by_channel = set "batchnorm standardize"
local pools = set "max_pool avg_pool"
local global_pools = set "global_avg_pool global_max_pool"

-- The channel of each element of a flattened value, from the axis that channels go along.
local function flattened(shape, axis)
  local inner, total = 1, 1
  for i, size in ipairs(shape) do
    total = total * size
    if i > axis then inner = inner * size end
  end
  local map = {}
  for e = 1, total do map[e] = (e - 1) // inner % shape[axis] + 1 end
  return map
end

local function plain_map(count)
  local map = {}
  for i = 1, count do map[i] = i end
  return map
end

-- Where the channels of a value go through a layer: the state of its output, { axis = } or { map = },
-- or what the layer's own tensors lose: { tensors = , dim =, map = }. nil: the layer mixes channels in another way.
local function step(layer, state)
  local kind, rank = layer.kind, #layer.input
  if each_by_itself[kind] or pools[kind] and state.axis == 1 and not state.map then return state end
  if by_channel[kind] then
    local axis = (layer.attrs.axis - 1) % rank + 1
    if layer.attrs.axis == 0 then return nil end
    if axis ~= (state.axis or 1) then return state end
    return state, { dim = 1, map = state.map or plain_map(layer.input[axis]) }
  end
  if global_pools[kind] and state.axis == 1 and not state.map then return { axis = 1 } end
  if kind == "aggregate" and not state.map then
    local axis = (layer.attrs.axis - 1) % rank + 1
    if axis == state.axis then return nil end
    return { axis = axis < state.axis and state.axis - 1 or state.axis }
  end
  if kind == "flatten" then return { map = state.map or flattened(layer.input, state.axis) } end
  if kind == "dense" and (state.map or state.axis == rank) then
    return false, { dim = 2, map = state.map or plain_map(layer.input[rank]) }
  end
  if (kind == "conv1d" or kind == "conv2d") and state.axis == 1 and not state.map and layer.attrs.groups == 1 then
    return false, { dim = 2, map = plain_map(layer.input[1]) }
  end
  return nil
end

-- What else changes when layer `p` loses channels: list of { layer =, dim =, map = }; or nil and the reason.
local function trace(layers, readers, shared, p)
  local first = layers[p]
  if shared[first.name] then return nil, "its weights are shared" end
  if first.attrs.groups and first.attrs.groups ~= 1 then return nil, "its channels are in groups" end
  local changes, queue = {}, { { value = p + 1, state = { axis = first.kind == "dense" and #first.output or 1 } } }
  while #queue > 0 do
    local at = table.remove(queue)
    if at.value == #layers + 1 then return nil, "they are the net's output" end
    for _, i in ipairs(readers[at.value]) do
      local state, change = step(layers[i], at.state)
      if state == nil then return nil, ("layer '%s' (%s) needs all of them"):format(layers[i].name, layers[i].kind) end
      if change then
        if shared[layers[i].name] then return nil, ("the weights of layer '%s' are shared"):format(layers[i].name) end
        change.layer = i
        changes[#changes + 1] = change
      end
      if state then queue[#queue + 1] = { value = i + 1, state = state } end
    end
  end
  return changes
end

local function select_along(t, dim, index)
  local rows = tensor.new(index, "i32")
  if dim == 1 then return t:contiguous():rows(rows) end
  return t:transpose(1, dim):contiguous():rows(rows):transpose(1, dim):contiguous()
end

-- Which values each layer's output is read by, and which layers' weights are used twice.
local function topology(layers)
  local readers, shared = {}, {}
  for value = 1, #layers + 1 do readers[value] = {} end
  for i, layer in ipairs(layers) do
    for _, value in ipairs(layer.inputs) do table.insert(readers[value], i) end
    if layer.share then shared[layer.name], shared[layer.share] = true, true end
  end
  return readers, shared
end

-- How many of a layer's n units stay.
local function staying(options, name, n)
  local amount = options.amount
  local stay = type(amount) == "function" and amount(name, n) or n - math.floor((type(amount) == "number" and amount or 0) * n + .5)
  return math.min(n, math.max(options.least or 1, stay))
end

-- Layer -> dimension -> indices that stay, for units and channels.
local function plan_units(net, layers, options, wanted)
  local readers, shared = topology(layers)
  local keep, report = {}, { kept = {}, skipped = {} }
  for p, layer in ipairs(layers) do
    if products[layer.kind] and wanted(layer.name) then
      local changes, why = trace(layers, readers, shared, p)
      if changes then
        local weight = net:tensor(layer.name .. ".weight")
        local kept = norms.strongest(norms.rows(weight, options.norm), staying(options, layer.name, weight:size(1)))
        local stays = {}
        for _, channel in ipairs(kept) do stays[channel] = true end
        keep[p] = keep[p] or {}
        keep[p][1], report.kept[layer.name] = kept, kept
        for _, change in ipairs(changes) do
          local index = {}
          for e, channel in ipairs(change.map) do
            if stays[channel] then index[#index + 1] = e end
          end
          keep[change.layer] = keep[change.layer] or {}
          keep[change.layer][change.dim] = index
        end
      else
        report.skipped[layer.name] = why
      end
    end
  end
  return keep, report
end

-- The same for the heads of attention.
local function plan_heads(net, layers, options, wanted)
  local keep, report = {}, { kept = {}, skipped = {} }
  for _, block in ipairs(heads.find(layers, topology(layers))) do
    if wanted(block.name) then
      if block.why then
        report.skipped[block.name] = block.why
      else
        report.kept[block.name] = heads.plan(net, layers, block, staying(options, block.name, block.count), options.norm, keep)
      end
    end
  end
  return keep, report
end

-- Which names are meant: those of `layers`, else all.
local function chosen(layers, options)
  local names = {}
  if options.structure == "heads" then
    for _, block in ipairs(heads.find(layers, topology(layers))) do names[#names + 1] = block.name end
  else
    for _, layer in ipairs(layers) do
      if products[layer.kind] then names[#names + 1] = layer.name end
    end
  end
  if not options.layers then return function() return true end end
  local set_of = {}
  for _, name in ipairs(options.layers) do
    set_of[enum.check(name, names, options.structure == "heads" and "attention" or "layer with weights", 3)] = true
  end
  return function(name) return set_of[name] end
end

local function check(options)
  if type(options) ~= "table" then error("prune.structured takes a table of options, got " .. type(options), 3) end
  for key in pairs(options) do enum.check(key, { "amount", "layers", "least", "norm", "structure", "with" }, "option of prune.structured", 3) end
  local amount = options.amount
  if type(amount) ~= "function" and (type(amount) ~= "number" or not (amount >= 0 and amount <= 1)) then
    error(("prune.structured: amount must be a part from 0 to 1, got %s"):format(tostring(amount)), 3)
  end
  enum.check(options.structure or "units", { "units", "heads" }, "structure", 3)
  enum.check(options.norm or "l1", { "l1", "l2" }, "norm of a unit", 3)
end

-- The smaller net, described.
local function describe(net, layers, keep)
  local new = cnet.new(net:input_shape())
  for i, layer in ipairs(layers) do
    if layer.kind == "opaque" then error(("layer '%s' is a Lua function, which cannot be copied into another net"):format(layer.name), 4) end
    local made = { kind = layer.kind, name = layer.name, group = layer.group, share = layer.share, inputs = layer.inputs }
    for key, value in pairs(layer.attrs) do made[key] = value end
    for key, value in pairs(keep[i] and keep[i].attrs or {}) do made[key] = value end
    if keep[i] and products[layer.kind] and keep[i][1] then made[products[layer.kind]] = #keep[i][1] end
    new:add(made)
  end
  new:init(1)
  return new
end

-- A net without what the plan leaves out.
local function cut(net, layers, keep, list)
  local new = describe(net, layers, keep)
  local by_layer, old = {}, {}
  for i, layer in ipairs(layers) do by_layer[layer.name] = keep[i] end
  for _, entry in ipairs(net:tensors()) do old[entry.name] = entry.tensor end
  for _, entry in ipairs(new:tensors()) do
    local at = by_layer[entry.name:match "^(.*)%.[^.]*$"] or {}
    local function fit(t)
      for dim = 1, t:rank() do
        if at[dim] then t = select_along(t, dim, at[dim]) end
      end
      return t:contiguous()
    end
    entry.tensor:copy(fit(old[entry.name]))
    local mask = entry.role == "parameter" and net:mask(entry.name)
    if mask then new:set_mask(entry.name, fit(mask)) end
  end
  formats.set(new, list)
  return new
end

--- How many units each layer (heads each attention) has that could lose some.
-- @param net a net
-- @param[opt="units"] structure "units" | "heads"
-- @return name -> number
function M.counts(net, structure)
  local layers, counts = net:layers(), {}
  if structure == "heads" then
    for _, block in ipairs(heads.find(layers, topology(layers))) do counts[block.name] = block.count end
    return counts
  end
  for _, layer in ipairs(layers) do
    if products[layer.kind] then counts[layer.name] = layer.output[layer.kind == "dense" and #layer.output or 1] end
  end
  return counts
end

--- A smaller net without the weakest units of dense layers and channels of
-- convolutions, or without the weakest heads of attention (nac.prune.heads). Layers whose units cannot go are left as they
-- are: the output, what is added to or concatenated with other values, attention, shared weights.
-- @param net a net with weights, masks and formats (one a tensor); it is not changed
-- @param options `amount`: part of each layer's units (each attention's heads) that goes, or function(name, count) -> how many
--   stay; `structure` = "units" | "heads"; `norm` = "l1" (sum of magnitudes) | "l2" (root of the sum of squares) of a unit's
--   weights; `layers`: names, by default all that can lose some; `least` = 1: units that stay at least; `with`: another net of
--   the same layers, from which the same units go
-- @return the new net; `{ kept = { layer = indices of the units that stay }, skipped = { layer = reason } }`; the other net, where given
function M.structured(net, options)
  check(options)
  local layers = net:layers()
  local list = formats.list(net)
  for _, entry in ipairs(list) do
    if #entry.formats > 1 or entry.learned then
      error(("prune.structured: %s has %s; prune before quantising"):format(entry.of,
        entry.learned and "a learned step" or "a format for each channel"), 2)
    end
  end
  local plan = options.structure == "heads" and plan_heads or plan_units
  local keep, report = plan(net, layers, options, chosen(layers, options))
  return cut(net, layers, keep, list), report, options.with and cut(options.with, layers, keep, formats.list(options.with)) or nil
end

return M
