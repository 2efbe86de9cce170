local enum = require "nac.util.enum"

describe("enumerations", function()
  it("return an allowed word", function()
    assert.equal("relu", enum.check("relu", { "relu", "tanh" }, "activation"))
  end)

  it("refuse another one with the list and the nearest word", function()
    assert.has_error(function() enum.check("relo", { "relu", "tanh" }, "activation", 0) end,
      "unknown activation 'relo'; allowed: relu, tanh; nearest: relu")
  end)

  it("name no nearest word when none is near", function()
    assert.is_nil(enum.nearest("xyzzy", { "relu", "tanh" }))
  end)
end)
