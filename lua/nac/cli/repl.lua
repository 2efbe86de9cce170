--- The interactive prompt.
local protect = require "nac.cli.protect"
local show = require "nac.util.show"
local sys = require "nac.c.sys"

local M = {}

local home = os.getenv("HOME")
local history_path = home and home .. "/.nac-lua_history"

-- Without a terminal, or without libedit, lines are read plainly.
local function plain_reader()
  return {
    read = function(_, prompt)
      io.stdout:write(prompt)
      io.stdout:flush()
      return io.read("l")
    end,
    add = function() end,
    close = function() end,
  }
end

local function open_reader()
  local edit = require "nac.c.edit"
  if not (edit.is_terminal(0) and edit.is_terminal(1)) then return plain_reader() end
  local editor, why = edit.open(require "nac.cli.complete")
  if not editor then
    io.stderr:write("nac-lua: ", why, "\n")
    return plain_reader()
  end
  if history_path then editor:load(history_path) end
  return editor
end

-- A chunk from the lines typed so far: an expression is tried first, so that
-- its value is shown. Returns the chunk, or nil, message, whether more may come.
local function compile(text)
  local expression = text:match("^%s*=(.*)$") or text
  local chunk = load("return " .. expression, "=stdin")
  if chunk then return chunk end
  local message
  chunk, message = load(text, "=stdin")
  return chunk, message, message and message:match("<eof>'?$") ~= nil
end

local function print_results(...)
  local n = select("#", ...)
  if n == 0 then return end
  local out = {}
  for i = 1, n do
    local value = select(i, ...)
    out[i] = type(value) == "string" and value or show(value)
  end
  io.stdout:write(table.concat(out, "\t"), "\n")
end

-- Reads one complete chunk. Returns it, or nil at the end of input, or false
-- when there is nothing to run.
local function read_chunk(reader)
  local text
  while true do
    local line, why = reader:read(text and ">> " or "> ")
    if not line then
      if why ~= "interrupted" then return nil end
      io.stdout:write("^C\n")
      return false
    end
    text = text and text .. "\n" .. line or line
    local chunk, message, more = compile(text)
    if not more then
      if text:match("%S") then reader:add(text) end
      if chunk then return chunk end
      io.stderr:write(message, "\n")
      return false
    end
  end
end

local function run_chunk(chunk)
  local results = table.pack(protect.try(chunk))
  if results[1] then
    -- showing calls the values' own __tostring, which may fail as well
    results = table.pack(protect.try(print_results, table.unpack(results, 2, results.n)))
  end
  if not results[1] then
    if type(results[2]) == "table" then
      sys.set_interrupted(false)
      io.stderr:write("interrupted\n")
    else
      io.stderr:write(results[2], "\n")
    end
  end
end

--- Reads, runs and prints until the end of input (Ctrl-D).
-- @param banner printed first, unless nil
-- @return the exit status
function M.run(banner)
  if banner then print(banner) end
  _G.nac = _G.nac or require "nac"
  local reader = open_reader()
  while true do
    -- Ctrl-C between two steps only drops the line
    local ok, chunk = pcall(read_chunk, reader)
    if not ok then
      sys.set_interrupted(false)
    elseif chunk == nil then
      break
    elseif chunk then
      run_chunk(chunk)
    end
    io.stdout:flush()
  end
  if reader.save and history_path then reader:save(history_path) end
  reader:close()
  io.stdout:write("\n")
  return 0
end

return M
