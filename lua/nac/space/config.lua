--- The architecture space that a configuration declares.
local arch = require "nac.arch"
local block = require "nac.space.block"
local blocks = require "nac.blocks"
local braggnn = require "nac.space.braggnn"
local deepsets = require "nac.space.deepsets"

local M = {}

local Space = {}
Space.__index = Space

-- The MLP spaces by `mlp_preset`.
local presets = { none = "nac.space.mlp", ["snac-pack"] = "nac.space.mlp_snac_pack" }

-- The components of a trial, by `search.model_type`.
local draws = {}

function draws.block(self, trial, io) return block.draw(self.section, trial, io) end

function draws.braggnn(self, trial, io) return braggnn.draw(self.section, trial, io) end

function draws.deepsets(self, trial, io) return deepsets.draw(self.section, trial, io) end

function draws.mlp(self, trial, io)
  local components = {}
  if #io.shape > 1 then components[1] = { block_type = "Flatten", name = "initial_flatten", params = {} } end
  local params = self.mlp.draw(self.section, trial, { input = blocks.numel(io.shape), outputs = io.outputs })
  components[#components + 1] = { block_type = "MLP", name = "classifier_head", params = params }
  return components
end

--- Draws one architecture.
-- @param trial a trial of a study (`trial:int`, `trial:choice`)
-- @return a checked description (`nac.arch`); { drawn =, built = } (each name -> value) where values were
-- changed to be built (`kernel_rule: shrink`), else nil
function Space:draw(trial)
  local changes
  local components = draws[self.model_type](self, trial, {
    shape = self.input_shape, outputs = self.output_dim, output_activation = self.output_activation,
    changed = function(name, drawn, built)
      changes = changes or { drawn = {}, built = {} }
      changes.drawn[name], changes.built[name] = drawn, built
    end,
  })
  local desc, why = arch.from_table({
    model_type = "BlockBased", input_shape = self.input_shape, output_dim = self.output_dim, components = components,
  }, "drawn architecture")
  return assert(desc, why), changes
end

--- The same space for other inputs.
-- @param shape of a sample, as descriptions have it
function Space:on(shape)
  local copy = setmetatable({}, Space)
  for key, value in pairs(self) do copy[key] = value end
  copy.input_shape = shape
  return copy
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
    if not outputs and data.output_shape then outputs = blocks.numel(data.output_shape) end -- regression
  end
  if not outputs then
    return nil, ("%s: search_space.output_dim is needed: the data does not say how many outputs there are"):format(
      cfg:where("search_space"))
  end
  return input, outputs
end

-- What a kind of space needs of the input, or nil: what is wrong.
local function refusal_of(kind, section, shape)
  local text = table.concat(shape, "x")
  if kind == "deepsets" and #shape ~= 2 then return ("sets {elements, features} are needed, the data has %s"):format(text) end
  if kind ~= "braggnn" then return end
  if #shape ~= 3 then return ("images are needed, the data has %s (dataset.flatten?)"):format(text) end
  if math.min(shape[1], shape[2]) < braggnn.PROJECTION then
    return ("the projection takes images of at least %dx%d, the data has %s"):format(braggnn.PROJECTION, braggnn.PROJECTION, text)
  end
  local side = braggnn.input_side(section)
  if side and (shape[1] ~= side or shape[2] ~= side) then
    return ("initial_img_size %d behind the projection needs images of %dx%d, the data has %s"):format(
      section.initial_img_size, side, side, text)
  end
end

--- The space of a configuration.
-- @param cfg a configuration (`nac.config`)
-- @param[opt] given {input_shape= (of a description), output_dim=} or {dataset=}: what the data
-- looks like; by default the configuration's data set is asked
-- @return a space with `space:draw(trial)`, `input_shape`, `output_dim`; or nil
-- and "t2.yaml:29: ..." where the space and the data do not fit
function M.from_config(cfg, given)
  local kind, section = cfg.search.model_type, cfg.search_space
  local missing = (kind == "block" or kind == "braggnn") and block.missing(section)
  if missing then
    return nil, ("%s: search_space.block_types: %s cannot be drawn as a block; those that can: %s"):format(
      cfg:where("search_space.block_types"), missing, table.concat(block.kinds(), ", "))
  end
  local input, outputs = shapes(cfg, given or {})
  if not input then return nil, outputs end
  local wrong = refusal_of(kind, section, input)
  if wrong then return nil, ("%s: search.model_type %s: %s"):format(cfg:where("search.model_type"), kind, wrong) end
  return setmetatable({
    section = section, model_type = kind, input_shape = input, output_dim = outputs,
    output_activation = cfg:given("search_space.output_activation") and section.output_activation or nil,
    mlp = kind == "mlp" and require(presets[section.mlp_preset]) or nil,
  }, Space)
end

return M
