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
  -- In steps. Where it came below 1.5 most weights would be zero, and a network
  -- that works at this width has spread them further.
  local deviation = math.max(1.5, 2.0 ^ fraction_bits / math.sqrt(fan_in))
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

return M
