--- Magnitude pruning: the weights nearest to zero are masked, one by one or in the
-- groups that share a multiplier. A masked weight is zero and stays so in training,
-- saving and loading.
local cprune = require "nac.c.prune"
local enum = require "nac.util.enum"
local reuse = require "nac.estimate.reuse"
local tensor = require "nac.tensor"

local M = {}

local known = { "amount", "factors", "include_bias", "layers", "norm", "reuse_factor", "scope", "sparsity", "structure" }
local products = { dense = true, conv1d = true, conv2d = true }

-- Weights that a multiplier of the strategy "resource" serves, of a tensor (outputs, inputs ...); of a
-- convolution with groups the outputs of one group count (docs/hls.md).
local function served(shape, groups, wanted)
  local n_in = 1
  for d = 2, #shape do n_in = n_in * shape[d] end
  return reuse.nearest(n_in, shape[1] // groups, wanted)
end

-- The parameters that may be pruned, in order: { name =, tensor =, group = weights that go together }.
local function parameters(net, options, level)
  local wanted = {}
  local names, groups = {}, {}
  local grouped = options.structure == "reuse_groups"
  for _, layer in ipairs(net:layers()) do
    if products[layer.kind] and not layer.share then
      names[#names + 1] = layer.name
      wanted[layer.name .. ".weight"], groups[layer.name] = layer.name, layer.attrs and layer.attrs.groups or 1
      if options.include_bias then wanted[layer.name .. ".bias"] = layer.name end
    end
  end
  local only
  if options.layers then
    only = {}
    for _, name in ipairs(options.layers) do only[enum.check(name, names, "layer with weights", level + 1)] = true end
  end
  local list = {}
  for _, entry in ipairs(net:tensors()) do
    local layer = wanted[entry.name]
    if layer and (not only or only[layer]) then
      local group = grouped and served(entry.tensor:shape(), groups[layer], options.reuse_factor) or 1
      list[#list + 1] = { name = entry.name, tensor = entry.tensor, group = group }
    end
  end
  if #list == 0 then
    error("the net has no weights that could be pruned", level + 1)
  end
  return list
end

local function part_of(value, what, level)
  if type(value) ~= "number" or not (value >= 0 and value <= 1) then
    error(("prune: %s must be a part from 0 to 1, got %s"):format(what, tostring(value)), level + 1)
  end
  return value
end

-- Magnitudes, one an element, before what the rows were multiplied with (`factor`, a list).
local function magnitudes(entry, factor, level)
  if not entry.tensor:isfinite() then error(("prune: %s holds numbers that are not finite"):format(entry.name), level + 1) end
  local n = entry.tensor:numel()
  local size = entry.tensor:contiguous():abs()
  if not factor then return size:reshape { n } end
  local inverse = {}
  for i, f in ipairs(factor) do inverse[i] = f ~= 0 and math.abs(1 / f) or 0 end
  return (size:reshape { #factor, n // #factor } * tensor.new(inverse):reshape { #factor, 1 }):reshape { n }
end

-- What competes in a parameter, as lists: sizes, whether it is there, how many weights it stands for
-- (nil: one each). The size of a group is the mean magnitude of its weights or, with norm "l2", the root of
-- their mean square: norms divided by what makes groups of unlike length comparable.
local function items(net, entry, options, level)
  local size = magnitudes(entry, options.factors and options.factors[entry.name], level + 1)
  local n, g = size:numel(), entry.group
  local mask = net:mask(entry.name)
  mask = mask and mask:reshape { n } or tensor.ones({ n }, "u8")
  if g == 1 then return { size = size, keep = mask, left = math.tointeger(mask:sum()) } end
  local rows = size:reshape { n // g, g }
  local grouped = mask:reshape { n // g, g }
  return {
    size = options.norm == "l2" and (rows * rows):mean(2):sqrt() or rows:mean(2), keep = grouped:max(2),
    width = grouped:to("i32"):sum(2), left = math.tointeger(mask:sum()), mask = grouped,
  }
end

local function joined(list, key)
  local parts = {}
  for i, one in ipairs(list) do parts[i] = one[key] end
  if #parts == 0 then return nil end
  return #parts == 1 and parts[1] or tensor.concat(parts)
end

-- Widths of all items where some parameter has groups.
local function widths(list)
  local any = false
  for _, one in ipairs(list) do any = any or one.width ~= nil end
  if not any then return nil end
  for _, one in ipairs(list) do one.width = one.width or tensor.ones({ one.size:numel() }, "i32") end
  return joined(list, "width")
end

local function prune_group(net, group, options, level)
  local list, total, left = {}, 0, 0
  for i, entry in ipairs(group) do
    list[i] = items(net, entry, options, level + 1)
    total, left = total + entry.tensor:numel(), left + list[i].left
  end
  local count = options.amount and options.amount * left or options.sparsity * total - (total - left)
  local keep = joined(list, "keep")
  cprune.least(joined(list, "size"), keep, math.min(left, math.floor(count + .5)), widths(list))
  local at = 0
  for i, entry in ipairs(group) do
    local n = list[i].size:numel()
    local part = keep:slice(1, at + 1, at + n)
    if entry.group > 1 then part = list[i].mask:minimum(part:reshape { n, 1 }:expand { n, entry.group }) end
    net:set_mask(entry.name, part:to "u8":contiguous():reshape(entry.tensor:shape()))
    at = at + n
  end
end

local function check_structure(options, level)
  local structure = enum.check(options.structure or "weights", { "weights", "reuse_groups" }, "structure of pruning", level + 1)
  enum.check(options.norm or "l1", { "l1", "l2" }, "norm of a group", level + 1)
  if structure == "weights" then
    if options.reuse_factor ~= nil then error("prune: reuse_factor needs structure = \"reuse_groups\"", level + 1) end
    return
  end
  if math.type(options.reuse_factor) ~= "integer" or options.reuse_factor < 1 then
    error(("prune: reuse_factor must be an integer from 1, got %s"):format(tostring(options.reuse_factor)), level + 1)
  end
  if options.include_bias then error("prune: biases belong to no multiplier; include_bias goes with structure = \"weights\"", level + 1) end
end

--- Prunes the weights with the least magnitudes. What is pruned already stays so.
-- @param net a net with weights; its masks change
-- @param options
--
-- * `sparsity`: part of the weights that is pruned in the end; or `amount`: part of those still there that goes now
-- * `scope` = "global" (all layers compete) | "layer" (each layer alike)
-- * `structure` = "weights" (one by one) | "reuse_groups": all weights that a multiplier of the strategy
--   "resource" serves go together, so that it has nothing left to do; `reuse_factor`: how many (in each layer the nearest legal
--   number), `norm` = "l1" | "l2": which norm of a group's weights is its size (divided by its length)
-- * `factors`: parameter -> list of what its rows were multiplied with (`report.factors` of nac.quant.prepare): magnitudes are those
--   before it. Folded batchnorms make whole layers small; without their factors a global threshold would take such a layer out
-- * `include_bias` = false; `layers`: names, by default all dense layers and convolutions
-- @return the sparsity as counted, see `sparsity`
function M.magnitude(net, options)
  if type(options) ~= "table" then error("prune.magnitude takes a table of options, got " .. type(options), 2) end
  for key in pairs(options) do enum.check(key, known, "option of prune.magnitude", 2) end
  if (options.sparsity == nil) == (options.amount == nil) then error("prune: give either sparsity or amount", 2) end
  local what = options.sparsity and "sparsity" or "amount"
  part_of(options[what], what, 2)
  local scope = enum.check(options.scope or "global", { "global", "layer" }, "scope of pruning", 2)
  check_structure(options, 2)
  local list = parameters(net, options, 2)
  if scope == "global" then
    prune_group(net, list, options, 2)
  else
    for _, entry in ipairs(list) do prune_group(net, { entry }, options, 2) end
  end
  return M.sparsity(net, { include_bias = options.include_bias, layers = options.layers })
end

--- The part of the weights that is zero, counted.
-- @param net a net with weights
-- @param[opt] options `include_bias`, `layers` as in `magnitude`
-- @return the part; a list of { name =, zeros =, n = }, one a parameter
function M.sparsity(net, options)
  local zeros, n, rows = 0, 0, {}
  for i, entry in ipairs(parameters(net, options or {}, 2)) do
    rows[i] = { name = entry.name, zeros = math.tointeger(entry.tensor:eq(0):to("i32"):sum()), n = entry.tensor:numel() }
    zeros, n = zeros + rows[i].zeros, n + rows[i].n
  end
  return zeros / n, rows
end

--- The groups of weights that share a multiplier, and how many are zero altogether.
-- @param net a net with weights
-- @param reuse_factor weights a multiplier, in each layer the nearest legal number
-- @return list of { layer =, group = weights a multiplier, groups =, zero = }, one a layer
function M.reuse_groups(net, reuse_factor)
  check_structure({ structure = "reuse_groups", reuse_factor = reuse_factor }, 2)
  local rows = {}
  for i, entry in ipairs(parameters(net, { structure = "reuse_groups", reuse_factor = reuse_factor }, 2)) do
    local groups = entry.tensor:numel() // entry.group
    local live = entry.tensor:contiguous():ne(0):reshape { groups, entry.group }:max(2)
    rows[i] = { layer = entry.name:match "^(.*)%.", group = entry.group, groups = groups, zero = groups - math.tointeger(live:sum()) }
  end
  return rows
end

--- Takes the masks of what may be pruned away: those weights are trained again, from zero.
-- @param net a net with weights
-- @param[opt] options `include_bias`, `layers`, `structure`, `reuse_factor` as in `magnitude`
function M.release(net, options)
  for _, entry in ipairs(parameters(net, options or {}, 2)) do net:set_mask(entry.name, nil) end
end

--- Masks exactly those weights that are zero.
-- @param net a net with weights
-- @param[opt] options as in `release`
function M.match(net, options)
  for _, entry in ipairs(parameters(net, options or {}, 2)) do net:set_mask(entry.name, entry.tensor:ne(0):contiguous()) end
end

--- Sets weights that are masked to zero again, after a net's numbers came from elsewhere.
-- @param net a net with weights
function M.reapply(net)
  for _, entry in ipairs(net:tensors()) do
    local mask = entry.role == "parameter" and net:mask(entry.name)
    if mask then net:set_mask(entry.name, mask) end
  end
end

return M
