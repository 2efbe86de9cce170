-- Structured pruning: the smaller net computes what the large one does with the lost units at zero.
local nac = require "nac"
local nn = nac.nn

-- Weights, biases and shifts of lost units set to zero, so that they give zero (after relu and linear layers).
local function silence(net, kept)
  local copy = nac.quant.copy(net)
  for layer, indices in pairs(kept) do
    local stays = {}
    for _, i in ipairs(indices) do stays[i] = true end
    for _, entry in ipairs(copy:tensors()) do
      if entry.name:match "^(.*)%.[^.]*$" == layer then
        for i = 1, entry.tensor:size(1) do
          if not stays[i] then
            if entry.tensor:rank() > 1 then entry.tensor:select(1, i):fill(0) else entry.tensor:set(0, i) end
          end
        end
      end
    end
  end
  return copy
end

local function check(arch, amount, count)
  local net = arch:build { seed = 2 }
  for _, entry in ipairs(net:tensors()) do
    if entry.name:find "bias$" then entry.tensor:copy(nac.tensor.randn(entry.tensor:shape(), { seed = 7 })) end
  end
  local small, report = nac.prune.structured(net, { amount = amount })
  assert.equal(count, small:n_params())
  local x = nac.tensor.randn({ 32, table.unpack(arch.input) }, { seed = 3 })
  assert.is_true(nac.train.predict(small, x):allclose(nac.train.predict(silence(net, report.kept), x), 1e-4, 1e-5))
  return small, report
end

describe("structured pruning", function()
  it("takes units and channels out, and what reads them", function()
    check(nn.sequential { input = { 6 }, nn.dense { units = 8 }, nn.relu {}, nn.dense { units = 4 }, nn.tanh {}, nn.dense { units = 2 } }, .5,
      4 * 7 + 2 * 5 + 2 * 3)
    check(nn.sequential { input = { 2, 6, 6 }, nn.conv2d { channels = 4, kernel = 3 }, nn.relu {}, nn.max_pool { size = 2 },
      nn.conv2d { channels = 6, kernel = 1 }, nn.relu {}, nn.flatten {}, nn.dense { units = 3 } }, .5, 2 * 19 + 3 * 3 + 3 * (12 + 1))
    check(nn.sequential { input = { 5, 3 }, nn.dense { units = 4 }, nn.relu {}, nn.aggregate { func = "mean" }, nn.dense { units = 2 } }, .25,
      3 * 4 + 2 * 4)
    check(nn.sequential { input = { 5, 3 }, nn.dense { units = 4 }, nn.relu {}, nn.flatten {}, nn.dense { units = 2 } }, .25, 3 * 4 + 2 * 16)
  end)

  it("keeps batchnorms, masks and formats of what stays", function()
    local arch = nn.sequential { input = { 6 }, nn.dense { units = 8, bias = false }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 2 } }
    local net = arch:build {}
    local x = nac.tensor.randn({ 64, 6 }, { seed = 1 })
    nac.train.fit(net, { fit = { x = x, y = nac.tensor.zeros({ 64 }, "i32") } }, { epochs = 2 })
    local small, report = nac.prune.structured(net, { amount = .5 })
    local kept = report.kept.dense1
    assert.equal(4, #kept)
    assert.equal(net:tensor("batchnorm1.running_mean"):get(kept[3]), small:tensor("batchnorm1.running_mean"):get(3))
    assert.same({ 8 }, { net:tensor("dense2.weight"):size(2) })
    assert.equal("they are the net's output", report.skipped.dense2)
    local q = nac.quant.prepare(net, { total_bits = 8, int_bits = 3, quiet = true })
    nac.prune.magnitude(q, { sparsity = .5 })
    local small_q = nac.prune.structured(q, { amount = .5 })
    assert.equal("ap_fixed<8,3,AP_RND_CONV,AP_SAT>", tostring(small_q:quantiser("dense1.weight")[1]))
    assert.same({ 4, 6 }, small_q:mask("dense1.weight"):shape())
    assert.is_number(nac.quant.lower(small_q):run(x):max())
  end)

  it("leaves alone what cannot lose units, and says why", function()
    local x = nn.input { 4 }
    local a = nn.dense { units = 6, name = "a" } (x)
    local b = nn.dense { units = 6, name = "b" } (nn.relu {} (a))
    local arch = nn.graph { input = x, output = nn.dense { units = 2, name = "c" } (nn.add {} (a, b)) }
    local small, report = nac.prune.structured(arch:build {}, { amount = .5 })
    assert.same({}, report.kept)
    assert.matches("%(add%) needs all of them", report.skipped.b)
    assert.equal(arch:build({}):n_params(), small:n_params())
    assert.error_matches(function() nac.prune.structured(small, { amount = 2 }) end, "from 0 to 1, got 2")
    assert.error_matches(function() nac.prune.structured(small, { amount = .5, layers = { "d" } }) end, "unknown layer with weights 'd'")
  end)
end)
