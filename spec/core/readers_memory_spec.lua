local c_table = require "nac.c.table"
local files = require "spec.support.files"
local hdf5 = require "nac.hdf5"
local nac = require "nac"
local safetensors = require "nac.safetensors"
local sys = require "nac.c.sys"

-- Whether it read, and the message; what was read is let go.
local function attempt(read)
  local ok, value, message = pcall(read)
  return ok and value ~= nil, tostring(ok and message or value)
end

-- Every allocation of a reader fails once; then all memory must be back.
local function survives(name, read)
  collectgarbage()
  collectgarbage()
  local live, failures = sys.memory().live, 0
  for n = 1, 400 do
    sys.fail_allocation(n)
    local ok, message = attempt(read)
    sys.fail_allocation(0)
    if ok then
      assert.is_true(failures > 0, name)
      collectgarbage()
      collectgarbage()
      assert.equal(live, sys.memory().live, name)
      return
    end
    failures = failures + 1
    assert.matches("memory", message, name)
    collectgarbage()
    collectgarbage()
    assert.equal(live, sys.memory().live, ("%s after failure %d"):format(name, n))
  end
  error(name .. " never succeeds")
end

describe("readers without memory", function()
  after_each(files.clean)

  it("say so and keep nothing", function()
    local csv = files.temporary("a,b,kind\n" .. ("1,2.5,w\n-3e2,4,g\n"):rep(40), ".csv")
    local arff = files.temporary("@relation r\n@attribute a real\n@attribute b {no, yes}\n@attribute kind {w,g}\n@data\n" ..
      ("1,yes,w\n2,no,g\n"):rep(40), ".arff")
    local options = { label = { "kind" }, classes = true }
    survives("csv", function() return c_table.csv(csv, options) end)
    survives("arff", function() return c_table.arff(arff, options) end)
    survives("safetensors", function() return safetensors.read "spec/golden/types.safetensors" end)
    survives("hdf5 names", function() return hdf5.names "spec/golden/hdf5.h5" end)
    survives("hdf5", function() return hdf5.read("spec/golden/hdf5.h5", "types/i2") end)
    local path = files.temporary(nil, ".yaml")
    assert(nac.model.save(nac.nn.sequential { input = { 3 }, nac.nn.dense { units = 2 }, nac.nn.batchnorm {} }:build(), path))
    survives("model", function() return nac.model.load(path) end)
    os.remove((path:gsub("yaml$", "npz")))
  end)
end)
