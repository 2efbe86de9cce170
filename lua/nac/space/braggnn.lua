--- NAC's space around BraggNN: a projection by 3 x 3 convolutions, blocks, and a
-- head of four dense layers. Parameters: Proj_outchannel, b0, b0_Conv_channels_0,
-- ..., MLP_width_0, ... (`nac.space.draw`). `initial_img_size` is the side behind
-- the projection, 9 for images of 11 x 11.
local block = require "nac.space.block"
local blocks = require "nac.blocks"
local draw = require "nac.space.draw"

local M = {
  PROJECTION = 3, -- its kernel
}

local HEAD = 4 -- layers, as in NAC's published networks

--- Side of the input image that `initial_img_size` speaks of.
function M.input_side(s) return s.initial_img_size and s.initial_img_size + M.PROJECTION - 1 end

--- Draws the components of one description; see `nac.space.block`. The output's
-- activation and normalisation are drawn as NAC does, unless io.output_activation is given.
function M.draw(s, trial, io)
  local shape = io.shape
  local params = {
    channels = { shape[3], trial:choice("Proj_outchannel", s.channel_space) }, kernels = { M.PROJECTION },
    activations = { "identity" }, normalizations = { "none" },
  }
  local components = { { block_type = "Conv", name = "proj", params = params } }
  shape = assert(blocks.find("Conv").shape(params, shape))
  shape = block.chain(s, trial, components, shape, function(_, i) return "b" .. i end, io.changed)
  components[#components + 1] = {
    block_type = "MLP", name = "head",
    params = draw.dense(s, trial, "MLP", {
      inputs = blocks.numel(shape), outputs = io.outputs, layers = HEAD, output_activation = io.output_activation,
    }),
  }
  return components
end

return M
