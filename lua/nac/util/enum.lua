--- Enumerations: words from a fixed list, with a helpful refusal.
local M = {}

-- Edit distance (Levenshtein 1966) between two words, letter case ignored.
local function distance(a, b)
  a, b = a:lower(), b:lower()
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
      diagonal, row[j] = row[j], best
    end
  end
  return row[#b]
end

--- The entry of `list` nearest to `word`, or nil when none is near.
-- @param word a string
-- @param list a list of strings
-- @return the nearest entry (at most half of its letters away), or nil
function M.nearest(word, list)
  if #tostring(word) > 64 then return nil end -- no word of ours; comparing could take long
  local best, least
  for _, candidate in ipairs(list) do
    local d = distance(tostring(word), candidate)
    if not least or d < least then best, least = candidate, d end
  end
  if best and least <= math.max(1, #best // 2) then return best end
  return nil
end

--- A word cut to a length that a message can show.
-- @param value what was given
-- @return a string of about 60 letters at most
function M.shown(value)
  local text = tostring(value)
  return #text > 60 and text:sub(1, utf8.offset(text, 0, 58) - 1) .. "..." or text
end

--- "unknown WHAT 'relo'; allowed: relu, tanh; nearest: relu"
-- @param value what was given
-- @param list the allowed words
-- @param what the name of the thing, for the message
-- @return the message
function M.refusal(value, list, what)
  local near = type(value) == "string" and M.nearest(value, list)
  return ("unknown %s '%s'; allowed: %s%s"):format(
    what, M.shown(value), table.concat(list, ", "), near and "; nearest: " .. near or "")
end

--- Returns `value` when it is in `list`, raises a refusal otherwise.
-- @param value the word to check
-- @param list the allowed words
-- @param what the name of the thing, for the message
-- @param[opt=1] level whose line the error shows, as in `error`
function M.check(value, list, what, level)
  for _, allowed in ipairs(list) do
    if value == allowed then return value end
  end
  error(M.refusal(value, list, what), (level or 1) + 1)
end

return M
