local nac = require "nac"

describe("a tensor", function()
  it("holds the numbers of a nested table", function()
    local t = nac.tensor { { 1, 2, 3 }, { 4, 5, 6 } }
    assert.same({ 2, 3 }, t:shape())
    assert.equal("f32", t:dtype())
    assert.same({ { 1, 2, 3 }, { 4, 5, 6 } }, t:totable())
    assert.equal(6, t[2][3])
    assert.equal(6, t:get(-1, -1))
    assert.equal(2, #t)
  end)

  it("is refused when the table is ragged, holed or no table of numbers", function()
    assert.error_matches(function() nac.tensor { { 1, 2 }, { 3 } } end, "ragged table: entry %[2%] has 1 elements, expected 2")
    assert.error_matches(function() nac.tensor { { 1, 2 }, { 3, "x" } } end, "entry %[2%]%[2%] must be a number, got string")
    assert.error_matches(function() nac.tensor { { 1, 2 }, 3 } end, "entry %[2%] must be a table, got number")
    assert.error_matches(function() nac.tensor "x" end, "table of numbers expected, got string")
    assert.error_matches(function() nac.tensor({ 1.5 }, "i32") end, "whole number")
    assert.error_matches(function() nac.tensor({ 256 }, "u8") end, "entry %[1%]: 256.0 does not fit in u8")
  end)

  it("shares its elements with its views", function()
    local t = nac.tensor { { 1, 2, 3 }, { 4, 5, 6 } }
    t:slice(2, 2, 3)[1] = nac.tensor { 20, 30 }
    t:transpose()[1][2] = 40
    t[2]:slice(1, 2):fill(0)
    assert.same({ { 1, 20, 30 }, { 40, 0, 0 } }, t:totable())
    assert.same({ { 1, 40 }, { 20, 0 }, { 30, 0 } }, t:transpose():totable())
    assert.same({ 1, 40, 20, 0, 30, 0 }, t:transpose():reshape(-1):totable())
  end)

  it("cannot be used once closed", function()
    local t = nac.tensor.zeros { 3 }
    local view = t:slice(1, 2, 3)
    t:close()
    t:close()
    assert.error_matches(function() t:shape() end, "closed")
    assert.error_matches(function() return t[1] end, "closed")
    assert.equal(0, view[1])
  end)
end)
