--- Words of the search space and of architecture files, in every spelling that
-- the predecessors' files use. Letter case, `_` and `-` do not count.
local enum = require "nac.util.enum"

local M = {}

-- Canonical word -> other spellings.
M.activation = {
  what = "activation",
  { "relu" }, { "leaky_relu" }, { "gelu" }, { "tanh" }, { "sigmoid" }, { "softmax" },
  { "identity", "linear", "none", "null" },
}
M.norm = {
  what = "normalisation",
  { "none", "null", "identity" }, { "batch", "batchnorm", "batch_normalization" }, { "layer", "layernorm" },
}
-- Of the elements of a set: `batch` is over features, `batch_positions` over the
-- places in the set.
M.set_norm = { table.unpack(M.norm) }
M.set_norm.what = M.norm.what
M.set_norm[#M.set_norm + 1] = { "batch_positions" }
M.block = { what = "block type", { "MLP" }, { "Conv" }, { "ConvAttn" }, { "DeepSets" }, { "Flatten" }, { "None", "null" } }
M.loss = {
  what = "loss",
  { "cross_entropy", "categorical_crossentropy", "sparse_categorical_crossentropy" },
  { "bce_with_logits", "binary_crossentropy", "bce" },
  { "mse", "mean_squared_error" }, { "mae", "mean_absolute_error", "l1" }, { "huber" }, { "smooth_l1" },
}
M.strategy = { what = "strategy", { "latency" }, { "resource" } }

local function plain(text) return (text:lower():gsub("[_%s-]", "")) end

--- The canonical form of a word, whatever its spelling.
-- @param set one of the tables of this module, or a table of the same form
-- @param text the word as written; nil, false and YAML's null read as "null"
-- @return the canonical word, or nil and a refusal that lists the words
function M.find(set, text)
  local wanted = plain(tostring(text or "null"))
  for _, row in ipairs(set) do
    for _, spelling in ipairs(row) do
      if plain(spelling) == wanted then return row[1] end
    end
  end
  return nil, enum.refusal(tostring(text), M.list(set), set.what)
end

--- The canonical words of a set, in order.
function M.list(set)
  local list = {}
  for i, row in ipairs(set) do list[i] = row[1] end
  return list
end

--- A set of words for a rule.
-- @param what they are, for a message
-- @param list of words, or of lists of a word and its other spellings
function M.set(what, list)
  local rows = { what = what }
  for i, word in ipairs(list) do rows[i] = type(word) == "table" and word or { word } end
  return rows
end

return M
