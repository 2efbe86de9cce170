--- Samples from files: one reader a format. A reader takes a path and options and
-- returns { x =, y =, x_test =, y_test =, classes =, features = } with what the file
-- holds (test arrays only if it has them), or nil and a message with the path.
local enum = require "nac.util.enum"

local M = {}

local ENDINGS = {
  csv = "csv", tsv = "csv", txt = "csv", arff = "arff", npz = "npz", npy = "npy", h5 = "hdf5", hdf5 = "hdf5", hdf = "hdf5",
}
local NAMES = { "csv", "arff", "npz", "npy", "hdf5" }

--- The format of a file: the one asked for, or by the ending of its name
-- (my.csv, my.csv.gz).
-- @param path string
-- @param[opt] asked "csv", "arff", "npz", "npy" or "hdf5"
-- @return the format; or nil and a message
function M.of(path, asked)
  if asked ~= nil then
    local ok, message = pcall(enum.check, asked, NAMES, "format", 0)
    if not ok then return nil, message end
    return asked
  end
  local ending = path:lower():gsub("%.gz$", ""):match("%.([%w]+)$")
  local format = ENDINGS[ending]
  if not format then
    return nil, ("%s: its name does not tell the format; give format: %s"):format(path, table.concat(NAMES, ", "))
  end
  return format
end

local function list_of(value)
  if value == nil then return nil end
  local list = {}
  for i, item in ipairs(type(value) == "table" and value or { value }) do list[i] = tostring(item) end
  return list
end

-- Columns of a text table: names, or numbers from 1 where there is no header.
local function table_reader(read)
  return function(path, o)
    local label = list_of(o.label)
    if not label then return nil, path .. ": label is missing: the column (or columns) with the answers" end
    local one_hot = o.task == "classification" and #label > 1
    local data, message = read(path, {
      label = label, features = list_of(o.features), classes = o.task == "classification" and not one_hot,
      known = o.classes, header = o.header, separator = o.separator == "tab" and "\t" or o.separator,
    })
    if data and one_hot then data.classes = label end
    return data, message
  end
end

local readers = {
  csv = table_reader(function(...) return require("nac.c.table").csv(...) end),
  arff = table_reader(function(...) return require("nac.c.table").arff(...) end),
}

-- Names of arrays that are understood without being told, in pairs of x and y.
local GUESSES = {
  { "x_train", "y_train", "x_test", "y_test" }, { "X_train", "y_train", "X_test", "y_test" },
  { "X_train", "Y_train", "X_test", "Y_test" }, { "x", "y" }, { "X", "y" }, { "X", "Y" },
}

-- Which arrays of a file hold what: { x, y, x_test, y_test }, the last two optional.
local function choose(path, o, has, names)
  if o.x or o.label then
    if not o.x or type(o.label) ~= "string" then
      return nil, ("%s: x and label must both name an array of the file, or neither"):format(path)
    end
    local wanted = { o.x, o.label, o.x_test, o.label_test }
    for _, name in pairs(wanted) do
      if not has[name] then return nil, path .. ": " .. enum.refusal(name, names, "array") end
    end
    return wanted
  end
  for _, guess in ipairs(GUESSES) do
    if has[guess[1]] and has[guess[2]] then
      if guess[3] and not (has[guess[3]] and has[guess[4]]) then return { guess[1], guess[2] } end
      return guess
    end
  end
  return nil, ("%s: it holds %s; say which arrays are meant with x and label"):format(path,
    #names == 0 and "no arrays" or table.concat(names, ", ", 1, math.min(#names, 12)))
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

function readers.npz(path, o)
  local npz = require "nac.npz"
  local arrays, names = npz.read(path)
  if not arrays then return nil, names end
  local chosen, message = choose(path, o, arrays, names)
  if not chosen then return nil, message end
  return { x = arrays[chosen[1]], y = arrays[chosen[2]], x_test = arrays[chosen[3]], y_test = arrays[chosen[4]] }
end

function readers.hdf5(path, o)
  local hdf5 = require "nac.hdf5"
  local names, message = hdf5.names(path)
  if not names then return nil, message end
  local chosen
  chosen, message = choose(path, o, set_of(names), names)
  if not chosen then return nil, message end
  local data = {}
  for i, key in ipairs { "x", "y", "x_test", "y_test" } do
    if chosen[i] then
      data[key], message = hdf5.read(path, chosen[i])
      if not data[key] then return nil, message end
    end
  end
  return data
end

-- An npy file holds x; y is another npy file, or a column of this one.
function readers.npy(path, o)
  local npz = require "nac.npz"
  local x, message = npz.read_npy(path)
  if not x then return nil, message end
  if type(o.label) == "string" then
    local y
    y, message = npz.read_npy(o.label_path or o.label)
    if not y then return nil, message end
    return { x = x, y = y }
  end
  local shape = x:shape()
  local column = math.type(o.label) == "integer" and o.label
  if not column or #shape ~= 2 or column < 1 or column > shape[2] then
    return nil, ("%s: label must be the npy file with the answers, or a column of this one, from 1 to %d"):format(path,
      #shape == 2 and shape[2] or 0)
  end
  local y = x:select(2, column):contiguous()
  if o.features then return { x = x, y = y } end
  local rest = {}
  for i = 1, shape[2] do
    if i ~= column then rest[#rest + 1] = i end
  end
  return { x = M.columns(x, rest), y = y }
end

--- Some columns of the last axis, in the given order.
-- @param x tensor [N, ..., F]
-- @param columns list of integers from 1
-- @return tensor [N, ..., #columns]
function M.columns(x, columns)
  local index <close> = require("nac.c.tensor").new(columns, "i32")
  local turned <close> = x:transpose(1, -1):contiguous()
  local taken <close> = turned:rows(index)
  return taken:transpose(1, -1):contiguous()
end

-- `features` of arrays: columns of the last axis.
local function select_columns(path, data, features)
  for _, key in ipairs { "x", "x_test" } do
    local x = data[key]
    if x then
      local shape = x:shape()
      for _, column in ipairs(features) do
        if math.type(column) ~= "integer" or column < 1 or column > shape[#shape] then
          return nil, ("%s: features are columns of the last axis, integers from 1 to %d, got %s"):format(path,
            shape[#shape], tostring(column))
        end
      end
      data[key] = M.columns(x, features)
    end
  end
  return data
end

--- Reads a file of samples.
-- @param path string
-- @param o `format`, `task`, `label`, `features`, `x`, `x_test`, `label_test`, `header`,
-- `separator` (docs/data.md), `classes` = the names of the classes where they are known
-- @return { x =, y =, x_test =, y_test =, classes =, features = }; or nil and a message
function M.read(path, o)
  local format, message = M.of(path, o.format)
  if not format then return nil, message end
  local data
  data, message = readers[format](path, o)
  if not data then return nil, message end
  if o.features and format ~= "csv" and format ~= "arff" then return select_columns(path, data, o.features) end
  return data
end

return M
