local nac = require "nac"
local nn = nac.nn

describe("the profile of a training step", function()
  it("has a row a layer, with time, operations and bytes", function()
    local arch = nn.sequential { input = { 64 }, nn.dense { units = 32 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 10 } }
    local profile = require("nac.train.profile").run(arch:build {}, nac.tensor.randn({ 128, 64 }, { seed = 1 }),
      nac.tensor.zeros({ 128 }, "i32"), { steps = 3 })
    local names = {}
    for i, row in ipairs(profile.rows) do names[i] = row.name end
    assert.same({ "dense1", "batchnorm1", "relu1", "dense2" }, names)
    assert.equal(3 * 2 * 64 * 32 * 128, profile.rows[1].flop)
    assert.is_true(profile.rows[1].forward > 0 and profile.rows[1].backward > 0)
    assert.equal(4 * (64 + 32) * 128, profile.rows[1].bytes)
    assert.matches("layer%s+kind%s+forward ms", tostring(profile))
  end)
end)
