local rng = require "nac.c.rng"
local split = require "nac.c.split"
local tensor = require "nac.c.tensor"

local function random_labels(r, n, classes)
  local labels = {}
  for i = 1, n do labels[i] = math.min(r:below(classes), r:below(classes)) - 1 end
  return labels
end

describe("dealing samples into piles", function()
  it("gives piles, and classes in piles, of nearly equal sizes", function()
    local r = rng.stream(1, "split spec")
    for _ = 1, 30 do
      local n, classes, n_piles = r:int(1, 200), r:int(1, 6), r:int(1, 11)
      local labels = random_labels(r, n, classes)
      local piles = split.deal(tensor.new(labels, "i32"), 5, 0, n_piles):totable()
      local sizes, counts = {}, {}
      for p = 0, n_piles - 1 do sizes[p], counts[p] = 0, {} end
      for i, p in ipairs(piles) do
        sizes[p] = sizes[p] + 1
        counts[p][labels[i]] = (counts[p][labels[i]] or 0) + 1
      end
      for p = 1, n_piles - 1 do
        assert.is_true(math.abs(sizes[p] - sizes[0]) <= 1)
        for class = -1, classes do
          assert.is_true(math.abs((counts[p][class] or 0) - (counts[0][class] or 0)) <= 1)
        end
      end
    end
  end)

  it("depends on seed, round and labels only", function()
    local labels = tensor.new(random_labels(rng.stream(2, "split spec"), 100, 4), "i32")
    local a = split.deal(labels, 1, 0, 10):totable()
    assert.same(a, split.deal(labels:clone(), 1, 0, 10):totable())
    assert.not_same(a, split.deal(labels, 2, 0, 10):totable())
    assert.not_same(a, split.deal(labels, 1, 1, 10):totable())
  end)

  it("is picked apart by piles", function()
    local piles = tensor.new({ 0, 2, 1, 2, 0 }, "i32")
    assert.same({ 1, 5 }, split.pick(piles, { 0 }):totable())
    assert.same({ 2, 3, 4 }, split.pick(piles, { 2, 1 }):totable())
    assert.same({}, split.pick(piles, {}):totable())
    assert.same({}, split.pick(piles, { 9 }):totable())
  end)
end)
