--- Mutation fuzzing of the readers of data files: damaged IDX, gzip, npy and
-- npz files may be accepted or refused with a message, no more.
--     build/nac-lua spec/fuzz/readers.lua [rounds a file=2000] [seed=1]
local files = require "spec.support.files"
local idx = require "nac.c.idx"
local mutate = require "spec.support.mutate"
local npz = require "nac.npz"
local sys = require "nac.c.sys"
local tensor = require "nac.c.tensor"

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

files.clean()
local peak = sys.memory().peak
assert(peak < MEMORY, ("readers took %d bytes"):format(peak))
print(("peak of engine memory %.1f MB"):format(peak / 2 ^ 20))
