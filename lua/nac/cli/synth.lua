--- `nac-lua synth best_model.yaml`: firmware of a compressed net, proven, with one page on it.

local arguments = require "nac.cli.arguments"

local function fail(message)
  io.stderr:write("nac-lua synth: ", message, "\n")
  return 1
end

-- The configuration that is named, or which the argument is itself.
local function config_of(options)
  local find = require("nac.util.home").find
  local found, message
  if options.config then
    found, message = find(options.config)
  elseif options.model:find "%.ya?ml$" then
    found, message = find(options.model)
    local top = found and require("nac.util.yaml").load(found)
    if type(top) == "table" and (top.format ~= nil or not (top.search or top.dataset)) then return nil end -- a model
  end
  if not found then return nil, message end
  local config
  config, message = require("nac.config").load(found)
  return config, message
end

local function run(options)
  local config, message = config_of(options)
  if message then return fail(message) end
  local what = options.model
  if config and not options.config then what = config.output.results_dir end
  local result
  result, message = require("nac.synthesis").run(what, config, {
    dir = options.results, board = options.board, clock_ns = options.clock, strategy = options.strategy, reuse_factor = options.reuse,
    input = options.input, output = options.output, threshold = options.threshold, io = options.io, name = options.name, data = options.data,
    samples = options.samples, total_bits = options.bits, int_bits = options.int_bits, force = options.force, any_size = options.any_size,
    trace = options.trace, csim = not options.no_csim, qonnx = not options.no_qonnx, picture = not options.no_pictures,
  })
  if not result then return fail((message:gsub("force = true", "--force"):gsub("any_size = true", "--any-size"))) end
  if not options.quiet then
    io.write(tostring(result))
    if result.trace then io.write("\n", tostring(result.trace)) end
  end
  if result.csim or options.no_csim then return 0 end
  return fail("the firmware in " .. result.dir .. " is not proven: " .. result.csim_fault)
end

return {
  summary = "Makes firmware of a quantised net: HLS project, C simulation against the exact network, QONNX, estimate, one page.",
  configure = function(command)
    command:argument("model", "a model's file (best_model.yaml), a folder of results, or a configuration")
    command:option("--config", "configuration with the data set and section hls_config (default: that of the search)"):argname("FILE")
    command:option("--data", "samples to prove it with, instead of the test set: .npz with x (and y), or .npy"):argname("FILE")
    arguments.integer(command, "--samples", "N", 1, "at most so many of them (default 10000)")
    command:option("--results", "folder to write (default: hls beside the model)"):argname("DIR"):convert(arguments.folder)
    command:option("--name", "the top function"):argname("NAME")
    command:option("--board", "board, or the file of one's own"):argname("BOARD")
    command:option("--clock", "clock period in ns"):argname("NS"):convert(tonumber)
    command:option("--strategy", "latency or resource"):choices { "latency", "resource" }
    arguments.integer(command, "--reuse", "R", 1, "reuse factor, for strategy resource")
    command:option("--input", "type of raw inputs, such as 'ap_int<16>'; standardised; auto"):argname("TYPE")
    command:option("--output", "logits, argmax or threshold"):choices { "logits", "argmax", "threshold" }
    command:option("--threshold", "what an output must be above"):argname("T"):convert(tonumber)
    command:option("--io", "parallel (all elements and positions at once) or stream (default: parallel if it fits the board)"):choices { "parallel", "stream" }
    arguments.integer(command, "--bits", "W", 1, "of a local search's folder the net of that many bits ...")
    command:option("--int-bits", "... and integer bits (default auto)"):argname("I"):convert(function(text)
      return math.tointeger(tonumber(text)) or text
    end)
    command:flag("--trace", "show every layer in float, rounded and in firmware")
    command:flag("--no-csim", "write, prove nothing")
    command:flag("--no-qonnx", "no QONNX file")
    command:flag("--no-pictures", "draw nothing")
    command:flag("--force", "write over a folder that exists")
    command:flag("--any-size", "write a net that does not fit the board, too")
    command:flag("--quiet", "print nothing but errors")
  end,
  run = run,
}
