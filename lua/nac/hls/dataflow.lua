--- The top function of io_stream: one process an operation, joined by streams of tokens (nac.hls.stream).
local reuse = require "nac.hls.reuse"
local stream = require "nac.hls.stream"

local M = {}

local DEPTH = 2 -- of a stream between two processes; branches of a value with several readers hold all of it

local function layout_text(l) return ("%d, %d, %d"):format(l.tokens, l.token_step, l.element_step) end

local function token(op) return op.stream.type:gsub("_t$", "_token") end

--- Types of tokens, for defines.h.
-- @param ops
-- @param output the operation that gives the top function's outputs
-- @return lines
function M.types(ops, output)
  local lines = {}
  for _, op in ipairs(ops) do
    if not op.alias then lines[#lines + 1] = ("typedef nac::token<%s, %d> %s;"):format(op.type, op.layout.width, token(op)) end
  end
  lines[#lines + 1] = ("typedef %s result_token;\n"):format(token(output))
  return lines
end

-- The process of an operation.
local function process(op)
  local lines, ports = {}, {}
  local function add(form, ...) lines[#lines + 1] = form:format(...) end
  for k, source in ipairs(op.source) do ports[k] = ("hls::stream<%s> &from%d"):format(op.takes_token[k] or token(source), k) end
  ports[#ports + 1] = ("hls::stream<%s> &to"):format(token(op))
  add("// %s: %s\nstatic void layer%d(%s)\n{", op.layer, op.op, op.id, table.concat(ports, ", "))
  if op.mode == "token" then
    add("  for (unsigned t = 0; t < %d; t++) {", op.layout.tokens)
    if (op.reuse_taken or 1) == 1 then add("#pragma HLS PIPELINE II=%d", reuse.interval(op)) end
    for k, source in ipairs(op.source) do add("    const %s x%d = from%d.read();", op.takes_token[k] or token(source), k, k) end
    add("    %s y;", token(op))
    for _, line in ipairs(op.lines) do add("    %s", line) end
    add "    to.write(y);\n  }"
  elseif op.mode == "whole" then
    for k, source in ipairs(op.source) do
      add("  %s x%d[%d];\n#pragma HLS ARRAY_PARTITION variable=x%d complete", source.type, k, source.size, k)
      add("  nac::gather<%s>(from%d, x%d);", layout_text(op.takes[k]), k, k)
    end
    add("  %s y[%d];\n#pragma HLS ARRAY_PARTITION variable=y complete", op.type, op.size)
    for _, line in ipairs(op.lines) do add("  %s", line) end
    add("  nac::scatter<%s>(y, to);", layout_text(op.layout))
  else
    for _, line in ipairs(op.lines) do add("  %s", line) end
  end
  add "}\n"
  return table.concat(lines, "\n")
end

-- A process that gives a value's elements in other tokens.
local function repacking(name, op, layout)
  local of = name .. "_token"
  return table.concat({
    ("// %s in other tokens\ntypedef nac::token<%s, %d> %s;"):format(op.layer, op.type, layout.width, of),
    ("static void %s(hls::stream<%s> &from, hls::stream<%s> &to)\n{"):format(name, token(op), of),
    ("  %s x[%d];\n#pragma HLS ARRAY_PARTITION variable=x complete"):format(op.type, op.size),
    ("  nac::gather<%s>(from, x);\n  nac::scatter<%s>(x, to);\n}\n"):format(layout_text(op.layout), layout_text(layout)),
  }, "\n"), of
end

-- Readers of each value: { op = reader, k = its input }, the output's end among them.
local function readers_of(ops, output)
  local readers = {}
  for _, op in ipairs(ops) do
    for k, source in ipairs(op.mode ~= "same" and op.source or {}) do
      local list = readers[source.stream] or {}
      list[#list + 1], readers[source.stream] = { op = op, k = k }, list
    end
  end
  local list = readers[output.stream] or {}
  list[#list + 1], readers[output.stream] = {}, list
  return readers
end

local function declare(lines, of, name, depth)
  lines[#lines + 1] = ("  hls::stream<%s> %s(\"%s\");\n#pragma HLS STREAM variable=%s depth=%d"):format(of, name, name, name, depth)
end

-- Gives every reader of a value a stream of its own.
local function distribute(op, list, lines)
  local from = op.id == 1 and "input" or op.name
  for i, reader in ipairs(list) do
    if i == #list then
      reader.stream = from
    else
      local one, rest = ("%s_%d"):format(op.name, i), i + 1 < #list and ("%s_from%d"):format(op.name, i + 1) or ("%s_%d"):format(op.name, i + 1)
      declare(lines, token(op), one, op.layout.tokens)
      declare(lines, token(op), rest, op.layout.tokens)
      lines[#lines + 1] = ("  nac::fork<%d>(%s, %s, %s);"):format(op.layout.tokens, from, one, rest)
      reader.stream, from = one, rest
    end
  end
end

-- The calls after an operation's: repacking for the readers that take other tokens.
local function repack(op, list, lines, processes)
  for _, reader in ipairs(list) do
    local wants = reader.op and reader.op.takes[reader.k]
    if wants and not stream.same(wants, op.layout) then
      local name = ("repack%d_%d"):format(reader.op.id, reader.k)
      local text, of = repacking(name, op, wants)
      processes[#processes + 1] = text
      declare(lines, of, name .. "_out", DEPTH)
      lines[#lines + 1] = ("  %s(%s, %s_out);"):format(name, reader.stream, name)
      reader.op.takes_token[reader.k], reader.stream = of, name .. "_out"
    end
    if reader.op then reader.op.streams[reader.k] = reader.stream end
  end
end

--- The source of the top function.
-- @param name of it
-- @param ops planned and emitted
-- @param output the operation that gives its outputs
function M.top(name, ops, output)
  local readers = readers_of(ops, output)
  local processes, lines = {}, {}
  for _, op in ipairs(ops) do op.streams, op.takes_token = {}, {} end
  for _, op in ipairs(ops) do
    if not op.alias then
      if op.id > 1 then
        processes[#processes + 1] = process(op)
        lines[#lines + 1] = ("\n  // %s: %s"):format(op.layer, op.op)
        declare(lines, token(op), op.name, DEPTH)
        lines[#lines + 1] = ("  layer%d(%s, %s);"):format(op.id, table.concat(op.streams, ", "), op.name)
      end
      lines[#lines + 1] = ("  NAC_TRACED_STREAM(%d, %s, %s)"):format(op.id, op.name, layout_text(op.layout))
      local list = readers[op] or {}
      distribute(op, list, lines)
      repack(op, list, lines, processes)
      if #list == 0 then lines[#lines + 1] = ("  nac::drain<%d>(%s);"):format(op.layout.tokens, op.name) end
    end
  end
  local last = readers[output.stream]
  local head = { ('#include "%s.h"'):format(name), '#include "nac_trace.h"', '#include "parameters.h"', "" }
  return table.concat({ table.concat(head, "\n"), table.concat(processes, "\n"),
    ("void %s(hls::stream<input_token> &input, hls::stream<result_token> &output)\n{"):format(name),
    "#pragma HLS INTERFACE axis port=input\n#pragma HLS INTERFACE axis port=output",
    "#pragma HLS INTERFACE ap_ctrl_hs port=return\n#pragma HLS DATAFLOW", table.concat(lines, "\n"),
    ("\n  nac::forward<%d>(%s, output);\n}\n"):format(output.stream.layout.tokens, last[#last].stream) }, "\n")
end

--- The declaration of the top function.
function M.declaration(name) return ("void %s(hls::stream<input_token> &input, hls::stream<result_token> &output);\n"):format(name) end

return M
