--- `snac-pack`: as SNAC-Pack counted, at 32 bits.
-- Model type mlp: dense n_in n_out (b^2 + 2b) + n_out b log2(n_in).
-- Model type block: dense n_in n_out b^2; convolution C_in C_out k^2 S^2 b^2,
-- with S starting at the block's *output* size and shrinking once more.
-- Nothing else is counted. On a description its reductions are applied first:
-- mlp trains two hidden layers at most, and attention blocks are left out.
local blocks = require "nac.blocks"

local M = { bits = 32, fixed_bits = true }

local function dense_mlp(n_in, n_out, b) return n_in * n_out * (b * b + 2 * b) + n_out * b * math.log(n_in, 2) end
local function dense_block(n_in, n_out, b) return n_in * n_out * b * b end

-- mlp where the input is flat and there is one MLP component, else block.
local function model_type(desc)
  local perceptrons, others = 0, 0
  for _, c in ipairs(desc.components) do
    if c.block_type == "MLP" then perceptrons = perceptrons + 1
    elseif c.block_type ~= "None" and c.block_type ~= "Flatten" then others = others + 1 end
  end
  if desc.built then return others == 0 and "mlp" or "block" end
  return #desc.input_shape == 1 and perceptrons == 1 and others == 0 and "mlp" or "block"
end

local function add(rows, name, kind, bops) rows[#rows + 1] = { layer = name, kind = kind, bops = bops } end

local function mlp(desc, b)
  local rows, notes = {}, {}
  for _, c in ipairs(desc.components) do
    local w = c.params.widths
    if w then
      if #w > 4 and not desc.built then
        notes[#notes + 1] = ("snac-pack counts two of the %d hidden layers of '%s', as SNAC-Pack trained it"):format(#w - 2, c.name)
        w = { w[1], w[2], w[3], w[#w] }
      end
      for i = 1, #w - 1 do add(rows, ("%s.%d"):format(c.name, i), "dense", dense_mlp(w[i], w[i + 1], b)) end
    end
  end
  return rows, notes
end

local function conv(rows, c, size, b)
  local p = c.params
  for i, k in ipairs(p.kernels) do
    size = size - (k - 1)
    add(rows, ("%s.%d"):format(c.name, i), "conv", p.channels[i + 1] * size ^ 2 * p.channels[i] * k * k * b * b)
  end
end

local function block(desc, b)
  local rows, notes, shape = {}, {}, desc.input_shape
  for _, c in ipairs(desc.components) do
    local row = blocks.find(c.block_type)
    if c.block_type == "Conv" then
      shape = assert(row.shape(c.params, shape))
      conv(rows, c, shape[1], b)
    elseif c.block_type == "ConvAttn" then
      notes[#notes + 1] = ("snac-pack leaves out the attention block '%s', as SNAC-Pack never built it"):format(c.name)
    elseif c.block_type == "MLP" then
      local w = c.params.widths
      for i = 1, #w - 1 do add(rows, ("%s.%d"):format(c.name, i), "dense", dense_block(w[i], w[i + 1], b)) end
    elseif c.block_type == "DeepSets" then
      error(("nac.bops: snac-pack does not define block '%s' of type DeepSets"):format(c.name), 0)
    end
  end
  return rows, notes
end

--- BOPs of an architecture description, layer by layer.
-- @param desc a description (`nac.arch`)
-- @param o checked options (`nac.bops`)
-- @return list of {layer=, kind=, bops=}, list of notes or nil
function M.describe(desc, o)
  local kind = o.model_type or model_type(desc)
  if kind ~= "mlp" and kind ~= "block" then error(("nac.bops: snac-pack counts model types mlp and block, not '%s'"):format(kind), 0) end
  return (kind == "mlp" and mlp or block)(desc, o.weight_bits)
end

return M
