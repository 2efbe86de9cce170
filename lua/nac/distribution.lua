--- Parameter distributions: what `trial:int`, `trial:float` and `trial:choice`
-- draw from, and what samplers see as entries of a space. Fields: `kind`
-- ("int", "float", "choice"), `low`, `high`, `step` (absent for a continuous
-- float), `log`, or `choices` (a list of booleans, numbers and strings).
local json = require "nac.util.json"

local M = {}

local Distribution = {}
Distribution.__index = Distribution

-- One object per distinct distribution: a search creates the same ones over and over.
local known = setmetatable({}, { __mode = "v" })

local function intern(key, fields)
  local d = known[key]
  if not d then
    d = setmetatable(fields, Distribution)
    d.key = key
    known[key] = d
  end
  return d
end

local function bounds(kind, low, high, level)
  for name, x in pairs { low = low, high = high } do
    if type(x) ~= "number" or x ~= x or x == math.huge or x == -math.huge then
      error(("%s of a range must be a finite number, got %s"):format(name, tostring(x)), level + 1)
    end
    if kind == "int" and not math.tointeger(x) then
      error(("%s of an integer range must be an integer, got %s"):format(name, tostring(x)), level + 1)
    end
  end
  if low > high then
    error(("the range is empty: low %s is above high %s"):format(tostring(low), tostring(high)), level + 1)
  end
end

--- Integers low, low + step, ... up to high.
-- @param low lowest value
-- @param high highest value, included
-- @param[opt] options `{log = true}` spreads draws evenly over orders of
--   magnitude (low at least 1, no step); `{step = 2}`
-- @param[opt=1] level whose line an error shows
-- @return the distribution
function M.int(low, high, options, level)
  level = (level or 1) + 1
  options = options or {}
  bounds("int", low, high, level)
  low, high = math.tointeger(low), math.tointeger(high)
  local step, log = math.tointeger(options.step or 1), options.log and true or false
  if not step or step < 1 then error("step must be an integer of 1 or more, got " .. tostring(options.step), level) end
  if log and low < 1 then error(("a log range starts at 1 or more, got %d"):format(low), level) end
  if log and step ~= 1 then error("a log range takes no step", level) end
  high = low + (high - low) // step * step
  return intern(("int %d %d %d %s"):format(low, high, step, log),
    { kind = "int", low = low, high = high, step = step, log = log })
end

--- Real numbers from low to high.
-- @param low lowest value
-- @param high highest value
-- @param[opt] options `{log = true}` (low above 0, no step); `{step = .25}`
-- @param[opt=1] level whose line an error shows
-- @return the distribution
function M.float(low, high, options, level)
  level = (level or 1) + 1
  options = options or {}
  bounds("float", low, high, level)
  low, high = low + .0, high + .0
  local step, log = options.step, options.log and true or false
  if step and not (type(step) == "number" and step > 0 and step < math.huge) then
    error("step must be a number above 0, got " .. tostring(step), level)
  end
  if log and low <= 0 then error(("a log range starts above 0, got %g"):format(low), level) end
  if log and step then error("a log range takes no step", level) end
  if step then high = low + step * ((high - low) / step + 1e-9 >= 0 and math.floor((high - low) / step + 1e-9) or 0) end
  return intern(("float %.17g %.17g %s %s"):format(low, high, step and ("%.17g"):format(step) or "-", log),
    { kind = "float", low = low, high = high, step = step and step + .0, log = log })
end

--- One of a list.
-- @param choices a list of booleans, numbers and strings
-- @param[opt=1] level whose line an error shows
-- @return the distribution
function M.choice(choices, level)
  level = (level or 1) + 1
  if type(choices) ~= "table" or #choices == 0 then
    error("a list with at least one entry expected, got " .. (type(choices) == "table" and "an empty one" or type(choices)), level)
  end
  local key, copy, seen = { "choice" }, {}, {}
  for i, v in ipairs(choices) do
    local t = math.type(v) or type(v)
    if t ~= "boolean" and t ~= "integer" and t ~= "float" and t ~= "string" or v ~= v then
      error(("choice %d is a %s; booleans, numbers and strings can be chosen (choose an index or a name and look the rest up)")
        :format(i, v ~= v and "nan" or t), level)
    end
    if seen[v] then error(("choice %d repeats %s"):format(i, tostring(v)), level) end
    seen[v] = i
    copy[i] = v
    key[i + 1] = t == "float" and ("%.17g"):format(v) or ("%s %q"):format(t, v)
  end
  return intern(table.concat(key, "\0"), { kind = "choice", choices = copy, index = seen })
end

--- Whether `value` can be drawn.
function Distribution:contains(value)
  if self.kind == "choice" then return value ~= nil and self.index[value] ~= nil end
  if type(value) ~= "number" or not (value >= self.low and value <= self.high) then return false end
  if self.kind == "int" then
    local i = math.tointeger(value)
    return i ~= nil and (i - self.low) % self.step == 0
  end
  if not self.step then return true end
  local k = (value - self.low) / self.step
  return math.abs(k - math.floor(k + .5)) < 1e-8
end

--- The value in its own type: 3.0 becomes 3 for an int, 2 becomes 2.0 for a float.
function Distribution:normal(value)
  if self.kind == "int" then return math.tointeger(value) end
  if self.kind == "float" then return value + .0 end
  return self.choices[self.index[value]]
end

-- Number of cells of a stepped range, less one.
local function cells(d) return math.floor((d.high - d.low) / d.step + .5) end

--- The value at place `u` of the unit interval; numbers only. A uniform u gives
-- a uniform draw (uniform in the logarithm for a log range).
-- @param u a number, cut to [0, 1]
-- @return the value
function Distribution:from_unit(u)
  u = u < 0 and 0 or u > 1 and 1 or u
  local low, high = self.low, self.high
  if self.kind == "int" then
    if self.log then
      local a, b = math.log(low - .5), math.log(high + .5)
      local v = math.floor(math.exp(a + u * (b - a)) + .5)
      return v < low and low or v > high and high or v
    end
    local k = (high - low) // self.step
    return low + self.step * math.min(k, math.floor(u * (k + 1)))
  end
  if self.log then
    local v = math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    return v < low and low or v > high and high or v
  end
  if self.step then
    local k = cells(self)
    return low + self.step * math.min(k, math.floor(u * (k + 1)))
  end
  local v = low + u * (high - low)
  return v < low and low or v > high and high or v
end

--- The place of a value in the unit interval (the middle of its cell where the
-- range is stepped); the inverse of `from_unit`.
function Distribution:to_unit(value)
  local low, high = self.low, self.high
  if self.kind == "int" and self.log then
    local a, b = math.log(low - .5), math.log(high + .5)
    return b > a and (math.log(value) - a) / (b - a) or .5
  elseif self.kind == "int" then
    return ((value - low) // self.step + .5) / ((high - low) // self.step + 1)
  elseif self.log then
    return high > low and math.log(value / low) / math.log(high / low) or .5
  elseif self.step then
    return (math.floor((value - low) / self.step + .5) + .5) / (cells(self) + 1)
  end
  return high > low and (value - low) / (high - low) or .5
end

--- A uniform draw.
-- @param rng a random stream (`nac.rng.stream`)
-- @return the value
function Distribution:uniform(rng)
  if self.kind == "choice" then return self.choices[rng:below(#self.choices) + 1] end
  return self:from_unit(rng:uniform())
end

--- Whether a value can occur once only.
function Distribution:single()
  if self.kind == "choice" then return #self.choices == 1 end
  return self.low == self.high
end

--- The name and attributes under which Optuna's schema stores a distribution.
-- @return a plain table for JSON
function Distribution:to_table()
  if self.kind == "choice" then
    return { name = "CategoricalDistribution", attributes = { choices = self.choices } }
  end
  return {
    name = self.kind == "int" and "IntDistribution" or "FloatDistribution",
    attributes = { low = self.low, high = self.high, step = self.step, log = self.log },
  }
end

--- The JSON text of `to_table`, made once.
function Distribution:to_json()
  self.json = self.json or json.encode(self:to_table())
  return self.json
end

local by_text = {}

--- The distribution of such a text.
-- @return the distribution, or nil and a message
function M.from_json(text)
  local d, message = by_text[text], nil
  if not d then
    d, message = json.decode(text)
    if d then d, message = M.from_table(d) end
    by_text[text] = d
  end
  return d, message
end

--- The distribution of such a table.
-- @param t a table as `to_table` gives it
-- @return the distribution, or nil and a message
function M.from_table(t)
  local a = type(t) == "table" and t.attributes
  if type(a) ~= "table" then return nil, "a distribution with attributes expected" end
  local ok, d
  if t.name == "CategoricalDistribution" then
    ok, d = pcall(M.choice, a.choices, 0)
  elseif t.name == "IntDistribution" then
    ok, d = pcall(M.int, a.low, a.high, a, 0)
  elseif t.name == "FloatDistribution" then
    ok, d = pcall(M.float, a.low, a.high, a, 0)
  else
    return nil, "unknown distribution " .. tostring(t.name)
  end
  if not ok then return nil, d end
  return d
end

--- The number under which the schema stores a value: the place in the list,
-- from 0, for a choice.
function Distribution:to_number(value)
  if self.kind == "choice" then return self.index[value] - 1 end
  return value
end

--- The value that such a number stands for, or nil.
function Distribution:from_number(number)
  if self.kind == "choice" then
    local i = math.tointeger(number)
    if i then return self.choices[i + 1] end
    return nil
  end
  return type(number) == "number" and self:normal(number) or nil
end

--- Whether `value` is a distribution.
function M.is(value) return getmetatable(value) == Distribution end

--- A space declared before the search: a table name -> distribution, or a list
-- of `{name = ..., distribution}`.
-- @param t the table
-- @return a list of `{name=, distribution=}`, names sorted for a plain table
function M.space(t)
  local list = {}
  for i, entry in ipairs(t) do
    list[i] = { name = entry.name, distribution = entry.distribution or entry[1] }
  end
  if #list == 0 then
    for name, d in pairs(t) do list[#list + 1] = { name = name, distribution = d } end
    table.sort(list, function(a, b) return tostring(a.name) < tostring(b.name) end)
  end
  for _, entry in ipairs(list) do
    if type(entry.name) ~= "string" or not M.is(entry.distribution) then
      error("a space is a table name -> nac.distribution.int/float/choice", 2)
    end
  end
  return list
end

return M
