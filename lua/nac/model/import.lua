--- Weights that other frameworks wrote, by the names of layers. Keras keeps dense
-- kernels as [in, out] and images with the channels last; both are turned.
local enum = require "nac.util.enum"
local shape_text = require("nac.model.weights").shape_text

local M = {}

-- What a framework writes beside parameters.
local IGNORED = { pytorch = { "%.num_batches_tracked$" }, keras = { "^optimizer", "^/?optimizer_weights/", "seed_generator" } }

-- Keras' names (and, in .weights.h5, places) of what our tensors are called.
local KERAS = {
  weight = { "kernel", "depthwise_kernel", "gamma" }, bias = { "bias", "beta" },
  running_mean = { "moving_mean" }, running_var = { "moving_variance" },
}
local KERAS_PLACES = { weight = "0", bias = "1", running_mean = "2", running_var = "3" }

-- Kinds between a flatten and a dense layer that leave elements where they are.
local ELEMENTWISE = { relu = 1, leaky_relu = 1, tanh = 1, sigmoid = 1, dropout = 1, identity = 1, gelu = 1, silu = 1 }

local sources = {}

function sources.pytorch(path)
  if path:find("%.safetensors$") then return require("nac.safetensors").read(path) end
  return require("nac.npz").read(path)
end

function sources.keras(path)
  local hdf5 = require "nac.hdf5"
  local names, message = hdf5.names(path)
  if not names then return nil, message end
  local arrays = {}
  for _, name in ipairs(names) do
    arrays[name], message = hdf5.read(path, name)
    if not arrays[name] then return nil, message end
  end
  return arrays, names
end

-- Shape of the image that was flattened on the way to layer i, or nil.
local function flattened(layers, i)
  local value = layers[i].inputs[1]
  while value > 1 do
    local before = layers[value - 1]
    if before.kind == "flatten" then return #before.input == 3 and before.input or nil end
    if not ELEMENTWISE[before.kind] then return nil end
    value = before.inputs[1]
  end
  return nil
end

local function permute(t, ...)
  local order, out = { ... }, t
  local at = {}
  for i = 1, #order do at[i] = i end
  for i, axis in ipairs(order) do
    local j = i
    while at[j] ~= axis do j = j + 1 end
    if i ~= j then
      out = out:transpose(i, j)
      at[i], at[j] = at[j], at[i]
    end
  end
  return out:contiguous()
end

-- A kernel as Keras keeps it in our order; nil where the rank is another.
local function turn_kernel(array, layers, i, leaf)
  local shape = array:shape()
  if #shape == 2 then
    local image = flattened(layers, i)
    if image and image[1] * image[2] * image[3] == shape[1] then -- rows are (H,W,C), ours (C,H,W)
      array = permute(array:reshape { image[2], image[3], image[1], shape[2] }, 3, 1, 2, 4):reshape(shape)
    end
    return permute(array, 2, 1)
  elseif #shape == 3 then -- (K, in, out)
    return permute(array, 3, 2, 1)
  elseif #shape == 4 and leaf == "depthwise_kernel" then -- (H, W, in, multiplier)
    return permute(array, 3, 4, 1, 2):reshape { shape[3] * shape[4], 1, shape[1], shape[2] }
  elseif #shape == 4 then -- (H, W, in, out)
    return permute(array, 4, 3, 1, 2)
  end
  return array
end

-- Whether a path of groups belongs to the layer called `prefix`.
local function owned(group, prefix) return group == prefix or group:sub(-#prefix - 1) == "/" .. prefix end

-- The dataset of a Keras file for one of our tensors: its name and last part.
local function find_keras(names, prefix, suffix)
  for _, name in ipairs(names) do
    local path = name:gsub("^/", "")
    local group, leaf = path:match("^(.*)/([^/]+)$")
    if group then
      leaf = leaf:gsub(":%d+$", "")
      local vars = group:match("^(.*)/vars$")
      if vars then
        if owned(vars, prefix) and leaf == KERAS_PLACES[suffix] then return name, leaf end
      elseif owned(group, prefix) or ("/" .. group .. "/"):find("/" .. prefix .. "/", 1, true) then
        for _, word in ipairs(KERAS[suffix] or {}) do
          if leaf == word then return name, leaf end
        end
      end
    end
  end
  return nil
end

-- { ours =, source = name in the file, tensor = in our order } for one tensor.
local function find(style, arrays, names, layers, i, prefix, suffix)
  if style == "pytorch" then
    local name = prefix == "" and suffix or prefix .. "." .. suffix
    return name, arrays[name]
  end
  local name, leaf = find_keras(names, prefix, suffix)
  if not name then return prefix .. "/" .. (KERAS[suffix] or { suffix })[1], nil end
  local array = arrays[name]
  if suffix == "weight" and #array:shape() > 1 then array = turn_kernel(array, layers, i, leaf) end
  return name, array
end

local function style_of(path, options)
  if options.style then
    enum.check(options.style, { "pytorch", "keras" }, "style", 3)
    return options.style
  end
  return path:find("%.h5$") and "keras" or path:find("%.hdf5$") and "keras" or "pytorch"
end

local function check_names(layers, given)
  local known = {}
  for i, layer in ipairs(layers) do known[i] = layer.name end
  for name, prefix in pairs(given or {}) do
    enum.check(name, known, "layer", 3)
    if type(prefix) ~= "string" then error(("names.%s must be a string, got %s"):format(name, type(prefix)), 3) end
  end
end

local function is_ignored(style, name)
  for _, pattern in ipairs(IGNORED[style]) do
    if name:find(pattern) then return true end
  end
  return false
end

-- Pairs every tensor of the net with one of the file; notes what does not fit.
local function match(net, style, arrays, names, given)
  local pairs_, faults, used = {}, {}, {}
  local layers = net:layers()
  local index = {}
  for i, layer in ipairs(layers) do index[layer.name] = i end
  for _, entry in ipairs(net:tensors()) do
    local layer, suffix = entry.name:match("^(.*)%.([^.]+)$")
    local source, array = find(style, arrays, names, layers, index[layer], given[layer] or layer, suffix)
    if not array then
      faults[#faults + 1] = ("%s (%s): no '%s'"):format(entry.name, shape_text(entry.tensor), source)
    elseif shape_text(array) ~= shape_text(entry.tensor) then
      faults[#faults + 1] = ("%s is %s, '%s' gives %s"):format(entry.name, shape_text(entry.tensor), source, shape_text(array))
    else
      pairs_[#pairs_ + 1] = { to = entry.tensor, from = array }
    end
    used[source] = true
  end
  local unused = {}
  for _, name in ipairs(names) do
    if not used[name] and not is_ignored(style, name) then unused[#unused + 1] = name end
  end
  return pairs_, faults, unused
end

--- Copies the weights of a file into a net. Layers are found by their names, or
-- by those given for them; the net is changed only if everything fits.
-- @param net a net with weights
-- @param path .npz (arrays named as in a PyTorch state_dict), .safetensors, or
-- Keras' .h5 and .weights.h5
-- @param[opt] options `names` = { layer of the net = name in the file }, `style` =
-- "pytorch" or "keras" (default: by the ending), `allow_unused` = false: arrays of
-- the file that no layer takes are a failure
-- @return { copied = number of arrays, unused = {names} }; or nil and a message that
-- lists all that is missing, of another shape or unused
function M.import(net, path, options)
  options = options or {}
  for key in pairs(options) do enum.check(key, { "names", "style", "allow_unused" }, "option of model.import", 2) end
  local style = style_of(path, options)
  check_names(net:layers(), options.names)
  local arrays, names = sources[style](path)
  if not arrays then return nil, names end
  local matched, faults, unused = match(net, style, arrays, names, options.names or {})
  if not options.allow_unused then
    for _, name in ipairs(unused) do faults[#faults + 1] = ("'%s' is used by no layer"):format(name) end
  end
  if #faults > 0 then return nil, ("%s does not fit the net: %s"):format(path, table.concat(faults, "; ")) end
  for _, pair in ipairs(matched) do pair.to:copy(pair.from) end
  return { copied = #matched, unused = unused }
end

return M
