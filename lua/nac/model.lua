--- Nets in files: whole (a description beside its arrays), their weights alone, and
-- weights that other frameworks wrote.
--
--     nac.model.save(net, "m.yaml")          -- m.yaml and m.npz
--     local net = assert(nac.model.load "m.yaml")
--     nac.model.save(net, "weights.npz")     -- the arrays alone, for numpy too
--     nac.model.load(net, "weights.npz")
--     nac.model.import(net, "torch.safetensors", { names = { dense1 = "fc1" } })
local file = require "nac.util.file"
local weights = require "nac.model.weights"

local M = {}

--- Writes a net. Files appear under their names when they are complete; equal
-- nets give equal bytes.
-- @param net a net with weights
-- @param path ending in .yaml or .yml: the net with its layers, its arrays beside
-- it in a file ending in .npz; any other: the arrays of parameters and buffers, as npz
-- @return true; or nil and a message
function M.save(net, path)
  if path:find("%.ya?ml$") then return require("nac.model.file").save(net, path) end
  return weights.save(net, path)
end

--- Reads a net, or the weights of one.
-- @param what the path of a description (then the net is made and returned), or a
-- net, whose weights are read; it is changed only when every name and shape agrees
-- @param[opt] path of the .npz file with the weights of that net
-- @return the net, or true; or nil and a message that lists everything that does not fit
function M.load(what, path)
  if type(what) == "string" and path == nil then return require("nac.model.file").load(what) end
  if type(path) ~= "string" then error("model.load takes the path of a description, or a net and the path of its weights", 2) end
  return weights.load(what, path)
end

--- Whether a file describes a net with weights, as `save` writes it.
-- @param path of the file
function M.is(path)
  local text = file.exists(path) == "file" and file.read(path)
  return text and text:find("^format: *['\"]?nac%-lua model") ~= nil or false
end

--- Copies weights that PyTorch (npz of a state_dict, safetensors) or Keras (.h5,
-- .weights.h5) wrote into a net; see nac.model.import.
-- @function import
-- @param net a net with weights
-- @param path of the file
-- @param[opt] options `names`, `style`, `allow_unused`
-- @return a report; or nil and a message
function M.import(net, path, options) return require("nac.model.import").import(net, path, options) end

return M
