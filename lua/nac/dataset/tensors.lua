--- Data sets from tensors, and from a user's loader: a Lua file that returns a
-- function(options, context) -> { x_train =, y_train =, x_test =, y_test = }.
local base = require "nac.dataset.base"
local check = require "nac.dataset.check"
local enum = require "nac.util.enum"
local fault = require "nac.util.fault"
local files = require "nac.util.file"
local hash = require "nac.c.hash"

local M = {}

local FIELDS = { "x_train", "y_train", "x_test", "y_test", "test", "task", "name", "n_classes", "seed", "source", "sha256", "groups" }

local function same_shape(a, b)
  for i = 1, math.max(#a, #b) do
    if a[i] ~= b[i] then return false end
  end
  return true
end

-- Known fields with known types.
local function check_fields(data)
  if type(data) ~= "table" then
    return nil, ("a table { x_train =, y_train =, x_test =, y_test = } expected, got %s"):format(type(data))
  end
  for key in pairs(data) do
    local ok, message = pcall(enum.check, key, FIELDS, "field", 0)
    if not ok then return nil, message end
  end
  local task = data.task or "classification"
  local ok, message = pcall(enum.check, task, { "classification", "regression" }, "task", -1)
  if not ok then return nil, message end
  if data.test ~= nil and type(data.test) ~= "function" then return nil, "test must be a function that returns x, y" end
  return task
end

-- x, y and the facts of the training half.
local function read_train(data)
  local task, message = check_fields(data)
  if not task then return nil, message end
  local x, y = check.half(data.x_train, data.y_train, { "x_train", "y_train" }, task)
  if not x then return nil, y end
  local facts = { task = task, shape = check.sample_shape(x) }
  if task == "classification" then
    facts.n_classes = y:max() + 1
    if data.n_classes ~= nil then
      if math.type(data.n_classes) ~= "integer" or data.n_classes < 2 then
        return nil, "n_classes must be an integer, 2 or more"
      end
      if facts.n_classes > data.n_classes then
        return nil, ("y_train holds class %d, but n_classes is %d: classes go from 0 to %d"):format(facts.n_classes - 1,
          data.n_classes, data.n_classes - 1)
      end
      facts.n_classes = data.n_classes
    elseif facts.n_classes < 2 then
      return nil, "y_train holds one class only"
    end
  else
    facts.output_shape = check.sample_shape(y)
  end
  if data.groups ~= nil then
    facts.groups, message = check.groups(data.groups, x:shape()[1])
    if not facts.groups then return nil, message end
  end
  return x, y, facts
end

local function read_test(data, facts)
  local x, y = data.x_test, data.y_test
  if data.test then x, y = data.test() end
  if x == nil and y == nil then return nil, "there is no test set (x_test, y_test)" end
  x, y = check.half(x, y, { "x_test", "y_test" }, facts.task)
  if not x then return nil, y end
  local shape = check.sample_shape(x)
  if not same_shape(shape, facts.shape) then
    return nil, ("samples of x_test have the shape %s, of x_train %s"):format(table.concat(shape, "x"),
      table.concat(facts.shape, "x"))
  end
  if facts.n_classes and y:max() >= facts.n_classes then
    return nil, ("y_test holds class %d, but there are %d classes"):format(y:max(), facts.n_classes)
  end
  if facts.output_shape and not same_shape(check.sample_shape(y), facts.output_shape) then
    return nil, "targets of y_test have another shape than those of y_train"
  end
  return x, y
end

--- A source (nac.dataset.base) over a function that returns the table.
-- @param get function() -> the table that `from_tensors` takes
-- @param[opt] where stands before messages
-- @param[opt] record function() -> { source =, sha256 = }
function M.source(get, where, record)
  local data, facts
  local function prefix(message) return where and where .. ": " .. message or message end
  return {
    train = function()
      data = data or get()
      local x, y, f = read_train(data)
      if not x then error(prefix(y), 0) end
      facts = f
      return x, y, f
    end,
    test = function()
      data = data or get()
      if not facts then
        local x, message, f = read_train(data)
        if not x then error(prefix(message), 0) end
        facts = f
      end
      local x, y = read_test(data, facts)
      if not x and data.x_test == nil and not data.test then return nil, prefix(y) end
      if not x then error(prefix(y), 0) end
      return x, y
    end,
    provenance = function()
      local r = record and record() or { source = "tensors", sha256 = {} }
      if data and data.source then r.source = data.source end
      for file, sum in pairs(data and data.sha256 or {}) do r.sha256[file] = sum end
      return r
    end,
  }
end

--- A data set from tensors (or nested tables).
-- @param data `x_train` [N, ...], `y_train` [N] classes from 0 (or [N, ...] targets
-- with task = "regression"), `x_test` and `y_test` (or `test` = a function that
-- returns both, called at the end), `task` = "classification", `n_classes` = largest
-- class + 1, `groups` = integers [N]: training samples of one number stay in one part,
-- `name`, `seed` = 0 of the splits
-- @return the data set, or nil and a message
function M.from_tensors(data)
  local src = M.source(function() return data end)
  local ok, x, _, facts = pcall(src.train)
  if not ok then return nil, tostring(x) end
  return base.new({
    name = data.name or "tensors", seed = data.seed, task = facts.task, shape = facts.shape,
    n_classes = facts.n_classes, output_shape = facts.output_shape,
  }, src)
end

--- A data set from a user's Lua file, which is run when the data are needed.
-- @param path relative to base_dir, then to the current folder
-- @param options handed to the loader
-- @param context { base_dir =, seed =, sample =, name = }; the loader gets the first
-- three as its second argument, with dir = the folder of the loader
-- @return the data set, or nil and a message
function M.from_loader(path, options, context)
  local found, message = files.find(path, context.base_dir, "loader")
  if not found then return nil, message end
  local chunk, syntax = loadfile(found)
  if not chunk then return nil, syntax end
  local dir = found:match("^(.*)/[^/]*$") or "."
  local function traced(f, ...)
    local result = table.pack(xpcall(f, fault.message, ...))
    if not result[1] then error(("loader %s failed: %s"):format(found, result[2]), 0) end
    return result[2], result[3]
  end
  local function get()
    local loader = traced(chunk)
    if type(loader) ~= "function" then
      error(("%s: a loader returns a function(options), this one returns %s"):format(found, type(loader)), 0)
    end
    local data, why = traced(loader, options,
      { dir = dir, base_dir = context.base_dir, seed = context.seed, sample = context.sample })
    if data == nil then error(("%s: the loader returned no data%s"):format(found, why and ": " .. tostring(why) or ""), 0) end
    if type(data) == "table" and data.x_test == nil and data.test == nil then
      error(found .. ": the loader returned no test set (x_test and y_test, or test = function)", 0)
    end
    return data
  end
  return base.new({ name = context.name or found:match("([^/]+)%.lua$") or found, seed = context.seed },
    M.source(get, found, function()
      return { source = found, sha256 = { [found:match("[^/]+$")] = hash.sha256_file(found) } }
    end))
end

return M
