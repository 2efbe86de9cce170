--- Running Lua code from the command line, with the options of stock `lua`.
local home = require "nac.util.home"
local protect = require "nac.cli.protect"
local sys = require "nac.c.sys"

local M = {}

local version = ("nac-lua %s, on %s"):format(sys.version, _VERSION)

-- Options with a value of their own: -eCODE and -e CODE.
local with_value = { e = true, l = true }

-- Splits `arg` into actions { kind, value }, flags and the index of the script.
local function parse(arg)
  local actions, flags = {}, {}
  local i = 1
  while arg[i] do
    local word = arg[i]
    local letter = word:match("^%-(%a)")
    if word:sub(1, 1) ~= "-" or word == "-" then break end
    if word == "--" then
      i = i + 1
      break
    elseif letter and with_value[letter] then
      local value = word:sub(3)
      if value == "" then
        i = i + 1
        value = arg[i]
      end
      if not value then return nil, ("'%s' needs an argument"):format(word) end
      actions[#actions + 1] = { letter, value }
    elseif word == "-W" then
      actions[#actions + 1] = { "W" }
    elseif word == "-i" or word == "-v" or word == "-E" then
      flags[letter] = true
    else
      return nil, ("unrecognized option '%s'"):format(word)
    end
    i = i + 1
  end
  return actions, flags, i
end

local function run_chunk(chunk, ...)
  if not chunk then
    return protect.report((...))
  end
  local ok, problem = protect.try(chunk, select(2, ...))
  if not ok then return protect.report(problem) end
  -- a script may finish in order after Ctrl-C, as one does whose study stopped
  return sys.interrupted() and 130 or 0
end

local function run_code(code)
  local chunk, message = load(code, "=(command line)")
  return run_chunk(chunk, message)
end

local function load_library(text)
  local global, name = text:match("^([%a_][%w_]*)=(.+)$")
  if not global then
    global, name = text:match("^[^-]*"), text
  end
  local ok, module = protect.try(require, name)
  if not ok then return protect.report(module) end
  _G[global] = module
  return 0
end

local function run_action(action)
  local kind, value = action[1], action[2]
  if kind == "e" then return run_code(value) end
  if kind == "l" then return load_library(value) end
  warn("@on")
  return 0
end

-- `arg` as the script sees it: arg[0] its name, the rest around it.
local function shift(arg, index)
  local out = {}
  for i = 0, #arg do out[i - index] = arg[i] end
  return out
end

local function run_script(arg, index, commands)
  local name = arg[index]
  local path
  if name ~= "-" then
    local where
    path, where = home.find(name)
    if not path then
      local words = {}
      for _, command in ipairs(commands) do words[#words + 1] = command[1] end
      local near = require("nac.util.enum").nearest(name, words)
      return protect.report(("cannot open script: %s%s"):format(
        where, near and ("; did you mean the command '%s'?"):format(near) or ""))
    end
  end
  _G.arg = shift(arg, index)
  _G.arg[0] = path or name -- where the script is, so that it finds the files beside it
  local chunk, message = loadfile(path)
  return run_chunk(chunk, message, table.unpack(_G.arg))
end

--- Does what the command line says.
-- @param arg the words, from 1; arg[0] is the program
-- @param usage printed when an option is not known
-- @param commands the sub-commands, to name one that was misspelt
-- @return the exit status
function M.run(arg, usage, commands)
  local actions, flags, index = parse(arg)
  if not actions then
    io.stderr:write("nac-lua: ", flags, "\n", usage)
    return 2
  end
  if flags.v then print(version) end
  for _, action in ipairs(actions) do
    local status = run_action(action)
    if status ~= 0 then return status end
  end
  local edit = require "nac.c.edit"
  if arg[index] then
    local status = run_script(arg, index, commands)
    if status ~= 0 and not flags.i then return status end
  elseif #actions == 0 and not flags.v and not flags.i and not edit.is_terminal(0) then
    return run_script({ [0] = arg[0], "-" }, 1, commands)
  end
  if flags.i or (not arg[index] and #actions == 0 and not flags.v) then
    return require("nac.cli.repl").run(not flags.v and version or nil)
  end
  return 0
end

return M
