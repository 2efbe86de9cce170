--- QONNX's Quant node and our number formats. The node rounds x / scale to a whole
-- number, cuts it to `bitwidth` bits, and multiplies with the scale (docs of QONNX,
-- qonnx_custom_ops; Pappalardo et al. 2022, arXiv:2206.07527). hls4ml reads it as
-- ap_fixed<bits, bits + log2(scale)> where scale is a power of two and the zero point 0.
local cquant = require "nac.c.quant"

local M = {}

M.DOMAIN = "qonnx.custom_op.general"

local MODES = { RND_CONV = "ROUND", TRN = "FLOOR" }
local ROUNDINGS = { ROUND = "RND_CONV", FLOOR = "TRN" }

-- What the tools take no node for, and what to do instead; nil where all is well.
local function fault(format)
  if not MODES[format.rounding] then
    return ("rounding %s: qonnx and hls4ml together take RND_CONV (ROUND) and TRN (FLOOR)"):format(format.rounding)
  elseif format.overflow ~= "SAT" and not (format.overflow == "SAT_SYM" and format.signed) then
    return ("overflow %s: they saturate; take SAT%s"):format(format.overflow, format.signed and " or SAT_SYM" or "")
  end
  return nil
end

--- Adds the Quant node of a format.
-- @param g nac.onnx.graph
-- @param name of the node
-- @param x name of what is rounded
-- @param format nac.quant.format
-- @return the name of its output; or nil and what the tools cannot hold
function M.emit(g, name, x, format)
  local why = fault(format)
  if why then return nil, why end
  local inputs = { x, g:number(name .. "_scale", format.step), g:number(name .. "_zeropt", 0), g:number(name .. "_bits", format.width) }
  return g:node("Quant", name, inputs, {
    signed = format.signed and 1 or 0, narrow = format.overflow == "SAT_SYM" and 1 or 0, rounding_mode = MODES[format.rounding],
  }, M.DOMAIN)
end

local function number_of(s, node, i, what)
  local t = s:needs(node, i).tensor()
  if t:numel() ~= 1 then s:refuse("%s has %d numbers; one for the whole tensor is read", what, t:numel()) end
  return t:reshape({ 1 }):get(1)
end

-- The format that a node stands for.
local function format_of(s, node, a)
  local scale, bits = number_of(s, node, 2, "the scale"), number_of(s, node, 4, "the bit width")
  if number_of(s, node, 3, "the zero point") ~= 0 then s:refuse("a zero point other than 0 is not read") end
  local fraction = scale > 0 and scale < math.huge and math.log(scale, 2) or 0.5
  if fraction ~= math.floor(fraction) then s:refuse("the scale %g is no power of two", scale) end
  if bits ~= math.floor(bits) or bits < 1 or bits > 32 then s:refuse("%g bits; 1 to 32 are read", bits) end
  local signed, narrow = (a.signed or 1) ~= 0, (a.narrow or 0) ~= 0
  local rounding = ROUNDINGS[a.rounding_mode or "ROUND"]
  if not rounding then s:refuse("rounding mode %s; ROUND and FLOOR are read", a.rounding_mode) end
  if narrow and not signed then s:refuse("narrow without a sign is not read: hls4ml refuses it, too") end
  local ok, format = pcall(cquant.format, {
    width = bits // 1 | 0, integer = (bits + fraction) // 1 | 0, signed = signed, rounding = rounding, overflow = narrow and "SAT_SYM" or "SAT",
  })
  return ok and format or s:refuse("%s", tostring(format))
end

--- Reads a Quant node (for nac.onnx.import): a format on the constant or value before it.
function M.read(s, node, a)
  local format = format_of(s, node, a)
  local from, to = node.input[1], node.output[1]
  local const = s:constant(from)
  if const then
    s.known[to] = { tensor = const.tensor, integers = const.integers, format = format }
    return
  end
  local value = s:value(from)
  local alone = #s.readers[from] == 1 and from ~= s.model.output
  if not alone or s.formats[value] then -- others read it unrounded, or it is rounded already
    value = s:add(node, { kind = "identity", inputs = { value } })
  end
  s.formats[value] = format
  s.values[to] = value
end

return M
