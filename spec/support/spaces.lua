--- The spaces of the predecessors' files, and one training step of what they draw.
local config = require "nac.config"
local nac = require "nac"

local M = {}

-- name, search.model_type and file under spec/golden/config, what the data looks like.
local rows = {
  { "t2", nil, "t2_config.yaml", { input_shape = { 16, 16, 1 } } },
  { "t3", nil, "t3_config.yaml", { input_shape = { 800 } } },
  { "block", "block", "block_search_space.yaml", { input_shape = { 11, 11, 1 } } },
  { "braggnn", "braggnn", "braggnn_search_space.yaml", { input_shape = { 11, 11, 1 } } },
  { "deepsets", "deepsets", "deepsets_search_space.yaml", { input_shape = { 8, 3 }, output_dim = 5 } },
  { "qubit", "block", "qubit_search_space.yaml", { input_shape = { 800 } } },
  { "mnist", "mlp", "mnist_search_spaces.yaml", { input_shape = { 64 }, output_dim = 10 } },
}

--- All of them: list of {name=, space=}.
function M.all()
  local list = {}
  for i, row in ipairs(rows) do
    local cfg
    if row[2] then
      local text = ("dataset: {name: mnist}\nsearch: {model_type: %s}\nsearch_space: %s"):format(row[2], row[3])
      cfg = assert(config.parse(text, "spec/golden/config/" .. row[1] .. ".yaml"))
    else
      cfg = assert(config.load("spec/golden/config/" .. row[3]))
    end
    list[i] = { name = row[1], space = assert(nac.space.from_config(cfg, row[4])) }
  end
  return list
end

--- Builds a description and trains it for one step on `n` samples at random.
-- @return the loss and the number of parameters; raises where anything fails
function M.train_one(desc, n)
  local shape = require("nac.blocks").engine_shape(desc.input_shape)
  local part = {
    x = nac.tensor.randn({ n, table.unpack(shape) }, { seed = 1 }), y = nac.tensor.zeros({ n }, "i32"),
  }
  local net <close> = require("nac.arch").to_nn(desc):build { seed = 1 }
  local fit = nac.train.fit(net, { fit = part, search = part }, { epochs = 1, batch = n, loss = "cross_entropy", patience = 0 })
  assert(fit.loss == fit.loss and math.abs(fit.loss) < math.huge, "the loss is " .. tostring(fit.loss))
  return fit.loss, net:n_params()
end

return M
