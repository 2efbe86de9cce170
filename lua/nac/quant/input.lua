--- The format that raw inputs arrive in: named by the user, or chosen from the data.
local cquant = require "nac.c.quant"
local tensor = require "nac.tensor"

local M = {}

local MOST_BITS = 32 -- of a format that is chosen
local SPARE = 2 -- of its bits after the point lie below the last bit that the net's own format keeps

local is_format = getmetatable(cquant.format "ap_fixed<8,3>")

local function integer_text(bits, signed) return ("ap_%sint<%d>"):format(signed and "" or "u", bits) end

-- A format whose numbers are rounded to the nearest and held at the ends of the range.
local function gentle(width, integer, signed)
  return cquant.format { width = width, integer = integer, signed = signed, rounding = "RND_CONV", overflow = "SAT" }
end

--- Reads what a user says.
-- @param input "ap_int<16>", "ap_uint<12>", "ap_fixed<16,6>" (without modes: numbers in between are rounded to the
-- nearest, those beyond stay at the ends), "ap_fixed<16,6,AP_TRN,AP_WRAP>", or a format
-- @return a format, its type in C++; raises a text without a position
function M.read(input)
  if debug.getmetatable(input) == is_format then return input, (tostring(input):gsub(",", ", ")) end
  if type(input) ~= "string" then
    error(("input: a type like \"ap_int<16>\" or \"ap_fixed<16,6>\" expected, got %s"):format(type(input)), 0)
  end
  local prefix, bits = input:match "^%s*ap_(u?)int%s*<%s*(%d+)%s*>%s*$"
  if bits then
    local n = math.tointeger(tonumber(bits))
    if n < 1 or n > 64 then error(("input: ap_int has 1 to 64 bits, got %s"):format(input), 0) end
    return gentle(n, n, prefix == ""), integer_text(n, prefix == "")
  end
  local known, format = pcall(cquant.format, input)
  if not known then error("input: " .. tostring(format):gsub("^.-:%d+: ", ""), 0) end
  if input:match "^[^,]*,[^,]*$" then format = gentle(format.width, format.integer, format.signed) end
  return format, ("ap_%sfixed<%d, %d>"):format(format.signed and "" or "u", format.width, format.integer)
end

-- Bits before the point of [lo, hi], the sign among them if lo < 0.
local function whole_bits(lo, hi)
  local bits = 0
  while hi >= 2.0 ^ bits or -lo > 2.0 ^ bits do bits = bits + 1 end
  return bits + (lo < 0 and 1 or 0)
end

-- The least step that the net's first format can see in raw units, and the range of its numbers there.
local function needs(net, layer)
  local formats = net:quantiser(2)
  local step, lo, hi = math.huge, math.huge, -math.huge
  for _, f in ipairs(formats) do step = math.min(step, f.step) end
  local offset, scale = net:tensor(layer.name .. ".offset"):totable(), net:tensor(layer.name .. ".scale"):totable()
  local most = 0
  for i, s in ipairs(scale) do
    most = math.max(most, math.abs(s))
    for _, f in ipairs(formats) do
      for _, end_ in ipairs { f.min, f.max } do
        local x = offset[i] + (s ~= 0 and end_ / s or 0)
        lo, hi = math.min(lo, x), math.max(hi, x)
      end
    end
  end
  return most > 0 and step / most or 1, lo, hi
end

--- Whether a net takes raw units: a standardize layer reads them, and what it gives has a number format.
-- @param net a quantised net
function M.is_raw(net)
  local first = net:layers()[1]
  return first ~= nil and first.kind == "standardize" and first.inputs[1] == 1 and net:quantiser(1) == nil and
    net:quantiser(2) ~= nil and net:quantiser(2)[1] ~= nil
end

--- The type for the inputs of a net that takes raw units: integers where all samples are, of as many bits as
-- they take; else fixed point over the samples' range (without samples: over the range that the net can tell
-- apart), two bits finer than what the net rounds them to, at most 32 bits.
-- @param net a quantised net with a standardize layer in front
-- @param[opt] x f32 tensor of samples
-- @return the type in C++
function M.choose(net, x)
  local step, lo, hi = needs(net, net:layers()[1])
  if tensor.is(x) and x:numel() > 0 then
    lo, hi = x:min(), x:max()
    if x:equal(x:round()) and whole_bits(lo, hi) <= MOST_BITS then return integer_text(math.max(1, whole_bits(lo, hi)), lo < 0) end
  end
  local whole = math.min(whole_bits(lo, hi), MOST_BITS)
  local fraction = math.min(math.ceil(-math.log(step, 2)) + SPARE, MOST_BITS - whole)
  return ("ap_%sfixed<%d, %d>"):format(lo < 0 and "" or "u", math.max(1, whole + fraction), whole)
end

return M
