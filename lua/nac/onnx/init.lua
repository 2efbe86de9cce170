--- ONNX files of float nets, written and read.
--
--     nac.onnx.write(net, "net.onnx")           -- true, or nil and a message
--     local net = assert(nac.onnx.read "net.onnx")
--
-- Quantised nets have a format of their own, nac.qonnx. docs/interchange.md lists the operations.
local emit = require "nac.onnx.emit"
local formats = require "nac.quant.formats"
local graph = require "nac.onnx.graph"

local M = {}

local IR_VERSION, OPSET = 9, 20 -- the first with Gelu

-- What nac.onnx.emit gets for a layer.
local function at_work(net, g, layer, values)
  local own = layer.share or layer.name
  local at = { g = g, layer = layer, inputs = {} }
  for i, value in ipairs(layer.inputs) do at.inputs[i] = values[value] end
  at.x = at.inputs[1]
  function at.parameter(suffix) return net:tensor(own .. "." .. suffix) end
  function at.constant(suffix) return g:constant(own .. "." .. suffix, at.parameter(suffix)) end
  return at
end

--- Writes a float net: input "x" (N, shape of a sample), output "y", N free. Dropout is left out, as in evaluation.
-- @param net a net with weights
-- @param path of the file
-- @return true; or nil and what ONNX has no operation for, by layer name, or why the file cannot be written
function M.write(net, path)
  if #formats.list(net) > 0 then return nil, "the net is quantised; ONNX has no such numbers: use nac.qonnx.write" end
  local g, values = graph.new "nac", { "x" }
  for i, layer in ipairs(net:layers()) do
    local kind = emit[layer.kind]
    if not kind then
      return nil, ("layer '%s': ONNX has no operation for a layer of kind %s; write it as a composite of layers (nac.nn.define)"):format(
        layer.name, layer.kind)
    end
    values[i + 1] = kind(at_work(net, g, layer, values))
  end
  return g:write(path, {
    input = net:input_shape(), output = net:output_shape(), result = values[#values], batch = "N",
    ir_version = IR_VERSION, opsets = { { domain = "", version = OPSET } },
  })
end

--- Reads a net of the operations that `write` writes and their common spellings (MatMul and Add for Gemm, ...).
-- @param path of the file
-- @return the net with its weights; or nil and a message that names the node that has no layer here
function M.read(path) return require("nac.onnx.import").read(path) end

return M
