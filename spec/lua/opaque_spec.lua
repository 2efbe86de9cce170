-- Layers whose forward and backward are Lua functions.
local nac = require "nac"
local nn = nac.nn

nn.define("spec_square", {
  forward = function(x) return x * x end,
  backward = function(x, _, gy) return gy * x * 2 end,
})
nn.define("spec_power", {
  forward = function(x, a) return x:pow(a.power) end,
  backward = function(x, _, gy, a) return gy * x:pow(a.power - 1) * a.power end,
})

-- Two rings around each other: a straight line in the squares of the coordinates.
local function rings(n)
  local r = nac.rng.stream(1, "rings")
  local x, y = {}, {}
  for i = 1, n do
    local angle, radius = r:uniform(0, 2 * math.pi), i % 2 == 0 and 1 or 2
    x[i] = { radius * math.cos(angle), radius * math.sin(angle) }
    y[i] = i % 2
  end
  return { x = nac.tensor(x), y = nac.tensor.new(y, "i32") }
end

describe("layers in Lua", function()
  it("are trained through", function()
    local arch = nn.sequential { input = { 2 }, nn.dense { units = 4 }, nn.spec_square {}, nn.dense { units = 2 } }
    local net = arch:build { seed = 1 }
    local part = rings(512)
    nac.train.fit(net, { fit = part }, { epochs = 20, lr = .02 })
    assert.is_true(nac.train.evaluate(net, part).accuracy > .99)
  end)

  it("tell networks with other attributes apart", function()
    local function hash(power) return nn.sequential { input = { 2 }, nn.spec_power { power = power } }:hash() end
    assert.equal(hash(2), hash(2))
    assert.not_equal(hash(2), hash(3))
  end)

  it("fail with the layer's name when the function does", function()
    local function failure(functions)
      nn.define("spec_bad", functions)
      local net = nn.sequential { input = { 2 }, nn.spec_bad {}, nn.dense { units = 2 } }:build {}
      local ok, message = pcall(nac.train.predict, net, nac.tensor { { 1, 2 } })
      assert.is_false(ok)
      return tostring(message)
    end
    local function backward(_, _, gy) return gy end
    assert.matches("spec_bad1.opaque1: .*no such thing", failure { forward = function() error "no such thing" end, backward = backward })
    assert.matches("forward must return a tensor, got nil", failure { forward = function() end, backward = backward })
    assert.matches("forward must return 1x2 numbers, got 1x1", failure { forward = function(x) return x:slice(2, 1, 1) end, backward = backward })
    assert.error_matches(function() nn.define("spec_half", { forward = function() end }) end, "'spec_half': backward must be a function, got nil")
  end)

  it("end a training with the function's message", function()
    local calls = 0
    nn.define("spec_late", {
      forward = function(x) return x end,
      backward = function(_, _, gy)
        calls = calls + 1
        if calls > 3 then error("enough", 0) end
        return gy
      end,
    })
    local net = nn.sequential { input = { 2 }, nn.dense { units = 2 }, nn.spec_late {} }:build {}
    assert.error_matches(function() nac.train.fit(net, { fit = rings(512) }, { epochs = 5, batch = 64 }) end, "enough")
  end)

  it("cannot pull the ground from under a plan", function()
    local plan
    local said
    nn.define("spec_saw", {
      forward = function(x)
        said = select(2, pcall(plan.close, plan))
        return x
      end,
      backward = function(_, _, gy) return gy end,
    })
    local net = nn.sequential { input = { 2 }, nn.spec_saw {} }:build {}
    plan = require("nac.c.plan").new(net, { batch = 1 })
    local x = nac.tensor { { 1, 2 } }
    assert.is_true(plan:forward(x):equal(x))
    assert.matches("the plan is at work", said)
    local part = rings(64)
    nn.define("spec_closer", {
      forward = function(v)
        part.x:close()
        part.y:close()
        return v
      end,
      backward = function(_, _, gy) return gy end,
    })
    local other = nn.sequential { input = { 2 }, nn.dense { units = 2 }, nn.spec_closer {} }:build {}
    pcall(nac.train.fit, other, { fit = part }, { epochs = 1 })
  end)

  it("may run nets in threads of their own", function()
    local inner = nn.sequential { input = { 2 }, nn.spec_square {} }:build {}
    nn.define("spec_thread", {
      forward = function(x)
        local square
        do
          local thread = coroutine.create(function() square = nac.train.predict(inner, x:contiguous()) end)
          assert(coroutine.resume(thread))
        end
        collectgarbage()
        return square
      end,
      backward = function(x, _, gy) return gy * x * 2 end,
    })
    local net = nn.sequential { input = { 2 }, nn.spec_thread {}, nn.spec_thread {} }:build {}
    assert.is_true(nac.train.predict(net, nac.tensor { { 1, 2 }, { 3, 1 } }):equal(nac.tensor { { 1, 16 }, { 81, 1 } }))
  end)

  it("fail like any other where an error has no text, and leave the plan usable", function()
    local fault = true
    nn.define("spec_mute", {
      forward = function(x)
        if fault then error(setmetatable({}, { __tostring = function() error "again" end })) end
        return x
      end,
      backward = function(_, _, gy) return gy end,
    })
    local net = nn.sequential { input = { 2 }, nn.spec_mute {} }:build {}
    local plan <close> = require("nac.c.plan").new(net, { batch = 1 })
    local x = nac.tensor { { 1, 2 } }
    assert.error_matches(function() plan:forward(x) end, "spec_mute1.opaque1")
    assert.error_matches(function() plan:forward(x, "seed") end, "number expected")
    fault = false
    assert.is_true(plan:forward(x):equal(x))
    assert.error_matches(function()
      local v = nn.input { 2 }
      return nn.spec_mute {} (v, v)
    end, "takes one input")
  end)

  it("have no known cost and no file", function()
    local arch = nn.sequential { input = { 2 }, nn.spec_square {} }
    assert.error_matches(function() nac.bops.count(arch) end, "opaque")
    local net = arch:build {}
    local saved, message = nac.model.save(net, os.tmpname() .. ".yaml")
    assert.is_nil(saved)
    assert.matches("layer 'spec_square1.opaque1' is a Lua function", message)
  end)
end)
