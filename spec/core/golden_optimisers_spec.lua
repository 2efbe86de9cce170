-- Plain optimisers and a training run against PyTorch (optimisers_spec.lua has the
-- other optimisers, losses_spec.lua the losses):
-- spec/golden/pytorch_train.npz, made by pytorch.py beside it.
local cnet = require "nac.c.net"
local cplan = require "nac.c.plan"
local ctrain = require "nac.c.train"
local npz = require "nac.c.npz"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

local golden = assert(npz.read("spec/golden/pytorch_train.npz"))

-- Our options and learning rate for a case.
local optimisers = {
  sgd = { optimizer = "sgd", lr = 0.1 },
  sgd_momentum = { optimizer = "sgd", momentum = 0.9, lr = 0.1 },
  sgd_nesterov = { optimizer = "sgd", momentum = 0.9, nesterov = true, lr = 0.1 },
  sgd_momentum_l2 = { optimizer = "sgd", momentum = 0.9, l2 = 0.01, lr = 0.1 },
  adam = { optimizer = "adam", lr = 0.0032 },
  rmsprop_momentum = { optimizer = "rmsprop", alpha = 0.9, momentum = 0.9, lr = 0.01 },
  adam_fast = { optimizer = "adam", lr = 0.1 },
  adam_l2 = { optimizer = "adam", beta1 = 0.8, beta2 = 0.99, eps = 1e-6, l2 = 0.1, lr = 0.01 },
}

describe("an optimiser takes PyTorch's steps:", function()
  for case, given in pairs(optimisers) do
    it(case, function()
      twin.each_isa(function()
        local net <close> = twin.net({ 4 }, { { kind = "dense", units = 3, bias = false, name = "l" } })
        net:tensor("l.weight"):copy(golden["opt/w0"])
        local options = { loss = "mse", batch = 6, max_rows = 6 }
        for key, value in pairs(given) do options[key] = value end
        local trainer <close> = ctrain.new(net, options)
        for step = 1, 5 do
          assert(trainer:epoch(golden["opt/x"], golden["opt/target"], step, given.lr))
          twin.near(net:tensor("l.weight"), golden["opt_" .. case .. "/w"][step], 1e-6, "weights after step " .. step)
        end
      end)
    end)
  end
end)

describe("every optimiser of the golden file", function()
  it("is compared", function()
    for name in pairs(golden) do assert(optimisers[name:match("^opt_(.*)/") or "sgd"], name) end
  end)
end)

-- PyTorch numbers the layers of a chain from 0.
local function curve_net()
  local net = cnet.new { 12 }
  for i, layer in ipairs {
    { kind = "dense", units = 16, bias = false }, { kind = "batchnorm" }, { kind = "relu" },
    { kind = "dense", units = 8, bias = false }, { kind = "batchnorm" }, { kind = "tanh" }, { kind = "dense", units = 4 },
  } do
    layer.name = tostring(i - 1)
    net:add(layer)
  end
  net:init(1)
  for name, t in pairs(golden) do
    local param = name:match("^curve/p_(.*)$")
    if param then net:tensor(param):copy(t) end
  end
  return net
end

describe("training from PyTorch's weights on its batches", function()
  it("follows its curve for 50 steps", function()
    local x, label = golden["curve/x"], golden["curve/label"]
    local order = golden["curve/order"] + 1 -- Python counts from 0
    local function run(reference)
      local net <close> = curve_net()
      local trainer <close> = ctrain.new(net, { loss = "cross_entropy", batch = 16, max_rows = 80, reference = reference })
      local losses = {}
      for epoch = 1, order:size(1) do
        for first = 1, 80, 16 do
          local rows = order[epoch]:slice(1, first, first + 15)
          losses[#losses + 1] = assert(trainer:epoch(x:rows(rows), label:rows(rows), #losses, 0.01)).loss
        end
      end
      twin.near(tensor.new(losses), golden["curve/loss"], 1e-3, "losses")
      for name, t in pairs(golden) do
        local buffer = name:match("^curve/b1_(.*)$")
        if buffer then twin.near(net:tensor(buffer), t, 1e-3, buffer) end
      end
      local plan <close> = cplan.new(net, { batch = 80 })
      twin.near(plan:forward(x), golden["curve/logits"], 1e-3, "logits")
      local score = assert(trainer:evaluate(x, label))
      assert(math.abs(score.loss - golden["curve/eval_loss"]:get(1)) < 1e-3, "loss at the end")
    end
    twin.each_isa(function() run(0) end)
    run(32)
    run(64)
  end)
end)
