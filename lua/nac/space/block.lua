--- A chain of `num_blocks` blocks, each of a drawn kind, and a classifier of
-- three dense layers. Parameter names follow NAC (b0, b0_MLP_units,
-- MLP_Head_width_0, ...), with one difference: a parameter's value is the width
-- itself, not its index in a list, so that a trial means the same after the
-- list has changed.
local blocks = require "nac.blocks"

local M = {}

-- One function a kind that can be drawn: (s, trial, prefix, shape) -> params.
local draws = {}

function draws.MLP(s, trial, prefix, shape)
  return {
    widths = { blocks.numel(shape), trial:choice(prefix .. "_units", s.mlp_width_space) },
    activations = { trial:choice(prefix .. "_act", s.act_space) },
    normalizations = { trial:choice(prefix .. "_norm", s.norm_space) },
  }
end

function draws.None() return {} end
function draws.Flatten() return {} end

--- The first kind of `block_types` that cannot be drawn or built, or nil.
function M.missing(s)
  for _, kind in ipairs(s.block_types) do
    if not draws[kind] or not blocks.find(kind).build then return kind end
  end
end

local function head(s, trial, inputs, outputs)
  local p = { widths = { inputs }, activations = {}, normalizations = {} }
  for i = 1, 2 do
    local at = "_" .. (i - 1)
    p.widths[i + 1] = trial:choice("MLP_Head_width" .. at, s.mlp_width_space)
    p.activations[i] = trial:choice("MLP_Head_acts" .. at, s.act_space)
    p.normalizations[i] = trial:choice("MLP_Head_norms" .. at, s.norm_space)
  end
  p.widths[4], p.activations[3], p.normalizations[3] = outputs, s.output_activation, "none"
  return p
end

--- Draws the components of one description.
-- @param s section `search_space` of a configuration
-- @param trial gives the values
-- @param io {shape = input shape, outputs = number of outputs}
-- @return the list of components; blocks of kind None leave none
function M.draw(s, trial, io)
  local components, shape = {}, io.shape
  local function add(kind, name, params)
    components[#components + 1] = { block_type = kind, name = name, params = params }
    shape = assert(blocks.find(kind).shape(params, shape))
  end
  -- All kinds first, as NAC draws them.
  local kinds = {}
  for i = 1, s.num_blocks do kinds[i] = trial:choice("b" .. (i - 1), s.block_types) end
  for i, kind in ipairs(kinds) do
    if kind == "MLP" and #shape > 1 then add("Flatten", "initial_flatten", {}) end
    if kind ~= "None" then
      local name = ("%s_block_%d"):format(kind:lower(), i - 1)
      add(kind, name, draws[kind](s, trial, ("b%d_%s"):format(i - 1, kind), shape))
    end
  end
  if #shape > 1 then add("Flatten", "initial_flatten", {}) end
  add("MLP", "classifier_head", head(s, trial, shape[1], io.outputs))
  return components
end

return M
