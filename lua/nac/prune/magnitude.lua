--- Magnitude pruning: the weights nearest to zero are masked. A masked weight is
-- zero and stays so in training, saving and loading.
local enum = require "nac.util.enum"
local tensor = require "nac.tensor"

local M = {}

local known = { "amount", "factors", "include_bias", "layers", "scope", "sparsity" }
local products = { dense = true, conv1d = true, conv2d = true }

-- The parameters that may be pruned, in order: { name =, tensor = }.
local function parameters(net, options, level)
  local wanted = {}
  local names = {}
  for _, layer in ipairs(net:layers()) do
    if products[layer.kind] and not layer.share then
      names[#names + 1] = layer.name
      wanted[layer.name .. ".weight"] = layer.name
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
    if layer and (not only or only[layer]) then list[#list + 1] = { name = entry.name, tensor = entry.tensor } end
  end
  if #list == 0 then error("the net has no weights that could be pruned", level + 1) end
  return list
end

local function part_of(value, what, level)
  if type(value) ~= "number" or not (value >= 0 and value <= 1) then
    error(("prune: %s must be a part from 0 to 1, got %s"):format(what, tostring(value)), level + 1)
  end
  return value
end

local function flat(t)
  local n = t:numel()
  return t:contiguous():reshape { n }:totable(), n
end

-- Magnitudes and present masks of a group of parameters, one list after the other.
local function gather(net, group, factors, level)
  local size, keep = {}, {}
  for _, entry in ipairs(group) do
    local factor = factors and factors[entry.name]
    local row = factor and entry.tensor:numel() // #factor -- elements a factor is for
    if not entry.tensor:isfinite() then error(("prune: %s holds numbers that are not finite"):format(entry.name), level + 1) end
    local weights, n = flat(entry.tensor)
    local mask = net:mask(entry.name)
    mask = mask and flat(mask)
    for i = 1, n do
      local f = factor and factor[(i - 1) // row + 1] or 1
      size[#size + 1] = math.abs(f ~= 0 and weights[i] / f or 0)
      keep[#keep + 1] = mask and mask[i] or 1
    end
  end
  return size, keep
end

-- Takes the `count` least of those kept out; of equals the first.
local function take_least(size, keep, count)
  local alive = {}
  for i, k in ipairs(keep) do
    if k ~= 0 then alive[#alive + 1] = size[i] end
  end
  if count <= 0 then return end
  table.sort(alive)
  local limit = alive[count]
  local equal = 0 -- how many of the limit's size go
  for i = count, 1, -1 do
    if alive[i] < limit then break end
    equal = equal + 1
  end
  for i, k in ipairs(keep) do
    if k ~= 0 and size[i] < limit then
      keep[i] = 0
    elseif k ~= 0 and size[i] == limit and equal > 0 then
      keep[i], equal = 0, equal - 1
    end
  end
end

local function prune_group(net, group, options, level)
  local size, keep = gather(net, group, options.factors, level)
  local gone = 0
  for _, k in ipairs(keep) do
    if k == 0 then gone = gone + 1 end
  end
  local left = #keep - gone
  local count = options.amount and options.amount * left or options.sparsity * #keep - gone
  take_least(size, keep, math.min(left, math.floor(count + .5)))
  local at = 0
  for _, entry in ipairs(group) do
    local n = entry.tensor:numel()
    local mask = tensor.new(table.move(keep, at + 1, at + n, 1, {}), "u8"):reshape(entry.tensor:shape())
    net:set_mask(entry.name, mask)
    at = at + n
  end
end

--- Prunes the weights with the least magnitudes. What is pruned already stays so.
-- @param net a net with weights; its masks change
-- @param options
--
-- * `sparsity`: part of the weights that is pruned in the end; or `amount`: part of those still there that goes now
-- * `scope` = "global" (all layers compete) | "layer" (each layer alike)
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
  local list = parameters(net, options, 2)
  if scope == "global" then
    prune_group(net, list, options, 2)
  else
    for _, entry in ipairs(list) do prune_group(net, { entry }, options, 2) end
  end
  return M.sparsity(net, options)
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

--- Sets weights that are masked to zero again, after a net's numbers came from elsewhere.
-- @param net a net with weights
function M.reapply(net)
  for _, entry in ipairs(net:tensors()) do
    local mask = entry.role == "parameter" and net:mask(entry.name)
    if mask then net:set_mask(entry.name, mask) end
  end
end

return M
