--- ONNX's messages, as far as networks of our kinds need them (field numbers from
-- onnx.proto of ONNX, Apache-2.0), for nac.onnx.wire. docs/interchange.md has the subset.
local M = {}

local function field(name, type) return { name = name, type = type } end
local function list(name, type) return { name = name, type = type, list = true } end

local dimension = { field("dim_value", "int"), field("dim_param", "string") }
local shape = { list("dim", dimension) }
local tensor_type = { field("elem_type", "int"), field("shape", shape) }
local value_info = { field("name", "string"), field("type", { field("tensor_type", tensor_type) }) }

local external = { field("key", "string"), field("value", "string") }

local tensor = {
  [1] = list("dims", "int"), [2] = field("data_type", "int"), [4] = list("float_data", "float"),
  [5] = list("int32_data", "int"), [7] = list("int64_data", "int"), [8] = field("name", "string"),
  [9] = field("raw_data", "bytes"), [10] = list("double_data", "float"), [13] = list("external_data", external),
  [14] = field("data_location", "int"),
}

local attribute = {
  [1] = field("name", "string"), [2] = field("f", "float"), [3] = field("i", "int"), [4] = field("s", "string"),
  [5] = field("t", tensor), [7] = list("floats", "float"), [8] = list("ints", "int"), [20] = field("type", "int"),
}

local node = {
  [1] = list("input", "string"), [2] = list("output", "string"), [3] = field("name", "string"),
  [4] = field("op_type", "string"), [5] = list("attribute", attribute), [7] = field("domain", "string"),
}

local graph = {
  [1] = list("node", node), [2] = field("name", "string"), [5] = list("initializer", tensor),
  [11] = list("input", value_info), [12] = list("output", value_info),
  [13] = list("value_info", value_info), [15] = list("sparse_initializer", {}),
}

local opset = { field("domain", "string"), field("version", "int") }

local property = { field("key", "string"), field("value", "string") }

--- A whole file.
M.model = {
  [1] = field("ir_version", "int"), [2] = field("producer_name", "string"), [3] = field("producer_version", "string"),
  [7] = field("graph", graph), [8] = list("opset_import", opset), [14] = list("metadata_props", property),
}

--- TensorProto.data_type -> type of nac.c.npz.read_raw
M.elements = {
  [1] = "f4", [2] = "u1", [3] = "i1", [4] = "u2", [5] = "i2", [6] = "i4", [7] = "i8", [9] = "b1", [10] = "f2", [11] = "f8",
  [12] = "u4", [13] = "u8", [16] = "g2",
}

--- AttributeProto.type by what is given.
M.attribute_types = { f = 1, i = 2, s = 3, t = 4, floats = 6, ints = 7 }

M.FLOAT, M.INT64 = 1, 7

return M
