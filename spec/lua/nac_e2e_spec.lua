-- Three of NAC's example models, built from their descriptions, against PyTorch:
-- outputs, first gradients, five training steps, final weights and statistics.
local arch = require "nac.arch"
local cplan = require "nac.c.plan"
local ctrain = require "nac.c.train"
local nac = require "nac"

local golden = assert(require("nac.npz").read "spec/golden/nac_e2e.npz")

local bragg = "spec/golden/config/bragg_model_example_configs.yaml"
local jets = "spec/golden/config/deepsets_model_example_configs.yaml"
local adam = { optimizer = "adam", lr = .0032, weight_decay = 0, loss = "cross_entropy" }
local rmsprop = { optimizer = "rmsprop", lr = .0015, weight_decay = 2.2e-9, loss = "mse" }

-- Theirs in the order of ours: by layer, weight before bias.
local cases = {
  deepsets_base = { path = jets, example = "base", train = adam,
    layers = { "phi.layers.0", "phi.layers.2", "phi.layers.4", "rho.layers.0", "rho.layers.2" } },
  deepsets_tiny = { path = jets, example = "tiny", train = adam,
    layers = { "phi.layers.0", "phi.layers.1", "rho.layers.0", "rho.layers.1", "rho.layers.3", "rho.layers.5", "rho.layers.7", "rho.layers.8" } },
  bragg_openhls = { path = bragg, example = "openhls", train = rmsprop,
    layers = { "conv", "Blocks.0.Wq", "Blocks.0.Wk", "Blocks.0.Wv", "Blocks.0.proj", "Blocks.1.layers.0", "Blocks.1.layers.2",
      "MLP.layers.0", "MLP.layers.2", "MLP.layers.4" } },
}

-- Within `tolerance` of the largest value. Where `gradient` is given, elements are left out that had none
-- but for rounding at first (a bias before a batchnorm): the optimiser takes whole steps where rounding says.
local function near(expected, actual, tolerance, what, gradient)
  local n = expected:numel()
  local a, b, most, worst = expected:reshape({ n }):totable(), actual:reshape({ n }):totable(), 0, 0
  local g = gradient and gradient:reshape({ n }):totable()
  for i = 1, n do
    most = math.max(most, math.abs(a[i]))
    if not g or math.abs(g[i]) > 1e-6 then worst = math.max(worst, math.abs(a[i] - b[i])) end
  end
  assert.is_true(worst <= math.max(tolerance * most, 1e-6), ("%s is off by %g of %g"):format(what, worst, most))
end

for name, case in pairs(cases) do
  describe("NAC's " .. name, function()
    local function theirs(key) return (assert(golden[name .. "/" .. key], key)) end
    -- Batch i; sets are (features, elements) there.
    local function inputs(i)
      local x = theirs("x"):select(1, i)
      return (case.path == jets and x:transpose(2, 3) or x):contiguous()
    end
    local net = arch.to_nn(assert(arch.load(case.path, { example = case.example, decode = 2025 }))):build {}
    local names, buffers, norms = {}, {}, {}
    for _, t in ipairs(net:tensors()) do
      local layer, kind = t.name:match "^(.*)%.([^.]*)$"
      if t.role == "parameter" then
        local n = #names // 2 + 1
        names[#names + 1] = { ours = t.name, tensor = t.tensor, theirs = case.layers[n] .. "." .. kind }
        norms[layer] = case.layers[n]
      else
        buffers[#buffers + 1] = { tensor = t.tensor, theirs = norms[layer] .. "." .. kind }
      end
    end
    for _, p in ipairs(names) do p.tensor:copy(theirs("p0_" .. p.theirs):reshape(p.tensor:shape())) end

    it("gives the same outputs and the same gradients", function()
      local plan <close> = cplan.new(net, { batch = 16, training = true })
      near(theirs "out0", plan:forward(inputs(1), 1, 0), 1e-5, "the output")
      assert.near(theirs("losses"):get(1), plan:loss(case.train.loss, inputs(1), theirs("t"):select(1, 1):contiguous()).loss, 1e-5)
      local gradients = plan:backward()
      for _, p in ipairs(names) do near(theirs("g0_" .. p.theirs), gradients[p.ours], 1e-5, "gradient of " .. p.ours) end
    end)

    it("trains to the same weights", function()
      for _, p in ipairs(names) do p.tensor:copy(theirs("p0_" .. p.theirs):reshape(p.tensor:shape())) end
      for _, b in ipairs(buffers) do b.tensor:fill(b.theirs:find "var$" and 1 or 0) end
      local trainer <close> = ctrain.new(net, {
        loss = case.train.loss, optimizer = case.train.optimizer, weight_decay = case.train.weight_decay, batch = 16, max_rows = 16 })
      for i = 1, 5 do
        local score = assert(trainer:epoch(inputs(i), theirs("t"):select(1, i):contiguous(), i, case.train.lr))
        assert.near(theirs("losses"):get(i), score.loss, 1e-5 * theirs("losses"):get(i))
      end
      for _, p in ipairs(names) do near(theirs("p5_" .. p.theirs), p.tensor, 1e-4, p.ours, theirs("g0_" .. p.theirs)) end
      -- Means follow such biases; variances do not.
      for _, b in ipairs(buffers) do if b.theirs:find "var$" then near(theirs("b5_" .. b.theirs), b.tensor, 1e-5, b.theirs) end end
    end)

    it("gives the same outputs in evaluation, from the trained weights and statistics", function()
      for _, p in ipairs(names) do p.tensor:copy(theirs("p5_" .. p.theirs):reshape(p.tensor:shape())) end
      for _, b in ipairs(buffers) do b.tensor:copy(theirs("b5_" .. b.theirs)) end
      near(theirs "eval_out", nac.train.predict(net, inputs(1)), 1e-5, "the output")
    end)
  end)
end
