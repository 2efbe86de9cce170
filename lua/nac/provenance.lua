--- Where results come from: version, machine, seeds, hashes of what went in.
local sys = require "nac.c.sys"

local M = {}

--- What is known before anything runs.
-- @param config a configuration
-- @return a plain table
function M.start(config)
  local cpu = require("nac.c.cpu").info()
  local blas = require("nac.c.cpu").blas() or {}
  return {
    nac_lua = sys.version, lua = _VERSION,
    machine = { cpu = cpu.model, isa = cpu.isa, cores = cpu.cores, blas = blas.library, blas_core = blas.core },
    seed = config.search.seed, data_seed = config.dataset.seed,
    config = { path = config.path, sha256 = config.sha256 },
    command = M.command(),
    started = os.date("!%Y-%m-%dT%H:%M:%SZ"),
    finished = false,
  }
end

--- The command line, as one text.
function M.command()
  local words = {}
  for i = -10, #(arg or {}) do
    if arg and arg[i] then words[#words + 1] = arg[i] end
  end
  return table.concat(words, " ")
end

local order = {
  "nac_lua", "lua", "command", "started", "finished", "seconds", "seed", "data_seed", "trials", "states", "config", "identity",
  "population", "data", "machine", "winner", "depends_on",
}

--- The table as text for a file.
function M.text(provenance)
  return require("dkjson").encode(provenance, { indent = true, keyorder = order }) .. "\n"
end

--- Reads a provenance file.
-- @return the table, or nil
function M.read(path)
  local text = require("nac.util.file").read(path)
  local value = text and require("dkjson").decode(text)
  return type(value) == "table" and value or nil
end

return M
