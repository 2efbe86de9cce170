-- Metrics: against counting by hand and against slow definitions.
local nac = require "nac"
local twin = require "spec.support.core_twin"

local metrics, tensor = nac.metrics, nac.tensor

local function labels(list) return tensor.new(list, "i32") end

local function near(want, got, what) assert(math.abs(want - got) < 1e-12, ("%s: %.15g, not %.15g"):format(what or "", got, want)) end

describe("accuracy and top k", function()
  local x = tensor { { .1, .7, .2 }, { .4, .3, .3 }, { 0, .5, .5 }, { .2, .3, .5 } }

  it("count the largest scores; of equal ones the lower class comes first", function()
    local y = labels { 1, 1, 2, 2 }
    assert.equal(.5, metrics.accuracy(x, y))
    assert.equal(.5, metrics.top_k(x, y, 1))
    assert.equal(1, metrics.top_k(x, y, 2))
    assert.equal(1, metrics.top_k(x, y, 3))
    assert.equal(.75, metrics.top_k(x, labels { 1, 2, 1, 2 }, 1) + 0)
    assert.equal(.75, metrics.top_k(x, labels { 1, 2, 1, 2 }, 2))
  end)

  it("take one-hot answers, and a single output with its threshold", function()
    assert.equal(.75, metrics.accuracy(x, tensor { { 0, 1, 0 }, { 1, 0, 0 }, { 0, .9, .1 }, { 1, 0, 0 } }))
    local one = tensor { { -1 }, { .2 }, { .7 }, { 3 } }
    assert.equal(.75, metrics.accuracy(one, labels { 0, 0, 1, 1 }))
    assert.equal(1, metrics.accuracy(one, labels { 0, 0, 1, 1 }, .5))
    assert.equal(1, metrics.accuracy(one, tensor { { 0 }, { 1 }, { 1 }, { 1 } }))
  end)

  it("agree with what training reports", function()
    local net = nac.nn.sequential { input = { 4 }, nac.nn.dense { units = 3 } }:build { seed = 1 }
    local dice, list = twin.dice(1), {}
    for i = 1, 300 do list[i] = dice(0, 2) end
    local part = { x = twin.randn({ 300, 4 }, 1), y = labels(list) }
    assert.equal(nac.train.evaluate(net, part).accuracy, metrics.accuracy(nac.train.predict(net, part.x), part.y))
  end)
end)

describe("the confusion matrix", function()
  it("has the true class first", function()
    local x = tensor { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 1, 0 }, { 0, 0, 1 }, { 1, 0, 0 } }
    assert.same({ { 1, 2, 0 }, { 1, 0, 0 }, { 0, 0, 1 } }, metrics.confusion(x, labels { 0, 0, 0, 2, 1 }):totable())
    assert.same({ { 1, 1 }, { 0, 2 } }, metrics.confusion(tensor { { -1 }, { 1 }, { 2 }, { 3 } }, labels { 0, 0, 1, 1 }):totable())
  end)
end)

-- Pairs of a row of the class and another that are in order, ties counting half.
local function pairs_in_order(x, y, class)
  local sum, n = 0, 0
  for i = 1, y:numel() do
    for j = 1, y:numel() do
      if y:get(i) == class and y:get(j) ~= class then
        local a, b = x:get(i, class + 1), x:get(j, class + 1)
        sum, n = sum + (a > b and 1 or a == b and .5 or 0), n + 1
      end
    end
  end
  return n > 0 and sum / n
end

describe("the area under the curve", function()
  it("is the share of pairs in order, with ties, for each class", function()
    for seed = 1, 6 do
      local n, classes = seed * 17, 2 + seed % 3
      local x, y = tensor.zeros { n, classes }, tensor.zeros({ n }, "i32")
      local dice = twin.dice(seed)
      for i = 1, n do
        y:set(dice(0, classes - 1), i)
        for j = 1, classes do x:set(dice(0, 9) / 9, i, j) end -- ten values: many ties
      end
      local areas, sum = metrics.auc(x, y), 0
      assert.equal(classes, #areas)
      for class = 0, classes - 1 do
        near(pairs_in_order(x, y, class), areas[class + 1])
        sum = sum + areas[class + 1]
      end
      near(sum / classes, areas.mean)
    end
  end)

  it("is 1 in perfect order, 0 in reverse, a half without any", function()
    local y = labels { 0, 0, 1, 1 }
    assert.equal(1, metrics.auc(tensor { { 1 }, { 2 }, { 3 }, { 4 } }, y)[1])
    assert.equal(0, metrics.auc(tensor { { 4 }, { 3 }, { 2 }, { 1 } }, y)[1])
    assert.equal(.5, metrics.auc(tensor { { 5 }, { 5 }, { 5 }, { 5 } }, y)[1])
  end)

  it("does not exist for a class without rows", function()
    local areas = metrics.auc(tensor { { .5, .3, .2 }, { .2, .7, .1 } }, labels { 0, 1 })
    assert.same({ 1, 1, false, mean = 1 }, areas)
    assert.is_nil(metrics.auc(tensor { { 1 } }, labels { 1 }).mean)
  end)

  it("belongs to a curve from corner to corner, a point for each different score", function()
    local roc = metrics.roc(tensor { { .1 }, { .4 }, { .4 }, { .8 }, { .9 } }, labels { 0, 0, 1, 0, 1 })
    local third = 1 / 3
    assert.is_true(roc.false_positive_rate:allclose(tensor.new({ 0, 0, third, 2 * third, 1 }, "f64"), 1e-12, 0))
    assert.same({ 0, .5, .5, 1, 1 }, roc.true_positive_rate:totable())
    assert.equal(math.huge, roc.threshold:get(1))
    near(0.75, roc.area)
    local other = metrics.roc(tensor { { .1 }, { .4 }, { .4 }, { .8 }, { .9 } }, labels { 0, 0, 1, 0, 1 }, 0)
    near(0.75, other.area, "the other class of a single output")
  end)
end)

describe("probabilities", function()
  it("come from logits, however large", function()
    local p = metrics.probabilities(tensor { { 1000, 0, 1000 }, { 0, 0, 0 } })
    assert.is_true(p:allclose(tensor { { .5, 0, .5 }, { 1 / 3, 1 / 3, 1 / 3 } }, 1e-6, 1e-7))
    assert.is_true(metrics.probabilities(tensor { { 0 }, { 2 } }):allclose(tensor { { .5 }, { .880797 } }, 1e-5, 0))
  end)
end)

describe("the distance of positions", function()
  local a = tensor { { 0, 0 }, { 1, 1 }, { .5, 0 }, { 0, 0 } }
  local b = tensor { { 3, 4 }, { 1, 1 }, { 0, 0 }, { 0, 2 } }

  it("is Euclidean, in pixels by the scale given", function()
    local d = metrics.distance(a, b, { quantiles = { 0, .5, .75, 1 } })
    near((5 + 0 + .5 + 2) / 4, d.mean)
    assert.equal(5, d.max)
    assert.equal(4, d.n)
    local want = { 0, 1.25, 2.75, 5 } -- of 0 .5 2 5
    for i, q in ipairs(d.quantiles) do near(want[i], q.distance) end
    near(11 * 7.5 / 4, metrics.distance(a, b, { scale = 11 }).mean)
    near((math.sqrt(36 + 16) + 0 + 1 + 2) / 4, metrics.distance(a, b, { scale = { 2, 1 } }).mean)
    assert.same({ .5, .75, .95 }, (function()
      local shares = {}
      for i, q in ipairs(metrics.distance(a, b).quantiles) do shares[i] = q.share end
      return shares
    end)())
  end)
end)

describe("the assignment of two states", function()
  it("says which number is the accuracy and which the fidelity", function()
    local x = tensor { { -2 }, { -1 }, { 1 }, { -3 }, { 1 }, { 2 }, { -1 }, { 4 }, { 3 }, { 5 } }
    local y = labels { 0, 0, 0, 0, 1, 1, 1, 1, 1, 1 }
    local report = metrics.binary(x, y)
    near(.8, report.assignment_accuracy)
    near(.6, report.fidelity_2a_minus_1)
    near(.25, report.predicted_1_of_0)
    near(1 / 6, report.predicted_0_of_1)
    assert.is_false(metrics.binary(tensor { { 1, 2 } }, labels { 1 }).predicted_1_of_0)
  end)
end)

describe("metrics refuse", function()
  local x = tensor { { .1, .7, .2 }, { .4, .3, .3 } }
  local function refused(pattern, f)
    local ok, message = pcall(f)
    assert.is_false(ok)
    assert.matches("metrics_spec.lua:%d+: .*" .. pattern, message)
  end

  it("what makes no sense, naming the row and showing the user's line", function()
    local nan = tensor { { .1, .2, .3 }, { .1, 0 / 0, .3 } }
    local function calling(f, ...)
      local given = table.pack(...)
      return function()
        local r = f(table.unpack(given, 1, given.n))
        return r
      end
    end
    refused("label 3 of row 2 is outside 0..2", calling(metrics.accuracy, x, labels { 0, 3 }))
    refused("label %-1 of row 1", calling(metrics.auc, x, labels { -1, 0 }))
    refused("score 2 of row 2 is nan", calling(metrics.top_k, nan, labels { 0, 0 }, 1))
    refused("score 2 of row 2 is nan", calling(metrics.roc, nan, labels { 0, 0 }, 0))
    refused("k must be 1 to 3", calling(metrics.top_k, x, labels { 0, 0 }, 4))
    refused("class must be 0 to 2", calling(metrics.roc, x, labels { 0, 0 }, 3))
    refused("2 rows and 3 labels", calling(metrics.confusion, x, labels { 0, 0, 0 }))
    refused("scores of at least one row", calling(metrics.accuracy, tensor.zeros { 0, 3 }, labels {}))
    refused("scores must be a tensor", calling(metrics.accuracy, { 1 }, labels { 0 }))
    refused("answers must be i32 labels", calling(metrics.accuracy, x, tensor.zeros { 2, 2 }))
    refused("2x3 and 2x2", calling(metrics.distance, x, tensor.zeros { 2, 2 }))
    refused("positions must be finite", calling(metrics.distance, nan, x))
    refused("share from 0 to 1", calling(metrics.distance, x, x, { quantiles = { 95 } }))
    refused("two states have one or two scores, got 3", calling(metrics.binary, x, labels { 0, 0 }))
  end)
end)
