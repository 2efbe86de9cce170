--- YAML: read with positions, written with a chosen key order.
local read = require "nac.util.yaml.read"
local scalar = require "nac.util.yaml.scalar"
local write = require "nac.util.yaml.write"

return {
  null = scalar.null,
  map = scalar.map,
  scalar = scalar.scalar,
  parse = read.parse,
  load = read.load,
  wrap = read.wrap,
  dump = write.dump,
}
