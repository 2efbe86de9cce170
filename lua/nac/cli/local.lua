--- `nac-lua local config.yaml`: compresses the winner of a global search as the
-- configuration's section local_search says.

local arguments = require "nac.cli.arguments"

local function fail(message)
  io.stderr:write("nac-lua local: ", message, "\n")
  return 1
end

-- The command that continues an interrupted run.
local function resume_command(options)
  local words = { "nac-lua local", arguments.quoted(options.config), "--resume" }
  for _, name in ipairs { "results", "trial", "mode" } do
    if options[name] then words[#words + 1] = ("--%s %s"):format(name, arguments.quoted(options[name])) end
  end
  return table.concat(words, " ")
end

local function run(options)
  local path, message = require("nac.util.home").find(options.config)
  if not path then return fail(message) end
  local config
  config, message = require("nac.config").load(path)
  if not config then return fail(message) end
  local settings = {}
  for key, value in pairs(config.local_search) do settings[key] = value end
  settings.mode = options.mode or settings.mode
  local ok, why = require("nac.local_search").check(settings)
  if not ok then return fail(why) end
  local result
  result, message = require("nac.local_search").run((options.results or config.output.results_dir):gsub("(.)/+$", "%1"), nil, settings, {
    workers = options.workers, resume = options.resume, force = options.force, trial = options.trial, quiet = options.quiet,
    pictures = not options.no_pictures,
  })
  if not result then return fail(message) end
  if result.interrupted then
    io.stderr:write("interrupted; to go on: ", resume_command(options), "\n")
    return 130
  end
  if not options.quiet then print(result) end
  return result.fault and fail(result.fault) or 0
end

return {
  summary = "Quantises and prunes the winner of a global search as a configuration file says; tables, nets and pictures go into the results folder.",
  configure = function(command)
    command:argument("config", "a YAML file with a section local_search")
    command:option("--results", "results folder of the global search (default: that of the configuration)"):argname("DIR")
      :convert(arguments.folder)
    command:option("--mode", "combined or separated (default: that of the configuration)"):choices { "combined", "separated" }
    arguments.integer(command, "--trial", "N", 0, "start from this trial of the front, not from the winner")
    arguments.integer(command, "--workers", "N", 0, "precisions and folds at the same time; 0 runs them in this process (default: one a core)")
    command:flag("--resume", "continue with the iteration at which an earlier run stopped")
    command:flag("--force", "replace the results of another local search in the results folder")
    command:flag("--no-pictures", "draw nothing")
    command:flag("--quiet", "print nothing but errors")
  end,
  run = run,
}
