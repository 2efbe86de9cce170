--- Results as text: tables and CSV files.
local csv = require "nac.util.csv"

return {
  --- CSV files: csv.read(path), csv.write(path, columns, rows).
  csv = csv,
  --- Aligned columns: table(columns, rows).
  table = require("nac.report.table").text,
}
