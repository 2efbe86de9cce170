--- Nodes of an ONNX file made into a net, one after the other. What a node becomes
-- stands in nac.onnx.nodes and, for Quant, in nac.qonnx.quant.
local cnet = require "nac.c.net"
local load = require "nac.onnx.load"
local message = require "nac.onnx.message"
local nodes = require "nac.onnx.nodes"

local State = {}
State.__index = State

local M = {}

--- Ends the import; the message gets path and node.
function State:refuse(form, ...) error({ refusal = form:format(...) }, 0) end

--- The net's value of a name, and the shape of one sample.
function State:value(name)
  local value = self.values[name]
  if not value then
    self:refuse(self:constant(name) and "'%s' is a constant; a value is expected" or "'%s' has not been computed before", tostring(name))
  end
  return value, self.shapes[value]
end

--- The constant of a name, { tensor() , integers(), format }; nil where it is none.
function State:constant(name)
  local proto = name and self.model.constants[name]
  if proto and not self.known[name] then
    local read
    self.known[name] = {
      tensor = function()
        read = read or load.tensor(self.model, proto)
        return read
      end,
      integers = function() return load.integers(self.model, proto) end,
    }
  end
  return name and self.known[name]
end

--- The i-th input of a node, which must be a constant; nil where it is left out and may be.
function State:needs(node, i, optional)
  local name = node.input[i]
  if optional and (name == nil or name == "") then return nil end
  return self:constant(name) or self:refuse("input %d ('%s') must be a constant", i, tostring(name))
end

--- The only node that reads a value, where it is of type `op`; else nil.
function State:only_reader(name, op)
  local list = self.readers[name]
  return list and #list == 1 and list[1].op_type == op and name ~= self.model.output and list[1] or nil
end

local function layer_name(self, node)
  local base = (node.name and node.name ~= "" and node.name or node.op_type:lower()):gsub("[^%w_]+", "_"):gsub("^[^%a]+", ""):sub(1, 60)
  if base == "" then base = "node" end
  local name, count = base, 1
  while self.taken[name] do
    count = count + 1
    name = base .. "_" .. count
  end
  self.taken[name] = true
  return name
end

--- Adds a layer for a node, behind its inputs.
-- @param node whose name it gets
-- @param layer kind, inputs (values) and attributes
-- @param[opt] parameters suffix -> { tensor =, format = }
-- @return its value, its shape
function State:add(node, layer, parameters)
  layer.name = layer_name(self, node)
  local ok, value = pcall(self.net.add, self.net, layer)
  if not ok then self:refuse("%s", tostring(value)) end
  for suffix, parameter in pairs(parameters or {}) do
    self.numbers = self.numbers + parameter.tensor:numel()
    if self.numbers > #self.model.text then self:refuse("the layers have more parameters than the file has bytes") end
    self.parameters[#self.parameters + 1] = { name = layer.name .. "." .. suffix, tensor = parameter.tensor, format = parameter.format }
  end
  self.newest, self.shapes[value] = value, self.net:output_shape()
  return value, self.shapes[value]
end

--- Adds a layer and makes its value the node's output.
function State:put(node, layer, parameters)
  local value, shape = self:add(node, layer, parameters)
  self.values[node.output[1]] = value
  return value, shape
end

-- The nodes that the output needs, in the order of the file; notes who reads what.
local function needed(self)
  local producer, wanted, list = {}, {}, {}
  for _, node in ipairs(self.model.nodes) do
    for _, name in ipairs(node.output) do producer[name] = node end
  end
  local stack = { producer[self.model.output] }
  while #stack > 0 do
    local node = table.remove(stack)
    if not wanted[node] then
      wanted[node] = true
      for _, name in ipairs(node.input) do stack[#stack + 1] = producer[name] end
    end
  end
  for _, node in ipairs(self.model.nodes) do
    if wanted[node] then
      list[#list + 1] = node
      for _, name in ipairs(node.input) do
        self.readers[name] = self.readers[name] or {}
        table.insert(self.readers[name], node)
      end
    end
  end
  return list
end

-- What the attributes that we read must be, by their names.
local TYPES = {}
for type, names in pairs {
  f = "alpha beta epsilon min max value_float", s = "approximate auto_pad rounding_mode", t = "value",
  i = "transA transB group ceil_mode count_include_pad keepdims axis training_mode signed narrow",
  ints = "axes pads strides dilations kernel_shape perm starts ends shape value_ints",
} do
  for name in names:gmatch "%S+" do TYPES[name] = type end
end
local OTHERWISE = { f = 0.0, i = 0, s = "" } -- a field of protobuf that is not there

-- name -> value
local function attributes_of(self, node)
  local found = {}
  for _, a in ipairs(node.attribute) do
    local type = TYPES[a.name]
    if type then
      if a.type ~= message.attribute_types[type] then self:refuse("attribute '%s' is of the wrong kind", a.name) end
      found[a.name] = a[type] or OTHERWISE[type]
    end
  end
  return found
end

local function convert(self, node)
  local op = node.op_type or "?"
  local known = nodes.ops[op]
  if op == "Quant" then known = self.quant end
  if not known or node.domain and node.domain ~= "" and node.domain ~= "ai.onnx" and op ~= "Quant" then
    self:refuse(nodes.instead[op] or "there is no layer for this operation")
  end
  if not node.output[1] then self:refuse("it has no output") end
  known(self, node, attributes_of(self, node))
end

-- Puts weights and formats into the finished net.
local function fill(self)
  local net = self.net
  if net:n_params() + net:n_buffers() > #self.model.text then
    self:refuse("the layers have more parameters than the file has bytes")
  end
  net:init(1)
  for _, entry in ipairs(self.parameters) do
    local to = net:tensor(entry.name)
    if entry.tensor:numel() ~= to:numel() then
      self:refuse("%s has %d numbers, %d are expected", entry.name, entry.tensor:numel(), to:numel())
    end
    to:copy(entry.tensor:contiguous():reshape(to:shape()))
    if entry.format then net:quantise(entry.name, entry.format) end
  end
  for value, format in pairs(self.formats) do net:quantise(value, format) end
end

-- Constants that are computed: they may stand behind the node before the one that reads them.
local function fold_constants(self, list)
  for _, node in ipairs(list) do
    local all = node.op_type == "Constant" or node.op_type == "Quant"
    for _, name in ipairs(node.input) do all = all and self:constant(name) end
    if all then
      self.at, self.done[node] = node, true
      convert(self, node)
    end
  end
end

local function run(self)
  local ok, net = pcall(cnet.new, self.model.shape)
  if not ok then self:refuse("the input: %s", tostring(net)) end
  self.net = net
  local list = needed(self)
  fold_constants(self, list)
  for _, node in ipairs(list) do
    self.at = node
    if not self.done[node] then convert(self, node) end
  end
  self.at = nil
  local output = self:value(self.model.output)
  if output ~= self.newest then -- the net's output is the last layer's
    self:add({ name = "output" }, { kind = "identity", inputs = { output } })
  end
  fill(self)
  return net
end

--- Reads a net.
-- @param path of the file
-- @param[opt] quant function(state, node, attributes) for Quant nodes; nil: they are refused
-- @return the net with its weights; or nil and a message
function M.read(path, quant)
  local model, why = load.read(path)
  if not model then return nil, why end
  local self = setmetatable({
    model = model, quant = quant, values = { [model.input] = 1 }, shapes = { model.shape }, known = {}, readers = {}, quantised = quant ~= nil,
    parameters = {}, formats = {}, taken = {}, done = {}, newest = 1, numbers = 0,
  }, State)
  local ok, result = pcall(run, self)
  if ok then return result end
  if type(result) ~= "table" or not result.refusal then error(result, 0) end
  local node = self.at
  local place = node and (": node '%s' (%s)"):format(node.name or node.output[1] or "", node.op_type or "?") or ""
  return nil, ("%s%s: %s"):format(path, place, result.refusal)
end

return M
