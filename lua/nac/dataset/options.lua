--- Options of data sets: the names that configs and scripts use, checked.
local enum = require "nac.util.enum"

local M = {}

-- Configs call some options by the predecessor's names.
local ALIASES = { resize_val = "resize", subset_size = "subset", data_dir = "dir", num_classes = "n_classes" }

local function whole(low)
  return function(v) return math.type(v) == "integer" and v >= low, ("an integer, %d or more"):format(low) end
end

local function of_type(name)
  return function(v) return type(v) == name, name == "boolean" and "true or false" or "a " .. name end
end

local function size(v)
  local one = function(k) return math.type(k) == "integer" and k >= 1 and k <= 4096 end
  return one(v) or type(v) == "table" and #v == 2 and one(v[1]) and one(v[2]),
    "an integer from 1 to 4096 or two of them, {height, width}"
end

-- What each option may be: function(value) -> ok, what is expected
local KINDS = {
  resize = size, subset = whole(1), seed = whole(math.mininteger), n_classes = whole(2), n = whole(3),
  flatten = of_type "boolean", one_hot = of_type "boolean", normalize = of_type "boolean", sample = of_type "boolean", mirror = of_type "boolean",
  simulate = of_type "boolean", up_to = of_type "boolean", start_location = whole(0), window_size = whole(1), shift = whole(0),
  constituents = whole(1), base = of_type "string", dir = of_type "string", noise = of_type "number",
  file = of_type "string", format = of_type "string", x = of_type "string", x_test = of_type "string",
  label_test = of_type "string", test_file = of_type "string", test_label = of_type "string", header = of_type "boolean",
  stream = of_type "boolean", chunk_rows = whole(1),
  label = function(v)
    local ok = type(v) == "string" or math.type(v) == "integer" or (type(v) == "table" and #v > 0)
    return ok, "a name, a column number or a list of names"
  end,
  features = function(v) return type(v) == "table" and #v > 0, "a list of names or column numbers" end,
  test_fraction = function(v) return type(v) == "number" and v > 0 and v < 1, "a number between 0 and 1" end,
  task = function(v) return v == "classification" or v == "regression", "classification or regression" end,
  separator = function(v)
    return type(v) == "string" and (#v == 1 or v == "tab") and not v:find("[\n\r\"]"), "one character, or tab"
  end,
}

--- Copies options under their own names.
-- @param options the user's table, or nil
-- @param allowed list of names, without aliases
-- @param what for messages: "mnist"
-- @return a new table, or nil and a message
function M.read(options, allowed, what)
  if options ~= nil and type(options) ~= "table" then
    return nil, ("%s: a table of options expected, got %s"):format(what, type(options))
  end
  local known, result = {}, {}
  for _, name in ipairs(allowed) do known[name] = true end
  for key, value in pairs(options or {}) do
    local name = ALIASES[key] or key
    if key ~= "name" then -- the data set's own name, in configs
      if not known[name] then return nil, what .. ": " .. enum.refusal(key, allowed, "option") end
      local ok, expected = KINDS[name](value)
      if not ok then
        return nil, ("%s: %s must be %s, got %s"):format(what, key, expected, tostring(value))
      end
      result[name] = value
    end
  end
  return result
end

return M
