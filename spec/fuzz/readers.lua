--- Mutation fuzzing of the readers of data files: damaged IDX, gzip, npy,
-- npz, CSV, ARFF, safetensors, HDF5, PyTorch, ONNX and model files may be accepted or refused with a message, no more.
--     build/nac-lua spec/fuzz/readers.lua [rounds a file=2000] [seed=1]
local files = require "spec.support.files"
local c_table = require "nac.c.table"
local hdf5 = require "nac.hdf5"
local idx = require "nac.c.idx"
local leftovers = require "spec.support.leftovers"
local mutate = require "spec.support.mutate"
local nac = require "nac"
local npz = require "nac.npz"
local safetensors = require "nac.safetensors"
local sys = require "nac.c.sys"
local tensor = require "nac.c.tensor"

leftovers.start()
local rounds, seed = tonumber(arg[1]) or 2000, tonumber(arg[2]) or 1
local MEMORY = 64 << 20

local function good(bytes, suffix) return files.temporary(bytes, suffix) end

local small = files.idx(8, { 4, 3, 2 }, ("abcdefgh"):rep(3))
local doubles = files.idx(0x0e, { 3 }, string.pack(">ddd", 1, 2, 3))
local shorts = files.idx(0x0b, { 5 }, "0123456789")

local arrays = {
  { name = "layer.weight", tensor = tensor.new { { 1, 2, 3 }, { 4, 5, 6 } } },
  { name = "layer.bias", tensor = tensor.new { 1, 2 } },
  { name = "labels", tensor = tensor.new({ 1, 2, 3 }, "i32") },
}
local stored, deflated = files.temporary(nil, ".npz"), files.temporary(nil, ".npz")
assert(npz.write(stored, arrays))
assert(npz.write(deflated, arrays, { deflate = true }))
local header = "{'descr': '%s', 'fortran_order': %s, 'shape': (2, 2), }"
local npy = {
  good(files.npy(header:format("<f4", "False"), ("x"):rep(16)), ".npy"),
  good(files.npy(header:format(">i2", "True"), ("x"):rep(8), 2), ".npy"),
  good(files.npy(header:format("<f2", "True"), ("x"):rep(8), 3), ".npy"),
}
local zip64 = good(files.zip { { name = "a.npy", data = files.read(npy[1]), zip64 = true } }, ".npz")

local function run(name, list, read)
  mutate.run { name = name, files = list, read = read, rounds = rounds, seed = seed, memory = MEMORY }
end

run("idx", { good(small), good(doubles), good(shorts) }, function(path)
  local t, message = idx.read(path)
  if t then t:close() end
  idx.shape(path)
  idx.read(path, 2)
  return t, message
end)
run("idx.gz", { good(files.gzip(small), ".gz"), good(files.gzip(files.idx(8, { 5000 }, ("\0"):rep(5000))), ".gz") }, idx.read)
run("npy", npy, npz.read_npy)
run("npz", { stored, deflated, zip64, "spec/golden/numpy.npz" }, npz.read)

local csv = table.concat({ "# notes\na,b,kind\n", ("1,2.5,w\n-3e2,\"4\",g\n"):rep(5) })
local arff = "% notes\n@relation r\n@attribute a real\n@attribute 'b c' {no, yes}\n@attribute kind {w,g}\n@data\n" ..
  ("1,yes,w\n2e3,no,'g'\n"):rep(5)
local table_options = { label = { "kind" }, classes = true }
run("csv", { good(csv, ".csv"), good(files.gzip(csv), ".csv.gz") }, function(path) return c_table.csv(path, table_options) end)
run("arff", { good(arff, ".arff") }, function(path) return c_table.arff(path, table_options) end)
run("safetensors", { "spec/golden/types.safetensors", "spec/golden/import.safetensors" }, safetensors.read)
run("npy rows", { npy[1] }, function(path)
  npz.npy_shape(path)
  return npz.read_npy_rows(path, 1, 1)
end)

run("onnx", { "spec/golden/onnx_spellings.onnx" }, nac.onnx.read)
run("qonnx", { "spec/golden/qonnx_cnn.onnx" }, nac.qonnx.read)

-- A net in a file: the description is damaged, its arrays are good.
local net = nac.nn.sequential { input = { 3 }, nac.nn.dense { units = 2, name = "a" }, nac.nn.relu {}, nac.nn.batchnorm {} }:build()
local model_path = files.temporary(nil, ".yaml")
assert(nac.model.save(net, model_path))
run("model", { model_path }, nac.model.load)
os.remove((model_path:gsub("yaml$", "npz")))

-- PyTorch's files, whole and as a program alone, and a wheel of them.
local zip = require "nac.c.zip"
local wheel = "spec/golden/rule4ml_tiny.whl"
local inside = assert(zip.read(wheel, "rule4ml/models/weights/v2/gnn/LUT.weights.pt", MEMORY))
run("torch", { good(inside, ".pt") }, require("nac.torch_file").read)
local program, storages = good(assert(zip.read(good(inside, ".pt"), "tiny/data.pkl", MEMORY)), ".pkl"), {}
for i = 0, 40 do storages[i + 1] = { name = "m/data/" .. i, data = ("x"):rep(2048) } end
local around = good(nil, ".pt")
run("pickle", { program }, function(path)
  files.write(around, files.zip { { name = "m/data.pkl", data = files.read(path) }, table.unpack(storages) })
  return require("nac.torch_file").read(around)
end)
run("wheel", { wheel }, function(path) return require("nac.estimate.rule4ml").read(path, "gnn") end)

-- A child a file: fewer rounds.
rounds = math.max(1, rounds // 10)
run("hdf5", { "spec/golden/hdf5.h5", "spec/golden/hdf5_v110.h5", "spec/golden/import_keras2.h5" }, function(path)
  local names, message = hdf5.names(path)
  if not names then return nil, message end
  local last
  for i = 1, math.min(3, #names) do last, message = hdf5.read(path, names[#names - i + 1]) end
  return last or true, message
end)

files.clean()
local peak = sys.memory().peak
assert(peak < MEMORY, ("readers took %d bytes"):format(peak))
print(("peak of engine memory %.1f MB"):format(peak / 2 ^ 20))
leftovers.stop()
