--- The trials of a search that is over, read from what it left: a results folder, or a table of results.
local csv = require "nac.util.csv"
local file = require "nac.util.file"
local json = require "nac.util.json"
local nac_log = require "nac.global_search.nac_log"

local M = {}

local costs = { "bops", "avg_resource", "clock_cycles" }

-- What tables call the measure of a trial. NAC's trials have `metric` and `task`, which says what it is.
local metrics = { { "performance_metric", "maximize" }, { "accuracy", "maximize" }, { "mean_distance", "minimize" } }
local tasks = { deepsets = "maximize", braggnn = "minimize" }

-- The measure of a table and its direction: a list of one pair, empty where there is none; or nil and a message.
local function metric_of(present, rows)
  for _, row in ipairs(metrics) do
    if present[row[1]] then return { row } end
  end
  local task = rows[1] and rows[1].task
  if not (present.metric and task) then return {} end
  if not tasks[task] then
    return nil, ("task %s: whether more of the column metric is better is not known; name it with --maximize or --minimize"):format(task)
  end
  return { { "metric", tasks[task] } }
end

-- The objectives asked for, else those of a search's results.
local function choose(columns, rows, options)
  local present, objectives = {}, {}
  for _, name in ipairs(columns) do present[name] = true end
  local function add(name, direction, must)
    if present[name] then
      objectives[#objectives + 1] = { name = name, direction = direction }
    elseif must then
      return ("no column '%s'; columns: %s"):format(name, table.concat(columns, ", "))
    end
  end
  if not (options.maximize or options.minimize) then
    local found, why = metric_of(present, rows)
    if not found then return nil, why end
    if found[1] then add(found[1][1], found[1][2]) end
    for _, name in ipairs(costs) do add(name, "minimize") end
  end
  for direction, list in pairs { maximize = options.maximize or {}, minimize = options.minimize or {} } do
    for _, name in ipairs(list) do
      local message = add(name, direction, true)
      if message then return nil, message end
    end
  end
  if #objectives < 2 then
    return nil, ("at least two objectives are needed; name columns with --maximize and --minimize (there are %s)"):format(table.concat(columns, ", "))
  end
  return objectives
end

-- The hyper-parameters of a row, where the table has them as JSON.
local function params_of(row)
  local text = row.hyperparams_json or row.hyperparams
  local params = text and text:find "^%s*{" and json.decode(text)
  if type(params) ~= "table" then return nil end
  for name in text:gmatch '"([^"]+)"%s*:%s*null' do params[name] = "none" end
  return params
end

-- Curves of a local search: one a precision, points in the order of iterations.
local function curves_of(rows)
  local curves, by_label = {}, {}
  for _, row in ipairs(rows) do
    local label = (row.Precision or "float"):gsub("^'(.*)'$", "%1")
    local curve = by_label[label]
    if not curve then
      curve = { label = label, rows = {} }
      curves[#curves + 1], by_label[label] = curve, curve
    end
    curve.rows[#curve.rows + 1] = {
      iteration = math.tointeger(tonumber(row.Iteration)), sparsity = tonumber(row.Sparsity), accuracy = tonumber(row.Accuracy),
      bops = tonumber(row.EffectiveBOPs), bits = tonumber(row.TotalBits),
    }
  end
  return curves
end

-- Trials from rows of text; a cell that is no number is no value.
local function records_of(rows, objectives)
  local records, with_params = {}, false
  for i, row in ipairs(rows) do
    local values, complete = {}, true
    for _, objective in ipairs(objectives) do
      values[objective.name] = tonumber(row[objective.name])
      complete = complete and values[objective.name] ~= nil
    end
    records[i] = {
      number = math.tointeger(tonumber(row.trial)) or i - 1, values = values, params = params_of(row), state = complete and "complete" or "failed",
    }
    with_params = with_params or records[i].params ~= nil
  end
  for _, record in ipairs(with_params and records or {}) do record.params = record.params or {} end
  table.sort(records, function(a, b) return a.number < b.number end)
  return records
end

-- The rows of each task of NAC's trials, or all rows.
local function searches_of(rows)
  local list, by_task = {}, {}
  for _, row in ipairs(rows) do
    local task = row.metric and row.task or ""
    if not by_task[task] then
      by_task[task] = {}
      list[#list + 1] = { name = task, rows = by_task[task] }
    end
    table.insert(by_task[task], row)
  end
  return #list > 0 and list or { { name = "", rows = rows } }
end

local function from_table(text, options)
  local rows, columns = csv.decode(text)
  if not rows then return nil, columns end
  local asked = options.maximize or options.minimize
  if rows[1] and rows[1].Accuracy and (rows[1].Sparsity or rows[1].TotalBits) and not asked then return { { curves = curves_of(rows) } } end
  local list = {}
  for i, search in ipairs(searches_of(rows)) do
    local objectives, message = choose(columns, search.rows, options)
    if not objectives then return nil, message end
    list[i] = { records = records_of(search.rows, objectives), objectives = objectives, name = search.name }
  end
  return list
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

--- Reads all searches of a folder or file.
-- @param path a results folder, a table of results (.csv of this or another version, of SNAC-Pack or of NAC's trials), NAC's
-- global_search.txt, or the table of a local search
-- @param[opt] options `maximize`, `minimize`: lists of columns of a table that are objectives
-- @return a list, mostly of one: { records = in the order of their numbers, objectives = list of { name =, direction = },
-- base = where pictures go, without ending }; of a local search { curves = list of { label =, rows = list of { iteration,
-- sparsity, accuracy, bops, bits } }, base = }; or nil and a message
function M.all(path, options)
  if file.exists(path) == "directory" then
    local source, message = from_folder((path:gsub("(.)/+$", "%1")))
    return source and { source }, message
  end
  local text, message = file.read(path)
  if not text then return nil, message end
  local list, why
  if nac_log.is(text) then list, why = nac_log.decode(text) else list, why = from_table(text, options or {}) end
  if not list then return nil, ("%s: %s"):format(path, why) end
  for _, source in ipairs(list) do
    local name = source.name or source.objectives and source.objectives[1].name
    source.base = path:gsub("%.%w+$", "") .. (#list > 1 and "_" .. name or "")
  end
  return list
end

--- Reads the only search of a folder or file; see `all`.
-- @return the search; or nil and a message, also where there are several
function M.from(path, options)
  local list, message = M.all(path, options)
  if not list then return nil, message end
  if #list > 1 then return nil, ("%s: it holds %d searches; one is expected"):format(path, #list) end
  return list[1]
end

return M
