--- A chain of `num_blocks` blocks, each of a drawn kind, and a classifier of
-- three dense layers: b0, b1, ... and the parameters of each block
-- (b0_Conv_channels_0, b1_MLP_units, ...), then MLP_Head_width_0, ... (`nac.space.draw`).
local blocks = require "nac.blocks"
local draw = require "nac.space.draw"

local M = {}

-- One row a kind that can be drawn: fits(s, shape) -> whether it can be built on
-- what comes in; draw(s, trial, prefix, shape, changed) -> params (`changed` as in `nac.space.draw`).
local kinds = {}

local function always() return true end
local function is_image(_, shape) return #shape == 3 end

kinds.Conv = { fits = function(s, shape) return #shape == 3 and draw.conv_fits(s, shape) end, draw = draw.conv }
kinds.ConvAttn = { fits = is_image, draw = draw.conv_attn }
kinds.None = { fits = always, draw = function() return {} end }
kinds.Flatten = { fits = always, draw = function() return {} end }
kinds.MLP = {
  fits = always,
  draw = function(s, trial, prefix, shape)
    return {
      widths = { blocks.numel(shape), trial:choice(prefix .. "_units", s.mlp_width_space) },
      activations = { trial:choice(prefix .. "_act", s.act_space) },
      normalizations = { trial:choice(prefix .. "_norm", s.norm_space) },
    }
  end,
}

--- The first kind of `block_types` that cannot be drawn, or nil.
function M.missing(s)
  for _, kind in ipairs(s.block_types) do
    if not kinds[kind] then return kind end
  end
end

--- The kinds that can be drawn, sorted.
function M.kinds()
  local names = {}
  for name in pairs(kinds) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- Appends `num_blocks` drawn blocks to a list of components. Kinds that cannot
-- be built on what comes in are not offered; where none can, the chain ends.
-- @param s section `search_space` of a configuration
-- @param trial gives the values
-- @param components the list; blocks of kind None leave none
-- @param shape of what comes in
-- @param name_of function(kind, number) -> name of a block
-- @param[opt] changed function(name, drawn, built), called where a value was changed to be built
-- @return the shape of what comes out
function M.chain(s, trial, components, shape, name_of, changed)
  local function add(kind, name, params)
    components[#components + 1] = { block_type = kind, name = name, params = params }
    shape = assert(blocks.find(kind).shape(params, shape))
  end
  for i = 0, s.num_blocks - 1 do
    local here = shape
    local kind = draw.choice(trial, "b" .. i, s.block_types, function(k) return kinds[k].fits(s, here) end)
    if not kind then break end
    if kind == "MLP" and #shape > 1 then add("Flatten", "initial_flatten", {}) end
    if kind ~= "None" then
      add(kind, name_of(kind, i), kinds[kind].draw(s, trial, ("b%d_%s"):format(i, kind), shape, changed))
    end
  end
  return shape
end

--- Draws the components of one description.
-- @param s section `search_space` of a configuration
-- @param trial gives the values
-- @param io {shape = input shape, outputs = number of outputs, changed = as in `chain`}
-- @return the list of components
function M.draw(s, trial, io)
  local components = {}
  local function name_of(kind, i) return ("%s_block_%d"):format(kind:lower(), i) end
  local shape = M.chain(s, trial, components, io.shape, name_of, io.changed)
  if #shape > 1 then components[#components + 1] = { block_type = "Flatten", name = "initial_flatten", params = {} } end
  components[#components + 1] = {
    block_type = "MLP", name = "classifier_head",
    params = draw.dense(s, trial, "MLP_Head", {
      inputs = blocks.numel(shape), outputs = io.outputs, layers = 3, output_activation = s.output_activation,
    }),
  }
  return components
end

return M
