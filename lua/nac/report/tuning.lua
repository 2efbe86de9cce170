--- The report of a tuning: the best settings beside those of the first trial.
local space = require "nac.tune.space"
local tables = require "nac.report.table"

local M = {}

local function value_text(value)
  if value == nil then return "-" end
  if math.type(value) == "float" then return ("%.4g"):format(value) end
  return tostring(value)
end

local function score_text(score)
  if not score then return "not measured" end
  local loss = ("loss %.4f"):format(score.loss)
  return score.accuracy and ("accuracy %.4f, %s"):format(score.accuracy, loss) or loss
end

local function settings_table(result)
  local rows, start = {}, result.start and result.start.settings or {}
  for _, name in ipairs(space.names) do
    if result.best[name] ~= nil or start[name] ~= nil then
      rows[#rows + 1] = { name, value_text(start[name]), value_text(result.best[name]) }
    end
  end
  return tables.text({ { title = "setting", align = "left" }, { title = "first trial" }, { title = "best" } }, rows)
end

local function count_text(records)
  local states = {}
  for _, record in ipairs(records) do states[record.state] = (states[record.state] or 0) + 1 end
  local words = {}
  for _, state in ipairs { "complete", "pruned", "failed", "running", "waiting" } do
    if states[state] then words[#words + 1] = ("%d %s"):format(states[state], state) end
  end
  return table.concat(words, ", ")
end

--- The report as text.
-- @param result of `nac.tune.run`
-- @return text
function M.text(result)
  local lines = { "" }
  local function add(...) lines[#lines + 1] = (...):format(select(2, ...)) end
  if result.best then lines[2] = settings_table(result) end
  add("trials: %s", count_text(result.study:trials()))
  local start = result.start
  if start then add("first trial: search %s; select %s", score_text(start.search), score_text(start.select)) end
  if result.best then
    add("best: trial %d: search %s; select %s%s", result.record.number, score_text(result.search), score_text(result.select),
      result.retrained and " (trained anew)" or "")
  end
  if result.dir then add("results: %s", result.dir) end
  for _, path in ipairs(result.pictures) do add("picture: %s", path) end
  if result.why then add("no best settings: %s", result.why) end
  for _, note in ipairs(result.notes) do add("note: %s", note) end
  add("time: %.1f s", result.seconds)
  return table.concat(lines, "\n")
end

--- The report as a plain table, for JSON.
function M.record(result)
  local start = result.start
  return {
    event = "end", dir = result.dir, seconds = result.seconds, interrupted = result.interrupted or false, fault = result.fault,
    notes = result.notes, pictures = result.pictures, settings = result.best, trial = result.record and result.record.number,
    search = result.search, select = result.select, start = start and { search = start.search, select = start.select },
  }
end

return M
