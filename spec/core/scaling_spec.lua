local nac = require "nac"
local scaling = require "nac.c.scaling"
local tensor = require "nac.tensor"

local function fit(x, axis, kind, n)
  local offset, scale = tensor.zeros { n }, tensor.zeros { n }
  scaling.fit(x, axis, kind, offset, scale)
  return offset:totable(), scale:totable()
end

local function near(expected, value) assert.is_true(math.abs(expected - value) < 1e-5 * math.max(1, math.abs(expected)), value) end

-- numpy.quantile's rule, on a sorted list
local function quantile(list, q)
  table.sort(list)
  local place = q * (#list - 1)
  local k = math.floor(place)
  return list[k + 1] + ((list[k + 2] or list[k + 1]) - list[k + 1]) * (place - k)
end

describe("scaling of features", function()
  it("is by mean and standard deviation, or by median and quantiles", function()
    for _, n in ipairs { 1, 2, 5, 100, 1001 } do
      local x = tensor.randn({ n, 3 }, { seed = n })
      local mean, inverse = fit(x, -1, "mean_std", 3)
      local median, range = fit(x, -1, "median_quantile", 3)
      for c = 1, 3 do
        local list, sum, square = x:select(2, c):contiguous():totable(), 0, 0
        for _, v in ipairs(list) do sum = sum + v end
        for _, v in ipairs(list) do square = square + (v - sum / n) ^ 2 end
        near(sum / n, mean[c])
        near(n > 1 and 1 / math.sqrt(square / n) or 1, inverse[c])
        near(quantile(list, 0.5), median[c])
        near(n > 1 and 1 / (quantile(list, 0.95) - quantile(list, 0.05)) or 1, range[c])
      end
    end
  end)

  it("takes the features from any axis, or every element for itself", function()
    local x = tensor.new { { { 1, 10 }, { 3, 30 } }, { { 5, 50 }, { 7, 70 } } } -- 2 samples of 2x2
    assert.same({ 4, 40 }, (fit(x, -1, "mean_std", 2)))
    assert.same({ 16.5, 27.5 }, (fit(x, 1, "mean_std", 2)))
    assert.same({ 3, 30, 5, 50 }, (fit(x, 0, "mean_std", 4)))
  end)

  it("leaves a feature that does not vary at scale 1 and refuses what is not finite", function()
    local _, scale = fit(tensor.full({ 4, 1 }, 7), 1, "mean_std", 1)
    assert.same({ 1 }, scale)
    local x = tensor.zeros { 4, 2 }
    x:set(0 / 0, 3, 2)
    assert.has_error(function() fit(x, 1, "mean_std", 2) end, "feature 2 holds values that are not finite (nan or inf)")
  end)
end)

describe("the layer standardize", function()
  it("computes (x - offset) scale along its axis", function()
    for _, case in ipairs { { 1, { 10, 20, 20 } }, { -1, { 10, 20, 30 } }, { 0, { 10, 20, 30, 40, 50, 60 } } } do
      local net = nac.nn.sequential { input = { 2, 3 }, nac.nn.standardize { axis = case[1], name = "scaled" } }:build()
      local n = net:tensor("scaled.offset"):numel()
      for i = 1, n do
        net:tensor("scaled.offset"):set(i, i)
        net:tensor("scaled.scale"):set(10 * i, i)
      end
      local y = nac.train.predict(net, tensor.new { { { 2, 3, 4 }, { 5, 6, 7 } } }):reshape { 6 }:totable()
      local x = 1
      for k = 1, 6 do
        x = x + 1
        local c = case[1] == 1 and (k - 1) // 3 + 1 or case[1] == -1 and (k - 1) % 3 + 1 or k
        assert.equal((x - c) * 10 * c, y[k])
      end
      assert.equal(0, net:n_params())
    end
  end)

  it("names an axis that is not there", function()
    assert.has_error(function() nac.nn.sequential { input = { 4 }, nac.nn.standardize { axis = 2 } }:net() end)
  end)
end)

describe("training on standardised data", function()
  local function data(standardize)
    local x = tensor.randn({ 60, 3 }, { seed = 1 }) * 50 + 1000
    local y = tensor.zeros({ 60 }, "i32")
    y:slice(1, 1, 20):fill(1)
    local ds = nac.dataset.from_tensors { x_train = x, y_train = y, x_test = x, y_test = y }
    ds.standardize = standardize
    return ds
  end
  local function arch() return nac.nn.sequential { input = { 3 }, nac.nn.dense { units = 2 } } end

  it("takes the scale of the fit part and keeps it in the net", function()
    local ds = data "mean_std"
    local net = arch():prepend(nac.nn.standardize { name = "units" }):build { seed = 1 }
    nac.train.fit(net, ds, { epochs = 1 })
    local x = ds.fit.x:select(2, 2):contiguous()
    near(x:mean(), net:tensor("units.offset"):get(2))
    assert.is_true(math.abs(net:tensor("units.scale"):get(2) * 50 - 1) < 0.4)
    assert.same({ "units", "dense1" }, { net:layers()[1].name, net:layers()[2].name })
  end)

  it("is refused for a net without the layer, and left out on request", function()
    local ds = data "mean_std"
    assert.error_matches(function() nac.train.fit(arch():build(), ds, { epochs = 1 }) end, "put nn.standardize {} first", 1, true)
    nac.train.fit(arch():build(), ds, { epochs = 1, standardize = "none" })
  end)
end)
