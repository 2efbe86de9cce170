--- The folder firmware/ of a project: types, parameters, weights, the top function.
local cpp = require "nac.hls.cpp"
local reuse = require "nac.hls.reuse"

local M = {}

-- What an emitter may say of its operation.
local function recorder(op, out)
  local made = {}

  --- A header of src/hls that the call needs.
  function made.header(name) out.headers[name] = true end

  --- Fields of the operation's configuration; with a suffix of another one that stands before it.
  function made.config(fields, suffix)
    local name = op.config .. (suffix or "")
    op.configs[#op.configs + 1] = { name = name, fields = fields }
  end

  --- A constant array of its own header in weights/; with the numbers that it stands for, as text beside it.
  function made.array(array, numbers)
    array.numbers = numbers
    out.arrays[#out.arrays + 1] = array
  end

  --- A line of the top function.
  function made.call(form, ...) op.lines[#op.lines + 1] = form:format(...) end

  --- The same line in loops over i0, i1, ..., unrolled.
  function made.loops(extents, form, ...)
    for d, n in ipairs(extents) do
      local indent = ("  "):rep(d - 1)
      made.call("%sfor (unsigned i%d = 0; i%d < %d; i%d++) {\n#pragma HLS UNROLL", indent, d - 1, d - 1, n, d - 1)
    end
    made.call(("  "):rep(#extents) .. form, ...)
    for d = #extents, 1, -1 do made.call("%s}", ("  "):rep(d - 1)) end
  end

  --- The result is an array that is already there.
  function made.same(name) op.name, op.type, op.alias = name, op.source[1].type, true end

  --- The reuse factor that was taken, the legal one nearest to what was asked for.
  function made.reuse(factor)
    op.reuse_taken = factor
    if factor ~= op.reuse_factor then out.reuse[#out.reuse + 1] = { layer = op.layer, op = op.op, wanted = op.reuse_factor, taken = factor } end
  end

  return made
end

--- Runs the emitters.
-- @param ops as nac.hls.graph reads them; `lines`, `configs`, `reuse_taken` and `alias` are set; emitters see its `view` where
-- it has one (nac.hls.stream)
-- @return { headers = set, arrays = list, reuse = list }
function M.emit(ops)
  local out = { headers = { ["nac_elementwise.h"] = true }, arrays = {}, reuse = {} }
  for _, op in ipairs(ops) do
    op.lines, op.configs = {}, {}
    for k, source in ipairs(op.source) do op.from[k] = source.name end
    if op.emit then op.emit(op.view or op, recorder(op, out)) end
  end
  return out
end

local function sorted(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function guarded(name, body)
  local guard = name:upper():gsub("%W", "_") .. "_"
  return ("#ifndef %s\n#define %s\n\n%s\n#endif\n"):format(guard, guard, body)
end

--- defines.h: the type of every value.
-- @param tokens lines of types of tokens (nac.hls.dataflow), or nil
function M.defines(ops, output, tokens)
  local lines = { '#include "ap_fixed.h"', '#include "ap_int.h"', tokens and '#include "nac_stream.h"\n' or "",
    ("static const unsigned N_INPUT = %d;"):format(ops[1].size), ("static const unsigned N_OUTPUT = %d;"):format(output.size), "" }
  for _, op in ipairs(ops) do
    if not op.alias then
      lines[#lines + 1] = ("typedef %s %s; // %s, %s: raw %.0f to %.0f"):format(op.type_text, op.type, op.layer, op.op, op.min, op.max)
    end
  end
  lines[#lines + 1] = ("typedef %s result_t;%s"):format(output.type, tokens and "" or "\n")
  table.move(tokens or {}, 1, #(tokens or {}), #lines + 1, lines)
  return guarded("defines.h", table.concat(lines, "\n"))
end

-- In this order fields are written; what is not named here follows by name, types last.
local order = {}
for key in ([[outer groups count m k n n_in n_out inner c channels outputs h w oh ow kh kw sh sw dh dw top left rows columns
  span_h span_w last_row last_column tokens reuse_factor multipliers n_zeros]]):gmatch "%S+" do order[#order + 1], order[key] = key, #order + 1 end

local function ordered(fields)
  local keys = sorted(fields)
  local function place(key) return order[key] or key:find "_t$" and math.huge or #order + 1 end
  table.sort(keys, function(a, b)
    if place(a) ~= place(b) then return place(a) < place(b) end
    return a < b
  end)
  return keys
end

local function config_text(op, config)
  local fields = config.fields
  local lines = { ("// %s: %s"):format(op.layer, reuse.text(op)), ("struct %s {"):format(config.name) }
  local kind = fields.signed and "int" or "unsigned" -- where differences of indices occur
  fields.signed = nil
  for _, key in ipairs(ordered(fields)) do
    local value = fields[key]
    if key:find "_t$" then
      lines[#lines + 1] = ("  typedef %s %s;"):format(value, key)
    elseif type(value) == "boolean" then
      lines[#lines + 1] = ("  static const bool %s = %s;"):format(key, value)
    elseif key == "lo" or key == "hi" or key == "first" or key == "limit" or key == "eps" then
      lines[#lines + 1] = ("  static const long long %s = %s;"):format(key, cpp.literal(value))
    else
      lines[#lines + 1] = ("  static const %s %s = %d;"):format(kind, key, value)
    end
  end
  lines[#lines + 1] = "};\n"
  return table.concat(lines, "\n")
end

--- parameters.h: one configuration an operation.
function M.parameters(ops, out)
  local lines = { '#include "defines.h"', '#include "nac_raw.h"' }
  local headers = out.headers
  for _, name in ipairs(sorted(headers)) do lines[#lines + 1] = ('#include "%s"'):format(name) end
  for _, array in ipairs(out.arrays) do lines[#lines + 1] = ('#include "weights/%s.h"'):format(array.name) end
  lines[#lines + 1] = ""
  for _, op in ipairs(ops) do
    for _, config in ipairs(op.configs) do lines[#lines + 1] = config_text(op, config) end
  end
  return guarded("parameters.h", table.concat(lines, "\n"))
end

--- The declaration of the top function.
function M.declaration(name) return ("void %s(const input_t input[N_INPUT], result_t output[N_OUTPUT]);\n"):format(name) end

--- Its header.
function M.header(name, declaration) return guarded(name .. ".h", '#include "defines.h"\n\n' .. declaration) end

-- Values that are read once each can stream from operation to operation.
local function is_chain(ops)
  local readers = {}
  for _, op in ipairs(ops) do
    for _, value in ipairs(op.inputs) do
      if readers[value] then return false end
      readers[value] = true
    end
  end
  return true
end

-- The names of an operation's sources, each once.
local function sources_of(op)
  local list, seen = {}, {}
  for _, source in ipairs(op.source) do
    if not seen[source.name] then list[#list + 1] = source end
    seen[source.name] = true
  end
  return list
end

-- An operation as a process of its own: a module of hardware that works beside the others.
local function process(op)
  local ports = {}
  for i, source in ipairs(sources_of(op)) do ports[i] = ("const %s %s[%d]"):format(source.type, source.name, source.size) end
  ports[#ports + 1] = ("%s %s[%d]"):format(op.type, op.name, op.size)
  local lines = { ("// %s: %s\nstatic void layer%d(%s)\n{"):format(op.layer, op.op, op.id, table.concat(ports, ", ")), "#pragma HLS INLINE off" }
  if (op.reuse_taken or 1) == 1 then lines[#lines + 1] = ("#pragma HLS PIPELINE II=%d"):format(reuse.interval(op)) end
  for _, line in ipairs(op.lines) do lines[#lines + 1] = "  " .. line end
  lines[#lines + 1] = "}\n"
  return table.concat(lines, "\n")
end

local function call(op)
  local names = {}
  for i, source in ipairs(sources_of(op)) do names[i] = source.name end
  names[#names + 1] = op.name
  return ("layer%d(%s);"):format(op.id, table.concat(names, ", "))
end

--- The top function of io_parallel: one pipeline, a sample a cycle (or each reuse-factor cycles); where multipliers are shared one process an
-- operation, side by side (DATAFLOW) where every value has one reader.
function M.top(name, ops, output)
  local has_reuse, interval = false, 1
  for _, op in ipairs(ops) do
    has_reuse, interval = has_reuse or (op.reuse_taken or 1) > 1, math.max(interval, reuse.interval(op))
  end
  local processes = {}
  local lines = { ("void %s(const input_t input[N_INPUT], result_t output[N_OUTPUT])\n{"):format(name),
    "#pragma HLS ARRAY_PARTITION variable=input complete dim=0", "#pragma HLS ARRAY_PARTITION variable=output complete dim=0",
    "#pragma HLS INTERFACE ap_vld port=input", "#pragma HLS INTERFACE ap_vld port=output", "#pragma HLS INTERFACE ap_ctrl_hs port=return" }
  if not has_reuse then
    lines[#lines + 1] = ("#pragma HLS PIPELINE II=%d"):format(interval)
  elseif is_chain(ops) then
    lines[#lines + 1] = "#pragma HLS DATAFLOW"
  end
  lines[#lines + 1] = ("  NAC_TRACED(1, input, %d)"):format(ops[1].size)
  for i = 2, #ops do
    local op = ops[i]
    if not op.alias then
      lines[#lines + 1] = ("\n  // %s: %s\n  %s %s[%d];\n#pragma HLS ARRAY_PARTITION variable=%s complete dim=0"):format(op.layer, op.op, op.type,
        op.name, op.size, op.name)
      if has_reuse then processes[#processes + 1] = process(op) end
      for _, line in ipairs(has_reuse and { call(op) } or op.lines) do lines[#lines + 1] = "  " .. line end
      lines[#lines + 1] = ("  NAC_TRACED(%d, %s, %d)"):format(op.id, op.name, op.size)
    end
  end
  lines[#lines + 1] = ("\n  nac::copy<N_OUTPUT>(%s, output);\n}\n"):format(output.name)
  return table.concat({ ('#include "%s.h"\n#include "nac_trace.h"\n#include "parameters.h"\n'):format(name), table.concat(processes, "\n") ..
    (has_reuse and "\n" or "") .. table.concat(lines, "\n") }, "\n")
end

return M
