-- Optimisers: PyTorch's steps (spec/golden/pytorch_losses.npz), clipping, decay,
-- and trainings that are interrupted and taken up again.
local nac = require "nac"
local ctrain = require "nac.c.train"
local npz = require "nac.c.npz"
local twin = require "spec.support.core_twin"

local golden = assert(npz.read("spec/golden/pytorch_losses.npz"))

local cases = {
  sgd_decay = { optimizer = "sgd", lr = .1, weight_decay = .1 },
  sgd_dampening = { optimizer = "sgd", lr = .1, momentum = .9, dampening = .5 },
  sgd_nesterov_decay = { optimizer = "sgd", lr = .1, momentum = .9, nesterov = true, weight_decay = .01 },
  sgd_clip_norm = { optimizer = "sgd", lr = .1, momentum = .9, clip_norm = .5 },
  sgd_clip_value = { optimizer = "sgd", lr = .1, clip_value = .05 },
  adam_decay = { optimizer = "adam", lr = .01, beta1 = .8, beta2 = .99, eps = 1e-6, weight_decay = .1 },
  adam_amsgrad = { optimizer = "adam", lr = .3, beta1 = .5, beta2 = .6, amsgrad = true },
  adamw = { optimizer = "adamw", lr = .01 },
  adamw_decay_amsgrad = { optimizer = "adamw", lr = .3, beta1 = .5, beta2 = .6, weight_decay = .1, amsgrad = true },
  rmsprop = { optimizer = "rmsprop", lr = .0015 },
  rmsprop_centered = { optimizer = "rmsprop", lr = .01, alpha = .9, centered = true },
  rmsprop_all = { optimizer = "rmsprop", lr = .01, alpha = .9, eps = 1e-6, momentum = .9, centered = true, weight_decay = .01 },
  adagrad = { optimizer = "adagrad", lr = .1 },
  adagrad_decay = { optimizer = "adagrad", lr = .1, eps = 1e-3, weight_decay = .1 },
}

local function trainer_for(net, case)
  local options = { loss = "mse", batch = 6, max_rows = 6 }
  for key, value in pairs(case) do options[key] = value end
  return ctrain.new(net, options)
end

local function linear_net()
  local net = twin.net({ 5 }, { { kind = "dense", units = 4, bias = false, name = "l" } })
  net:tensor("l.weight"):copy(golden["opt/w0"])
  return net
end

local function step(trainer, number, case) assert(trainer:epoch(golden["opt/x"], golden["opt/target"], number, case.lr)) end

describe("an optimiser takes PyTorch's steps:", function()
  for name, case in pairs(cases) do
    it(name, function()
      twin.each_isa(function()
        local net <close> = linear_net()
        local trainer <close> = trainer_for(net, case)
        for i = 1, 5 do
          step(trainer, i, case)
          twin.near(net:tensor("l.weight"), golden["opt_" .. name .. "/w"][i], 1e-6, "weights after step " .. i)
        end
      end)
    end)
  end
end)

describe("the state of an optimiser", function()
  it("goes on with the same bits in another trainer", function()
    for name, case in pairs(cases) do
      local a <close> = linear_net()
      local b <close> = linear_net()
      local whole <close> = trainer_for(a, case)
      for i = 1, 5 do step(whole, i, case) end
      local first <close> = trainer_for(b, case)
      for i = 1, 3 do step(first, i, case) end
      local second <close> = trainer_for(b, case)
      second:load_state(first:state())
      for i = 4, 5 do step(second, i, case) end
      assert(twin.same(a:tensor("l.weight"), b:tensor("l.weight")), name)
      assert.equal(5, second:state().steps)
    end
  end)

  it("is refused by another kind, size or set of options, which then is as before", function()
    local net <close> = linear_net()
    local adam <close> = trainer_for(net, cases.adam_decay)
    local sgd <close> = trainer_for(net, cases.sgd_dampening)
    local plain <close> = trainer_for(net, { optimizer = "adam", amsgrad = true })
    step(adam, 1, cases.adam_decay)
    assert.error_matches(function() sgd:load_state(adam:state()) end, "state of optimizer 'sgd' expected, got 'adam'")
    assert.error_matches(function() plain:load_state(adam:state()) end, "'v_max'")
    local state = adam:state()
    state.m = nac.tensor.zeros { 3 }
    assert.error_matches(function() adam:load_state(state) end, "'m', an f32 tensor of 20 numbers")
    assert.equal(0, plain:state().steps)
  end)
end)

local function clouds(n, seed)
  local x, labels = twin.randn({ n, 6 }, seed, "clouds"), {}
  for i = 1, n do
    labels[i] = i % 3
    x:set(x:get(i, i % 3 + 1) + 2, i, i % 3 + 1)
  end
  return { x = x, y = nac.tensor.new(labels, "i32") }
end

local data = { fit = clouds(90, 1), search = clouds(45, 2) }

local function mlp()
  return nac.nn.sequential { input = { 6 }, nac.nn.dense { units = 12 }, nac.nn.batchnorm {}, nac.nn.relu {},
    nac.nn.dropout { rate = .2 }, nac.nn.dense { units = 3 } }:build { seed = 4 }
end

local function state_of(net)
  local t = nac.tensor.zeros { net:state_size() }
  net:save_state(t)
  return t
end

describe("a training that is interrupted and resumed", function()
  for name, options in pairs {
    adam_with_plateau = { lr = .05, optimizer = "adam" },
    sgd_with_one_cycle = { optimizer = { kind = "sgd", momentum = .9, lr = .1 }, schedule = "one_cycle" },
    rmsprop_with_cosine = { lr = .01, optimizer = { kind = "rmsprop", centered = true, clip_norm = 1 },
                            schedule = { kind = "cosine", warmup = 2 } },
    patience = { lr = .3, optimizer = "adamw", patience = 4 },
  } do
    it("ends with the same bits as an undisturbed one: " .. name, function()
      local function fit(net, more)
        local o = { epochs = 12, batch = 16, patience = false, seed = 3 }
        for _, t in ipairs { options, more } do
          for key, value in pairs(t) do o[key] = value end
        end
        return nac.train.fit(net, data, o)
      end
      local whole, part = mlp(), mlp()
      local want = fit(whole, {})
      local saved
      pcall(fit, part, { on_epoch = function(row, run)
        if row.epoch == 5 then
          saved = run:state()
          error("the power fails")
        end
      end })
      local other = mlp() -- another process would begin like this
      local got = fit(other, { resume = saved })
      assert(twin.same(state_of(whole), state_of(other)))
      assert.same({ want.epochs, want.best_epoch, want.val_loss, want.lr }, { got.epochs, got.best_epoch, got.val_loss, got.lr })
      for i, row in ipairs(want.history) do
        assert.same({ row.loss, row.val_loss, row.lr }, { got.history[i].loss, got.history[i].val_loss, got.history[i].lr })
      end
    end)
  end

  it("does so from a file, in which only whole states stand", function()
    local path = os.tmpname()
    os.remove(path)
    local function fit(net, more)
      local o = { epochs = 9, batch = 16, patience = 5, seed = 3, lr = .03, checkpoint = path }
      for key, value in pairs(more or {}) do o[key] = value end
      return nac.train.fit(net, data, o)
    end
    local whole, part = mlp(), mlp()
    local want = fit(whole)
    os.remove(path)
    pcall(fit, part, { on_epoch = function(row) if row.epoch == 4 then error("the power fails") end end })
    local other = mlp()
    local got = fit(other)
    assert(twin.same(state_of(whole), state_of(other)))
    assert.equal(want.val_loss, got.val_loss)
    assert.equal(got.val_loss, fit(mlp()).val_loss) -- nothing is left to do
    assert.error_matches(function() fit(mlp(), { batch = 8 }) end, "of a training with batch = 16, this one has 8")
    local f <close> = assert(io.open(path, "r+b"))
    f:seek("set", 300)
    f:write("spoilt")
    f:close()
    assert.error_matches(function() fit(mlp()) end, path:gsub("%p", "%%%0"))
    os.remove(path)
  end)

  it("refuses a state of another net", function()
    local run <close> = nac.train.start(mlp(), data, { epochs = 2 })
    run:step()
    local small = nac.nn.sequential { input = { 6 }, nac.nn.dense { units = 3 } }:build { seed = 1 }
    assert.error_matches(function() nac.train.fit(small, data, { resume = run:state() }) end, "the state is of a net of")
    assert.error_matches(function() nac.train.fit(small, data, { resume = 5 }) end, "state of a training expected")
  end)
end)

describe("weight decay", function()
  -- one step from a gradient of zero: only decay moves the parameters
  local function decayed(options)
    local net = twin.net({ 2 }, { { kind = "dense", units = 2, name = "l" } })
    net:tensor("l.weight"):fill(2)
    net:tensor("l.bias"):fill(1)
    local x = nac.tensor { { 1, 1 } }
    local y = nac.tensor { { 5, 5 } } -- the output: no error, no gradient
    nac.train.fit(net, { fit = { x = x, y = y } }, options)
    return net:tensor("l.weight"):get(1, 1), net:tensor("l.bias"):get(1)
  end
  local function near(want_w, want_b, w, b)
    assert(math.abs(w - want_w) < 1e-6 and math.abs(b - want_b) < 1e-6, ("%g %g"):format(w, b))
  end

  it("acts on all parameters, l1 and l2 on weights only", function()
    near(1.8, .9, decayed { epochs = 1, loss = "mse", optimizer = { kind = "sgd", lr = .1, weight_decay = 1 } })
    near(1.8, 1, decayed { epochs = 1, loss = "mse", optimizer = { kind = "sgd", lr = .1 }, l2 = 1 })
    near(1.9, 1, decayed { epochs = 1, loss = "mse", optimizer = { kind = "sgd", lr = .1 }, l1 = 1 })
    near(1.8, .9, decayed { epochs = 1, loss = "mse", optimizer = { kind = "adamw", lr = .1, weight_decay = 1 } })
  end)
end)

describe("an optimiser that cannot be", function()
  local function refused(optimizer, pattern)
    assert.error_matches(function() nac.train.fit(mlp(), data, { epochs = 1, optimizer = optimizer }) end, pattern)
  end
  it("is refused", function()
    refused("adamx", "unknown optimizer 'adamx'; allowed: adam, adamw, sgd, rmsprop, adagrad; nearest: adam")
    refused({ kind = "sgd", beta1 = .9 }, "unknown option of the optimizer 'beta1'; allowed: momentum")
    refused({ kind = "adam", beta2 = 1 }, "beta2 must be a number from 0 to below 1, got 1")
    refused({ kind = "sgd", momentum = -1 }, "momentum must be a number of 0 or more")
    refused({ kind = "sgd", nesterov = true }, "nesterov needs a momentum")
    refused({ kind = "rmsprop", weight_decay = 0 / 0 }, "weight_decay must be a number")
    refused({ kind = "adam", clip_norm = "much" }, "'clip_norm' must be a number")
  end)

  it("or fails the trial when the gradient to be clipped is not finite", function()
    local net = twin.net({ 1 }, { { kind = "dense", units = 1, bias = false, name = "l" } })
    net:tensor("l.weight"):fill(1e-30)
    local part = { x = nac.tensor { { 1e30 } }, y = nac.tensor { { -1e15 } } }
    local ok, why = pcall(nac.train.fit, net, { fit = part }, { epochs = 1, loss = "mse", optimizer = { kind = "sgd", clip_norm = 1 } })
    assert.is_false(ok)
    assert.equal("failed", why.state)
    assert.matches("norm of the gradient is infinite at epoch 1, batch 1", why.reason)
    assert.equal(1e-30, tonumber(("%.3g"):format(net:tensor("l.weight"):get(1, 1))))
  end)
end)
