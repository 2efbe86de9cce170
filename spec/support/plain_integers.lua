--- Rounding and overflow of number formats in plain Lua integers, for specs that evaluate integer graphs a second time.
local M = {}

--- Numbers that were out of range, since they were set to 0: { wrapped =, saturated = }.
M.counts = { wrapped = 0, saturated = 0 }

--- Sets the counts to 0.
function M.reset() M.counts = { wrapped = 0, saturated = 0 } end

--- Whether a number with `rest` of 2^drop left over goes up from `down`.
function M.goes_up(mode, negative, down, rest, half)
  if mode == "TRN" or rest == 0 then return false end
  if mode == "TRN_ZERO" then return negative end
  if rest ~= half then return rest > half end
  if mode == "RND" then return true end
  if mode == "RND_ZERO" then return negative end
  if mode == "RND_INF" then return not negative end
  if mode == "RND_CONV" then return down % 2 == 1 end
  return false -- RND_MIN_INF
end

local function into_range(f, q)
  local most = 1 << (f.signed and f.width - 1 or f.width)
  local max, min = most - 1, f.signed and (f.overflow == "SAT_SYM" and 1 - most or -most) or 0
  if q >= min and q <= max then return q end
  local kind = f.overflow == "WRAP" and "wrapped" or "saturated"
  M.counts[kind] = M.counts[kind] + 1
  if f.overflow == "SAT_ZERO" then return 0 end
  if f.overflow ~= "WRAP" then return q > max and max or min end
  q = q % (1 << f.width)
  return f.signed and q >= most and q - (1 << f.width) or q
end

--- raw 2^-fraction in the format.
function M.convert(f, raw, fraction)
  local drop = fraction - f.fraction
  if drop <= 0 then return into_range(f, raw << -drop) end
  local down = raw // (1 << drop)
  local rest = raw - (down << drop)
  return into_range(f, M.goes_up(f.rounding, raw < 0, down, rest, 1 << (drop - 1)) and down + 1 or down)
end

return M
