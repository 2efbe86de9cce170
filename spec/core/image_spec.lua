local image = require "nac.c.image"
local rng = require "nac.c.rng"
local tensor = require "nac.c.tensor"

-- The definition, pixel by pixel: the mean over the rectangle that an output
-- pixel covers.
local function naive(picture, h, w)
  local H, W = #picture, #picture[1]
  local function overlap(i, n, k, N) -- of cell i of n with pixel k of N, in pixels
    return math.max(0, math.min((i + 1) * N / n, k + 1) - math.max(i * N / n, k))
  end
  local out = {}
  for i = 0, h - 1 do
    out[i + 1] = {}
    for j = 0, w - 1 do
      local sum = 0
      for y = 0, H - 1 do
        for x = 0, W - 1 do sum = sum + picture[y + 1][x + 1] * overlap(i, h, y, H) * overlap(j, w, x, W) end
      end
      out[i + 1][j + 1] = sum * h * w / (H * W)
    end
  end
  return out
end

local function random_picture(r, H, W)
  local picture = {}
  for y = 1, H do
    picture[y] = {}
    for x = 1, W do picture[y][x] = r:below(256) end
  end
  return picture
end

describe("area resize", function()
  it("equals its definition for any sizes, smaller and larger, bytes and floats", function()
    local r = rng.stream(1, "image")
    for _ = 1, 15 do
      local H, W, h, w = r:int(1, 13), r:int(1, 13), r:int(1, 13), r:int(1, 13)
      local a, b = random_picture(r, H, W), random_picture(r, H, W)
      for _, dtype in ipairs { "u8", "f32" } do
        local out = image.resize_area(tensor.new({ a, b }, dtype), h, w)
        assert.same({ 2, h, w }, out:shape())
        for n, picture in ipairs { a, b } do
          local expected, got = naive(picture, h, w), out:select(1, n):totable()
          for i = 1, h do
            for j = 1, w do assert.near(expected[i][j], got[i][j], 1e-4) end
          end
        end
      end
    end
  end)

  it("keeps a white picture white and scales", function()
    local out = image.resize_area(tensor.full({ 3, 28, 28 }, 255, "u8"), 8, 8, 1 / 255)
    for _, picture in ipairs(out:totable()) do
      for _, row in ipairs(picture) do
        for _, v in ipairs(row) do assert.equal(1, v) end
      end
    end
  end)

  it("of the same size is a conversion", function()
    local out = image.resize_area(tensor.new({ { { 0, 51, 255 } } }, "u8"), 1, 3, 1 / 255)
    assert.near(0.2, out:get(1, 1, 2), 1e-7)
    assert.equal(1, out:get(1, 1, 3))
  end)

  it("works on views", function()
    local whole = tensor.new({ { { 1, 2, 3, 4 }, { 5, 6, 7, 8 } } }, "f32")
    assert.same({ { { 2.5 + 1, 4.5 + 1 } } }, image.resize_area(whole, 1, 2):totable())
    assert.same({ { { 3.5 }, { 5.5 } } }, image.resize_area(whole:transpose(2, 3), 2, 1):totable())
  end)

  it("refuses what is no picture", function()
    local t = tensor.zeros({ 1, 4, 4 }, "u8")
    assert.error_matches(function() image.resize_area(t, 0, 3) end, "an image size is 1 to 65536 pixels, got 0x3")
    local function refusal(shape, dtype, expected)
      assert.error_matches(function() image.resize_area(tensor.zeros(shape, dtype), 2, 2) end, expected)
    end
    refusal({ 4, 4 }, "u8", "images of shape %(N,H,W%) expected, got 4x4")
    refusal({ 1, 4, 0 }, "u8", "without pixels")
    refusal({ 1, 4, 4 }, "i32", "u8 or f32 expected, got i32")
    assert.error_matches(function() image.resize_area({}, 2, 2) end, "nac.tensor expected")
  end)

  it("of no pictures gives no pictures", function()
    assert.same({ 0, 2, 2 }, image.resize_area(tensor.zeros({ 0, 4, 4 }, "u8"), 2, 2):shape())
  end)
end)
