--- The command line of `nac-lua`: takes the global `arg`, returns the exit status.
-- 0 success, 1 failure, 2 wrong usage, 130 interrupted by Ctrl-C.

-- One line a sub-command; its module is loaded only when it is asked for. A
-- module returns { name, summary, configure = function(argparse command),
-- run = function(options) -> exit status }.
local commands = {
  { "search", "search for architectures as a config file says" },
  { "tune", "tune the training of one architecture: learning rate, optimiser, schedule, ..." },
  { "local", "compress the winner of a search: quantisation and pruning" },
  { "synth", "make firmware of a compressed net, and prove it" },
  { "cost", "count parameters, MACs, BOPs and FPGA resources of an architecture" },
  { "export", "write a model as ONNX or QONNX, or read such a file" },
  { "plot", "draw the Pareto fronts of a results file" },
  { "doctor", "show what the engine finds on this machine, and what is missing" },
}

local usage = "usage: nac-lua [options] [script [args]]\n       nac-lua COMMAND [options]\n"

local options = [[

options, as of lua:
  -e code     run the string 'code'
  -i          enter interactive mode after running the script
  -l mod      require library 'mod' into global 'mod' (-l g=mod: into global 'g')
  -v          show version information
  -E          ignore environment variables
  -W          turn warnings on
  --          stop handling options
  -           run standard input as a program and stop handling options
  --help      show this text

Without a script the interactive prompt starts. A script or config that is not
in the current folder is looked for in %s.
A command wins over a script of the same name; write ./search to run a file.
]]

local function help()
  local out = { usage, "\ncommands (each has --help):\n" }
  for _, command in ipairs(commands) do
    out[#out + 1] = ("  %-10s  %s\n"):format(command[1], command[2])
  end
  out[#out + 1] = options:format(require("nac.util.home").path("experiments"))
  io.stdout:write(table.concat(out))
  return 0
end

local function run_command(name, arg)
  local command = require("nac.cli." .. name)
  local parser = require "argparse" ("nac-lua " .. name, command.summary)
  command.configure(parser)
  local ok, parsed = parser:pparse({ table.unpack(arg, 2) })
  if not ok then
    io.stderr:write(parser:get_usage(), "\n\nnac-lua ", name, ": ", parsed, "\n")
    return 2
  end
  return require("nac.cli.protect").call(command.run, parsed)
end

return function(arg)
  require("nac.c.sys").handle_interrupts()
  local first = arg[1]
  if first == "--help" or first == "-h" then return help() end
  for _, command in ipairs(commands) do
    if command[1] == first then return run_command(first, arg) end
  end
  return require("nac.cli.script").run(arg, usage, commands)
end
