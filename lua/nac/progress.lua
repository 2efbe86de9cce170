--- Shows how a study gets on. On a terminal one line that renews itself;
-- elsewhere a line a trial; or JSON, an object a line; or nothing.
local clock = require("nac.c.proc").clock
local enum = require "nac.util.enum"

local M = {}

local function seconds_text(seconds)
  if seconds < 0.95 then return ("%.1f s"):format(seconds) end
  if seconds < 99.5 then return ("%.0f s"):format(seconds) end
  if seconds < 5400 then return ("%.0f min"):format(seconds / 60) end
  return ("%.1f h"):format(seconds / 3600)
end

-- "accuracy 0.9510": four digits are enough for a line.
local function value_text(name, value)
  if math.type(value) == "integer" or value == math.floor(value) and math.abs(value) < 1e15 then
    return ("%s %d"):format(name, value)
  end
  if math.abs(value) >= 1000 then return ("%s %.0f"):format(name, value) end
  return ("%s %.4g"):format(name, value)
end

local function values_text(objectives, values)
  local out = {}
  for i, objective in ipairs(objectives) do out[i] = value_text(objective.name, values[objective.name]) end
  return table.concat(out, ", ")
end

local outputs = {}

local function nothing() end

local function print_start(about) io.stderr:write(about.text, "\n") end

function outputs.quiet() return { start = nothing, trial = nothing, close = nothing } end

function outputs.lines(progress)
  return {
    start = print_start,
    trial = function(record)
      local what = record.state
      if record.state == "complete" then
        what = values_text(progress.objectives, record.values)
        if record.attrs.duplicate_of then what = ("%s (duplicate of trial %d)"):format(what, record.attrs.duplicate_of) end
      elseif record.reason then
        what = ("%s: %s"):format(record.state, (tostring(record.reason):match("[^\n]*")))
      end
      io.stderr:write(("trial %d [%d/%d] %s (%.2f s)\n"):format(
        record.number, progress.done, progress.total, what, record.seconds or 0))
    end,
    close = nothing,
  }
end

function outputs.live(progress)
  local first = progress.objectives[1]
  return {
    start = function(about)
      io.stderr:write(about.text, ("\n%d/%d trials"):format(progress.done, progress.total))
      io.stderr:flush()
    end,
    trial = function()
      local best = progress.best and value_text(first.name, progress.best) or "none yet"
      local left = progress.total > progress.done and seconds_text(progress:left()) .. " left" or "done"
      local line = ("%d/%d trials  best %s  front %d%s  %s"):format(
        progress.done, progress.total, best, progress.front_size(),
        progress.failed > 0 and ("  failed %d"):format(progress.failed) or "", left)
      io.stderr:write("\r\27[K", line)
      io.stderr:flush()
    end,
    close = function() io.stderr:write("\n") end,
  }
end

function outputs.json(progress)
  local json = require "nac.util.json"
  local function write(event)
    io.stdout:write(json.encode(event), "\n")
    io.stdout:flush()
  end
  return {
    start = function(about) write { event = "start", text = about.text, total = progress.total, done = progress.done } end,
    trial = function(record)
      write {
        event = "trial", trial = record.number, state = record.state, reason = record.reason,
        values = record.values, params = record.params, seconds = record.seconds,
        done = progress.done, total = progress.total, front = progress.front_size(),
      }
    end,
    close = nothing,
  }
end

local kinds = { "json", "lines", "live", "quiet" }

--- The kind of display: what was asked for, else NAC_LOG, else by the terminal.
-- @param[opt] kind "json", "lines", "live" or "quiet"
function M.kind(kind)
  kind = kind or os.getenv("NAC_LOG")
  if kind and kind ~= "" then return enum.check(kind, kinds, "kind of log", 2) end
  return require("nac.c.edit").is_terminal(2) and "live" or "lines"
end

local Progress = {}
Progress.__index = Progress

--- Starts a display.
-- @param options `kind`; `objectives` (list of { name =, direction = }); `total`
-- (number of trials); `done` (trials of an earlier run that is resumed);
-- `front_size` (function -> integer)
function M.new(options)
  local self = setmetatable({
    objectives = options.objectives, total = options.total, done = options.done or 0, failed = 0,
    front_size = options.front_size, started = clock(),
    at_start = options.done or 0,
  }, Progress)
  self.output = outputs[M.kind(options.kind)](self)
  return self
end

--- Seconds until the last trial at the pace so far.
function Progress:left()
  return (clock() - self.started) / math.max(1, self.done - self.at_start) * (self.total - self.done)
end

--- Tells what begins.
-- @param about { text = one line for people }
function Progress:start(about) self.output.start(about) end

--- Tells that a trial is over.
-- @param record its record
function Progress:trial(record)
  self.done = self.done + 1
  if record.state == "failed" then self.failed = self.failed + 1 end
  local first = self.objectives[1]
  local value = record.state == "complete" and record.values[first.name]
  local sign = first.direction == "maximize" and 1 or -1
  if value and (not self.best or sign * value > sign * self.best) then self.best = value end
  self.output.trial(record)
end

--- Ends the display.
function Progress:close() self.output.close() end

return M
