--- Optimisers as users write them: "adam" or { kind = "adam", lr = .01, ... }.
local enum = require "nac.util.enum"

local M = {}

local everywhere = { "kind", "lr", "weight_decay", "clip_norm", "clip_value" }
local adam = { "beta1", "beta2", "eps", "amsgrad" }

-- The options of each kind, with PyTorch's meaning and defaults (src/core/optim.h).
local kinds = {
  sgd = { "momentum", "dampening", "nesterov" },
  adam = adam,
  adamw = adam,
  rmsprop = { "alpha", "eps", "momentum", "centered" },
  adagrad = { "eps" },
}

local names = { "adam", "adamw", "sgd", "rmsprop", "adagrad" }

--- Checks an optimiser and takes it apart.
-- @param optimizer a kind, a table with a `kind` ("adam" when absent), or nil for Adam
-- @param level whose line an error shows, as in `error`
-- @return the trainer's options `{ optimizer = kind, ... }`; and the learning rate or nil
function M.options(optimizer, level)
  if optimizer == nil or type(optimizer) == "string" then optimizer = { kind = optimizer } end
  if type(optimizer) ~= "table" then error("optimizer must be a name or a table, got " .. type(optimizer), level + 1) end
  local kind = enum.check(optimizer.kind or "adam", names, "optimizer", level + 1)
  local known = table.move(everywhere, 1, #everywhere, #kinds[kind] + 1, { table.unpack(kinds[kind]) })
  local options = { optimizer = kind }
  for key, value in pairs(optimizer) do
    enum.check(key, known, "option of the optimizer", level + 1)
    if key ~= "kind" and key ~= "lr" then options[key] = value end
  end
  return options, optimizer.lr
end

return M
