-- Training, scoring and predicting as a user does it.
local nac = require "nac"
local ctrain = require "nac.c.train"
local interpreter = require "spec.support.interpreter"
local sys = require "nac.c.sys"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

local nn, train, clouds = nac.nn, nac.train, twin.clouds

local function state_of(net)
  local t = tensor.zeros { net:state_size() }
  net:save_state(t)
  return t
end

local function mlp(inputs, classes, seed)
  return nn.sequential {
    input = { inputs }, nn.dense { units = 16 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = classes },
  }:build { seed = seed or 1 }
end

local function refused(pattern, f) assert.error_matches(f, pattern) end

describe("training", function()
  it("learns xor, which no linear net can", function()
    local data = nac.dataset.xor {}
    local function accuracy(arch)
      local net <close> = arch:build { seed = 1 }
      train.fit(net, data, { epochs = 60, lr = 0.02, batch = 32, patience = false })
      return train.evaluate(net, data:test()).accuracy
    end
    assert(accuracy(nn.sequential { input = { 2 }, nn.dense { units = 8 }, nn.tanh {}, nn.dense { units = 2 } }) > 0.95)
    assert(accuracy(nn.sequential { input = { 2 }, nn.dense { units = 2 } }) < 0.8)
  end)

  it("learns clouds, with every optimiser", function()
    local data = { fit = clouds(400, 5, 8, 1), search = clouds(200, 5, 8, 2) }
    for _, optimizer in ipairs {
      "adam", { kind = "adam", lr = 0.01, beta2 = 0.99 }, { kind = "sgd", lr = 0.1 },
      { kind = "sgd", lr = 0.05, momentum = 0.9, nesterov = true },
    } do
      local net <close> = mlp(8, 5)
      local before = train.evaluate(net, data.search)
      local fit = train.fit(net, data, { epochs = 12, batch = 32, optimizer = optimizer, lr = optimizer == "adam" and 0.01 or nil })
      assert(before.accuracy < 0.5 and fit.val_accuracy > 0.85, fit.val_accuracy)
      assert.equal(fit.epochs * 400, fit.samples)
      assert.equal(fit.epochs, #fit.history)
    end
  end)

  it("learns a function by mean squared error", function()
    local x = twin.randn({ 500, 3 }, 1)
    local y = x:matmul(tensor.new { { 1, -2 }, { 0.5, 0 }, { 3, 1 } }) + 0.7
    local part = { x = x, y = y }
    local net <close> = nn.sequential { input = { 3 }, nn.dense { units = 2 } }:build()
    local fit = train.fit(net, { fit = part, search = part }, { epochs = 40, lr = 0.05, batch = 50 })
    assert(fit.val_loss < 1e-3 and fit.val_accuracy == nil)
    assert(math.abs(net:tensor("dense1.weight"):get(1, 3) - 3) < 0.05)
    local scored = train.evaluate(net, part)
    assert(math.abs(scored.loss - ((train.predict(net, x) - y) ^ 2):mean()) < 1e-6)
  end)

  it("learns digits", function()
    local data = nac.dataset.mnist { sample = true, resize = 8, flatten = true, subset = 2000 }
    local net <close> = nn.sequential { input = { 64 }, nn.dense { units = 32 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 10 } }:build()
    local fit = train.fit(net, data, { epochs = 8, lr = 0.005 })
    assert(fit.val_accuracy > 0.85, fit.val_accuracy)
    local score = train.evaluate(net, data:parts().search)
    assert(math.abs(score.loss - fit.val_loss) < 1e-12 and score.accuracy == fit.val_accuracy)
  end)

  it("reports each epoch to the trial and to on_epoch", function()
    local data = { fit = clouds(60, 3, 4, 1), search = clouds(30, 3, 4, 2) }
    local reports, rows = {}, {}
    local trial = { seed = 5, report = function(_, epoch, values) reports[epoch] = values end }
    local net <close> = mlp(4, 3)
    local fit = train.fit(net, data, { epochs = 4, patience = false, trial = trial, on_epoch = function(row) rows[#rows + 1] = row end })
    assert.equal(4, #reports)
    assert.same(fit.history, rows)
    assert.equal(rows[2].val_loss, reports[2].loss)
    assert.equal(rows[2].val_accuracy, reports[2].accuracy)
  end)

  it("of no epochs changes nothing", function()
    local net <close> = mlp(4, 3)
    local before = state_of(net)
    local fit = train.fit(net, { fit = clouds(20, 3, 4, 1), search = clouds(20, 3, 4, 2) }, { epochs = 0 })
    assert.same({ 0, 0 }, { fit.epochs, fit.best_epoch })
    assert(twin.same(before, state_of(net)))
  end)
end)

describe("early stopping", function()
  -- search labels are random, so that its loss rises before long
  local data = { fit = clouds(60, 3, 4, 1), search = { x = twin.randn({ 50, 4 }, 3), y = clouds(50, 3, 4, 9).y } }

  it("compares with the best epoch and brings back its weights and statistics exactly", function()
    local net <close> = mlp(4, 3)
    local states = {}
    local function keep() states[#states + 1] = state_of(net) end
    local fit = train.fit(net, data, { epochs = 50, lr = 0.05, batch = 16, patience = 4, on_epoch = keep })
    assert(fit.epochs < 50 and fit.epochs == fit.best_epoch + 4)
    for epoch, row in ipairs(fit.history) do
      assert(row.val_loss > fit.val_loss or epoch == fit.best_epoch, "the best epoch is the one of the lowest search loss")
    end
    assert(twin.same(states[fit.best_epoch], state_of(net)))
    assert.is_false(twin.same(states[fit.epochs], state_of(net)))
    assert.equal(fit.val_loss, train.evaluate(net, data.search).loss)
    assert.equal(fit.history[fit.best_epoch].val_accuracy, fit.val_accuracy)
  end)

  it("can be turned off; the best epoch still counts", function()
    for _, off in ipairs { false, 0 } do
      local net <close> = mlp(4, 3)
      local fit = train.fit(net, data, { epochs = 20, lr = 0.05, batch = 16, patience = off })
      assert.equal(20, fit.epochs)
      assert(fit.best_epoch < 20)
      assert.equal(fit.val_loss, train.evaluate(net, data.search).loss)
    end
  end)

  it("leaves the last epoch's weights where that is wanted", function()
    local net <close> = mlp(4, 3)
    local last
    local function note() last = state_of(net) end
    local fit = train.fit(net, data, { epochs = 20, lr = 0.05, batch = 16, patience = false, kept_epoch = "last", on_epoch = note })
    assert.equal(20, fit.best_epoch)
    assert(twin.same(last, state_of(net)))
    assert.equal(fit.val_loss, train.evaluate(net, data.search).loss)
    assert.equal(fit.history[20].val_loss, fit.val_loss)
    assert.error_matches(function() train.fit(net, data, { kept_epoch = "first" }) end, "unknown kept_epoch 'first'; allowed: best, last", 1, true)
  end)

  it("needs a search part", function()
    local net <close> = mlp(4, 3)
    local fit = train.fit(net, { fit = data.fit }, { epochs = 8, patience = 1, lr = 0.05 })
    assert.same({ 8, 8 }, { fit.epochs, fit.best_epoch })
    assert.is_nil(fit.val_loss)
    assert.equal(fit.history[8].loss, fit.loss)
  end)

  it("goes with a learning rate that falls on plateaus", function()
    local net <close> = mlp(4, 3)
    local fit = train.fit(net, data, { epochs = 20, lr = 0.05, batch = 16, patience = false, plateau = { factor = 0.1, patience = 2, min_lr = 1e-4 } })
    assert.equal(0.05, fit.history[1].lr)
    assert(math.abs(fit.lr - 1e-4) < 1e-12, "not below min_lr")
    local constant <close> = mlp(4, 3)
    assert.equal(0.05, train.fit(constant, data, { epochs = 20, lr = 0.05, patience = false, plateau = false }).lr)
  end)
end)

describe("regularisation", function()
  -- no gradient reaches the net from constant targets it meets; only decay acts
  local function one_step(options)
    local net <close> = nn.sequential {
      input = { 4 }, nn.dense { units = 3, name = "a" }, nn.batchnorm { name = "n" }, nn.dense { units = 2, name = "b" },
    }:build()
    for _, entry in ipairs(net:tensors()) do
      if entry.role == "parameter" then entry.tensor:copy(twin.randn(entry.tensor:shape(), 1, entry.name)) end
    end
    local before, after = {}, {}
    for _, entry in ipairs(net:tensors()) do before[entry.name] = entry.tensor:clone() end
    local part = { x = twin.randn({ 6, 4 }, 1), y = tensor.zeros { 6, 2 } }
    options.epochs, options.optimizer, options.lr, options.loss = 1, "sgd", 0.1, "mse"
    train.fit(net, { fit = part }, options)
    for _, entry in ipairs(net:tensors()) do after[entry.name] = entry.tensor:clone() end
    return before, after
  end

  it("by L1 and L2 acts on weights, not on biases and norms, and is not part of the loss", function()
    local before, plain = one_step {}
    for _, l in ipairs { { l2 = 0.3 }, { l1 = 0.2 }, { l1 = 0.2, l2 = 0.3 } } do
      local _, decayed = one_step { l1 = l.l1, l2 = l.l2 }
      for name, p in pairs(plain) do
        local w = before[name]
        if name == "a.weight" or name == "b.weight" then
          local pull = w * (l.l2 or 0) + w / w:abs() * (l.l1 or 0)
          twin.near(decayed[name], p - pull * 0.1, 1e-5, name)
        else
          assert(twin.same(p, decayed[name]), name)
        end
      end
    end
    local x = { fit = clouds(50, 3, 4, 1) }
    local a <close> = mlp(4, 3)
    local b <close> = mlp(4, 3)
    assert.equal(train.fit(a, x, { epochs = 1, batch = 50 }).loss, train.fit(b, x, { epochs = 1, batch = 50, l2 = 5, l1 = 5 }).loss)
  end)
end)

describe("a run of training", function()
  local data = { fit = clouds(101, 3, 4, 1), search = clouds(50, 3, 4, 2) }

  local function run(seed, isa_or_options)
    local net <close> = nn.sequential {
      input = { 4 }, nn.dense { units = 9 }, nn.batchnorm {}, nn.relu {}, nn.dropout { rate = 0.2 }, nn.dense { units = 3 },
    }:build { seed = 3 }
    local options = { epochs = 3, batch = 16, seed = seed }
    for key, value in pairs(isa_or_options or {}) do options[key] = value end
    local fit = train.fit(net, data, options)
    return state_of(net), fit.loss
  end

  it("is repeated to the bit by its seed, and only by that", function()
    local a, loss_a = run(1)
    local b, loss_b = run(1)
    local c = run(2)
    assert(twin.same(a, b) and loss_a == loss_b)
    assert.is_false(twin.same(a, c))
  end)

  it("is repeated to the bit in another process and for every size of the pieces", function()
    local script = [[
      local nac = require "nac"
      local data = nac.dataset.xor { n = 200 }
      local nn = nac.nn
      local net = nn.sequential { input = { 2 }, nn.dense { units = 9 }, nn.batchnorm {}, nn.relu {}, nn.dropout { rate = .1 }, nn.dense { units = 2 } }:build()
      local fit = nac.train.fit(net, data, { epochs = 3, batch = 50, piece = %d })
      print(("%%a %%a"):format(fit.loss, net:tensor("dense1.weight"):get(1, 1)))
    ]]
    local first
    for _, piece in ipairs { 0, 0, 16, 1000 } do
      local file = os.tmpname()
      local f = assert(io.open(file, "w"))
      f:write(script:format(piece))
      f:close()
      local out, status = interpreter.run("$NAC_LUA " .. file)
      os.remove(file)
      assert.equal(0, status, out)
      first = first or out
      assert.equal(first, out)
    end
  end)

  it("comes near the reference's in double", function()
    local net <close> = mlp(4, 3)
    local wide <close> = mlp(4, 3)
    local a = train.fit(net, data, { epochs = 3, batch = 32, optimizer = "sgd", lr = 0.05 })
    local b = train.fit(wide, data, { epochs = 3, batch = 32, optimizer = "sgd", lr = 0.05, reference = 64 })
    assert(math.abs(a.loss - b.loss) < 1e-5)
    twin.near(state_of(net), state_of(wide), 1e-4, "weights")
  end)
end)

describe("the last batch of an epoch", function()
  -- Each step of sgd without gradient shrinks a weight by the same factor, so the
  -- weight tells the number of steps.
  local function steps_of(n, batch, norm)
    local layers = { { kind = "dense", units = 2, bias = false, name = "unseen" }, { kind = "identity", inputs = { 1 } } }
    if norm then layers[#layers + 1] = { kind = "batchnorm" } end
    local net <close> = twin.net({ 3 }, layers)
    net:tensor("unseen.weight"):fill(1)
    local trainer <close> = ctrain.new(net, { loss = "mse", optimizer = "sgd", l2 = 0.5, batch = batch, max_rows = n })
    local score = assert(trainer:epoch(twin.randn({ n, 3 }, 1), twin.randn({ n, 3 }, 2), 1, 1.0))
    assert.equal(n, score.n)
    return math.floor(0.5 - math.log(net:tensor("unseen.weight"):get(1, 1), 2))
  end

  it("is trained, however short", function()
    assert.same({ 2, 3, 3, 4, 4 }, { steps_of(8, 4), steps_of(9, 4), steps_of(12, 4), steps_of(13, 4), steps_of(16, 4) })
    assert.equal(1, steps_of(5, 100))
    assert.equal(5, steps_of(5, 1))
    assert.equal(1, steps_of(1, 1))
  end)

  it("joins the one before when a single row is left over under batchnorm", function()
    assert.same({ 2, 2, 3, 3, 3 }, { steps_of(8, 4, true), steps_of(9, 4, true), steps_of(10, 4, true), steps_of(12, 4, true), steps_of(13, 4, true) })
    assert.equal(1, steps_of(5, 5, true))
    assert.equal(1, steps_of(3, 2, true))
  end)

  it("of one row alone is refused under batchnorm", function()
    refused("batches of at least 2 rows, got data of 1", function()
      local net <close> = mlp(4, 3)
      train.fit(net, { fit = clouds(1, 3, 4, 1) }, {})
    end)
    refused("batches of at least 2 rows, got batches of 1", function()
      local net <close> = mlp(4, 3)
      train.fit(net, { fit = clouds(10, 3, 4, 1) }, { batch = 1 })
    end)
    local net <close> = mlp(4, 3)
    assert.equal(1, train.evaluate(net, clouds(1, 3, 4, 1)).n) -- scoring needs no statistics
  end)
end)

describe("an epoch", function()
  it("allocates nothing", function()
    local x, labels, targets = twin.randn({ 103, 6 }, 1), tensor.zeros({ 103 }, "i32"), tensor.zeros { 103, 3 }
    for _, reference in ipairs { 0, 32, 64 } do
      for _, optimizer in ipairs { "adam", "adamw", "sgd", "rmsprop" } do
        for loss, y in pairs { cross_entropy = labels, bce_with_logits = targets, mse = targets, l1 = targets, huber = targets } do
          local net <close> = nn.sequential {
            input = { 6 }, nn.dense { units = 9 }, nn.batchnorm {}, nn.leaky_relu {}, nn.dropout {}, nn.dense { units = 9 },
            nn.sigmoid {}, nn.dense { units = 3 }, nn.softmax {},
          }:build()
          local trainer <close> = ctrain.new(net, {
            loss = loss, optimizer = optimizer, momentum = 0.9, l1 = 1e-4, clip_norm = 1, batch = 17, max_rows = 103, reference = reference,
          })
          collectgarbage()
          local before = sys.memory()
          for epoch = 1, 3 do
            assert(trainer:epoch(x, y, epoch, 0.01))
            assert(trainer:evaluate(x, y))
          end
          assert.equal(before.allocations, sys.memory().allocations)
          assert.equal(before.live, sys.memory().live)
        end
      end
    end
  end)
end)

describe("pauses within an epoch", function()
  local data = { fit = clouds(300, 3, 4, 1), search = clouds(60, 3, 4, 2) }
  local function trained(options)
    local net = nn.sequential { input = { 4 }, nn.dense { units = 8 }, nn.batchnorm {}, nn.relu {}, nn.dropout { rate = .2 }, nn.dense { units = 3 } }:build {}
    options.epochs, options.batch = 2, 32
    return net, train.fit(net, data, options)
  end

  it("come after the steps asked for and change nothing by themselves", function()
    local seen, steps = {}, nil
    local net, fit = trained { pauses = {
      at = function(n)
        steps = n
        return { 0, 1, n // 2, n }
      end,
      call = function(step, epoch) seen[#seen + 1] = epoch .. ":" .. step end,
    } }
    assert.equal(10, steps)
    assert.equal("1:0 1:1 1:5 1:10 2:0 2:1 2:5 2:10", table.concat(seen, " "))
    local plain, same = trained {}
    assert.is_true(state_of(net):equal(state_of(plain)))
    assert.is_true(math.abs(fit.loss - same.loss) < 1e-9)
  end)

  it("may change the net", function()
    local net
    net = nn.sequential { input = { 4 }, nn.dense { units = 3, name = "a" } }:build {}
    train.fit(net, { fit = data.fit }, { epochs = 1, pauses = { at = function(n) return { n } end, call = function() net:tensor("a.weight"):fill(0) end } })
    assert.equal(0, net:tensor("a.weight"):abs():max())
  end)

  it("are refused where they make no sense", function()
    refused("pauses must be", function() trained { pauses = { at = 3 } } end)
    refused("ascending integers from 0 to 10, the steps of an epoch; got 11", function()
      trained { pauses = { at = function() return { 3, 11 } end, call = print } }
    end)
  end)
end)

describe("scoring and predicting", function()
  it("agree, whatever the number of rows", function()
    local net <close> = mlp(4, 3)
    train.fit(net, { fit = clouds(100, 3, 4, 1) }, { epochs = 2 })
    for _, n in ipairs { 1, 255, 256, 257, 600 } do
      local part = clouds(n, 3, 4, n)
      local score = train.evaluate(net, part)
      local out = train.predict(net, part.x)
      assert.same({ n, 3 }, out:shape())
      local right, loss = 0, 0
      for i = 1, n do
        local label = part.y:get(i) + 1
        local sum, best = 0, 1
        for c = 1, 3 do
          sum = sum + math.exp(out:get(i, c))
          best = out:get(i, c) > out:get(i, best) and c or best
        end
        right = right + (best == label and 1 or 0)
        loss = loss + math.log(sum) - out:get(i, label)
      end
      assert.equal(right / n, score.accuracy)
      assert(math.abs(loss / n - score.loss) < 1e-5)
      assert.equal(n, score.n)
      local exact = train.evaluate(net, part, { reference = 64 })
      assert(math.abs(exact.loss - score.loss) < 1e-6 and exact.accuracy == score.accuracy)
    end
    assert.same({ 0, 3 }, train.predict(net, tensor.zeros { 0, 4 }):shape())
  end)

  it("leave the net as it is", function()
    local net <close> = mlp(4, 3)
    local before = state_of(net)
    train.evaluate(net, clouds(50, 3, 4, 1))
    train.predict(net, clouds(50, 3, 4, 1).x)
    assert(twin.same(before, state_of(net)))
  end)

  it("give the logits' loss and the probabilities when a softmax ends the net", function()
    local net <close> = nn.sequential { input = { 4 }, nn.dense { units = 3 }, nn.softmax {} }:build()
    local part = clouds(20, 3, 4, 1)
    local p = train.predict(net, part.x)
    local loss = 0
    for i = 1, 20 do loss = loss - math.log(p:get(i, part.y:get(i) + 1)) end
    assert(math.abs(loss / 20 - train.evaluate(net, part).loss) < 1e-5)
  end)
end)
