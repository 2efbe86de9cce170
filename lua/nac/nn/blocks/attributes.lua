--- Attributes of composite layers, checked as those of the layers in C are.
local enum = require "nac.util.enum"

local M = {}

--- Checks a composite layer's attributes.
-- @param given the table that the user gave
-- @param rules name -> {type = "integer"|"boolean"|"list"|"string", default=}; one without a
--   default is needed, unless `optional` is set
-- @return the attributes with defaults filled in; raises a text without position
function M.check(given, rules)
  local names = {}
  for name in pairs(rules) do names[#names + 1] = name end
  table.sort(names)
  for name in pairs(given) do
    if not rules[name] then error(enum.refusal(tostring(name), names, "attribute"), 0) end
  end
  local out = {}
  for _, name in ipairs(names) do
    local rule, value = rules[name], given[name]
    if value == nil then
      if rule.default == nil and not rule.optional then error(("attribute '%s' is needed"):format(name), 0) end
      out[name] = rule.default
    else
      local kind = math.type(value) or type(value)
      if kind == "float" and math.tointeger(value) then kind, value = "integer", math.tointeger(value) end
      if kind == "table" then kind = "list" end
      if not (" " .. rule.type .. " "):find(" " .. kind .. " ", 1, true) then
        error(("attribute '%s' is of type %s, got %s"):format(name, (rule.type:gsub(" ", " or ")), tostring(given[name])), 0)
      end
      if kind == "integer" and value < 1 then error(("attribute '%s' is at least 1, got %d"):format(name, value), 0) end
      out[name] = value
    end
  end
  return out
end

--- Applies an activation.
-- @param value a value
-- @param kind a layer kind, or "identity" or nil for none
-- @return the value after it
function M.activate(value, kind)
  if kind == nil or kind == "identity" then return value end
  local nn = require "nac.nn"
  enum.check(kind, nn.kinds(), "activation", -1) -- no position
  return nn.layer(kind)(value)
end

return M
