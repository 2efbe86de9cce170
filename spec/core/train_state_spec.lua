-- Training that is put down and taken up again: the state of trainers.
local ctrain = require "nac.c.train"
local nac = require "nac"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

local nn = nac.nn

local function a_net()
  return nn.sequential {
    input = { 4 }, nn.dense { units = 9 }, nn.batchnorm {}, nn.relu {}, nn.dropout { rate = 0.1 }, nn.dense { units = 3 },
  }:build { seed = 2 }
end

local options = {
  { optimizer = "adam" }, { optimizer = "adam", amsgrad = true }, { optimizer = "adamw" }, { optimizer = "sgd" },
  { optimizer = "sgd", momentum = 0.9, dampening = 0.2 }, { optimizer = "rmsprop" },
  { optimizer = "rmsprop", momentum = 0.5, centered = true },
}

local function trainer_of(net, o)
  local given = { batch = 16, max_rows = 50, seed = 4 }
  for key, value in pairs(o) do given[key] = value end
  return ctrain.new(net, given)
end

local part = twin.clouds(50, 3, 4, 1)

local function run(trainer, first, last)
  for epoch = first, last do assert(trainer:epoch(part.x, part.y, epoch, 0.01)) end
end

local function weights_of(net)
  local t = tensor.zeros { net:state_size() }
  net:save_state(t)
  return t
end

describe("the state of a trainer", function()
  it("goes on to the bit in another trainer", function()
    for _, o in ipairs(options) do
      local whole <close> = a_net()
      local straight <close> = trainer_of(whole, o)
      run(straight, 1, 4)

      local half <close> = a_net()
      local before <close> = trainer_of(half, o)
      run(before, 1, 2)
      local state, weights = before:state(), weights_of(half)
      local taken_up <close> = a_net()
      taken_up:load_state(weights)
      local after <close> = trainer_of(taken_up, o)
      after:load_state(state)
      run(after, 3, 4)
      assert(twin.same(weights_of(whole), weights_of(taken_up)), o.optimizer)

      local forgetful <close> = a_net() -- the state matters
      forgetful:load_state(weights)
      local fresh <close> = trainer_of(forgetful, o)
      run(fresh, 3, 4)
      local plain = o.optimizer == "sgd" and not o.momentum
      assert.equal(plain, twin.same(weights_of(whole), weights_of(forgetful)))
    end
  end)

  it("is refused by another kind of optimiser, by another net, and in pieces, and nothing changes then", function()
    local net <close> = a_net()
    local trainer <close> = trainer_of(net, { optimizer = "adam" })
    run(trainer, 1, 1)
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
