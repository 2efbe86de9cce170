--- `nac-lua plot results.csv`: the fronts of a results file, also of an older one.

local costs = { "bops", "avg_resource", "clock_cycles" }

-- Trials from rows of text; a row with a cell that is no number is left out.
local function records_from(rows, objectives)
  local records = {}
  for _, row in ipairs(rows) do
    local values = {}
    for _, objective in ipairs(objectives) do values[objective.name] = tonumber(row[objective.name]) end
    records[#records + 1] = { values = values }
  end
  return records
end

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

local function run(options)
  local rows, columns = require("nac.util.csv").read(options.file)
  if not rows then
    io.stderr:write("nac-lua plot: ", columns, "\n")
    return 1
  end
  local objectives, message = choose(columns, options)
  if not objectives then
    io.stderr:write(("nac-lua plot: %s: %s\n"):format(options.file, message))
    return 1
  end
  local plot = require "nac.plot"
  local records = records_from(rows, objectives)
  local base = options.output or options.file:gsub("%.csv$", "") .. ".png"
  local pictures = { { plot.front2d, base } }
  if #objectives >= 3 then pictures[2] = { plot.front3d, (base:gsub("(%.%w+)$", "_3d%1")) } end
  for _, picture in ipairs(pictures) do
    local path, why = picture[1](records, objectives, picture[2])
    if not path then
      io.stderr:write("nac-lua plot: ", why, "\n")
      return 1
    end
    print(path)
  end
  return 0
end

return {
  summary = "Draws the Pareto fronts of a results file: every pair of objectives, and three at once.",
  configure = function(command)
    command:argument("file", "a CSV file that a search wrote")
    command:option("-o --output", "the picture: .png, .svg or .pdf (default: beside the CSV)")
    command:option("--maximize", "columns that are better when higher"):args("+")
    command:option("--minimize", "columns that are better when lower"):args("+")
  end,
  run = run,
}
