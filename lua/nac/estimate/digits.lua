--- How many additions a constant weight costs before it is known.
local M = {}

--- Non-zero digits of an integer in canonical signed digit form (Reitwiesner 1960):
-- neighbours are never both non-zero. They are where n and 3 n differ, in binary.
-- @param n an integer
-- @return a count
function M.of(n)
  n = n < 0 and -n or n
  local differ, count = n ~ 3 * n, 0
  while differ ~= 0 do
    differ = differ & (differ - 1)
    count = count + 1
  end
  return count
end

-- Deviation of a trained weight in steps of 2^-fraction_bits: 1/sqrt(fan_in), but at least 1.5
-- steps. Where it came below, most weights would be zero, and a network that works at this
-- width has spread them further.
local function deviation_of(fan_in, fraction_bits) return math.max(1.5, 2.0 ^ fraction_bits / math.sqrt(fan_in)) end

local known = {}

--- Expected non-zero digits of a trained weight: normally distributed with
-- deviation 1/sqrt(fan_in), at least 1.5 steps of 2^-fraction_bits, rounded to
-- such steps, saturated at `bits` bits.
-- @param fan_in inputs of the layer
-- @param bits width of the weight, in bits
-- @param fraction_bits of these, after the binary point
-- @return a number, 0 to about bits / 2
function M.expected(fan_in, bits, fraction_bits)
  local key = fan_in << 16 | bits << 8 | fraction_bits + 128
  if known[key] then return known[key] end
  local deviation = deviation_of(fan_in, fraction_bits)
  local top = 2.0 ^ (bits - 1) - 1
  -- Beyond some size the digits per bit are those of random integers (1/3).
  local shift = math.max(0, math.ceil(math.log(deviation / 64, 2)))
  deviation, top = deviation / 2 ^ shift, math.max(1, top / 2 ^ shift)
  local sum, weight = 0, 0.5 -- zero counts half: only one side is summed
  for n = 1, math.floor(math.min(top, 4 * deviation + 1)) do
    local p = math.exp(-0.5 * (n / deviation) ^ 2)
    sum, weight = sum + p * M.of(n), weight + p
  end
  known[key] = sum / weight + shift / 3
  return known[key]
end

--- Whether HLS takes a multiplier for a product with a constant: it makes those of one or two
-- digits of shifts and an addition.
-- @param n the constant, an integer
function M.multiplied(n) return M.of(n) >= 3 end

local multipliers = {}

--- Expected multipliers of a layer whose products are all made at once: one for each input and
-- each different constant of three digits or more that it is multiplied with.
-- @param fan_in, bits, fraction_bits as in `expected`
-- @param fan_out outputs of the layer
-- @param density part of the weights that is not zero
-- @return a number, at most fan_in fan_out density
function M.multipliers(fan_in, fan_out, bits, fraction_bits, density)
  local key = ("%d %d %d %d %.4f"):format(fan_in, fan_out, bits, fraction_bits, density)
  if multipliers[key] then return multipliers[key] end
  local deviation, top = deviation_of(fan_in, fraction_bits), 2.0 ^ (bits - 1) - 1
  -- Constants of more than 9 bits hardly ever meet twice, and nearly all have three digits.
  if deviation > 256 then
    multipliers[key] = fan_in * fan_out * density
    return multipliers[key]
  end
  local all, p = 1, {}
  local last = math.floor(math.min(top, 4 * deviation + 1))
  for n = 1, last do
    p[n] = math.exp(-0.5 * (n / deviation) ^ 2)
    all = all + 2 * p[n]
  end
  local expected = 0
  for n = 1, last do
    -- Zeros of `density` are beside those of the distribution: pruned weights are the small ones.
    if M.multiplied(n) then expected = expected + 2 * (1 - (1 - p[n] / all) ^ fan_out) end
  end
  multipliers[key] = math.min(fan_in * expected, fan_in * fan_out * density)
  return multipliers[key]
end

return M
