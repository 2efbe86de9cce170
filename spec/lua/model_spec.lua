local files = require "spec.support.files"
local model = require "nac.model"
local nac = require "nac"
local npz = require "nac.npz"
local tensor = require "nac.tensor"

-- What saving and loading need of a net
local function net(tensors)
  return { tensors = function() return tensors end }
end

local function small(value, width)
  return net {
    { name = "dense1.weight", role = "parameter", tensor = tensor.full({ width or 2, 3 }, value) },
    { name = "dense1.bias", role = "parameter", tensor = tensor.full({ width or 2 }, value) },
    { name = "norm.running_mean", role = "buffer", tensor = tensor.full({ 2 }, value) },
  }
end

describe("weights of a net", function()
  after_each(files.clean)

  it("come back as they were saved, parameters and buffers", function()
    local path = files.temporary(nil, ".npz")
    assert.is_true(model.save(small(3), path))
    assert.same({ "dense1.weight", "dense1.bias", "norm.running_mean" }, npz.names(path))
    local other = small(0)
    assert.is_true(model.load(other, path))
    for _, entry in ipairs(other:tensors()) do
      assert.equal(3, entry.tensor:min())
      assert.equal(3, entry.tensor:max())
    end
  end)

  it("of a trained net give the same outputs in another one", function()
    local arch = nac.nn.sequential { input = { 2 }, nac.nn.dense { units = 4 }, nac.nn.batchnorm {}, nac.nn.tanh {},
      nac.nn.dense { units = 2 } }
    local ds, path = nac.dataset.xor { n = 40 }, files.temporary(nil, ".npz")
    local trained, other = arch:build { seed = 1 }, arch:build { seed = 2 }
    nac.train.fit(trained, ds, { epochs = 2, batch = 8 })
    assert(model.save(trained, path))
    assert(model.load(other, path))
    local x = ds:test().x
    assert.is_true(nac.train.predict(trained, x):equal(nac.train.predict(other, x)))
  end)

  it("of another net are refused with all differences, and nothing is changed", function()
    local path = files.temporary(nil, ".npz")
    assert(npz.write(path, { ["dense1.weight"] = tensor.zeros { 4, 3 }, ["extra"] = tensor.zeros { 1 },
      ["dense1.bias"] = tensor.zeros({ 2 }) }))
    local target = small(1)
    local ok, message = model.load(target, path)
    assert.is_nil(ok)
    assert.equal(path .. " does not fit the net: dense1.weight is 4x3, the net needs 2x3; " ..
      "norm.running_mean (2) is missing; extra is not in the net", message)
    assert.equal(1, target:tensors()[2].tensor:max())
  end)

  it("that cannot be read or written give a message", function()
    assert.matches("^/no/file.npz: cannot read: ", select(2, model.load(small(1), "/no/file.npz")))
    assert.matches("^/no/file.npz: cannot write: ", select(2, model.save(small(1), "/no/file.npz")))
  end)
end)
