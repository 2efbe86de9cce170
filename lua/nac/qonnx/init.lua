--- QONNX files of quantised nets: ONNX with Quant nodes, as qonnx executes and hls4ml
-- converts them, to the same integers as our exact executor.
--
--     local q = nac.quant.prepare(net, { total_bits = 8, int_bits = "auto", data = data.fit })
--     nac.qonnx.write(q, "net.onnx")            -- true, or nil and what the tools cannot hold
--     local q2 = assert(nac.qonnx.read "net.onnx")
--
-- Formats must be uniform, round by RND_CONV or TRN and saturate. docs/interchange.md lists what is taken.
local cquant = require "nac.c.quant"
local emit = require "nac.qonnx.emit"
local enum = require "nac.util.enum"
local formats = require "nac.quant.formats"
local graph = require "nac.onnx.graph"
local lower = require "nac.quant.lower"
local quant = require "nac.qonnx.quant"

local M = {}

local IR_VERSION, OPSET = 7, 11

-- Raises what write turns into nil, message.
local function refuse(form, ...) error({ refusal = form:format(...) }, 0) end

-- The one format of a place, or nil; `what` for messages.
local function format_at(net, place, what)
  local list, scale = net:quantiser(place)
  if not list then return nil end
  if #list > 1 then
    refuse("%s has %d formats; hls4ml takes one a tensor: prepare it without formats per channel", what, #list)
  end
  if scale and scale ~= 0 then refuse("%s has a scale that is no power of two; hls4ml takes fixed-point formats", what) end
  return list[1]
end

-- A parameter behind its Quant node; what it holds is rounded already, so the modes of its format no longer matter.
-- `made` keeps it for layers that share it.
local function parameter(net, g, layer, suffix, turned, made)
  local name = (layer.share or layer.name) .. "." .. suffix
  if made[name] then return made[name] end
  local format = format_at(net, name, name) or refuse("%s has no number format", name)
  local own = g:unique((name:gsub("%W", "_")))
  local rounded = format:apply(net:tensor(name))
  g:constant(own, turned and rounded:transpose() or rounded)
  local plain = cquant.format { width = format.width, integer = format.integer, signed = format.signed }
  made[name] = quant.emit(g, own .. "_quant", own, plain)
  return made[name]
end

local function at_work(net, g, layer, values, made)
  local at = { g = g, layer = layer, inputs = {} }
  for i, value in ipairs(layer.inputs) do at.inputs[i] = values[value] end
  at.x = at.inputs[1]
  function at.quantised(suffix, turned) return parameter(net, g, layer, suffix, turned, made) end
  return at
end

-- A value behind its Quant node, where it has a format.
local function rounded(net, g, value, name, x, what)
  local format = format_at(net, value, what)
  if not format then return x end
  local out, why = quant.emit(g, name .. "_quant", x, format)
  return out or refuse("%s: %s", what, why)
end

-- The layer as names of ONNX and of C++ can be.
local function named(layer)
  local copy = {}
  for key, value in pairs(layer) do copy[key] = value end
  copy.name = layer.name:gsub("%W", "_")
  return copy
end

local function build(net, options)
  lower.lower(net):close() -- what has no integer form is named there
  local g, values, made, shape = graph.new "nac", { "x" }, {}, net:input_shape()
  local layers, first = net:layers(), 1
  if options.standardized and layers[1] and layers[1].kind == "standardize" then
    first, values[2] = 2, rounded(net, g, 2, "x", "x", "the input")
  else
    values[1] = rounded(net, g, 1, "x", "x", "the input")
  end
  for i = first, #layers do
    local layer = layers[i]
    local what = ("layer '%s'"):format(layer.name)
    local kind = emit[layer.kind]
    if type(kind) ~= "function" then
      refuse("%s: qonnx and hls4ml have no exact form for kind %s; %s", what, layer.kind,
        emit.instead[layer.kind] or "nac.hls.write makes firmware of it")
    end
    local at = at_work(net, g, layer, values, made)
    at.layer = named(layer)
    local y, why = kind(at)
    if not y then refuse("%s: %s", what, why) end
    values[i + 1] = rounded(net, g, i + 1, at.layer.name, y, what)
  end
  return g, values[#values], shape
end

local function message_of(result) return (tostring(result):gsub("^[^\n]-%.lua:%d+: ", "")) end

--- Writes a quantised net: input "x" (1, shape of a sample), output "y" (logits).
-- @param net with number formats on its input and every parameter (nac.quant.prepare)
-- @param path of the file
-- @param[opt] options `standardized` = true: a standardize layer in front is left out; the file takes inputs that are standardised
-- @return true; or nil and what qonnx or hls4ml cannot hold, with the layer and the alternative
function M.write(net, path, options)
  options = options or {}
  for key in pairs(options) do enum.check(key, { "standardized" }, "option of qonnx.write", 2) end
  if #formats.list(net) == 0 then return nil, "the net has no number formats (nac.quant.prepare); nac.onnx.write writes float nets" end
  local ok, g, result, shape = pcall(build, net, options)
  if not ok then return nil, type(g) == "table" and g.refusal or message_of(g) end
  return g:write(path, {
    input = shape, output = net:output_shape(), result = result, batch = 1, ir_version = IR_VERSION,
    opsets = { { domain = "", version = OPSET }, { domain = quant.DOMAIN, version = 1 } },
  })
end

--- Reads a quantised net. Lowered (nac.quant.lower) it gives the integers that the file stands for.
-- @param path of the file
-- @return the net; or nil and a message that names the node that is outside of the subset
function M.read(path) return require("nac.onnx.import").read(path, quant.read) end

return M
