--- An ONNX file as Lua tables: nodes, constants, the one input and output. Nothing
-- is believed that the bytes of the file do not bear out.
local lfs = require "lfs"
local file = require "nac.util.file"
local message = require "nac.onnx.message"
local raw = require("nac.c.npz").read_raw
local tensor = require "nac.tensor"
local wire = require "nac.onnx.wire"

local M = {}

local LARGEST = 1 << 31 -- no message of protobuf is longer
local LONGEST_LIST = 64 -- of shapes, axes and the like

local BYTES = { f2 = 2, g2 = 2, f4 = 4, f8 = 8, i1 = 1, i2 = 2, i4 = 4, i8 = 8, u1 = 1, u2 = 2, u4 = 4, u8 = 8, b1 = 1 }

local function refuse(form, ...) error({ refusal = form:format(...) }, 0) end

-- Where numbers lie that are not in raw_data, by data_type.
local LISTS = { [1] = "float_data", [6] = "int32_data", [7] = "int64_data", [11] = "double_data" }

-- Elements that the dimensions claim; refuses what no file of this length holds.
local function count(proto, model)
  local n = 1
  if #proto.dims > 8 then refuse("constant '%s' has more than 8 dimensions", proto.name) end
  for _, d in ipairs(proto.dims) do
    if d < 1 or d > #model.text then refuse("constant '%s' has a dimension of %d, which cannot be", proto.name, d) end
    n = n * d
    if n > #model.text then refuse("constant '%s' claims more numbers than the file has bytes", proto.name) end
  end
  return n
end

-- The checks of both kinds of access: elements, their type.
local function look(proto, model)
  if proto.data_location == 1 or #proto.external_data > 0 then
    refuse("constant '%s' lies in another file (external data); save the model as one file", proto.name)
  end
  local element = message.elements[proto.data_type]
  if not element then refuse("constant '%s' is of data type %s, which cannot be read", proto.name, tostring(proto.data_type)) end
  local n = count(proto, model)
  local has = proto.raw_data and proto.raw_data.last - proto.raw_data.first + 1
  if has and has ~= n * BYTES[element] then
    refuse("constant '%s': its shape needs %d bytes, it has %d", proto.name, n * BYTES[element], has)
  end
  local list = not has and proto[LISTS[proto.data_type]]
  if not has and (not list or #list ~= n) then
    refuse("constant '%s': its shape needs %d numbers, it has %d", proto.name, n, list and #list or 0)
  end
  return n, element, list
end

--- A constant as an f32 tensor of its shape ({1} where it has none).
-- @param model what `read` gave
-- @param proto of the constant
function M.tensor(model, proto)
  local n, element, list = look(proto, model)
  local shape = #proto.dims > 0 and proto.dims or { n }
  if list then return tensor.new(list, "f64"):to("f32"):reshape(shape) end
  local t, why = raw(model.path, proto.raw_data.first - 1, element, shape)
  if not t then refuse("constant '%s': %s", proto.name, why) end
  return t:to "f32"
end

--- A constant as a list of integers (i32 or i64).
-- @param model what `read` gave
-- @param proto of the constant
function M.integers(model, proto)
  local n, element, list = look(proto, model)
  if element ~= "i8" and element ~= "i4" then refuse("constant '%s' must hold integers", proto.name) end
  if n > LONGEST_LIST then refuse("constant '%s' has %d numbers where a few are expected", proto.name, n) end
  if list then return { table.unpack(list) } end
  local out, at = {}, proto.raw_data.first
  for i = 1, n do out[i], at = string.unpack(element == "i8" and "<i8" or "<i4", model.text, at) end
  return out
end

-- Batch and shape of one sample of an input or output.
local function shape_of(info)
  local kind = info.type and info.type.tensor_type
  if not kind or not kind.shape then refuse("'%s' has no shape", tostring(info.name)) end
  if kind.elem_type ~= message.FLOAT then refuse("'%s' must be float", tostring(info.name)) end
  local shape = {}
  for i, dim in ipairs(kind.shape.dim) do
    shape[i] = dim.dim_value or 0
    if i > 1 and shape[i] < 1 then refuse("dimension %d of '%s' must be a number", i, info.name) end
  end
  if #shape < 2 or #shape > 8 then refuse("'%s' must have the batch and 1 to 7 more dimensions, it has %d", info.name, #shape) end
  return shape[1], { table.unpack(shape, 2) }
end

local function versions(list)
  local found = {}
  for _, opset in ipairs(list) do found[opset.domain == "ai.onnx" and "" or opset.domain or ""] = opset.version or 1 end
  return found
end

local function assemble(model, decoded)
  local g = decoded.graph
  if not g or #g.node == 0 or #g.output == 0 then refuse("this is no ONNX model: it has no graph") end
  if #g.sparse_initializer > 0 then refuse("sparse constants cannot be read") end
  model.constants, model.nodes, model.opsets = {}, g.node, versions(decoded.opset_import)
  for _, proto in ipairs(g.initializer) do
    proto.name = proto.name or ""
    model.constants[proto.name] = proto
  end
  local inputs = {}
  for _, info in ipairs(g.input) do -- old files list their constants among the inputs
    if not model.constants[info.name] then inputs[#inputs + 1] = info end
  end
  if #inputs ~= 1 or #g.output ~= 1 then refuse("a model of one input and one output is expected, it has %d and %d", #inputs, #g.output) end
  model.input, model.output = inputs[1].name, g.output[1].name
  if not model.input or not model.output then refuse("input or output has no name") end
  model.batch, model.shape = shape_of(inputs[1])
  return model
end

--- Reads a file.
-- @param path of the file
-- @return { path, text, nodes, constants by name, opsets by domain, input, output (names), batch (0: any), shape (of
-- one sample) }; or nil and a message
function M.read(path)
  if lfs.attributes(path, "mode") ~= "file" and lfs.attributes(path, "mode") then return nil, path .. ": not a regular file" end
  if file.size(path) >= LARGEST then return nil, path .. ": longer than 2 GB, which no ONNX file is" end
  local text, why = file.read(path)
  if not text then return nil, why end
  local decoded
  decoded, why = wire.decode(text, message.model)
  if not decoded then return nil, ("%s: damaged, or no ONNX file: %s"):format(path, why) end
  local ok, result = pcall(assemble, { path = path, text = text }, decoded)
  if ok then return result end
  if type(result) == "table" and result.refusal then return nil, ("%s: %s"):format(path, result.refusal) end
  error(result, 0)
end

return M
