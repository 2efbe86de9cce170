--- The architecture space that a configuration declares.
local arch = require "nac.arch"
local block = require "nac.space.block"
local blocks = require "nac.blocks"

local M = {}

local Space = {}
Space.__index = Space

-- The MLP spaces by `mlp_preset`.
local presets = { none = "nac.space.mlp", ["snac-pack"] = "nac.space.mlp_snac_pack" }

--- Draws one architecture.
-- @param trial a trial of a study (`trial:int`, `trial:choice`)
-- @return a checked description (`nac.arch`)
function Space:draw(trial)
  local s = self.section
  local components
  if self.model_type == "block" then
    components = block.draw(s, trial, { shape = self.input_shape, outputs = self.output_dim })
  else
    components = {}
    if #self.input_shape > 1 then
      components[1] = { block_type = "Flatten", name = "initial_flatten", params = {} }
    end
    local params = self.mlp.draw(s, trial, { input = blocks.numel(self.input_shape), outputs = self.output_dim })
    components[#components + 1] = { block_type = "MLP", name = "classifier_head", params = params }
  end
  local desc, why = arch.from_table({
    model_type = "BlockBased", input_shape = self.input_shape, output_dim = self.output_dim, components = components,
  }, "drawn architecture")
  return assert(desc, why)
end

-- What the data says about shapes; `given` overrides it.
local function shapes(cfg, given)
  local input, outputs = given.input_shape, given.output_dim or cfg.search_space.output_dim
  if not input or not outputs then
    local data = given.dataset
    if not data then
      local why
      data, why = require("nac.dataset").from_config(cfg.dataset, { base_dir = cfg.dir })
      if not data then return nil, why end
    end
    input, outputs = input or blocks.description_shape(data.shape), outputs or data.n_classes
  end
  if not outputs then
    return nil, ("%s: search_space.output_dim is needed: the data does not say how many outputs there are"):format(
      cfg:where("search_space"))
  end
  return input, outputs
end

--- The space of a configuration.
-- @param cfg a configuration (`nac.config`)
-- @param[opt] given {input_shape= (of a description), output_dim=} or {dataset=}: what the data
-- looks like; by default the configuration's data set is asked
-- @return a space with `space:draw(trial)`, `input_shape`, `output_dim`; or nil
-- and "t2.yaml:29: ..." where the engine lacks a block
function M.from_config(cfg, given)
  local kind = cfg.search.model_type
  if kind == "deepsets" then
    return nil, ("%s: search.model_type: deepsets is not among the engine's model types yet; it has mlp and block"):format(
      cfg:where("search.model_type"))
  end
  local missing = kind == "block" and block.missing(cfg.search_space)
  if missing then
    return nil, ("%s: search_space.block_types: %s is not among the engine's blocks yet; it has MLP, Flatten, None"):format(
      cfg:where("search_space.block_types"), missing)
  end
  local input, outputs = shapes(cfg, given or {})
  if not input then return nil, outputs end
  return setmetatable({
    section = cfg.search_space, model_type = kind, input_shape = input, output_dim = outputs,
    mlp = kind == "mlp" and require(presets[cfg.search_space.mlp_preset]) or nil,
  }, Space)
end

return M
