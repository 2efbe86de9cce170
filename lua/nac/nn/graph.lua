--- Symbolic values: what a layer gives when it is applied to another value.
-- A value remembers its layer and that layer's inputs; a net is described from
-- the output backwards. Composite layers are functions over values: they leave
-- only primitive layers behind, named after the composite.
local cnet = require "nac.c.net"

local M = {}

local Value = {}
Value.__index = Value

local composites = {} -- kind -> function(value, attributes) -> value
local scope -- the composite that is being expanded, or nil
local serial = 0 -- order in which values were made

--- Whether something is a symbolic value.
function M.is_value(v) return getmetatable(v) == Value end

local function new_value(layer, inputs, shape)
  serial = serial + 1
  return setmetatable({ layer = layer, inputs = inputs, serial = serial, scope = scope, given_shape = shape }, Value)
end

--- The input of a net.
-- @param shape shape of one sample
function M.input(shape) return new_value(nil, {}, shape) end

--- Registers a composite layer.
function M.define(kind, expand) composites[kind] = expand end

--- Whether a kind is a composite.
function M.is_composite(kind) return composites[kind] ~= nil end

local function expand(layer, inputs)
  local outer = scope
  scope = { kind = layer.kind, name = layer.name, outer = outer }
  local attributes = {}
  for key, value in pairs(layer) do
    if key ~= "kind" and key ~= "name" and key ~= "group" then attributes[key] = value end
  end
  local arguments = { table.unpack(inputs) }
  arguments[#arguments + 1] = attributes
  local ok, result = pcall(composites[layer.kind], table.unpack(arguments))
  scope = outer
  if not ok then error(("%s: %s"):format(layer.name or layer.kind, tostring(result)), 0) end
  if not M.is_value(result) then
    error(("%s: the function of a composite layer returns a value, got %s"):format(layer.kind, type(result)), 0)
  end
  return result
end

--- The function of a composite that is one opaque layer: forward and backward in Lua.
-- @param kind its name
-- @param functions `{ shape =, forward =, backward = }`
function M.opaque(kind, functions)
  for _, name in ipairs { "forward", "backward" } do
    if type(functions[name]) ~= "function" then
      error(("nn.define '%s': %s must be a function, got %s"):format(tostring(kind), name, type(functions[name])), 3)
    end
  end
  return function(x, attributes, more)
    if more then error("a layer of functions takes one input", 0) end
    local words = {}
    for key, value in pairs(attributes) do words[#words + 1] = key .. "=" .. tostring(value) end
    table.sort(words)
    return M.apply({
      kind = "opaque", shape = functions.shape and functions.shape(x:shape(), attributes) or x:shape(),
      group = ("%s{%s}"):format(kind, table.concat(words, ",")), -- part of what makes two networks equal
      forward = function(v) return functions.forward(v, attributes) end,
      backward = function(v, y, gy) return functions.backward(v, y, gy, attributes) end,
    }, { x })
  end
end

--- Applies a layer to values.
-- @param layer a layer table
-- @param inputs list of values
-- @return the value it gives
function M.apply(layer, inputs)
  for i, v in ipairs(inputs) do
    if not M.is_value(v) then
      error(("%s: input %d must be a value (nn.input or the result of a layer), got %s"):format(layer.kind, i, type(v)), 3)
    end
  end
  if composites[layer.kind] then return expand(layer, inputs) end
  return new_value(layer, inputs)
end

-- All values that `output` depends on, in the order they were made.
local function order_of(output)
  local seen, list = {}, {}
  local stack = { output }
  while #stack > 0 do
    local v = table.remove(stack)
    if not seen[v] then
      seen[v] = true
      list[#list + 1] = v
      for _, input in ipairs(v.inputs) do stack[#stack + 1] = input end
    end
  end
  table.sort(list, function(a, b) return a.serial < b.serial end)
  return list
end

-- Full name of a composite's place: given names, else kind and number.
local function scope_name(s, state)
  if not s then return nil end
  if not state.names[s] then
    local outer = scope_name(s.outer, state)
    local name = s.name
    if not name then
      local key = (outer or "") .. "/" .. s.kind
      state.counts[key] = (state.counts[key] or 0) + 1
      name = s.kind .. state.counts[key]
    end
    state.names[s] = outer and outer .. "." .. name or name
  end
  return state.names[s]
end

-- The table that net:add takes, for the value's layer at its place.
local function placed(v, state)
  local layer = {}
  for key, value in pairs(v.layer) do layer[key] = value end
  layer.inputs = {}
  for i, input in ipairs(v.inputs) do layer.inputs[i] = state.ids[input] end
  local prefix = scope_name(v.scope, state)
  if prefix then
    layer.group = layer.group or prefix
    if not layer.name then
      local key = prefix .. "/" .. layer.kind
      state.counts[key] = (state.counts[key] or 0) + 1
      layer.name = layer.kind .. state.counts[key]
    end
    layer.name = prefix .. "." .. layer.name
  end
  return layer
end

-- net:add with its message free of a position in this file.
local function add(net, layer)
  local ok, result = pcall(net.add, net, layer)
  if not ok then error(result, 0) end
  return result
end

--- Describes the net that computes `output`.
-- A layer table that was applied twice is one layer with shared parameters.
-- @param output a value
-- @param input the net's input value
-- @param[opt] before list of layers between the input and all that reads it
-- @return a nac.net without weights
function M.describe(output, input, before)
  local ok, net = pcall(cnet.new, input.given_shape)
  if not ok then error(net, 0) end
  local state = { ids = { [input] = 1 }, names = {}, counts = {} }
  for _, layer in ipairs(before or {}) do state.ids[input] = add(net, layer) end
  local first_use = {}
  for _, v in ipairs(order_of(output)) do
    if v.layer then
      local layer = placed(v, state)
      local shared = first_use[v.layer]
      if shared then
        layer.share, layer.name = shared, nil
      end
      state.ids[v] = add(net, layer)
      if not shared then
        local layers = net:layers()
        first_use[v.layer] = layers[#layers].name
      end
    elseif v ~= input then
      error("the output depends on another input than the one given", 0)
    end
  end
  return net
end

local function find_input(v)
  while v.layer do v = v.inputs[1] end
  return v
end

--- Shape of one sample of a value.
function Value:shape()
  if self.given_shape then return { table.unpack(self.given_shape) } end
  if not self.known_shape then
    local net <close> = M.describe(self, find_input(self))
    self.known_shape = net:output_shape()
  end
  return { table.unpack(self.known_shape) }
end

function Value:__tostring()
  return ("value %s of %s"):format(table.concat(self:shape(), "x"), self.layer and self.layer.kind or "the input")
end

return M
