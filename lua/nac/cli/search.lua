--- `nac-lua search config.yaml`: a global search as a configuration says.
local arguments = require "nac.cli.arguments"

-- How the next stage is run, where the configuration has one.
local function hint(options)
  if options.quiet or options.log == "json" or options.log == "quiet" then return end
  local config = require("nac.config").load(require("nac.util.home").find(options.config))
  if config and config:given "local_search" then
    io.stderr:write(("to compress the winner: nac-lua local %s --results %s\n"):format(
      options.config, options.results or config.output.results_dir))
  end
end

return {
  summary = "Searches for architectures as a configuration file says, and writes tables, weights and pictures to its results folder.",
  configure = function(command) arguments.add(command, "search") end,
  run = function(options)
    local status = arguments.run("search", options, require("nac.global_search").run, require("nac.report.search").record)
    if status == 0 then hint(options) end
    return status
  end,
}
