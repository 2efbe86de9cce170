--- `nac`: as NAC counted in its published state, and the parts that `nac-2024`
-- shares with it. Formulas in docs/bops.md; p is the sparsity.
local blocks = require "nac.blocks"

local M = { bits = 32, fixed_bits = true }

local log2 = function(x) return math.log(x, 2) end

local function linear(n_in, n_out, o)
  local b = o.weight_bits
  return n_in * n_out * ((1 - o.sparsity) * b * b + 2 * b + log2(n_in))
end

-- Multiplies by all input pixels, and takes the output as 2 smaller for any kernel.
local function convolution(c_in, c_out, h, w, k, o)
  local b = o.weight_bits
  local inputs, outputs = c_in * h * w, c_out * (w - 2) ^ 2
  return outputs * inputs * k * k * ((1 - o.sparsity) * b * b + 2 * b + log2(inputs * k * k))
end

local function product(rows, columns, b) return columns ^ 2 * (rows * b * b + (rows - 1) * b) end

-- Attention over c channels of an h x w image; `batch` enters the softmax only.
local function attention(c, hidden, h, w, batch, o)
  local pixels, b = h * w, o.weight_bits
  local convs = 3 * convolution(c, hidden, h, w, 1, o) + convolution(c, c, h, w, 1, o)
  local softmax = batch * (1.5 * pixels ^ 2 * (b - 1) + pixels * (pixels - 1) + pixels ^ 2)
  -- The matrix products were always counted at 32 bits.
  return convs + softmax + product(pixels, c, 32) + product(c, c, 32)
end

-- The pooling term reduces over channels, not over the n elements of the set.
local function pooling(n, width, aggregation, b)
  local elements = n * width
  local memory = elements * log2(elements)
  if aggregation == "max" then return (n - 1) * width * b + memory end
  return (width - 1) * n * b + n * log2(n) * b + memory
end

local function dense_rows(rows, name, widths, o)
  for i = 1, #widths - 1 do
    rows[#rows + 1] = { layer = ("%s.%d"):format(name, i), kind = "dense", bops = linear(widths[i], widths[i + 1], o) }
  end
end

local count = {}

function count.MLP(rows, c, _, o) dense_rows(rows, c.name, c.params.widths, o) end

function count.Conv(rows, c, shape, o)
  local p, h, w = c.params, shape[1], shape[2]
  for i, k in ipairs(p.kernels) do
    rows[#rows + 1] = {
      layer = ("%s.%d"):format(c.name, i), kind = "conv", bops = convolution(p.channels[i], p.channels[i + 1], h, w, k, o),
    }
    h, w = w - 2, w - 2
  end
end

function count.ConvAttn(rows, c, shape, o)
  rows[#rows + 1] = {
    layer = c.name, kind = "attention",
    bops = attention(shape[3], c.params.hidden_channels, shape[1], shape[2], o.batch or 256, o),
  }
end

function count.DeepSets(rows, c, shape, o)
  local p = c.params
  if o.count_phi then dense_rows(rows, c.name .. ".phi", p.phi.widths, o) end
  local width = p.phi.widths[#p.phi.widths]
  rows[#rows + 1] = { layer = c.name .. ".pool", kind = "pool", bops = pooling(shape[1], width, p.aggregation, o.weight_bits) }
  dense_rows(rows, c.name .. ".rho", p.rho.widths, o)
end

--- Counts a description.
-- @param desc a description
-- @param o options; `batch` (256) is the batch size in the softmax term,
-- `count_phi` whether the layers of phi count
-- @return rows
function M.describe(desc, o)
  local rows, shape = {}, desc.input_shape
  for _, c in ipairs(desc.components) do
    if count[c.block_type] then count[c.block_type](rows, c, shape, o) end
    shape = assert(blocks.find(c.block_type).shape(c.params, shape))
  end
  return rows
end

return M
