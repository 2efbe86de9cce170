--- Mutation fuzzing of tables of results and JSON: a damaged file is read or
-- refused with a message; these readers may not raise.
--     build/nac-lua spec/fuzz/text.lua [rounds a file=2000] [seed=1]
local csv = require "nac.util.csv"
local files = require "spec.support.files"
local json = require "nac.util.json"
local leftovers = require "spec.support.leftovers"
local mutate = require "spec.support.mutate"

leftovers.start()
local rounds, seed = tonumber(arg[1]) or 2000, tonumber(arg[2]) or 1

local function run(name, good, read)
  mutate.run { name = name, files = { good }, read = read, rounds = rounds, seed = seed, raises = false }
end

run("csv", files.temporary('trial,bops,yaml_path\n0,12.5,"a,""b"\n1,3e6,c\n', ".csv"), csv.read)
run("json", files.temporary('{"a": [1, 2.5, "x\\u00e9", {"b": null}], "c": "nan"}', ".json"), function(path)
  return json.decode(files.read(path))
end)
leftovers.stop()
