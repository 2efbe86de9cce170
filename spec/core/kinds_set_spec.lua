local cnet = require "nac.c.net"

describe("batchnorm", function()
  it("is folded only where its channels are those of the product before it", function()
    local function foldable(axis, between)
      local net = cnet.new { 6, 5 }
      net:add { kind = "dense", units = 4 }
      if between then net:add(between) end
      net:add { kind = "batchnorm", axis = axis }
      return net:cost()[between and 3 or 2].foldable
    end
    assert.is_true(foldable(-1))
    assert.is_true(foldable(2))
    assert.is_false(foldable(1))
    assert.is_false(foldable(-1, { kind = "relu" }))
  end)
end)

describe("aggregate", function()
  it("takes away its axis and states its arithmetic", function()
    local net = cnet.new { 8, 3 }
    net:add { kind = "aggregate" }
    assert.same({ 3 }, net:output_shape())
    local term = net:cost()[1]
    assert.same({ "add", "mean", 21 }, { term.op, term.func, term.elements })
    net:add { kind = "aggregate", func = "max" }
    assert.same({}, net:output_shape())
    assert.equal("max", net:cost()[2].op)
    assert.same({ func = "max", axis = 1 }, net:layers()[2].attrs)
  end)
end)

describe("add", function()
  it("refuses values of different shapes, naming the layer and both", function()
    local net = cnet.new { 4 }
    net:add { kind = "dense", units = 3 }
    assert.error_matches(function() net:add { kind = "add", name = "sum", inputs = { 1, 2 } } end,
      "'sum': needs two values of the same shape, got 4 and 3", nil, true)
    assert.error_matches(function() cnet.new({ 4 }):add { kind = "add" } end, "takes 2 inputs, got 1", nil, true)
  end)
end)
