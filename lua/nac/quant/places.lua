--- Which values of a net get a number format, and which of them are never negative.
--
-- The rule: a value is rounded where hardware would store it. The sum of a
-- product goes exactly into relu and the like, so only what comes out is rounded;
-- layers that move or choose numbers leave their formats as they are; functions
-- that are looked up in tables read a rounded number. The net's output (logits)
-- stays as the exact sum unless a format is asked for; where a function by table gives it,
-- it is rounded as any other value.
local M = {}

local function set(text)
  local found = {}
  for word in text:gmatch("%S+") do found[word] = true end
  return found
end

local moving = set "flatten reshape permute slice concat identity dropout max_pool global_max_pool"
local direct = set "relu leaky_relu hard_tanh"
local exact_sum = set "dense conv1d conv2d"
local never_negative = set "relu sigmoid hard_sigmoid softmax"
local keeps_sign = set "avg_pool global_avg_pool aggregate add mul matmul"
local head = set "softmax log_softmax sigmoid"
local tabled = set "elu gelu hard_sigmoid sigmoid silu softplus tanh"

--- Whether a layer multiplies with weights.
function M.is_product(layer) return exact_sum[layer.kind] or false end

--- Whether a layer adds a bias to products: with weights, or of normalised numbers.
function M.has_bias(layer) return exact_sum[layer.kind] and layer.attrs.bias or layer.kind == "layernorm" end

--- Whether a layer only moves or chooses numbers.
function M.moves(layer) return moving[layer.kind] or layer.kind == "aggregate" and layer.attrs.func == "max" end

local function readers_of(layers)
  local readers = {}
  for value = 1, #layers + 1 do readers[value] = {} end
  for i, layer in ipairs(layers) do
    for _, value in ipairs(layer.inputs) do table.insert(readers[value], i) end
  end
  return readers
end

-- The values that end the net and are read by nothing else: its output, what a softmax or sigmoid at the end reads, and
-- what comes there through layers that only move numbers.
local function outputs_of(layers, readers)
  local last = #layers
  local found = { [last + 1] = true }
  for value = last, 1, -1 do
    local only = #readers[value] > 0
    for _, i in ipairs(readers[value]) do only = only and found[i + 1] and (M.moves(layers[i]) or i == last and head[layers[i].kind]) end
    found[value] = only or nil
  end
  return found
end

-- Whether all that reads a sum, through layers that move numbers, takes it exactly.
local function read_exactly(value, layers, readers)
  for _, i in ipairs(readers[value]) do
    local layer = layers[i]
    if not (direct[layer.kind] or M.moves(layer) and read_exactly(i + 1, layers, readers)) then return false end
  end
  return #readers[value] > 0
end

-- Bits after the point that softmax and its logarithm take (SOFTMAX_FRACTION of core/igraph/build_table.c), where they read a
-- value, also through layers that move numbers; or nil.
local function most_fraction(value, layers, readers)
  for _, i in ipairs(readers[value]) do
    local kind = layers[i].kind
    if kind == "softmax" or kind == "log_softmax" or M.moves(layers[i]) and most_fraction(i + 1, layers, readers) then return 12 end
  end
end

-- Value -> true where no number can be below 0.
local function non_negative(layers)
  local found = {}
  for i, layer in ipairs(layers) do
    local all = #layer.inputs > 0
    for _, value in ipairs(layer.inputs) do all = all and found[value] end
    found[i + 1] = never_negative[layer.kind] or all and (M.moves(layer) or keeps_sign[layer.kind]) or false
  end
  return found
end

--- The values to be rounded.
-- @param layers of the net
-- @return list of { value =, role = "input" | "activations" | "output", layer = the
-- layer that gives it (nil: the input), unsigned = never negative, most_fraction = bits after the point that its readers
-- can take, where there is a limit }, in order
function M.values(layers)
  local readers, unsigned = readers_of(layers), non_negative(layers)
  local outputs = outputs_of(layers, readers)
  local list = {}
  local scaled = #readers[1] > 0 -- raw units before a standardize layer are not rounded; what it gives is
  for _, i in ipairs(readers[1]) do scaled = scaled and layers[i].kind == "standardize" end
  if not scaled then list[1] = { value = 1, role = "input", most_fraction = most_fraction(1, layers, readers) } end
  for i, layer in ipairs(layers) do
    local value = i + 1
    local is_head = i == #layers and head[layer.kind]
    local is_end = outputs[value] and (is_head or not tabled[layer.kind])
    local entry = { value = value, layer = layer, unsigned = unsigned[value], role = is_end and "output" or "activations",
      most_fraction = most_fraction(value, layers, readers) }
    local passes = M.moves(layer) or exact_sum[layer.kind] and not outputs[value] and read_exactly(value, layers, readers)
    if layer.kind == "standardize" and layer.inputs[1] == 1 and scaled then entry.role = "input" end
    if not passes then list[#list + 1] = entry end
  end
  return list
end

--- The value that the numbers of a value come from, through layers that only move them (their first input).
function M.source(value, layers)
  while value > 1 and M.moves(layers[value - 1]) do value = layers[value - 1].inputs[1] end
  return value
end

return M
