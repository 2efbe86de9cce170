-- Shapes, refusals and arithmetic of pooling, layernorm, matmul, concat, reshape, permute, slice.
local cnet = require "nac.c.net"
local cplan = require "nac.c.plan"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

local function output_of(shape, layer)
  local net = cnet.new(shape)
  net:add(layer)
  return net:output_shape(), net:cost()[1]
end

local function refused(shape, layer, message)
  assert.error_matches(function() cnet.new(shape):add(layer) end, message, nil, true)
end

describe("shapes of layers", function()
  it("pooling: windows that fit, floor of the rest", function()
    assert.same({ 3, 3 }, (output_of({ 3, 7 }, { kind = "max_pool", size = 2 })))
    assert.same({ 3, 4, 5 }, (output_of({ 3, 8, 9 }, { kind = "max_pool", size = 3, stride = 2, padding = 1 })))
    assert.same({ 3, 4, 9 }, (output_of({ 3, 8, 9 }, { kind = "avg_pool", size = { 2, 1 } })))
    assert.same({ 3 }, (output_of({ 3, 8, 9 }, { kind = "global_avg_pool" })))
  end)

  it("reshape takes one open dimension; slices count from both ends", function()
    assert.same({ 3, 4 }, (output_of({ 2, 6 }, { kind = "reshape", shape = { 3, -1 } })))
    assert.same({ 12 }, (output_of({ 2, 6 }, { kind = "reshape", shape = 12 })))
    assert.same({ 2, 3 }, (output_of({ 2, 6 }, { kind = "slice", axis = 2, first = -3 })))
    assert.same({ 1, 6 }, (output_of({ 2, 6 }, { kind = "slice", first = 2, last = 2 })))
  end)

  it("permute and slice move the right numbers", function()
    local function result(layer)
      local net <close> = twin.net({ 2, 3 }, { layer })
      local plan <close> = cplan.new(net, { batch = 1 })
      return plan:forward(tensor.new { { { 1, 2, 3 }, { 4, 5, 6 } } }):totable()[1]
    end
    assert.same({ { 1, 4 }, { 2, 5 }, { 3, 6 } }, result { kind = "permute", order = { 2, 1 } })
    assert.same({ { 2, 3 }, { 5, 6 } }, result { kind = "slice", axis = -1, first = 2 })
  end)

  it("layernorm's weights have the shape that it runs over", function()
    local function weights(layer)
      local net = twin.net({ 2, 3, 4 }, { layer })
      return net:tensor(net:layers()[1].name .. ".weight"):shape()
    end
    assert.same({ 4 }, weights { kind = "layernorm" })
    assert.same({ 3, 4 }, weights { kind = "layernorm", rank = 2 })
    assert.same({ 2, 3, 4 }, weights { kind = "layernorm", rank = 0 })
    assert.same({ 2 }, weights { kind = "layernorm", axis = 1 })
  end)
end)

describe("layers refuse, with their name and the shapes,", function()
  it("windows that do not fit", function()
    refused({ 3, 2, 9 }, { kind = "max_pool", size = 3 }, "'max_pool1': a window of 3x3 does not fit into an input of 3x2x9")
    refused({ 9 }, { kind = "avg_pool", size = 3 }, "needs (channels, length) or (channels, height, width), got 9")
    refused({ 3, 9 }, { kind = "max_pool", size = 3, padding = 2 }, "'padding' is at most half of the size")
    refused({ 3, 9 }, { kind = "max_pool", size = { 3, 3 } }, "'size' takes one number, or 1 for an input of 3x9, got 2")
    refused({ 3, 9 }, { kind = "max_pool" }, "'size' is missing")
    refused({ 3, 9 }, { kind = "max_pool", size = {} }, "'size' is an empty list")
    refused({ 3, 9 }, { kind = "max_pool", size = { 2.5 } }, "'size' must be an integer from 1")
    refused({ 9 }, { kind = "global_max_pool" }, "got 9")
  end)

  it("values that cannot be multiplied or joined", function()
    refused({ 2, 3 }, { kind = "matmul", inputs = { 1, 1 } }, "cannot multiply 2x3 with 2x3: needs (..., m, k) and (..., k, n)")
    refused({ 3 }, { kind = "matmul", inputs = { 1, 1 } }, "cannot multiply 3 with 3")
    local net = cnet.new { 2, 3 }
    net:add { kind = "dense", units = 4 }
    assert.error_matches(function() net:add { kind = "concat", name = "both", inputs = { 1, 2 } } end,
      "'both': cannot join 2x3 and 2x4 along axis 1: their other dimensions differ", nil, true)
    assert.error_matches(function() net:add { kind = "mul", inputs = { 1, 2 } } end, "got 2x3 and 2x4", nil, true)
    refused({ 3 }, { kind = "concat", inputs = { 1 } }, "takes 2 to 4 inputs, got 1")
  end)

  it("shapes that hold other numbers", function()
    refused({ 2, 5 }, { kind = "reshape", shape = { 3, 4 } }, "cannot make 3x4 of 2x5 (10 elements)")
    refused({ 2, 5 }, { kind = "reshape", shape = { 3, -1 } }, "cannot make")
    refused({ 2, 5 }, { kind = "reshape", shape = { -1, -1 } }, "cannot make")
    refused({ 2, 5 }, { kind = "reshape", shape = { 0, 5 } }, "cannot make")
    refused({ 2, 5 }, { kind = "permute", order = { 1, 1 } }, "order 1x1 does not name each axis of an input of shape 2x5 once")
    refused({ 2, 5 }, { kind = "permute", order = { 1, 3 } }, "does not name each axis")
    refused({ 2, 5 }, { kind = "slice", first = 2, last = 5 }, "elements 2 to 5 of axis 1, but an input of shape 2x5 has 2")
    refused({ 2, 5 }, { kind = "slice", first = -4 }, "elements -1 to 2 of axis 1")
    refused({ 2, 5 }, { kind = "layernorm", rank = 3 }, "rank 3, but the input of shape 2x5 has 2 dimensions")
  end)
end)

describe("the arithmetic of layers", function()
  it("is stated", function()
    local function cost(shape, layer)
      local _, term = output_of(shape, layer)
      return { term.op, term.elements or 0, term.positions or 0, term.fan_in or 0, term.fan_out or 0 }
    end
    assert.same({ "max", 3 * 4 * 3, 0, 0, 0 }, cost({ 3, 4, 4 }, { kind = "max_pool", size = 2 }))
    assert.same({ "add", 3 * 15, 0, 0, 0 }, cost({ 3, 4, 4 }, { kind = "global_avg_pool" }))
    assert.same({ "layernorm", 24, 6, 0, 0 }, cost({ 2, 3, 4 }, { kind = "layernorm" }))
    assert.same({ "matmul_values", 0, 2 * 3, 4, 3 }, cost({ 2, 3, 4 }, { kind = "matmul", inputs = { 1, 1 }, transpose_b = true }))
    assert.same({ "mul_values", 6, 0, 0, 0 }, cost({ 6 }, { kind = "mul", inputs = { 1, 1 } }))
    assert.same({ "scale_const", 6, 0, 0, 0 }, cost({ 6 }, { kind = "scale", value = 2 }))
    assert.same({ "none", 6, 0, 0, 0 }, cost({ 6 }, { kind = "slice", last = 2 }))
  end)
end)
