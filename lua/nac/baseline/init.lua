--- What a network has to beat: the methods in use where there is no network, as
-- rows { name =, ... } for a table.
--
--     for _, row in ipairs(nac.baseline.qubit.rows(ds)) do print(row.name, row.accuracy) end
return {
  --- Bragg peaks: positions in a patch.
  bragg = require "nac.baseline.bragg",
  --- Qubit readout: the state from a trace.
  qubit = require "nac.baseline.qubit",
}
