--- `nac-lua doctor`: what the engine finds on this machine.
local file = require "nac.util.file"
local cpu = require "nac.c.cpu"
local sys = require "nac.c.sys"

-- What the engine uses: kind of check, name, apt package, what is lost without
-- it; `required` ones make a search impossible.
local needs = {
  { "module", "argparse", "lua-argparse", "the command line", required = true },
  { "module", "lfs", "lua-filesystem", "result folders", required = true },
  { "module", "lyaml", "lua-yaml", "config files", required = true },
  { "module", "dkjson", "lua-dkjson", "--json, storage of lists", required = true },
  { "module", "DBI", "lua-dbi-common", "studies in a database", required = true },
  { "module", "dbd.sqlite3", "lua-dbi-sqlite3", "study.db and --resume", required = true },
  { "library", "libedit.so.2", "libedit2", "history and completion of the prompt" },
  { "program", "g++", "g++", "C simulation of firmware" },
  { "program", "gnuplot", "gnuplot-nox", "pictures" },
  { "file", "/usr/share/datasets/fashion-mnist", "dataset-fashion-mnist", "Fashion-MNIST" },
}

local checks = {
  module = function(name) return (pcall(require, name)) end,
  program = function(name) return file.program(name) ~= nil end,
  file = function(path) return file.exists(path) ~= nil end,
  library = function()
    local editor = require("nac.c.edit").open()
    if editor then editor:close() end
    return editor ~= nil
  end,
}

local function line(name, ...) print(("%-12s %s"):format(name, table.concat({ ... }, "  "))) end

local function machine()
  line("nac-lua", sys.version)
  line("Lua", _VERSION)
  local machine_info = cpu.info()
  line("CPU", machine_info.model, ("%d cores"):format(machine_info.cores))
  line("ISA", machine_info.isa, "of " .. table.concat(machine_info.available, ", "))
  local blas, message = cpu.blas()
  line("BLAS", blas and blas.library or "missing", blas and "core " .. blas.core or message)
  if not blas then return { "libopenblas0-pthread" }, false end
  return {}, true
end

local function run()
  local missing, complete = machine()
  for _, need in ipairs(needs) do
    local kind, name, package, purpose = table.unpack(need)
    local found = checks[kind](name)
    line(name:match("[^/]+$"), found and "found" or "MISSING", found and "" or ("needed for %s"):format(purpose))
    if not found then
      missing[#missing + 1] = package
      complete = complete and not need.required
    end
  end
  local mnist = require("nac.dataset").mnist {}
  line("MNIST", not mnist and "MISSING" or mnist.sample and "the shipped sample; make data fetches the full set" or "the full set")
  line("files", require("nac.util.home").root)
  if #missing > 0 then print("\nto install what is missing:\n  apt-get install " .. table.concat(missing, " ")) end
  return complete and 0 or 1
end

return {
  summary = "Shows what the engine finds on this machine, and how to install what is missing. " ..
    "The exit status is 1 when something that a search needs is missing.",
  configure = function() end,
  run = run,
}
