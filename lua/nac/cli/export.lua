--- `nac-lua export model.yaml -o net.onnx`: a net from one kind of file into another.

local function fail(message)
  io.stderr:write("nac-lua export: ", message, "\n")
  return 1
end

local function is_quantised(net) return #require("nac.quant.formats").list(net) > 0 end

-- The net of a file: a model's description, or ONNX with or without Quant nodes.
local function read(path)
  if not path:find("%.onnx$") then
    local net, why = require("nac.model").load(path)
    if not net and require("nac.arch").load(path) then
      why = path .. ": an architecture has no weights; a model has, such as best_model.yaml of a local search (nac-lua local)"
    end
    return net, why
  end
  local net, why = require("nac.onnx").read(path)
  if net then return net end
  local q, why_not = require("nac.qonnx").read(path)
  return q, why:find("nac.qonnx.read", 1, true) and why_not or why
end

local function run(options)
  local net, message = read(options.model)
  if not net then return fail(message) end
  local format = options.format
  if not format then
    format = not options.output:find("%.onnx$") and "model" or is_quantised(net) and "qonnx" or "onnx"
  end
  local ok
  if format == "model" then
    if not options.output:find("%.ya?ml$") then return fail("the file of a model ends in .yaml, that of ONNX in .onnx") end
    ok, message = require("nac.model").save(net, options.output)
  elseif format == "qonnx" then
    ok, message = require("nac.qonnx").write(net, options.output, { standardized = options.standardized })
  else
    ok, message = require("nac.onnx").write(net, options.output)
  end
  if not ok then return fail(message) end
  print(("%s: %s"):format(options.output, tostring(net)))
  return 0
end

return {
  summary = "Writes a model as ONNX (float nets) or QONNX (quantised nets), or reads such a file into a model.",
  configure = function(command)
    command:argument("model", "a model's description (.yaml), or an .onnx file")
    command:option("-o --output", "file to write: .onnx, or .yaml with an .npz beside it"):argname("FILE"):count(1)
    command:option("--format", "onnx, qonnx or model (default: by the file's ending and by the net)"):choices { "onnx", "qonnx", "model" }
    command:flag("--standardized", "qonnx: leave a standardize layer in front out; the file takes standardised inputs")
  end,
  run = run,
}
