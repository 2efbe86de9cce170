--- Checks of data that come from a user's own code.
local c_tensor = require "nac.c.tensor"

local M = {}

local function shape_text(t) return table.concat(t:shape(), "x") end

local function is_tensor(v) return type(v) == "userdata" and getmetatable(v).__name == "nac.tensor" end

local function to_tensor(value, name, dtype)
  if is_tensor(value) then return value end
  if type(value) ~= "table" then return nil, ("%s must be a tensor or a table of numbers, got %s"):format(name, type(value)) end
  local ok, t = pcall(c_tensor.new, value, dtype)
  if not ok then return nil, ("%s: %s"):format(name, t) end
  return t
end

local function finite(x, name)
  if x:isfinite() then return true end
  local first, last = 1, x:size(1)
  while first < last do -- halves the rows until one is left
    local middle = (first + last) // 2
    if x:slice(1, first, middle):isfinite() then first = middle + 1 else last = middle end
  end
  return nil, ("%s holds values that are not finite (nan or inf), the first in sample %d"):format(name, first)
end

local function classes(value, name)
  local y, message = to_tensor(value, name, "f64")
  if not y then return nil, message end
  local shape = y:shape()
  if #shape ~= 1 then
    return nil, ("%s must hold one class a sample, shape (N), got %s%s"):format(name, shape_text(y),
      #shape == 2 and "; one-hot labels: give the classes, y:argmax(2) - 1" or "")
  end
  local ok, why = finite(y, name)
  if not ok then return nil, why end
  local fits, as_integers = pcall(y.to, y, "i32")
  if not fits then return nil, ("%s: classes are integers from 0; %s"):format(name, as_integers) end
  local back <close> = as_integers:to("f64")
  local before <close> = y:to("f64")
  if not back:equal(before) then return nil, name .. ": classes are integers from 0, some are not whole" end
  if as_integers:numel() > 0 and as_integers:min() < 0 then
    return nil, ("%s: classes are integers from 0, one is %d"):format(name, as_integers:min())
  end
  return as_integers
end

local function targets(value, name)
  local y, message = to_tensor(value, name, "f32")
  if not y then return nil, message end
  y = y:to("f32")
  local ok, why = finite(y, name)
  if not ok then return nil, why end
  local shape = y:shape()
  if #shape == 1 then y = y:reshape { shape[1], 1 } end
  return y
end

--- One half of a data set: x f32 [N, ...], and y as i32 classes or f32 targets.
-- @param x tensor or nested table
-- @param y tensor or nested table
-- @param names their names for messages, { "x_train", "y_train" }
-- @param task "classification" or "regression"
-- @return x, y; or nil and a message without the file's name
function M.half(x, y, names, task)
  local inputs, message = to_tensor(x, names[1], "f32")
  if not inputs then return nil, message end
  local shape = inputs:shape()
  if #shape < 2 then
    return nil, ("%s must have the shape (N, ...), got %s"):format(names[1], #shape == 0 and "a scalar" or shape_text(inputs))
  end
  if shape[1] == 0 then return nil, names[1] .. " holds no samples" end
  inputs = inputs:to("f32")
  local ok, why = finite(inputs, names[1])
  if not ok then return nil, why end
  local outputs
  if task == "regression" then outputs, message = targets(y, names[2]) else outputs, message = classes(y, names[2]) end
  if not outputs then return nil, message end
  local n = outputs:shape()[1]
  if n ~= shape[1] then
    return nil, ("%s holds %d samples, but %s %d"):format(names[1], shape[1], names[2], n)
  end
  return inputs, outputs
end

--- Numbers of the groups that samples belong to.
-- @param value tensor or list of integers
-- @param n number of samples
-- @return i32 tensor [n]; or nil and a message
function M.groups(value, n)
  local groups, message = to_tensor(value, "groups", "i32")
  if not groups then return nil, message end
  if groups:dtype() ~= "i32" then return nil, "groups: numbers of groups are integers, got " .. groups:dtype() end
  local shape = groups:shape()
  if #shape ~= 1 or shape[1] ~= n then
    return nil, ("groups must hold one number a training sample, shape (%d), got %s"):format(n, shape_text(groups))
  end
  return groups
end

--- The shape of one sample.
function M.sample_shape(x)
  local shape = x:shape()
  table.remove(shape, 1)
  return shape
end

return M
