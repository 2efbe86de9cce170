-- Losses: PyTorch's numbers (spec/golden/pytorch_losses.npz, made by
-- pytorch_losses.py), finite differences, fast kernels against naive twins, and
-- what a user can ask of training.
local nac = require "nac"
local cplan = require "nac.c.plan"
local npz = require "nac.c.npz"
local twin = require "spec.support.core_twin"

local golden = assert(npz.read("spec/golden/pytorch_losses.npz"))

-- Score and gradient of the outputs x.
local function run(loss, x, y, reference)
  local net <close> = twin.net({ x:size(2) }, { { kind = "identity" } })
  local plan <close> = cplan.new(net, { batch = x:size(1), training = true, input_gradient = true, reference = reference })
  plan:forward(x)
  local score = plan:loss(loss, x, y)
  local _, gx = plan:backward()
  return score, gx
end

local function given(name) return golden["loss/" .. name] end

local function weighted(options)
  local loss = { kind = "cross_entropy", class_weights = given("class_weights") }
  for key, value in pairs(options or {}) do loss[key] = value end
  return loss
end

local cases = {
  ce_label = { "cross_entropy", "label" },
  ce_smooth = { { kind = "cross_entropy", label_smoothing = .2 }, "label" },
  ce_weights = { weighted(), "label" },
  ce_weights_smooth = { weighted { label_smoothing = .2 }, "label" },
  ce_soft = { "cross_entropy", "soft" },
  ce_soft_weights_smooth = { weighted { label_smoothing = .2 }, "soft" },
  bce = { "bce_with_logits", "share" },
  bce_one = { "bce_with_logits", "one_t", "one_x" },
  mse = { "mse", "target" },
  l1 = { "mae", "target" },
  huber = { { kind = "huber", delta = 3 }, "target" },
  smooth_l1 = { { kind = "smooth_l1", beta = .5 }, "target" },
}

describe("a loss gives PyTorch's numbers:", function()
  for name, case in pairs(cases) do
    it(name, function()
      local function compare(reference)
        local score, gx = run(case[1], given(case[3] or "x"), given(case[2]), reference)
        local want = golden["loss_" .. name .. "/loss"]:get(1)
        assert(math.abs(score.loss - want) <= 1e-6 * want, ("loss %g, not %g"):format(score.loss, want))
        twin.near(gx, golden["loss_" .. name .. "/gx"], 1e-6, "gradient")
      end
      twin.each_isa(function() compare(0) end)
      compare(32)
      compare(64)
    end)
  end
end)

-- Answers of any kind for n rows of c outputs.
local function answers(name, n, c, seed)
  if name == "label" then
    local dice, list = twin.dice(seed), {}
    for i = 1, n do list[i] = dice(0, c - 1) end
    return nac.tensor.new(list, "i32")
  end
  local t = twin.randn({ n, c }, seed, "answers")
  return (name == "soft" or name == "share" or name == "one_t") and t:sigmoid() or t
end

local function loss_for(name, c)
  local loss = cases[name][1]
  if type(loss) ~= "table" or not loss.class_weights then return loss end
  local copy, weights = {}, {}
  for key, value in pairs(loss) do copy[key] = value end
  for i = 1, c do weights[i] = i % 3 + .25 end
  copy.class_weights = weights
  return copy
end

describe("a loss of any shape", function()
  local shapes = { { 1, 1 }, { 1, 7 }, { 3, 1 }, { 5, 16 }, { 17, 3 }, { 70, 33 }, { 1200, 2 } }

  it("is the same on fast kernels as in double, gradient included", function()
    for name, case in pairs(cases) do
      for seed, shape in ipairs(shapes) do
        local x, y = twin.randn(shape, seed, "x") * 3, answers(case[2], shape[1], shape[2], seed)
        local loss = loss_for(name, shape[2])
        local want, want_gx = run(loss, x, y, 64)
        twin.each_isa(function()
          local got, gx = run(loss, x, y)
          assert(math.abs(got.loss - want.loss) <= 2e-6 * want.loss, ("%s of %dx%d"):format(name, shape[1], shape[2]))
          twin.near(gx, want_gx, 2e-6, name)
          assert.equal(want.accuracy, got.accuracy)
        end)
      end
    end
  end)

  it("has the gradient that finite differences give", function()
    for name, case in pairs(cases) do
      for seed, shape in ipairs { { 1, 1 }, { 3, 4 }, { 5, 2 } } do
        local x, y = twin.randn(shape, seed + 50, "x"), answers(case[2], shape[1], shape[2], seed)
        local loss = loss_for(name, shape[2])
        local _, gx = run(loss, x, y, 64)
        local flat, h = x:reshape(-1), 2 ^ -10
        for i = 1, flat:numel() do
          local function at(value)
            flat:set(value, i)
            return run(loss, x, y, 64).loss, flat:get(i)
          end
          local old = flat:get(i)
          local here = at(old)
          local up, above = at(old + h)
          local down, below = at(old - h)
          flat:set(old, i)
          local bend = math.abs((up - here) / (above - old) - (here - down) / (old - below))
          local slope, got = (up - down) / (above - below), gx:reshape(-1):get(i)
          -- at a corner of l1 both sides differ; everywhere else the middle is right to h^2
          if bend < 5e-2 then assert(math.abs(slope - got) <= 1e-5, ("%s: %g, differences %g"):format(name, got, slope)) end
        end
      end
    end
  end)

  it("is not finite where the outputs are not", function()
    for name, case in pairs(cases) do
      local x = twin.randn({ 20, 3 }, 1, "x")
      x:set(0 / 0, 20, 3)
      local score = run(loss_for(name, 3), x, answers(case[2], 20, 3, 1))
      assert(score.loss ~= score.loss, name .. " hides a NaN")
    end
  end)
end)

describe("accuracy", function()
  it("compares classes, also for probabilities and smoothed or weighted labels", function()
    local x = nac.tensor { { 2, 1, 0 }, { 0, 3, 1 }, { 1, 5, 2 }, { 0, 0, 4 } }
    local y = nac.tensor.new({ 0, 1, 2, 2 }, "i32")
    local soft = nac.tensor { { .8, .1, .1 }, { .1, .6, .3 }, { 0, .4, .6 }, { 0, .1, .9 } }
    assert.equal(.75, run("cross_entropy", x, y).accuracy)
    assert.equal(.75, run("cross_entropy", x, soft).accuracy)
    local weights = { 100, 1, .001 }
    assert.equal(.75, run({ kind = "cross_entropy", label_smoothing = .5, class_weights = weights }, x, y).accuracy)
  end)

  it("of one logit is its side of 0, for labels and for numbers", function()
    local x = nac.tensor { { 2 }, { -1 }, { .5 }, { -3 } }
    assert.equal(.75, run("bce_with_logits", x, nac.tensor.new({ 1, 0, 0, 0 }, "i32")).accuracy)
    assert.equal(.75, run("bce_with_logits", x, nac.tensor { { 1 }, { 0 }, { 0 }, { 0 } }).accuracy)
  end)

  it("is not claimed by losses of a difference", function()
    assert.is_nil(run("mse", nac.tensor { { 1 } }, nac.tensor { { 2 } }).accuracy)
  end)
end)

-- Two rings of points, and the number of a ring as the answer.
local function rings(n)
  local x, labels = twin.randn({ n, 2 }, 3, "rings"), {}
  for i = 1, n do
    local inside = i % 2
    local r = math.sqrt(x:get(i, 1) ^ 2 + x:get(i, 2) ^ 2)
    for j = 1, 2 do x:set(x:get(i, j) / r * (inside == 1 and .5 or 1.5), i, j) end
    labels[i] = inside
  end
  return x, nac.tensor.new(labels, "i32")
end

describe("training", function()
  local x, y = rings(120)
  local function net(head, outputs)
    local arch = nac.nn.sequential { input = { 2 }, nac.nn.dense { units = 16 }, nac.nn.relu {}, nac.nn.dense { units = outputs } }
    if head then arch:add(nac.nn[head] {}) end
    return arch:build { seed = 2 }
  end
  local function fit(n, loss, target)
    return nac.train.fit(n, { fit = { x = x, y = target or y }, task = "classification" },
      { epochs = 60, batch = 20, loss = loss, optimizer = { kind = "adam", lr = .02 } })
  end

  it("of one logit learns labels, and a sigmoid at the end is left out", function()
    local plain, headed = net(nil, 1), net("sigmoid", 1)
    local result = fit(plain, "bce_with_logits")
    assert(result.history[#result.history].accuracy > .95)
    assert.equal(result.loss, fit(headed, "bce_with_logits").loss)
    assert.is_true(nac.train.predict(plain, x):sigmoid():allclose(nac.train.predict(headed, x), 1e-6, 1e-7))
    local score = nac.train.evaluate(headed, { x = x, y = y }, { loss = "bce_with_logits" })
    assert(score.accuracy > .95)
  end)

  it("trains the values of a sigmoid for the other losses", function()
    local headed = net("sigmoid", 1)
    local target = y:to("f32"):reshape { 120, 1 }
    local result = fit(headed, "mse", target)
    assert(result.loss < .1 and result.loss > 0)
    local mean = (nac.train.predict(headed, x) - target):pow(2):mean()
    assert(math.abs(nac.train.evaluate(headed, { x = x, y = target }).loss - mean) < 1e-6)
  end)

  it("takes every loss by name or with its numbers", function()
    local target = nac.tensor.zeros { 120, 2 }
    for i = 1, 120 do target:set(1, i, y:get(i) + 1) end
    for _, loss in ipairs { "mse", "l1", "mae", "huber", { kind = "huber", delta = .2 }, "smooth_l1", "bce_with_logits",
      "cross_entropy", { kind = "cross_entropy", label_smoothing = .1, class_weights = { 1, 2 } } } do
      local result = fit(net(nil, 2), loss, target)
      assert(result.history[60].loss < .8 * result.history[1].loss, "no progress with " .. tostring(loss.kind or loss))
    end
  end)

  it("weighs classes: without weight a class is not learnt", function()
    local n = net(nil, 2)
    fit(n, { kind = "cross_entropy", class_weights = { 1, 0 } })
    assert.equal(0, nac.train.predict(n, x):argmax(2):max() - 1)
  end)
end)

describe("a loss that cannot be", function()
  local x, y = nac.tensor.zeros { 4, 3 }, nac.tensor.new({ 0, 1, 2, 0 }, "i32")
  local function refused(loss, answer, ...)
    local ok, message = pcall(run, loss, x, answer)
    assert.is_false(ok)
    for _, part in ipairs { ... } do assert(message:find(part, 1, true), message) end
  end

  it("is refused with what is allowed", function()
    refused("hubert", y, "unknown loss 'hubert'", "cross_entropy", "smooth_l1")
    refused({ delta = 1 }, y, "kind")
    refused(3, y, "a loss is a name or a table", "number")
    refused({ kind = "huber", beta = 1 }, x, "unknown option 'beta'", "kind, delta")
    refused({ kind = "huber", delta = 0 }, x, "delta", "above 0")
    refused({ kind = "cross_entropy", label_smoothing = 1.5 }, y, "label_smoothing", "from 0")
    refused({ kind = "cross_entropy", class_weights = { 1, 2 } }, y, "2 class weights for a net of 3 outputs")
    refused({ kind = "cross_entropy", class_weights = { 1, -1, 2 } }, y, "class weight 2")
  end)

  it("names the answers that it takes", function()
    refused("mse", y, "mse takes an f32 tensor of 3 numbers a sample", "i32 4")
    refused("cross_entropy", nac.tensor.zeros { 4, 2 }, "labels", "3 numbers a sample", "4x2")
    refused("bce_with_logits", y, "bce_with_logits takes an f32 tensor of 3 numbers")
    refused("cross_entropy", nac.tensor.new({ 0, 1, 3, 0 }, "i32"), "label 3 of row 3 is outside 0..2")
    local target = nac.tensor.zeros { 4, 3 }
    target:set(1.5, 2, 1)
    refused("bce_with_logits", target, "target 1.5 of row 2")
    target:set(-.5, 2, 1)
    refused("cross_entropy", target, "target -0.5 of row 2")
  end)
end)
