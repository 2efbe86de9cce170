--- Mutation fuzzing of the readers of samples in text: CSV and ARFF, plain and gzip.
--     build/nac-lua spec/fuzz/tables.lua [rounds a file=1000] [seed=1]
local files = require "spec.support.files"
local mutate = require "spec.support.mutate"
local table_reader = require "nac.c.table"

local rounds, seed = tonumber(arg[1]) or 1000, tonumber(arg[2]) or 1

local csv = "a,b,kind\n1,2.5,x\n-3e2,.5,\"y\"\n# a comment\n4,5,x\n"
local arff = [[
% jets
@relation jets
@attribute pt numeric
@attribute 'the mass' real
@attribute charge {no, yes}
@attribute kind {q, g, 'w z'}
@data
1, 2.5, yes, q
-3e2, .5, no, 'w z'
]]

local function run(name, text, read)
  mutate.run {
    name = name, rounds = rounds, seed = seed, memory = 16 << 20, raises = false,
    files = { files.temporary(text, "." .. name), files.temporary(files.gzip(text), "." .. name .. ".gz") },
    read = function(path) return read(path, { label = { "kind" }, classes = true }) end,
  }
end

run("csv", csv, table_reader.csv)
run("arff", arff, table_reader.arff)
