--- The Pareto front as a printed table.
local blocks = require "nac.blocks"
local dimension = require "nac.space.dimension"
local quantities = require "nac.report.quantity"
local text_table = require "nac.report.table"

local M = {}

local quantity = quantities.of

local titles = {
  performance_metric = "search", bops = "BOPs", params = "params", avg_resource = "resource %", clock_cycles = "cycles", distance = "distance px",
}

-- Costs: integers in full, fractions with four digits.
local function number(value)
  if value == nil then return "-" end
  if value == math.floor(value) and math.abs(value) < 1e15 then return ("%d"):format(value) end
  return (math.abs(value) >= 1000 and "%.0f" or "%.4g"):format(value)
end

--- The table of a front, most accurate first.
-- @param result of `nac.global_search.run`
-- @return text
function M.text(result)
  local columns = { { title = "trial" } }
  local names = {}
  for _, objective in ipairs(result.objectives) do
    names[#names + 1] = objective.name
    columns[#columns + 1] = { title = titles[objective.name] or objective.name }
    if objective.name == "performance_metric" then
      columns[#columns + 1] = { title = "select" }
      columns[#columns + 1] = { title = "test" }
    end
  end
  columns[#columns + 1] = { title = "network", align = "left" }
  local records = { table.unpack(result.front) }
  local drawn = records[1] and result.settings and next(result.settings(records[1])) ~= nil
  if drawn then columns[#columns + 1] = { title = "settings", align = "left" } end
  local first = result.objectives[1]
  table.sort(records, function(a, b)
    local x, y = quantity(a, first.name), quantity(b, first.name)
    if x ~= y then return (x > y) == (first.direction == "maximize") end
    return a.number < b.number
  end)
  local rows = {}
  for _, record in ipairs(records) do
    if record.attrs.duplicate_of == nil then
      local row = { (result.best == record and "*" or "") .. record.number }
      for _, name in ipairs(names) do
        local value = quantity(record, name)
        if name == "performance_metric" then
          local function metric(of) return quantities.score(quantities.shown(result.metric, of)) end
          row[#row + 1] = metric(value)
          row[#row + 1] = metric(result.select[record.number])
          row[#row + 1] = result.best == record and metric(result.test) or ""
        else
          row[#row + 1] = number(value)
        end
      end
      local description = result.describe(record)
      row[#row + 1] = description and blocks.text(description) or ""
      if drawn then row[#row + 1] = dimension.text(result.settings(record)) end
      rows[#rows + 1] = row
    end
  end
  return text_table.text(columns, rows)
end

return M
