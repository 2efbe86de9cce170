--- `nac-lua search config.yaml`: a global search as a configuration says.
local arguments = require "nac.cli.arguments"

return {
  summary = "Searches for architectures as a configuration file says, and writes tables, weights and pictures to its results folder.",
  configure = function(command) arguments.add(command, "search") end,
  run = function(options)
    return arguments.run("search", options, require("nac.global_search").run, require("nac.report.search").record)
  end,
}
