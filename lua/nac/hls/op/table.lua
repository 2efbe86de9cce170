-- A function of one number, looked up.
local cpp = require "nac.hls.cpp"

return function(op, made)
  made.array(cpp.array("table" .. op.id, op.table_entries,
    ("table of %s: raw results, times 2^%d, for raw inputs from %d on"):format(op.layer, -op.fraction, op.table_first)))
  made.header "nac_table.h"
  made.config { n = op.size, n_entries = #op.table_entries, index_bits = cpp.unsigned_bits(#op.table_entries - 1), first = op.table_first }
  made.call("nac::table<%s>(%s, %s, table%d);", op.config, op.from[1], op.name, op.id)
end
