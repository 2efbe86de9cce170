--- Kinds of blocks of an architecture description: one row a kind. A row says
-- which parameters a block has, how it changes the shape, and how it becomes
-- layers. To add a kind, add a row with `blocks.register`.
--
-- Shapes are a list: {64} for a vector, {height, width, channels} for images as
-- in the predecessor's files. The engine has channels first: `engine_shape`.
local words = require "nac.config.words"

local M = {}

local rows = {}

--- Adds a kind of block, or replaces one.
-- @param row a table:
--   name   as in `block_type`
--   keys   schema of `params` (rules as in `nac.config.schema`)
--   check(params) -> nothing, or what is wrong
--   shape(params, shape) -> shape of the output, or nil and what is wrong
--   text(params) -> a few words for a table of results
--   build(arch, component, shape, how) adds layers to an `nn` arch; how.head holds where
--     the final activation shall be left out, how.last in the last block, how.dropout is a
--     rate of dropout behind the activations (but the output's), or nil.
--     Without `build` the kind can be described and counted, not trained.
function M.register(row)
  assert(type(row.name) == "string" and row.keys and row.shape, "blocks.register: name, keys and shape are needed")
  rows[row.name] = row
end

--- The row of a kind, or nil.
function M.find(name) return rows[name] end

--- The engine's form of a shape: {channels, height, width} for images.
function M.engine_shape(shape)
  if #shape ~= 3 then return shape end
  return { shape[3], shape[1], shape[2] }
end

--- The form that a description has, of a shape of the engine or of a data set.
function M.description_shape(shape)
  if #shape ~= 3 then return shape end
  return { shape[2], shape[3], shape[1] }
end

--- Product of a shape.
function M.numel(shape)
  local n = 1
  for _, dim in ipairs(shape) do n = n * dim end
  return n
end

local function shape_text(shape) return table.concat(shape, "x") end

local size = { kind = "integer", min = 1, max = 2 ^ 31 }
local function list(of) return { kind = "list", of = of, repeats = true, required = true } end
local function rule(key, of, doc)
  local r = list(of)
  r.key, r.doc = key, doc
  return r
end
local activation = { kind = "word", words = words.activation }
local norm = { kind = "word", words = words.norm }

-- Lists of a block must have one entry a layer.
local function same_length(params, first, others, least)
  local layers = #params[first] - 1
  if layers < least then return ("%s needs at least %d entries, the first being the input"):format(first, least + 1) end
  for _, key in ipairs(others) do
    if #params[key] ~= layers then
      return ("%d %s for %d layers (%s has %d entries, the first being the input)"):format(
        #params[key], key, layers, first, layers + 1)
    end
  end
end

-- Output activations that belong to the loss: trained on what stands before.
local heads = { softmax = true, sigmoid = true }

-- What the layers of an MLP-like component are made of (`nac.nn.blocks.dense_stack`).
-- how.head leaves an output activation out that belongs to the loss.
local function stack_of(p, how)
  local activations, last = { table.unpack(p.activations) }, #p.activations
  if how.head and heads[activations[last]] then activations[last] = "identity" end
  return {
    units = { table.unpack(p.widths, 2) }, activations = activations, norms = p.normalizations, bias = p.bias,
    dropout = how.dropout, output = how.last,
  }
end

local bias = { key = "bias", kind = "boolean", doc = "Whether layers have biases. Default: those without a batchnorm behind them." }

local short = { batch = "+bn", layer = "+ln", batch_positions = "+bp", none = "" }

-- "64-32-10  relu+bn softmax"
local function layers_text(p, sizes)
  local words = {}
  for i, activation in ipairs(p.activations) do words[i] = activation .. short[p.normalizations[i]] end
  return table.concat(sizes, "-") .. "  " .. table.concat(words, " ")
end

--- A description in one line, for a table of results.
-- @param desc a description
-- @return for example "conv 1-8 k3  relu+bn | 512-10  softmax"
function M.text(desc)
  local parts = {}
  for _, component in ipairs(desc.components) do
    local row = rows[component.block_type]
    if row and row.text then parts[#parts + 1] = row.text(component.params) end
  end
  return table.concat(parts, " | ")
end

local function mlp_keys(norms)
  return {
    rule("widths", size, "Input and output widths, one more than layers."),
    rule("activations", activation, "One a layer."),
    rule("normalizations", norms or norm, "One a layer; null is none."),
    bias,
  }
end

M.register {
  name = "MLP",
  keys = mlp_keys(),
  check = function(p) return same_length(p, "widths", { "activations", "normalizations" }, 1) end,
  text = function(p) return layers_text(p, p.widths) end,
  shape = function(p, shape)
    local n = M.numel(shape)
    if p.widths[1] ~= n then return nil, ("widths[1] is %d, what comes in is %s (%d values)"):format(p.widths[1], shape_text(shape), n) end
    return { p.widths[#p.widths] }
  end,
  build = function(arch, component, shape, how)
    if #shape > 1 then arch:add(require("nac.nn").flatten { group = component.name }) end
    arch:add(require("nac.nn.blocks.dense_stack").layers(stack_of(component.params, how), 1, component.name))
  end,
}

M.register {
  name = "Flatten", keys = {},
  shape = function(_, shape) return { M.numel(shape) } end,
  build = function(arch, component) arch:add(require("nac.nn").flatten { group = component.name }) end,
}

M.register { name = "None", keys = {}, shape = function(_, shape) return shape end, build = function() end }

local function image(shape)
  if #shape ~= 3 then return nil, ("an image {height, width, channels} is needed, what comes in is %s"):format(shape_text(shape)) end
  return shape
end

M.register {
  name = "Conv",
  keys = {
    rule("channels", size, "Input and output channels, one more than layers."),
    rule("kernels", { kind = "integer", min = 1, max = 255 }, "Kernel sizes, one a layer; no padding."),
    rule("activations", activation, "One a layer."),
    rule("normalizations", norm, "One a layer; null is none."),
    bias,
  },
  check = function(p) return same_length(p, "channels", { "kernels", "activations", "normalizations" }, 1) end,
  shape = function(p, shape)
    local ok, why = image(shape)
    if not ok then return nil, why end
    if p.channels[1] ~= shape[3] then
      return nil, ("channels[1] is %d, what comes in is %s"):format(p.channels[1], shape_text(shape))
    end
    local h, w = shape[1], shape[2]
    for i, k in ipairs(p.kernels) do
      if k > h or k > w then return nil, ("kernel %d of size %d does not fit into %dx%d"):format(i, k, h, w) end
      h, w = h - k + 1, w - k + 1
    end
    return { h, w, p.channels[#p.channels] }
  end,
  text = function(p)
    return "conv " .. layers_text(p, p.channels):gsub("  ", " k" .. table.concat(p.kernels, ",") .. "  ", 1)
  end,
  build = function(arch, component, _, how)
    local nn, p, group = require "nac.nn", component.params, component.name
    for i, kernel in ipairs(p.kernels) do
      local normed, act = p.normalizations[i], p.activations[i]
      local biased = p.bias
      if biased == nil then biased = normed ~= "batch" end
      arch:add(nn.conv2d { channels = p.channels[i + 1], kernel = kernel, bias = biased, group = group })
      if normed == "batch" then arch:add(nn.batchnorm { group = group }) end
      if normed == "layer" then arch:add(nn.layernorm { rank = 0, group = group }) end
      if act ~= "identity" then
        arch:add(nn.layer(act, { group = group }))
        if how.dropout and not (how.last and i == #p.kernels) then arch:add(nn.dropout { rate = how.dropout, group = group }) end
      end
    end
  end,
}

M.register {
  name = "ConvAttn",
  keys = {
    { key = "hidden_channels", kind = "integer", min = 1, max = 65536, required = true, doc = "Channels of queries, keys and values." },
    { key = "activation", kind = "word", words = words.activation, default = "identity", doc = "After the sum." },
  },
  shape = function(_, shape) return image(shape) end,
  text = function(p) return ("attention %d  %s"):format(p.hidden_channels, p.activation) end,
  build = function(arch, component, _, how)
    local nn, p = require "nac.nn", component.params
    arch:add(nn.conv_attn { hidden = p.hidden_channels, activation = p.activation, name = component.name })
    if how.dropout and not how.last and p.activation ~= "identity" then arch:add(nn.dropout { rate = how.dropout, group = component.name }) end
  end,
}

-- phi on every element of a set {elements, features}, an aggregation, then rho.
M.register {
  name = "DeepSets",
  keys = {
    { key = "phi", kind = "section", keys = mlp_keys { kind = "word", words = words.set_norm }, required = true,
      doc = "Layers on each element." },
    { key = "aggregation", kind = "word", words = { what = "aggregation", { "mean" }, { "max" }, { "sum" } }, default = "mean",
      doc = "Over the set." },
    { key = "rho", kind = "section", keys = mlp_keys(), required = true, doc = "Layers on the aggregate." },
  },
  check = function(p)
    local lists = { "activations", "normalizations" }
    local wrong = same_length(p.phi, "widths", lists, 1) or same_length(p.rho, "widths", lists, 1)
    if wrong then return wrong end
    local out = p.phi.widths[#p.phi.widths]
    if p.rho.widths[1] ~= out then return ("rho starts with width %d, phi ends with %d"):format(p.rho.widths[1], out) end
  end,
  shape = function(p, shape)
    if #shape ~= 2 then return nil, ("a set {elements, features} is needed, what comes in is %s"):format(shape_text(shape)) end
    if p.phi.widths[1] ~= shape[2] then
      return nil, ("phi starts with width %d, what comes in is %s"):format(p.phi.widths[1], shape_text(shape))
    end
    return { p.rho.widths[#p.rho.widths] }
  end,
  text = function(p)
    return ("phi %s | %s | rho %s"):format(layers_text(p.phi, p.phi.widths), p.aggregation, layers_text(p.rho, p.rho.widths))
  end,
  build = function(arch, component, _, how)
    local p = component.params
    arch:add(require("nac.nn").deepsets {
      phi = stack_of(p.phi, { dropout = how.dropout }), aggregation = p.aggregation, rho = stack_of(p.rho, how), name = component.name,
    })
  end,
}

return M
