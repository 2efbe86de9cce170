--- The state of a training in a file: an npz of its tensors and, as bytes, the
-- JSON of its numbers, which are exact. Written under a temporary name and
-- renamed, so that the file is a whole state at any moment.
local json = require "nac.util.json"
local npz = require "nac.c.npz"
local tensor = require "nac.tensor"

local M = {}

local VERSION = 1
local PREFIX = "optimizer."

-- Moves tensors from `from` to the list of arrays and other values to `rest`.
local function part(from, prefix, arrays, rest)
  for key, value in pairs(from) do
    if tensor.is(value) then
      arrays[#arrays + 1] = { name = prefix .. key, tensor = value }
    else
      rest[key] = value
    end
  end
end

--- Writes a state.
-- @param path of the file
-- @param state what `run:state()` gives
-- @return true; or nil and a message
function M.write(path, state)
  local arrays, rest, optimizer = {}, {}, {}
  part(state, "", arrays, rest)
  part(state.optimizer, PREFIX, arrays, optimizer)
  rest.optimizer, rest.version = optimizer, VERSION
  table.sort(arrays, function(a, b) return a.name < b.name end)
  local text = json.encode(rest)
  local bytes = {}
  for i = 1, #text do bytes[i] = text:byte(i) end
  arrays[#arrays + 1] = { name = "state.json", tensor = tensor.new(bytes, "u8") }
  return npz.write(path, arrays)
end

--- Reads a state.
-- @param path of the file
-- @return a state for `run:load_state`; or nil and a message
function M.read(path)
  local arrays, message = npz.read(path)
  if not arrays then return nil, message end
  local bytes = arrays["state.json"]
  if not bytes or bytes:dtype() ~= "u8" then return nil, path .. " holds no state of a training" end
  local letters = {}
  for i = 1, bytes:numel() do letters[i] = string.char(bytes:get(i)) end
  local state, why = json.decode(table.concat(letters))
  if type(state) ~= "table" or type(state.optimizer) ~= "table" then
    return nil, ("%s holds no state of a training: %s"):format(path, why or "not a table of one")
  end
  if state.version ~= VERSION then
    return nil, ("%s is a state of version %s; this program reads version %d"):format(path, tostring(state.version), VERSION)
  end
  for name, array in pairs(arrays) do
    local slot = name:sub(1, #PREFIX) == PREFIX and name:sub(#PREFIX + 1)
    if slot then
      state.optimizer[slot] = array
    elseif name ~= "state.json" then
      state[name] = array
    end
  end
  return state
end

return M
