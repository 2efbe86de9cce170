--- An integer graph as the writer wants it: operations with names, types and sources.
local cpp = require "nac.hls.cpp"

local M = {}

local MOST_BITS = 64 -- of declared types

local function refuse(op, form, ...)
  error(("%s of layer '%s' %s"):format(op.op, op.layer, form:format(...)), 0)
end

local function check_width(op)
  local bits = math.max(op.bits, op.op == "input" and 0 or op.sum_bits)
  if bits > MOST_BITS then
    refuse(op, "needs %d bits, firmware has at most %d: give its inputs or its weights narrower formats", bits, MOST_BITS)
  end
end

--- Reads a graph.
-- @param graph what nac.quant.lower returns
-- @return list of operations: the fields of `graph:ops()` and of `fixed:op(i)`, and id, size, name (of
-- the array that holds the result), type (its name), type_text, config, from (names of its sources),
-- source (their operations), emit
-- @return the operation of the output
function M.read(graph)
  local ops = graph:ops()
  for i, op in ipairs(ops) do
    local entries = graph.c:op(i)
    op.table_entries, entries.table = entries.table, nil -- `table` is the number of them
    for key, value in pairs(entries) do op[key] = value end
    check_width(op)
    op.id, op.size = i, 1
    for _, d in ipairs(op.shape) do op.size = op.size * d end
    op.type_text = cpp.value_type(op)
    op.name, op.type, op.config = ("layer%d_out"):format(i), ("layer%d_t"):format(i), "config" .. i
    if op.op == "input" then
      if #op.formats > 1 then refuse(op, "has %d formats; firmware takes one for all inputs", #op.formats) end
      op.name, op.type = "input", "input_t"
      op.type_text = graph.input or op.type_text
    else
      local found, emit = pcall(require, "nac.hls.op." .. op.op)
      if not found then
        if not tostring(emit):find("module 'nac.hls.op." .. op.op .. "' not found", 1, true) then error(emit, 0) end
        refuse(op, "has no form in firmware yet")
      end
      op.emit = emit
    end
    op.source, op.from = {}, {}
    for k, value in ipairs(op.inputs) do op.source[k] = ops[value] end
  end
  return ops, ops[(graph.c:output())]
end

return M
