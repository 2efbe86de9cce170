--- What the spaces of blocks share: names of parameters follow NAC
-- (b0_Conv_channels_0, MLP_Head_width_0, phi_MLP_acts_1, ...), with one
-- difference: a parameter's value is the width itself, not its index in a list,
-- so that a trial means the same after the list has changed.
local M = {}

--- A parameter of which some values may be impossible here: these are not offered,
-- and the parameter has another name then, because samplers and databases take a
-- name for one fixed list. "b1" among Conv, MLP, None is "b1_of_MLP_None" where
-- the value is flat already.
-- @param name of the parameter where all values are possible
-- @param list of values
-- @param possible function(value) -> whether it can be built
-- @return the name and the list of what is possible; nil where nothing is
function M.possible(name, list, possible)
  local left, words = {}, {}
  for _, value in ipairs(list) do
    if possible(value) then left[#left + 1], words[#words + 1] = value, tostring(value) end
  end
  if #left == 0 then return nil end
  if #left == #list then return name, list end
  return ("%s_of_%s"):format(name, table.concat(words, "_")), left
end

--- Draws such a parameter.
-- @param trial gives the value
-- @return the value, or nil where none is possible
function M.choice(trial, name, list, possible)
  local here, left = M.possible(name, list, possible)
  if not here then return nil end
  return trial:choice(here, left)
end

--- Dense layers: PREFIX_width_i, PREFIX_acts_i, PREFIX_norms_i, counted from 0.
-- @param s section `search_space` of a configuration
-- @param trial gives the values
-- @param prefix of the names
-- @param io {inputs=, outputs=, layers=, output_activation = for the last layer,
-- which then has no normalisation; drawn as the others' when left out}
-- @return parameters of an MLP block
function M.dense(s, trial, prefix, io)
  local p = { widths = { io.inputs }, activations = {}, normalizations = {} }
  for i = 1, io.layers do
    local at = "_" .. (i - 1)
    p.widths[i + 1] = i < io.layers and trial:choice(prefix .. "_width" .. at, s.mlp_width_space) or io.outputs
    if i == io.layers and io.output_activation then
      p.activations[i], p.normalizations[i] = io.output_activation, "none"
    else
      p.activations[i] = trial:choice(prefix .. "_acts" .. at, s.act_space)
      p.normalizations[i] = trial:choice(prefix .. "_norms" .. at, s.norm_space)
    end
  end
  return p
end

local function least(list) return math.min(table.unpack(list)) end

local CONVOLUTIONS = 2 -- a block

local function side_of(shape) return math.min(shape[1], shape[2]) end

--- Whether a Conv block fits on an image: with kernels of 1 it always does (`kernel_rule: shrink`).
function M.conv_fits(s, shape)
  return s.kernel_rule == "shrink" or side_of(shape) - CONVOLUTIONS * (least(s.kernel_space) - 1) >= 1
end

--- NAC's rule for the kernels of a block: the first that is more than 1 becomes 1, then the
-- second, until something of the image is left.
-- @param kernels list of two, changed in place
-- @param side of the image
-- @return the indices of those that became 1, in order
function M.shrink(kernels, side)
  local changed = {}
  while side - kernels[1] - kernels[2] + 2 <= 0 do
    local i = kernels[1] > 1 and 1 or 2
    changed[#changed + 1], kernels[i] = i, 1
  end
  return changed
end

--- Two convolutions: PREFIX_channels_i, _kernels_i, _acts_i, _norms_i. Only
-- kernels that leave something of the image are offered, or, with `kernel_rule: shrink`,
-- all of them, and what is built is then as NAC's rule says.
-- @param s section `search_space`
-- @param trial gives the values
-- @param prefix of the names
-- @param shape {height, width, channels}
-- @param[opt] changed function(name, drawn, built), called where a kernel was changed
-- @return parameters of a Conv block
function M.conv(s, trial, prefix, shape, changed)
  local p = { channels = { shape[3] }, kernels = {}, activations = {}, normalizations = {} }
  local side, shrinks = side_of(shape), s.kernel_rule == "shrink"
  for i = 1, CONVOLUTIONS do
    local at, later = "_" .. (i - 1), (CONVOLUTIONS - i) * (least(s.kernel_space) - 1)
    p.channels[i + 1] = trial:choice(prefix .. "_channels" .. at, s.channel_space)
    p.kernels[i] = M.choice(trial, prefix .. "_kernels" .. at, s.kernel_space, function(k) return shrinks or side - (k - 1) - later >= 1 end)
    p.activations[i] = trial:choice(prefix .. "_acts" .. at, s.act_space)
    p.normalizations[i] = trial:choice(prefix .. "_norms" .. at, s.norm_space)
    if not shrinks then side = side - (p.kernels[i] - 1) end
  end
  if shrinks then
    local drawn = { table.unpack(p.kernels) }
    for _, i in ipairs(M.shrink(p.kernels, side)) do
      if changed then changed(("%s_kernels_%d"):format(prefix, i - 1), drawn[i], 1) end
    end
  end
  return p
end

--- Convolutional attention: PREFIX_hiddenchannel, PREFIX_act.
-- @return parameters of a ConvAttn block
function M.conv_attn(s, trial, prefix)
  return {
    hidden_channels = trial:choice(prefix .. "_hiddenchannel", s.conv_attn.hidden_channel_space),
    activation = trial:choice(prefix .. "_act", s.act_space),
  }
end

return M
