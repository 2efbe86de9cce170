--- The number formats of a net as a plain list, and back: for copies and files.
local cquant = require "nac.c.quant"

local M = {}

-- The dimension that a list of formats goes along; 0: one format an element.
local function axis_of(shape, count, inner)
  if count == 1 then return nil end
  local after = 1
  for axis = #shape, 1, -1 do
    if after == inner and shape[axis] == count then return axis end
    after = after * shape[axis]
  end
  return 0
end

local function entry(net, place, shape)
  local list, scale, inner, learned = net:quantiser(place)
  if not list then return nil end
  local texts = {}
  for i, format in ipairs(list) do texts[i] = tostring(format) end
  return { of = place, formats = texts, axis = axis_of(shape, #list, inner), scale = scale ~= 0 and not learned and scale or nil, learned = learned }
end

--- All formats of a net.
-- @param net a net
-- @return list of { of = parameter's name or value's number (1 is the input), formats = list of texts, axis =, scale =, learned = }
function M.list(net)
  local out = {}
  for _, t in ipairs(net:tensors()) do
    if t.role == "parameter" then out[#out + 1] = entry(net, t.name, t.tensor:shape()) end
  end
  local layers = net:layers()
  out[#out + 1] = entry(net, 1, net:input_shape())
  for i, layer in ipairs(layers) do out[#out + 1] = entry(net, i + 1, layer.output) end
  return out
end

--- Declares the steps that are learned; before the net has its weights.
-- @param net a net; raises where it lacks a place
-- @param list as of `list`
function M.declare(net, list)
  for _, e in ipairs(list) do
    if e.learned then net:add_step(e.of, #e.formats) end
  end
end

--- Sets formats.
-- @param net a net; raises where it lacks a place
-- @param list as of `list`
function M.set(net, list)
  for _, e in ipairs(list) do
    local formats = {}
    for i, text in ipairs(e.formats) do formats[i] = cquant.format(text) end
    net:quantise(e.of, formats, { axis = e.axis, scale = e.scale, learned = e.learned })
  end
end

return M
