--- Chooses the integer bits of a number format from the numbers that it will hold.
local cquant = require "nac.c.quant"
local enum = require "nac.util.enum"

local M = {}

local METHODS = { "mse", "minmax", "percentile" }
local DOWN = 6 -- integer bits below those of the range that mse looks at

-- Integer bits, the sign among them, with which |x| lies just below the greatest number.
local function bits_above(x, signed) return math.floor(math.log(x, 2)) + 1 + (signed and 1 or 0) end

local function format(options, integer)
  return cquant.format { width = options.total_bits, integer = integer, signed = options.signed,
    rounding = options.rounding or "RND_CONV", overflow = options.overflow or "SAT" }
end

-- The least integer bits with at most `allowed` numbers out of range.
local function least_bits(x, options, start, allowed)
  local function fits(integer)
    local rounded <close>, over = format(options, integer):apply(x)
    return rounded and over <= allowed
  end
  local integer = start
  while not fits(integer) and integer < start + 4 do integer = integer + 1 end
  while integer > start - 32 and fits(integer - 1) do integer = integer - 1 end
  return integer
end

local function mean_square_error(x, options, integer)
  local rounded <close> = format(options, integer):apply(x)
  local difference <close> = rounded - x
  local square <close> = difference * difference
  return square:mean()
end

--- Integer bits for the numbers of a tensor.
-- @param x f32 tensor, not empty
-- @param options `total_bits`; `signed` = whether a number is below 0; `rounding`, `overflow` as in a
--   format; `method`:
--
--   * "mse" (default): least mean square of the rounding and clipping errors
--   * "minmax": the least with which nothing is out of range
--   * "percentile": the least with which at most 1 - `percentile` (.999) of the numbers are
-- @return the integer bits, the sign among them where there is one; they may be
-- below 0 or above total_bits
function M.integer_bits(x, options)
  local method = enum.check(options.method or "mse", METHODS, "calibration method", 2)
  if x:numel() == 0 then error("calibration needs data: the tensor is empty", 2) end
  if not x:isfinite() then error("calibration needs finite numbers; there are infinities or NaNs", 2) end
  local least, most = x:min(), x:max()
  local signed = options.signed
  if signed == nil then signed = least < 0 end
  local o = { total_bits = options.total_bits, signed = signed, rounding = options.rounding, overflow = options.overflow }
  local reach = math.max(most, signed and -least or 0)
  if reach <= 0 then return signed and 1 or 0 end
  local start = bits_above(reach, signed)
  if method == "percentile" then
    return least_bits(x, o, start, (1 - (options.percentile or .999)) * x:numel())
  end
  -- an unsigned format cannot hold what is below 0, whatever its bits
  local range <close> = (not signed and least < 0) and x:clamp(0, nil) or x:clone()
  local top = least_bits(range, o, start, 0)
  if method == "minmax" then return top end
  local best, error_of_best = top, mean_square_error(x, o, top)
  for integer = top - 1, top - DOWN, -1 do
    local e = mean_square_error(x, o, integer)
    if e < error_of_best then best, error_of_best = integer, e end
  end
  return best
end

local FINER = 8 -- integer bits that a channel's or an element's format may lie below the tensor's

-- The least integer bits with which one number is in range: for a single number the square error is then least, too.
local function bits_of_number(x, o, most)
  local reach = math.abs(x)
  if reach == 0 or reach ~= reach then return most - FINER end
  local integer = math.min(most, bits_above(reach, o.signed))
  local _, over = format(o, integer):quantise(x)
  if over then return math.min(most, integer + 1) end
  if integer > most - FINER and not select(2, format(o, integer - 1):quantise(x)) then integer = integer - 1 end -- minus a power of two
  return math.max(integer, most - FINER)
end

--- Integer bits for each channel or each element of a tensor. None lies more than 8 bits below those of the whole
-- tensor, so that numbers near 0 do not ask for steps without end.
-- @param x f32 tensor, not empty
-- @param options as of `integer_bits`, with `signed`
-- @param per "channel": along the first dimension, which is that of the outputs in weights; "element"
-- @return list of integer bits, in the order of the elements
function M.each(x, options, per)
  local list = {}
  if per == "element" then
    local most = M.integer_bits(x, { total_bits = options.total_bits, signed = options.signed, method = "minmax", rounding = options.rounding,
      overflow = options.overflow })
    for i, number in ipairs(x:contiguous():reshape({ x:numel() }):totable()) do list[i] = bits_of_number(number, options, most) end
    return list
  end
  local most = M.integer_bits(x, options)
  for i = 1, x:size(1) do
    local channel = x:slice(1, i, i):contiguous()
    -- a channel may need more than the tensor does, where its outliers are few in the whole
    list[i] = channel:abs():max() > 0 and math.max(M.integer_bits(channel, options), most - FINER) or most - FINER
  end
  return list
end

return M
