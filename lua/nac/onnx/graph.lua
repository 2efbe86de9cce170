--- A graph of ONNX in the making: nodes, constants, names; then the file.
local file = require "nac.util.file"
local message = require "nac.onnx.message"
local wire = require "nac.onnx.wire"

local Graph = {}
Graph.__index = Graph

local M = {}

--- Starts a graph.
-- @param name of the graph
function M.new(name)
  return setmetatable({ name = name, nodes = {}, constants = {}, known = {}, taken = { x = true, y = true } }, Graph)
end

--- A name that nothing else has: the wanted one, or with a number behind it.
function Graph:unique(wanted)
  local name, count = wanted, 1
  while self.taken[name] do
    count = count + 1
    name = wanted .. "_" .. count
  end
  self.taken[name] = true
  return name
end

local function packed(list, form)
  local pieces = {}
  for first = 1, #list, 200 do -- what one call of string.pack takes is bounded by Lua's stack
    local last = math.min(first + 199, #list)
    pieces[#pieces + 1] = string.pack("<" .. form:rep(last - first + 1), table.unpack(list, first, last))
  end
  return table.concat(pieces)
end

local function add_constant(self, name, dims, data_type, bytes)
  self.constants[#self.constants + 1] = { name = name, dims = dims, data_type = data_type, raw_data = bytes }
  self.known[name], self.taken[name] = true, true
  return name
end

--- A constant; one of the same name is there only once (shared parameters).
-- @param name its name
-- @param tensor of float
-- @param[opt] dims its shape in the file, {} for a scalar
-- @return the name
function Graph:constant(name, tensor, dims)
  if self.known[name] then return name end
  local flat = tensor:contiguous():reshape { tensor:numel() }:totable()
  return add_constant(self, name, dims or tensor:shape(), message.FLOAT, packed(flat, "f"))
end

--- A constant of one number, without dimensions.
function Graph:number(name, value) return add_constant(self, self:unique(name), {}, message.FLOAT, packed({ value }, "f")) end

--- A constant list of integers (shapes, axes).
function Graph:integers(name, list) return add_constant(self, self:unique(name), { #list }, message.INT64, packed(list, "i8")) end

local function attribute_list(attributes)
  local list = {}
  for name, value in pairs(attributes or {}) do
    local key = type(value) == "table" and "ints" or type(value) == "string" and "s" or math.type(value) == "integer" and "i" or "f"
    list[#list + 1] = { name = name, [key] = value, type = message.attribute_types[key] }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- Adds a node.
-- @param op its op_type
-- @param name wanted for it; its output is called so with "_out" behind
-- @param inputs names of values and constants
-- @param[opt] attributes integers, floats, strings, lists of integers
-- @param[opt] domain of the operation, where it is not ONNX's own
-- @return the name of its output
function Graph:node(op, name, inputs, attributes, domain)
  local own = self:unique(name)
  local output = self:unique(own .. "_out")
  self.nodes[#self.nodes + 1] = {
    op_type = op, name = own, input = inputs, output = { output }, attribute = attribute_list(attributes), domain = domain,
  }
  return output
end

local function value_info(name, shape, batch)
  local dims = { type(batch) == "string" and { dim_param = batch } or { dim_value = batch } }
  for i, d in ipairs(shape) do dims[i + 1] = { dim_value = d } end
  return { name = name, type = { tensor_type = { elem_type = message.FLOAT, shape = { dim = dims } } } }
end

-- The graph's result is called "y" wherever it stands.
local function rename(self, result)
  for _, node in ipairs(self.nodes) do
    for _, list in ipairs { node.input, node.output } do
      for i, name in ipairs(list) do
        if name == result then list[i] = "y" end
      end
    end
  end
end

--- Writes the file. Input and output are called "x" and "y".
-- @param path of the file
-- @param options `input`, `output` shapes of one sample, `result` = name of the value that becomes "y", `batch` = a
-- number, or a word for any, `ir_version`, `opsets` = list of { domain =, version = }
-- @return true; or nil and a message
function Graph:write(path, options)
  if options.result == "x" then options.result = self:node("Identity", "identity", { "x" }) end
  rename(self, options.result)
  return file.write(path, wire.encode({
    ir_version = options.ir_version, producer_name = "nac-lua", producer_version = require("nac.c.sys").version,
    opset_import = options.opsets,
    graph = {
      name = self.name, node = self.nodes, initializer = self.constants,
      input = { value_info("x", options.input, options.batch) }, output = { value_info("y", options.output, options.batch) },
    },
  }, message.model))
end

return M
