--- A checked configuration as YAML text that reads back equal: every key with
-- its value, defaults included, in the order of the schema.
local schema = require "nac.config.schema"
local yaml = require "nac.util.yaml"

local M = {}

-- The values of a section that the schema has; notes their order.
local function section(keys, values, order)
  local out, names = setmetatable({}, yaml.map), {}
  for _, rule in ipairs(keys) do
    local value = values[rule.key]
    if value ~= nil and rule.kind == "section" then value = section(rule.keys, value, order) end
    if value ~= nil and not (rule.kind == "section" and next(value) == nil) then
      out[rule.key] = value
      names[#names + 1] = rule.key
    end
  end
  order[out] = names
  return out
end

--- A configuration as text.
-- @param config a configuration of `nac.config`, or some of its sections
-- @return YAML
function M.text(config)
  local order = {}
  local value = section(schema, config, order)
  return yaml.dump(value, { order = function(map) return order[map] end })
end

return M
