--- The weights of a net in a file: every parameter and buffer of `net:tensors()`
-- as an array of an npz file, under its name.
local npz = require "nac.c.npz"

local M = {}

--- Writes the tensors of a net (temporary name, then rename; equal weights give
-- equal bytes).
-- @param net anything with tensors() -> list of { name =, role =, tensor = }
-- @param path of the .npz file
-- @return true; or nil and a message
function M.save(net, path) return npz.write(path, net:tensors()) end

local function shape_text(t)
  local shape = t:shape()
  return #shape == 0 and "scalar" or table.concat(shape, "x")
end

local function equal_shape(a, b) return shape_text(a) == shape_text(b) end

-- All differences between the net and the file, one text each.
local function differences(wanted, arrays, names)
  local found, known = {}, {}
  for _, entry in ipairs(wanted) do
    local array = arrays[entry.name]
    known[entry.name] = true
    if not array then
      found[#found + 1] = ("%s (%s) is missing"):format(entry.name, shape_text(entry.tensor))
    elseif not equal_shape(array, entry.tensor) then
      found[#found + 1] = ("%s is %s, the net needs %s"):format(entry.name, shape_text(array), shape_text(entry.tensor))
    elseif array:dtype() ~= entry.tensor:dtype() and array:dtype():sub(1, 1) ~= "f" then
      found[#found + 1] = ("%s holds %s, the net needs %s"):format(entry.name, array:dtype(), entry.tensor:dtype())
    end
  end
  for _, name in ipairs(names) do
    if not known[name] then found[#found + 1] = ("%s is not in the net"):format(name) end
  end
  return found
end

--- Reads the tensors of a net. The net is changed only when every name and shape
-- agrees; the message lists all that do not.
-- @param net anything with tensors() -> list of { name =, role =, tensor = }
-- @param path of the .npz file
-- @return true; or nil and a message
function M.load(net, path)
  local arrays, names = npz.read(path)
  if not arrays then return nil, names end
  local wanted = net:tensors()
  local found = differences(wanted, arrays, names)
  if #found > 0 then return nil, ("%s does not fit the net: %s"):format(path, table.concat(found, "; ")) end
  for _, entry in ipairs(wanted) do entry.tensor:copy(arrays[entry.name]) end
  return true
end

return M
