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

describe("structured pruning of attention", function()
  -- The net with the lost heads' (or channels') queries, keys, values and columns of the projection at zero.
  local function without(net, block, lost)
    local copy = nac.quant.copy(net)
    local project = copy:tensor(block .. ".project.weight")
    for _, i in ipairs(lost) do project:select(2, i):fill(0) end
    return copy
  end

  it("takes whole heads out; what is left computes the same", function()
    local net = nn.sequential { input = { 5, 6 }, nn.self_attention { heads = 4, dim = 8 }, nn.flatten {}, nn.dense { units = 3 } }:build { seed = 3 }
    net:tensor("self_attention1.value.weight"):slice(1, 3, 4):mul_(.01) -- the second head is weak
    net:tensor("self_attention1.project.weight"):slice(2, 3, 4):mul_(.01)
    local small, report = nac.prune.structured(net, { structure = "heads", amount = .25 })
    assert.same({ self_attention1 = { 1, 3, 4 } }, report.kept)
    assert.same({ 6, 6 }, small:tensor("self_attention1.query.weight"):shape())
    assert.same({ 6, 6 }, small:tensor("self_attention1.project.weight"):shape())
    local x = nac.tensor.randn({ 16, 5, 6 }, { seed = 1 })
    assert.is_true(nac.train.predict(small, x):allclose(nac.train.predict(without(net, "self_attention1", { 3, 4 }), x), 1e-4, 1e-5))
    local one, last = nac.prune.structured(small, { structure = "heads", amount = 1, norm = "l2" }) -- one head stays
    assert.equal(1, #last.kept.self_attention1)
    assert.equal(2, one:tensor("self_attention1.key.weight"):size(1))
    nac.train.fit(one, { fit = { x = x, y = nac.tensor.zeros({ 16 }, "i32") } }, { epochs = 1 })
    local path = os.tmpname() .. ".yaml"
    assert(nac.model.save(one, path))
    assert.is_true(nac.train.predict(assert(nac.model.load(path)), x):equal(nac.train.predict(one, x)))
    os.execute("rm -f " .. path:gsub("%.yaml$", "") .. "*")
  end)

  it("takes hidden channels out where there is one head, rounded or not", function()
    for _, arch in ipairs {
      nn.sequential { input = { 2, 4, 4 }, nn.conv2d { channels = 6, kernel = 3, padding = 1 }, nn.conv_attn { hidden = 8, scaled = true, activation = "relu" },
        nn.flatten {}, nn.dense { units = 3 } },
      nn.sequential { input = { 2, 9 }, nn.conv_attn { hidden = 8 }, nn.flatten {}, nn.dense { units = 3 } },
      nn.sequential { input = { 5, 6 }, nn.self_attention { dim = 8 }, nn.flatten {}, nn.dense { units = 3 } },
    } do
      local net = arch:build { seed = 3 }
      local block = net:layers()[1].group or net:layers()[2].group
      local small, report = nac.prune.structured(net, { structure = "heads", amount = .5 })
      assert.equal(4, #report.kept[block])
      assert.equal(4, small:tensor(block .. ".query.weight"):size(1))
      assert.equal(4, small:tensor(block .. ".project.weight"):size(2))
      assert.is_true(small:n_params() < net:n_params())
      -- pairs of queries' and keys' channels that go are the weakest: at zero they change nothing
      local pairs_of, lost, stays = {}, {}, {}
      local q, k = net:tensor(block .. ".query.weight"), net:tensor(block .. ".key.weight")
      for i = 1, 8 do pairs_of[i] = { q:select(1, i):abs():sum() + k:select(1, i):abs():sum(), i } end
      table.sort(pairs_of, function(a, b) return a[1] < b[1] end)
      for _, i in ipairs(report.kept[block]) do stays[i] = true end
      for i = 1, 8 do if not stays[i] then lost[#lost + 1] = i end end
      local twin = without(net, block, lost)
      for i = 1, 4 do
        for _, part in ipairs { "query", "key" } do
          twin:tensor(block .. "." .. part .. ".weight"):select(1, pairs_of[i][2]):fill(0)
          twin:tensor(block .. "." .. part .. ".bias"):set(0, pairs_of[i][2])
        end
      end
      local x = nac.tensor.randn({ 8, table.unpack(arch.input) }, { seed = 1 })
      assert.is_true(nac.train.predict(small, x):allclose(nac.train.predict(twin, x), 1e-4, 1e-5))
      local q8 = nac.quant.prepare(net, { total_bits = 8, int_bits = 3, quiet = true })
      local small_q = nac.prune.structured(q8, { structure = "heads", amount = .5 })
      assert.is_number(nac.quant.lower(small_q):run(x):max())
    end
  end)

  it("says which attention cannot lose any", function()
    local x = nn.input { 4, 6 }
    local q = nn.dense { units = 6, name = "q" } (x)
    local scores = nn.softmax {} (nn.matmul { transpose_b = true } (q, q))
    local out = nn.dense { units = 2 } (nn.matmul { name = "mix" } (scores, nn.dense { units = 6 } (x)))
    local _, report = nac.prune.structured(nn.graph { input = x, output = out }:build {}, { structure = "heads", amount = .5 })
    assert.matches("query is not one product", report.skipped.mix)
    assert.error_matches(function()
      nac.prune.structured(nn.graph { input = x, output = out }:build {}, { structure = "heads", amount = .5, layers = { "mux" } })
    end, "unknown attention 'mux'")
  end)
end)
