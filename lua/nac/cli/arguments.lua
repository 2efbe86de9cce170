--- What the sub-commands that run a configuration have in common.
local M = {}

--- Gives a command an option that takes an integer from `least`.
-- @param command of argparse
-- @param option its name, "--trials"
-- @param letter of the value, for the help
-- @param least the smallest one allowed
-- @param description for the help
local function integer(command, option, letter, least, description)
  command:option(option, description):argname(letter):convert(function(text)
    local n = math.tointeger(tonumber(text))
    if n and n >= least then return n end
    return nil, ("%s: an integer from %d is expected, got '%s'"):format(option, least, text)
  end)
end

local function folder(text)
  if text:find "%S" then return text end
  return nil, "--results: a folder is expected, got an empty name"
end

-- A word as a shell takes it.
local function quoted(word)
  word = tostring(word)
  return word:find "[^%w_%-%./=:@%%+,]" and "'" .. word:gsub("'", "'\\''") .. "'" or word
end

M.integer, M.quoted, M.folder = integer, quoted, folder

--- Adds the options of every such command.
-- @param command of argparse
-- @param what is run, for the descriptions: "search", "tuning"
function M.add(command, what)
  command:argument("config", "a YAML file")
  integer(command, "--trials", "N", 1, "number of trials")
  integer(command, "--epochs", "N", 1, "most epochs a trial")
  integer(command, "--workers", "N", 0, "trials at the same time; 0 runs them in this process (default: one a core)")
  integer(command, "--seed", "S", 0, ("seed of the whole %s"):format(what))
  command:option("--results", "results folder"):argname("DIR"):convert(folder)
  command:flag("--resume", "continue the study in the results folder")
  command:flag("--force", ("replace the results of another %s in the results folder"):format(what))
  command:flag("--sample", "use the sample of the data that ships with the program")
  command:flag("--no-pictures", "draw nothing")
  command:flag("--quiet", "print nothing but errors")
  command:option("--log", "how progress is shown (default: live on a terminal, else lines; NAC_LOG sets it, too)")
    :argname("KIND"):choices { "json", "lines", "live", "quiet" }
end

-- The command that continues an interrupted run.
local function resume_command(name, options)
  local words = { "nac-lua " .. name, quoted(options.config), "--resume" }
  for _, option in ipairs { "arch", "trials", "epochs", "seed", "results" } do
    if options[option] then words[#words + 1] = ("--%s %s"):format(option, quoted(options[option])) end
  end
  if options.sample then words[#words + 1] = "--sample" end
  return table.concat(words, " ")
end

--- Runs a configuration as the command line says, and reports.
-- @param name of the command
-- @param options of argparse
-- @param start function(path of the config, options for it) -> result, or nil and a message
-- @param record function(result) -> plain table, for JSON
-- @return exit status
function M.run(name, options, start, record)
  local function fail(message)
    io.stderr:write("nac-lua ", name, ": ", message, "\n")
    return 1
  end
  local path, message = require("nac.util.home").find(options.config)
  if not path then return fail(message) end
  local known, log = pcall(require("nac.progress").kind, options.quiet and "quiet" or options.log)
  if not known then return fail("NAC_LOG: " .. require("nac.util.fault").message(log)) end
  local result
  result, message = start(path, {
    arch = options.arch, trials = options.trials, epochs = options.epochs, workers = options.workers, seed = options.seed,
    results = options.results, resume = options.resume, force = options.force, sample = options.sample or nil,
    log = log, pictures = not options.no_pictures,
  })
  if not result then return fail(message) end
  if log == "json" then
    print(require("nac.util.json").encode(record(result)))
  elseif log ~= "quiet" then
    print(result)
  else -- what is missing in the results is no chatter
    for _, note in ipairs(result.notes or {}) do io.stderr:write("nac-lua ", name, ": ", note, "\n") end
  end
  if result.fault then return fail(result.fault) end
  if result.interrupted then
    io.stderr:write("interrupted; to go on: ", resume_command(name, options), "\n")
    return 130
  end
  if not result.best then return fail(result.why) end
  return 0
end

return M
