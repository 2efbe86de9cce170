--- Words of C++ that generated firmware is made of: number types, arrays of integers.
local M = {}

--- Bits of a signed integer type that holds lo to hi.
function M.signed_bits(lo, hi)
  local bits = 1
  while bits < 64 and (lo < -(1 << (bits - 1)) or hi > (1 << (bits - 1)) - 1) do bits = bits + 1 end
  return bits
end

--- Bits of an unsigned integer type that holds 0 to hi.
function M.unsigned_bits(hi)
  local bits = 1
  while bits < 63 and hi >> bits > 0 do bits = bits + 1 end
  return bits
end

--- The exact type of numbers with so many bits.
-- @param bits of the raw integers
-- @param fraction bits after the binary point
-- @param signed whether they may be negative
-- @return "ap_fixed<8, 3>"
function M.fixed(bits, fraction, signed)
  return ("ap_%sfixed<%d, %d>"):format(signed and "" or "u", bits, bits - fraction)
end

--- The type of an operation's results: the format that they were rounded to, or as many bits as
-- they can take.
function M.value_type(op)
  if op.formats and #op.formats == 1 then return (tostring(op.formats[1]):gsub(",", ", ")) end
  return M.fixed(op.bits, op.fraction, op.min < 0)
end

local function literal(x)
  if x == math.mininteger then return "(-9223372036854775807LL - 1)" end
  return tostring(x)
end
M.literal = literal

--- Integers as the lines of an initialiser, at most 100 columns wide.
function M.lines(values)
  local lines, line = {}, " "
  for i, x in ipairs(values) do
    local word = " " .. literal(x) .. (i < #values and "," or "")
    if #line + #word > 100 then
      lines[#lines + 1], line = line, " "
    end
    line = line .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local function header(name, values, comment, includes, of)
  local guard = ("NAC_%s_H"):format(name:upper())
  return ("// %s\n#ifndef %s\n#define %s\n\n%sstatic const %s %s[%d] = {\n%s\n};\n\n#endif\n"):format(comment, guard, guard, includes, of, name,
    #values, M.lines(values))
end

--- A constant array of signed integers, as narrow as they allow.
-- @param name of the array
-- @param values list of integers
-- @param comment what it holds
-- @return { name =, type =, text = the header file }
function M.array(name, values, comment)
  local lo, hi = 0, 0
  for _, x in ipairs(values) do lo, hi = math.min(lo, x), math.max(hi, x) end
  local of = ("ap_int<%d>"):format(M.signed_bits(lo, hi))
  return { name = name, type = of, text = header(name, values, comment, '#include "ap_int.h"\n\n', of) }
end

--- The numbers that raw integers stand for, as text with commas.
-- @param values list of integers
-- @param fraction bits after the binary point
function M.numbers(values, fraction)
  local list, unit = {}, 2.0 ^ -fraction
  for i, x in ipairs(values) do list[i] = ("%.17g"):format(x * unit) end
  return table.concat(list, ", ") .. "\n"
end

--- The same for places in other arrays.
function M.indices(name, values, comment)
  return { name = name, type = "unsigned", text = header(name, values, comment, "", "unsigned") }
end

return M
