rockspec_format = "3.0"
package = "nac-lua"
version = "dev-1"
source = { url = "." }
description = {
  summary = "An engine for neural architecture codesign: search, compression, FPGA firmware",
  detailed = [[
Searches for small neural networks that are accurate and cheap in hardware.
A C engine (tensors, training, cost models) with samplers, objectives,
pipelines and plots in Lua.]],
  license = "Apache-2.0",
}
dependencies = {
  "lua ~> 5.4",
  "lyaml ~> 6.2",
  "dkjson ~> 2.6",
  "argparse ~> 0.7",
  "luadbi-sqlite3 ~> 0.7",
  "luafilesystem ~> 1.8",
}
test_dependencies = { "busted ~> 2.1" }
external_dependencies = { ZLIB = { header = "zlib.h" } }
build = {
  type = "make",
  build_target = "all",
  build_variables = { CFLAGS = "$(CFLAGS)", LUA_CFLAGS = "-I$(LUA_INCDIR)" },
  install_target = "install",
  install_variables = { PREFIX = "$(PREFIX)" },
}
test = { type = "busted" }
