--- The files that a search leaves in its results folder.
local csv = require "nac.util.csv"
local dimension = require "nac.space.dimension"
local file = require "nac.util.file"
local files = require "nac.global_search.files"
local plot = require "nac.plot"
local quantity = require("nac.report.quantity").of

local M = {}

-- The columns that existing scripts read; further objectives follow.
local columns = { "trial", "performance_metric", "bops", "params", "yaml_path", "avg_resource", "clock_cycles", "run_timestamp" }

local function timestamp(seconds) return os.date("!%Y-%m-%d %H:%M:%S", math.floor(seconds or os.time())) end

-- The names of further columns: objectives, metrics, shares of the board and what trials drew beside the architecture.
local function more_columns(job)
  local names, known = { table.unpack(columns) }, {}
  for _, name in ipairs(columns) do known[name] = true end
  local function add(name)
    if not known[name] then names[#names + 1], known[name] = name, true end
  end
  for _, objective in ipairs(job.objectives) do add(objective.name) end
  for _, name in ipairs(job.config.task_config.metrics or {}) do add(name) end
  if job.config.search.use_hardware_metrics then
    for _, kind in ipairs { "lut", "ff", "dsp", "bram" } do add(kind .. "_percent") end
  end
  for _, d in ipairs(job.dimensions) do add(d.name) end
  return names
end

--- Writes the results table: one row a complete trial.
-- @return true, or nil and a message
function M.write_csv(job, records)
  local names, rows = more_columns(job), {}
  for _, record in ipairs(records) do
    if record.state == "complete" then
      local row = dimension.known(job.dimensions, job.config, record.params)
      row.trial, row.yaml_path, row.run_timestamp = record.number, files.yaml_path(job, record.number), timestamp(record.finished)
      for _, name in ipairs(names) do
        if row[name] == nil then row[name] = quantity(record, name) end
      end
      rows[#rows + 1] = row
    end
  end
  return csv.write(files.path(job, "csv"), names, rows)
end

--- Starts drawing the pictures.
-- @return a function that waits and returns the paths drawn and the notes on those not drawn
function M.start_pictures(job, records)
  local jobs, notes = {}, {}
  local function start(begin, what, least)
    if #job.objectives < least then return end
    local picture, message = begin(records, job.objectives, files.path(job, what))
    if picture then jobs[#jobs + 1] = picture else notes[#notes + 1] = message end
  end
  start(plot.start_front2d, "front_2d", 2)
  start(plot.start_front3d, "front_3d", 3)
  return function()
    local paths = {}
    for _, picture in ipairs(jobs) do
      local path, message = picture:finish()
      if path then paths[#paths + 1] = path else notes[#notes + 1] = message end
    end
    return paths, notes
  end
end

--- Copies the winner's architecture to where the next stage looks for it.
-- @return true, or nil and a message
function M.write_best(job, record)
  local text, message = file.read(files.yaml_path(job, record.number))
  if not text then return nil, message end
  return file.write(files.path(job, "best"), text)
end

return M
