--- The trials of a search that is over, read from what it left: a results folder, or a table of results.
local csv = require "nac.util.csv"
local file = require "nac.util.file"

local M = {}

local costs = { "bops", "avg_resource", "clock_cycles" }

-- The objectives asked for, else those of a search's results.
local function choose(columns, options)
  local present, objectives = {}, {}
  for _, name in ipairs(columns) do present[name] = true end
  local function add(name, direction, must)
    if present[name] then
      objectives[#objectives + 1] = { name = name, direction = direction }
    elseif must then
      return ("no column '%s'; columns: %s"):format(name, table.concat(columns, ", "))
    end
  end
  local asked = options.maximize or options.minimize
  for _, name in ipairs(options.maximize or not asked and { "performance_metric" } or {}) do
    local message = add(name, "maximize", asked)
    if message then return nil, message end
  end
  for _, name in ipairs(options.minimize or not asked and costs or {}) do
    local message = add(name, "minimize", asked)
    if message then return nil, message end
  end
  if #objectives < 2 then return nil, "at least two objectives are needed; name columns with --maximize and --minimize" end
  return objectives
end

-- Trials from rows of text; a cell that is no number is no value.
local function from_table(path, options)
  local rows, columns = csv.read(path)
  if not rows then return nil, columns end
  local objectives, message = choose(columns, options)
  if not objectives then return nil, ("%s: %s"):format(path, message) end
  local records = {}
  for i, row in ipairs(rows) do
    local values = {}
    for _, objective in ipairs(objectives) do values[objective.name] = tonumber(row[objective.name]) end
    records[i] = { number = math.tointeger(tonumber(row.trial)) or i - 1, values = values }
  end
  table.sort(records, function(a, b) return a.number < b.number end)
  return { records = records, objectives = objectives, base = (path:gsub("%.csv$", "")) }
end

local function from_folder(dir)
  local path = dir .. "/study.db"
  if not file.exists(path) then return nil, ("%s: no such file: %s is not the results folder of a search"):format(path, dir) end
  local storage <close>, message = require("nac.storage.sqlite").new(path)
  if not storage then return nil, message end
  local names, stored
  names, message = storage:names()
  if not names then return nil, message end
  if not names[1] then return nil, path .. ": it holds no study" end
  stored, message = storage:open { name = names[#names] }
  if not stored then return nil, message end
  return { records = stored.records, objectives = stored.meta.objectives, base = dir }
end

--- Reads them.
-- @param path a results folder, or a .csv table of results
-- @param[opt] options `maximize`, `minimize`: lists of columns of a table that are objectives
-- @return { records = in the order of their numbers, objectives = list of { name =, direction = }, base = where pictures go };
-- or nil and a message
function M.from(path, options)
  if file.exists(path) == "directory" then return from_folder((path:gsub("(.)/+$", "%1"))) end
  return from_table(path, options or {})
end

return M
