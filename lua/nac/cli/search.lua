--- `nac-lua search config.yaml`: a global search as a configuration says.

local function whole(least)
  return function(text)
    local n = math.tointeger(tonumber(text))
    if n and n >= least then return n end
    return nil, ("an integer from %d is expected, got '%s'"):format(least, text)
  end
end

local function fail(message)
  io.stderr:write("nac-lua search: ", message, "\n")
  return 1
end

-- The command that continues an interrupted run.
local function resume_command(options)
  local words = { "nac-lua search", options.config, "--resume" }
  for _, name in ipairs { "trials", "epochs", "seed", "results" } do
    if options[name] then words[#words + 1] = ("--%s %s"):format(name, options[name]) end
  end
  if options.sample then words[#words + 1] = "--sample" end
  return table.concat(words, " ")
end

local function run(options)
  local path, message = require("nac.util.home").find(options.config)
  if not path then return fail(message) end
  local quiet = options.quiet
  local log = require("nac.progress").kind(quiet and "quiet" or options.log)
  local result
  result, message = require("nac.global_search").run(path, {
    trials = options.trials, epochs = options.epochs, workers = options.workers, seed = options.seed,
    results = options.results, resume = options.resume, force = options.force, sample = options.sample or nil,
    log = log, pictures = not options.no_pictures,
  })
  if not result then return fail(message) end
  if log == "json" then
    print(require("nac.util.json").encode(require("nac.report.search").record(result)))
  elseif log ~= "quiet" then
    print(result)
  end
  if result.fault then return fail(result.fault) end
  if result.interrupted then
    io.stderr:write("interrupted; to go on: ", resume_command(options), "\n")
    return 130
  end
  if not result.best then return fail(result.why) end
  return 0
end

return {
  summary = "Searches for architectures as a configuration file says, and writes tables, weights and pictures to its results folder.",
  configure = function(command)
    command:argument("config", "a YAML file")
    command:option("--trials", "number of trials"):argname("N"):convert(whole(1))
    command:option("--epochs", "most epochs a trial"):argname("N"):convert(whole(1))
    command:option("--workers", "trials at the same time; 0 runs them in this process (default: one a core)"):argname("N"):convert(whole(0))
    command:option("--seed", "seed of the whole search"):argname("S"):convert(whole(0))
    command:option("--results", "results folder"):argname("DIR")
    command:flag("--resume", "continue the study in the results folder")
    command:flag("--force", "replace the results of another search in the results folder")
    command:flag("--sample", "use the sample of the data that ships with the program")
    command:flag("--no-pictures", "draw nothing")
    command:flag("--quiet", "print nothing but errors")
    command:option("--log", "how progress is shown (default: live on a terminal, else lines; NAC_LOG sets it, too)")
      :argname("KIND"):choices { "json", "lines", "live", "quiet" }
  end,
  run = run,
}
