--- `nac-lua tune config.yaml`: tunes the training of one architecture.
local arguments = require "nac.cli.arguments"

return {
  summary = "Tunes learning rate, batch size, optimiser, schedule and more for one architecture, as section tuning of a configuration says.",
  configure = function(command)
    arguments.add(command, "tuning")
    command:option("--arch", "architecture file (default: the winner of the search in output.results_dir)"):argname("FILE")
  end,
  run = function(options)
    return arguments.run("tune", options, require("nac.tune").from_config, require("nac.report.tuning").record)
  end,
}
