--- The report of a global search: the front, the winner, where the files are.
local front = require "nac.report.front"
local quantity = require "nac.report.quantity"

local M = {}

-- Trials that gave no values, and the first one's reason: { "2 trials failed (first trial 3: killed by ...)", ... }
local function incomplete(records)
  local count, first, lines = {}, {}, {}
  for _, record in ipairs(records) do
    count[record.state] = (count[record.state] or 0) + 1
    first[record.state] = first[record.state] or record
  end
  for _, state in ipairs { "failed", "pruned" } do
    if count[state] then
      lines[#lines + 1] = ("%d %s %s (first trial %d: %s)"):format(count[state], count[state] == 1 and "trial" or "trials",
        state == "pruned" and "ended early" or state, first[state].number, first[state].reason or "no reason given")
    end
  end
  return lines
end

--- The report as text.
-- @param result of `nac.global_search.run`
-- @return text
function M.text(result)
  local lines = { "" }
  if #result.front > 0 then lines[2] = front.text(result) end
  local function add(...) lines[#lines + 1] = (...):format(select(2, ...)) end
  if result.best then
    local function digits(value) return quantity.score(quantity.shown(result.metric, value), "not measured") end
    add("winner: trial %d (%s: search %s, select %s, test %s)", result.best.number, result.metric,
      digits(result.best.attrs.performance_metric), digits(result.select[result.best.number]), digits(result.test))
  end
  if result.data then add("data: %s", result.data) end
  for _, line in ipairs(incomplete(result.study:trials())) do add("%s", line) end
  add("results: %s", result.dir)
  for _, path in ipairs(result.pictures) do add("picture: %s", path) end
  if result.why then add("no winner: %s", result.why) end
  for _, note in ipairs(result.notes) do add("note: %s", note) end
  add("time: %.1f s", result.seconds)
  return table.concat(lines, "\n")
end

--- The report as a plain table, for JSON.
function M.record(result)
  local best = result.best
  return {
    event = "end", dir = result.dir, seconds = result.seconds, interrupted = result.interrupted or false, fault = result.fault,
    notes = result.notes, pictures = result.pictures,
    winner = best and { trial = best.number, values = best.values, select = result.select[best.number], test = result.test },
  }
end

return M
