local image = require "nac.c.image"
local nac = require "nac"
local sys = require "nac.c.sys"
local tensor = require "nac.tensor"

describe("shifted images", function()
  it("move as a whole, by at most so many pixels, with zeros from outside", function()
    local n, most = 200, 2
    local x = tensor.rand({ n, 2, 5, 4 }, { seed = 1 }) + 1
    local y = image.shift(x, most, 7, 3)
    local seen = {}
    for i = 1, n do
      local from, to = x:select(1, i):totable(), y:select(1, i):totable()
      local found
      for dy = -most, most do
        for dx = -most, most do
          local same = true
          for c = 1, 2 do
            for r = 1, 5 do
              for k = 1, 4 do
                local row = from[c][r - dy]
                same = same and to[c][r][k] == (row and row[k - dx] or 0)
              end
            end
          end
          if same then found = dy .. "," .. dx end
        end
      end
      assert.truthy(found)
      seen[found] = (seen[found] or 0) + 1
    end
    local kinds = 0
    for _ in pairs(seen) do kinds = kinds + 1 end
    assert.equal(25, kinds)
  end)

  it("depend on seed, epoch and row, and may leave nothing", function()
    local x = tensor.ones { 50, 3, 3 }
    assert.is_true(image.shift(x, 1, 1, 1):equal(image.shift(x, 1, 1, 1)))
    assert.is_false(image.shift(x, 1, 1, 1):equal(image.shift(x, 1, 1, 2)))
    assert.is_false(image.shift(x, 1, 1, 1):equal(image.shift(x, 1, 2, 1)))
    assert.is_true(image.shift(x, 0, 1, 1):equal(x))
    local far = image.shift(x, 1000, 1, 1)
    assert.is_true(far:max() <= 1 and far:min() == 0)
  end)
end)

describe("training on shifted images", function()
  local x = tensor.rand({ 70, 1, 6, 6 }, { seed = 1 })
  local y = tensor.zeros({ 70 }, "i32")
  y:slice(1, 1, 30):fill(1)
  local data = { fit = { x = x, y = y } }

  local function train(augment, set)
    local net = nac.nn.sequential { input = { 1, 6, 6 }, nac.nn.flatten {}, nac.nn.dense { units = 2 } }:build { seed = 1 }
    local fit = nac.train.fit(net, set or data, { epochs = 3, batch = 16, seed = 5, augment = augment })
    return fit.loss
  end

  it("is training on the images that image.shift gives", function()
    local by_hand = train(function(images, epoch) return image.shift(images, 1, 5, epoch) end)
    assert.equal(by_hand, train { shift = 1 })
    assert.not_equal(by_hand, train(nil))
    assert.equal(by_hand, train(nil, { fit = data.fit, augment = { shift = 1 } }))
    assert.equal(train(nil), train(false, { fit = data.fit, augment = { shift = 1 } }))
  end)

  it("allocates nothing inside an epoch", function()
    local net = nac.nn.sequential { input = { 1, 6, 6 }, nac.nn.flatten {}, nac.nn.dense { units = 2 } }:build()
    local trainer <close> = require("nac.c.train").new(net, { batch = 16, max_rows = 70, shift = 2 })
    assert(trainer:epoch(x, y, 1, 0.01))
    local before = sys.memory().allocations
    assert(trainer:epoch(x, y, 2, 0.01))
    assert.is_true(before > 0)
    assert.equal(before, sys.memory().allocations)
  end)

  it("is refused for what is no image, and for what is no augmentation", function()
    local flat = { fit = { x = x:reshape { 70, 36 }, y = y } }
    local net = nac.nn.sequential { input = { 36 }, nac.nn.dense { units = 2 } }:build()
    local function refused(augment) return function() nac.train.fit(net, flat, { epochs = 1, augment = augment }) end end
    assert.error_matches(refused { shift = 1 }, "images of channels x height x width %(or height x width%) can be shifted, samples here are 36")
    assert.error_matches(refused { shift = -1 }, "shifted by 0 to 1024 pixels")
    assert.error_matches(refused { turn = 1 }, "unknown augmentation 'turn'")
    assert.error_matches(refused "shift", "augment must be")
    assert.error_matches(refused(function() return y end), "augment must return an f32 tensor of shape 70x36")
  end)
end)
