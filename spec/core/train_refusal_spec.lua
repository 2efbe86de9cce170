-- Training that cannot go on, and training that is refused.
local nac = require "nac"
local ctrain = require "nac.c.train"
local signal = require "nac.util.signal"
local sys = require "nac.c.sys"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

local nn, train, clouds = nac.nn, nac.train, twin.clouds

local function mlp(inputs, classes, seed)
  return nn.sequential {
    input = { inputs }, nn.dense { units = 16 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = classes },
  }:build { seed = seed or 1 }
end

local function refused(pattern, f) assert.error_matches(f, pattern) end

local function ending_of(f)
  local ok, why = pcall(f)
  assert.is_false(ok)
  assert(signal.is(why), tostring(why))
  return why
end

describe("training fails its trial", function()
  local function spoilt(value, row)
    local part = clouds(40, 3, 4, 1)
    part.x:set(value, row or 1, 2)
    return part
  end

  it("for samples that are not numbers", function()
    for _, value in ipairs { 0 / 0, math.huge, -math.huge } do
      local net <close> = mlp(4, 3)
      local why = ending_of(function() train.fit(net, { fit = spoilt(value) }, { epochs = 2, batch = 10 }) end)
      assert.equal("failed", why.state)
      assert.matches("^loss is %-?%a+ at epoch 1, batch %d", why.reason)
      assert.matches("; sample 1 of the data holds a number that is not finite$", why.reason)
    end
  end)

  it("for samples that are infinite though the loss is not", function()
    -- tanh and its slope hide the infinity from the loss, not from the weights
    local net <close> = nn.sequential { input = { 4 }, nn.dense { units = 3 }, nn.tanh {}, nn.dense { units = 3 } }:build()
    local why = ending_of(function() train.fit(net, { fit = spoilt(math.huge) }, { epochs = 3, batch = 40 }) end)
    assert.equal("failed", why.state)
    assert.matches("parameter dense1.weight is not finite after epoch 1", why.reason)
  end)

  it("for a search loss that is not a number", function()
    local net <close> = mlp(4, 3)
    local why = ending_of(function() train.fit(net, { fit = clouds(40, 3, 4, 1), search = spoilt(0 / 0) }, {}) end)
    assert.equal("failed", why.state)
    assert.matches("^search loss is %-?nan after epoch 1", why.reason)
  end)

  it("for a learning rate that blows the weights up, keeping them as they were before the bad batch", function()
    local part = { x = twin.randn({ 40, 4 }, 1), y = twin.randn({ 40, 3 }, 1) }
    local net <close> = nn.sequential { input = { 4 }, nn.dense { units = 3 } }:build()
    local why = ending_of(function() train.fit(net, { fit = part }, { epochs = 100, optimizer = "sgd", lr = 1e6, batch = 10 }) end)
    assert.equal("failed", why.state)
    assert.matches("epoch %d+", why.reason)
  end)
end)

describe("Ctrl-C", function()
  it("ends training with the signal of interruption, at the next batch", function()
    local data = { fit = clouds(100, 3, 4, 1), search = clouds(30, 3, 4, 1) }
    local net <close> = mlp(4, 3)
    sys.set_interrupted(true)
    local ok, why = pcall(train.fit, net, data, { epochs = 3 })
    local ok_scoring, why_scoring = pcall(train.evaluate, net, data.fit)
    sys.set_interrupted(false)
    assert.is_false(ok)
    assert.equal("interrupted", why.state)
    assert.is_true(why.interrupted)
    assert.is_false(ok_scoring)
    assert.is_true(why_scoring.interrupted)
    assert.equal(3, train.fit(net, data, { epochs = 3, patience = false }).epochs)
  end)
end)

describe("training refuses", function()
  local net = mlp(4, 3)
  local good = clouds(30, 3, 4, 1)

  local function fit(part, options) return function() train.fit(net, { fit = part }, options) end end

  it("labels that no output stands for, naming the row", function()
    for _, label in ipairs { 3, -1, 2147483647 } do
      local part = clouds(30, 3, 4, 1)
      part.y:set(label, 7)
      local message = ("label %d of row 7 is outside 0..2"):format(label):gsub("-", "%%-")
      refused(message, fit(part))
      refused(message, function() train.evaluate(net, part) end)
    end
  end)

  it("data without rows, of other shapes, types or lengths", function()
    refused("the data have no rows", fit { x = tensor.zeros { 0, 4 }, y = tensor.zeros({ 0 }, "i32") })
    refused("the data have no rows", function() train.evaluate(net, { x = tensor.zeros { 0, 4 }, y = tensor.zeros({ 0 }, "i32") }) end)
    refused("samples of shape Nx4 expected.*got 30x5", fit { x = tensor.zeros { 30, 5 }, y = good.y })
    refused("30 samples but 29 answers", fit { x = good.x, y = good.y:slice(1, 1, 29) })
    refused("contiguous f32 tensor", fit { x = good.x:to("f64"), y = good.y })
    refused("contiguous f32 tensor", fit { x = tensor.zeros({ 4, 30 }):transpose(), y = good.y })
    refused("cross_entropy takes labels", fit({ x = good.x, y = good.y:to("f64") }, { loss = "cross_entropy" }))
    refused("mse takes an f32 tensor of 3 numbers a sample", fit({ x = good.x, y = tensor.zeros { 30, 2 } }, { loss = "mse" }))
    refused("the part fit must be { x = tensor, y = tensor }", fit { x = good.x })
    refused("the part fit must be", fit { x = { 1, 2 }, y = good.y })
    refused("the part search must be", function() train.fit(net, { fit = good, search = {} }) end)
    refused("data must be a data set", function() train.fit(net, 5) end)
    refused("neither :parts%(%) nor a part called fit", function() train.fit(net, {}) end)
  end)

  it("options that it does not know or that make no sense", function()
    refused("unknown option of train.fit 'epoch'; .*nearest: epochs", fit(good, { epoch = 3 }))
    refused("unknown option of the optimizer 'momentun'; .*nearest: momentum", fit(good, { optimizer = { kind = "sgd", momentun = 0.9 } }))
    refused("unknown optimizer 'adamax'; allowed: adam", fit(good, { optimizer = "adamax" }))
    refused("unknown loss 'crossentropy'", fit(good, { loss = "crossentropy" }))
    refused("epochs must be an integer of 0 or more, got %-1", fit(good, { epochs = -1 }))
    refused("epochs must be an integer of 0 or more, got 1.5", fit(good, { epochs = 1.5 }))
    refused("patience must be an integer or false, got true", fit(good, { patience = true }))
    for _, lr in ipairs { -1, 0 / 0, math.huge, "fast" } do refused("lr must be a number of 0 or more", fit(good, { lr = lr })) end
    for _, batch in ipairs { 0, -5, math.maxinteger, math.mininteger } do refused("a batch has 1 to", fit(good, { batch = batch })) end
    refused("'batch' must be an integer", fit(good, { batch = 1.5 }))
    refused("'reference' must be 0", fit(good, { reference = 1 }))
    for _, rows in ipairs { -1, 1 << 62, math.maxinteger } do
      refused("data sets have 0 to", function() ctrain.new(net, { max_rows = rows }) end)
    end
  end)

  it("more rows than the trainer was made for", function()
    local trainer <close> = ctrain.new(net, { max_rows = 10, batch = 10 })
    local ok, message, why = trainer:epoch(good.x, good.y, 1, 0.1)
    assert.same({ nil, "30 rows, but the trainer was made for 10", "invalid" }, { ok, message, why })
  end)

  it("nets that are closed or not built", function()
    local closed = mlp(4, 3)
    closed:close()
    refused("the net is closed", function() train.fit(closed, { fit = good }) end)
    refused("the net is closed", function() train.evaluate(closed, good) end)
    refused("the net is closed", function() train.predict(closed, good.x) end)
    local described = nn.sequential { input = { 4 }, nn.dense { units = 3 } }:net()
    refused("no weights yet", function() train.fit(described, { fit = good }) end)
    local x = twin.randn({ 3, 4 }, 1)
    x:close()
    refused("closed", function() train.evaluate(net, { x = x, y = good.y }) end)
  end)

  it("and shows the user's line", function()
    local net, wide = mlp(4, 3), { x = tensor.zeros { 3, 5 }, y = tensor.zeros({ 3 }, "i32") }
    local function predicting(x) return function() local _ = train.predict(net, x) end end
    for _, f in ipairs { fit(good, { optimizer = "adamax" }), fit(good, { batch = 0 }), fit(clouds(30, 9, 4, 1)), fit(good, { lr = -1 }),
      fit(wide), function() local _ = train.evaluate(net, wide) end, predicting(wide.x), predicting { 1 }, predicting(good.x:to "f64") } do
      local ok, message = pcall(f)
      assert.is_false(ok)
      assert.matches("^%S*train_refusal_spec.lua:%d+: ", message)
    end
  end)
end)

describe("prediction", function()
  it("takes a view", function()
    local net, x = mlp(4, 3), tensor.randn({ 7, 4 }, { seed = 1 })
    assert.is_true(train.predict(net, x:transpose(1, 2):contiguous():transpose(1, 2)):equal(train.predict(net, x)))
  end)
end)

describe("epochs of any number", function()
  it("draw an order of their own", function()
    local net <close> = mlp(4, 3)
    local part = clouds(30, 3, 4, 1)
    local trainer <close> = ctrain.new(net, { batch = 8, max_rows = 30 })
    for _, epoch in ipairs { 0, -1, math.maxinteger, math.mininteger } do assert(trainer:epoch(part.x, part.y, epoch, 0)) end
  end)
end)

describe("the state of a trainer", function()
  it("is refused where it is not whole, and nothing changes then", function()
    local net <close> = mlp(4, 3)
    local trainer <close> = ctrain.new(net, { batch = 16, max_rows = 30 })
    local part = clouds(30, 3, 4, 1)
    assert(trainer:epoch(part.x, part.y, 1, 0.01))
    local good = trainer:state()
    local function refused(pattern, change)
      local state = {}
      for key, value in pairs(good) do state[key] = value end
      change(state)
      assert.error_matches(function() trainer:load_state(state) end, pattern)
      assert(twin.same(good.m, trainer:state().m) and good.steps == trainer:state().steps)
    end
    refused("optimizer 'adam' expected, got 'sgd'", function(s) s.optimizer = "sgd" end)
    refused("optimizer 'adam' expected, got 'nil'", function(s) s.optimizer = nil end)
    refused("number of its steps", function(s) s.steps = nil end)
    refused("number of its steps", function(s) s.steps = -5 end)
    refused("holds 'v', an f32 tensor of", function(s) s.m, s.v = tensor.zeros(s.m:shape()), nil end)
    refused("holds 'v', an f32 tensor of", function(s) s.m, s.v = tensor.zeros(s.m:shape()), tensor.zeros { 3 } end)
    refused("holds 'm', an f32 tensor of", function(s) s.m = s.m:to("f64") end)
    refused("holds 'm', an f32 tensor of", function(s) s.m = "m" end)
  end)
end)
