--- What the weights of a built net cost, once they are known: digits, zeros, and reuse
-- groups without a weight, instead of what is expected of trained weights.
local digits = require "nac.estimate.digits"

local M = {}

-- The formats of a place of the net: list, and how many elements in a row share one; nil where there are none.
local function formats(net, place)
  local list, scale, inner = net:quantiser(place)
  if list and scale == 0 then return list, inner end
end

local function widest(list)
  local width = 0
  for _, format in ipairs(list) do width = math.max(width, format.width) end
  return width
end

-- Elements as raw integers: in the net's own formats, else on the grid of the options, saturated.
local function raw_numbers(tensor, list, inner, hw, name)
  local flat = tensor:contiguous():reshape({ tensor:numel() }):totable()
  for e, x in ipairs(flat) do
    if x ~= x then error(("nac.estimate: element %d of '%s' is NaN"):format(e, name), 0) end
  end
  if list then
    for e, x in ipairs(flat) do flat[e] = list[(e - 1) // inner % #list + 1]:raw(x) end
    return flat
  end
  local steps, top = 2.0 ^ (hw.bits - hw.int_bits), 2.0 ^ (hw.bits - 1)
  for e, x in ipairs(flat) do
    flat[e] = math.tointeger(math.max(-top, math.min(top - 1, math.floor(x * steps + 0.5))))
  end
  return flat
end

local function reader(raw, fan_in)
  local known = { nonzero = 0, digits = 0, busiest = 0, multipliers = 0 }
  local seen = {} -- products of an input that are there already
  for first = 1, #raw, fan_in do
    local here = 0
    for e = first, first + fan_in - 1 do
      if raw[e] ~= 0 then
        known.nonzero = known.nonzero + 1
        here = here + digits.of(raw[e])
        local product = raw[e] * fan_in + (e - first)
        if digits.multiplied(raw[e]) and not seen[product] then
          seen[product], known.multipliers = true, known.multipliers + 1
        end
      end
    end
    known.digits, known.busiest = known.digits + here, math.max(known.busiest, here)
  end
  --- Multipliers that a reuse factor leaves: groups of so many weights of a row that are not all zero.
  function known.groups(factor)
    local count = 0
    for first = 1, #raw, factor do
      for e = first, math.min(#raw, first + factor - 1) do
        if raw[e] ~= 0 then
          count = count + 1
          break
        end
      end
    end
    return count
  end
  return known
end

-- The width of what a layer reads, where the net says it. Layers that move numbers (flatten,
-- pooling) have no format of their own: what they read counts.
local function input_bits(net, layers, index)
  while index > 0 do
    local value = layers[index].inputs[1]
    local list = formats(net, value)
    if list then return widest(list) end
    index = value - 1 -- value 1 is the input, value i + 1 what layer i gives
  end
end

--- The weights of each layer that has some.
-- @param net a net; without weights the answer is empty
-- @param terms its cost terms
-- @param hw checked options; `hw.weights_known`: weights without number formats count too,
-- rounded to `precision`
-- @return {[layer name] = {nonzero=, digits=, busiest= (most digits of one output), multipliers =
-- (different products of an input with a constant of three digits or more), groups =
-- function(reuse factor), weight_bits=, bits= (of the input) where the net has formats}}
function M.known(net, terms, hw)
  local out = {}
  if type(net) ~= "userdata" or not net:built() then return out end
  local layers, index = net:layers(), {}
  for i, layer in ipairs(layers) do index[layer.name] = i end
  for _, term in ipairs(terms) do
    if term.op == "matmul_const" then
      local list, inner = formats(net, term.weight)
      if list or hw.weights_known then
        local known = reader(raw_numbers(net:tensor(term.weight), list, inner, hw, term.weight), term.fan_in)
        known.weight_bits = list and widest(list) or hw.bits
        known.bits = list and input_bits(net, layers, index[term.layer]) or nil
        out[term.layer] = known
      end
    end
  end
  return out
end

return M
