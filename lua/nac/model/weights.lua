--- The weights of a net in an npz file: every parameter and buffer of
-- `net:tensors()` as an array under its name, and the mask of a pruned parameter
-- as a u8 array "<parameter>.mask".
local npz = require "nac.c.npz"

local M = {}

--- The mask of an entry of net:tensors(), or nil where nothing is pruned.
function M.mask_of(net, entry) return entry.role == "parameter" and net.mask and net:mask(entry.name) or nil end

--- Writes the tensors of a net (temporary name, then rename; equal weights give
-- equal bytes).
-- @param net anything with tensors() -> list of { name =, role =, tensor = }
-- @param path of the .npz file
-- @return true; or nil and a message
function M.save(net, path)
  local list = net:tensors()
  for i = 1, #list do
    local mask = M.mask_of(net, list[i])
    if mask then list[#list + 1] = { name = list[i].name .. ".mask", tensor = mask } end
  end
  return npz.write(path, list)
end

--- "2x3" of a tensor, or "scalar".
function M.shape_text(t)
  local shape = t:shape()
  return #shape == 0 and "scalar" or table.concat(shape, "x")
end

local shape_text = M.shape_text

--- All differences between what a net needs and arrays, one text each.
-- @param wanted list of { name =, tensor = } of the net
-- @param arrays { name = tensor }
-- @param names of the arrays, in order
-- @return list of texts; empty when all fit
function M.differences(wanted, arrays, names)
  local found, known = {}, {}
  for _, entry in ipairs(wanted) do
    local array = arrays[entry.name]
    known[entry.name] = true
    if not array then
      found[#found + 1] = ("%s (%s) is missing"):format(entry.name, shape_text(entry.tensor))
    elseif shape_text(array) ~= shape_text(entry.tensor) then
      found[#found + 1] = ("%s is %s, the net needs %s"):format(entry.name, shape_text(array), shape_text(entry.tensor))
    elseif array:dtype() ~= entry.tensor:dtype() and array:dtype():sub(1, 1) ~= "f" then
      found[#found + 1] = ("%s holds %s, the net needs %s"):format(entry.name, array:dtype(), entry.tensor:dtype())
    end
    local mask = entry.role == "parameter" and arrays[entry.name .. ".mask"]
    if mask then
      known[entry.name .. ".mask"] = true
      if mask:dtype() ~= "u8" or shape_text(mask) ~= shape_text(entry.tensor) then
        found[#found + 1] = ("%s.mask is %s %s, the net needs u8 %s"):format(entry.name, mask:dtype(), shape_text(mask), shape_text(entry.tensor))
      end
    end
  end
  for _, name in ipairs(names) do
    if not known[name] then found[#found + 1] = ("%s is not in the net"):format(name) end
  end
  return found
end

--- Copies arrays into a net, if all of them fit.
-- @param net a net with weights
-- @param arrays { name = tensor }
-- @param names of the arrays, in order
-- @param path for messages
-- @return true; or nil and a message that lists what does not fit
function M.put(net, arrays, names, path)
  local wanted = net:tensors()
  local found = M.differences(wanted, arrays, names)
  if #found > 0 then return nil, ("%s does not fit the net: %s"):format(path, table.concat(found, "; ")) end
  for _, entry in ipairs(wanted) do
    entry.tensor:copy(arrays[entry.name])
    local mask = arrays[entry.name .. ".mask"]
    if entry.role == "parameter" and (mask or net.mask and net:mask(entry.name)) then net:set_mask(entry.name, mask) end
  end
  return true
end

--- Reads the tensors of a net. The net is changed only when every name and shape
-- agrees; the message lists all that do not.
-- @param net anything with tensors() -> list of { name =, role =, tensor = }
-- @param path of the .npz file
-- @return true; or nil and a message
function M.load(net, path)
  local arrays, names = npz.read(path)
  if not arrays then return nil, names end
  return M.put(net, arrays, names, path)
end

return M
