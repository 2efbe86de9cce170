-- Nets prepared for quantisation: what is folded, where formats sit, what is refused.
local nac = require "nac"
local nn = nac.nn

local function part(n, shape, seed)
  local x = nac.tensor.randn({ n, table.unpack(shape) }, { seed = seed or 1 })
  local y = nac.tensor.zeros({ n }, "i32")
  for i = 1, n do y:set(x:reshape { n, x:numel() // n }:get(i, 1) > 0 and 1 or 0, i) end
  return { x = x, y = y }
end

-- A net whose batchnorms have seen data.
local function trained(arch, data)
  local net = arch:build { seed = 3 }
  nac.train.fit(net, { fit = data }, { epochs = 2, patience = false, batch = 32 })
  return net
end

local function mlp()
  return nn.sequential { input = { 6 }, nn.dense { units = 8, bias = false }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 5 }, nn.tanh {},
    nn.dense { units = 2 } }
end

describe("nac.quant.prepare", function()
  it("folds batchnorm into the product before it, exactly but for rounding of floats", function()
    local archs = {
      mlp(),
      nn.sequential { input = { 2, 6, 6 }, nn.conv2d { channels = 4, kernel = 3 }, nn.batchnorm {}, nn.relu {}, nn.max_pool { size = 2 },
        nn.batchnorm {}, nn.flatten {}, nn.dense { units = 2 } },
      nn.sequential { input = { 5, 3 }, nn.dense { units = 4 }, nn.batchnorm { axis = -1 }, nn.relu {}, nn.batchnorm { axis = 1 },
        nn.aggregate { func = "mean" }, nn.dense { units = 2 } },
      nn.sequential { input = { 3, 6 }, nn.conv1d { channels = 4, kernel = 3 }, nn.batchnorm { axis = -1 }, nn.relu {}, nn.flatten {}, nn.dense { units = 2 } },
      nn.sequential { input = { 2, 5, 5 }, nn.conv2d { channels = 3, kernel = 3 }, nn.batchnorm { axis = 2 }, nn.conv2d { channels = 2, kernel = 2 },
        nn.batchnorm { axis = -3 }, nn.flatten {}, nn.dense { units = 2 } },
    }
    for i, arch in ipairs(archs) do
      local data = part(96, arch.input, i)
      local net = trained(arch, data)
      local folded = nac.quant.fold(net)
      assert.is_true(nac.train.predict(folded, data.x):allclose(nac.train.predict(net, data.x), 1e-4, 1e-5))
      for _, layer in ipairs(folded:layers()) do assert.not_equal("batchnorm", layer.kind) end
    end
  end)

  it("does not fold what another layer reads, too, and keeps shared layers shared", function()
    local x = nn.input { 4 }
    local shared = nn.dense { units = 4, name = "twice" }
    local a = nn.batchnorm {} (shared(x))
    local b = shared(nn.relu {} (a))
    local c = nn.dense { units = 4, name = "read_twice" } (b)
    local arch = nn.graph { input = x, output = nn.add {} (nn.batchnorm {} (c), c) }
    local data = part(64, { 4 })
    local net = trained(arch, data)
    local q = nac.quant.prepare(net, { total_bits = 24, int_bits = 8, quiet = true })
    assert.is_true(nac.train.predict(q, data.x):allclose(nac.train.predict(net, data.x), 1e-2, 1e-3))
    local kinds = {}
    for i, layer in ipairs(q:layers()) do kinds[i] = layer.kind .. (layer.share and "=" .. layer.share or "") end
    assert.equal("dense standardize relu dense=twice dense standardize add", table.concat(kinds, " "))
  end)

  it("gives normalisations and logarithms of softmax all that their integer forms need", function()
    local arch = nn.sequential { input = { 6 }, nn.dense { units = 8 }, nn.layernorm {}, nn.relu {}, nn.dense { units = 4 }, nn.log_softmax {},
      nn.dense { units = 2 } }
    local data = part(200, { 6 })
    local net = trained(arch, data)
    local q = nac.quant.prepare(net, { total_bits = 12, int_bits = "auto", data = data, quiet = true })
    local y = nac.quant.lower(q):run(data.x)
    assert.is_true(y:allclose(nac.train.predict(q, data.x):to "f64", 1e-2, 1e-2))
    assert.is_true(y:allclose(nac.train.predict(net, data.x):to "f64", 5e-2, 5e-2))
  end)

  it("gives what float leaves of 0 no format far below the point, so that firmware can be made", function()
    local net = nn.sequential { input = { 6 }, nn.dense { units = 1 }, nn.layernorm {}, nn.tanh {}, nn.dense { units = 4 } }:build { seed = 1 }
    net:tensor("layernorm1.bias"):fill(2.0 ^ -40)
    local q, report = nac.quant.prepare(net, { total_bits = 8, int_bits = "auto", data = part(64, { 6 }), quiet = true })
    for value = 2, 5 do
      for _, format in ipairs(q:quantiser(value) or {}) do assert.is_true(format.fraction <= 32, tostring(format)) end
    end
    assert.matches("all numbers are 0 in ap_fixed<8,%-24", table.concat(report.warnings, "\n"))
  end)

  it("puts formats where hardware stores numbers", function()
    local data = part(64, { 6 })
    local net = trained(mlp(), data)
    local q, report = nac.quant.prepare(net, { total_bits = 8, int_bits = 3, quiet = true })
    local function text(place) return q:quantiser(place) and tostring(q:quantiser(place)[1]) end
    assert.equal("ap_fixed<8,3,AP_RND_CONV,AP_SAT>", text(1))
    assert.is_nil(text(2)) -- the sum goes exactly into relu
    assert.equal("ap_ufixed<8,3,AP_RND_CONV,AP_SAT>", text(3))
    assert.equal("ap_fixed<8,3,AP_RND_CONV,AP_SAT>", text(4)) -- a table reads it
    assert.equal("ap_fixed<8,3,AP_RND_CONV,AP_SAT>", text(5))
    assert.is_nil(text(6)) -- logits
    assert.equal("ap_fixed<8,3,AP_RND_CONV,AP_SAT>", text "dense1.weight")
    assert.equal("ap_fixed<16,6,AP_RND_CONV,AP_SAT>", text "dense1.bias") -- that of the products
    assert.equal(10, #report.formats)
  end)

  it("follows the spec by kind, by layer and by role", function()
    local net = mlp():build {}
    local q = nac.quant.prepare(net, { total_bits = 8, int_bits = 3, int_bits_exclude_sign = true, biases = { total_bits = 12, int_bits = 4 },
      kinds = { dense = { total_bits = 6, int_bits = 2 } }, layers = { dense2 = false, dense3 = { weights = { int_bits = 1 } } },
      activations = { rounding = "TRN" }, output = { total_bits = 10, int_bits = 5 }, quiet = true })
    local function text(place) return q:quantiser(place) and tostring(q:quantiser(place)[1]) end
    assert.equal("ap_fixed<8,4,AP_RND_CONV,AP_SAT>", text(1))
    assert.equal("ap_ufixed<8,3,AP_TRN,AP_SAT>", (text(3):gsub("ufixed<8,3,AP_SAT>", "ufixed<8,3,AP_TRN,AP_SAT>")))
    assert.equal("ap_fixed<6,3,AP_RND_CONV,AP_SAT>", text "dense1.weight")
    assert.equal("ap_fixed<12,5,AP_RND_CONV,AP_SAT>", text "dense1.bias")
    assert.is_nil(text "dense2.weight")
    assert.is_nil(text "dense2.bias")
    assert.equal("ap_fixed<6,2,AP_RND_CONV,AP_SAT>", text "dense3.weight")
    assert.equal("ap_fixed<10,6,AP_RND_CONV,AP_SAT>", text(6))
  end)

  it("chooses integer bits from data", function()
    local x = nac.tensor { 0.1, -0.2, 0.3, 3.9 }
    assert.equal(3, nac.quant.integer_bits(x, { total_bits = 8, method = "minmax" })) -- -4 to 3.97
    assert.equal(0, nac.quant.integer_bits(nac.tensor { 0.1, 0.24 }, { total_bits = 8, method = "minmax", signed = true }) + 1)
    local many = nac.tensor.randn({ 4000 }, { seed = 1 })
    many:set(60, 1)
    assert.equal(7, nac.quant.integer_bits(many, { total_bits = 8, method = "minmax" }))
    assert.equal(3, nac.quant.integer_bits(many, { total_bits = 8, method = "percentile", percentile = .99 }))
    assert.is_true(nac.quant.integer_bits(nac.tensor.randn({ 4000 }, { seed = 1 }), { total_bits = 4 })
      <= nac.quant.integer_bits(nac.tensor.randn({ 4000 }, { seed = 1 }), { total_bits = 4, method = "minmax" }))
    local data = part(256, { 6 })
    local net = trained(mlp(), data)
    local q = nac.quant.prepare(net, { total_bits = 12, int_bits = "auto", data = data })
    assert.is_true(nac.train.predict(q, data.x):allclose(nac.train.predict(net, data.x), .05, .02))
    local pictures = { x = data.x:abs(), y = data.y }
    assert.is_false(nac.quant.prepare(net, { total_bits = 8, int_bits = "auto", data = pictures }):quantiser(1)[1].signed)
  end)

  it("trains what it prepares", function()
    local data = part(512, { 6 })
    local net = trained(mlp(), data)
    local q = nac.quant.prepare(net, { total_bits = 6, int_bits = "auto", data = data })
    local before = nac.train.evaluate(q, data)
    nac.train.fit(q, { fit = data }, { epochs = 5, batch = 32, lr = 3e-3 })
    local after = nac.train.evaluate(q, data)
    assert.is_true(after.loss < before.loss)
    assert.is_true(after.accuracy > .9)
  end)

  it("prepares convolutions, attention and sets for training that ends in exact integers", function()
    local archs = {
      nn.sequential { input = { 1, 8, 8 }, nn.conv2d { channels = 4, kernel = 3 }, nn.batchnorm {}, nn.relu {}, nn.max_pool { size = 2 }, nn.flatten {},
        nn.dense { units = 2 } },
      nn.sequential { input = { 2, 5, 5 }, nn.conv2d { channels = 4, kernel = 1 }, nn.conv_attn { hidden = 3, activation = "relu" }, nn.flatten {},
        nn.dense { units = 2 } },
      nn.sequential { input = { 8, 3 }, nn.deepsets { phi = { 8, 8 }, aggregation = "mean", rho = { 8, 2 } } },
    }
    for i, arch in ipairs(archs) do
      local data = part(64, arch.input, i)
      local q = nac.quant.prepare(trained(arch, data), { total_bits = 8, int_bits = 3, quiet = true })
      local fit = nac.train.fit(q, { fit = data }, { epochs = 3, lr = 3e-3 })
      assert.is_true(fit.history[3].loss < fit.history[1].loss)
      assert.equal(nac.train.evaluate(q, data).accuracy, nac.quant.lower(q):accuracy(data))
    end
  end)

  it("gives channels or elements of weights formats of their own", function()
    local arch = nn.sequential { input = { 2, 8, 6 }, nn.conv2d { channels = 4, kernel = 3 }, nn.relu {}, nn.reshape { shape = { 4, 24 } },
      nn.conv1d { channels = 3, kernel = 5 }, nn.layernorm { rank = 2 }, nn.dense { units = 6 }, nn.relu {}, nn.flatten {}, nn.layernorm {},
      nn.dense { units = 2 } }
    local net = arch:build { seed = 5 }
    for _, entry in ipairs(net:tensors()) do -- rows of very different sizes
      for i = 1, entry.tensor:size(1) do entry.tensor:select(1, i):mul_(4.0 ^ -(i % 4)) end
    end
    net:tensor("dense2.weight"):select(1, 2):fill(0)
    net:tensor("dense2.weight"):set(1e-30, 1, 1)
    local data = part(128, arch.input)
    local distance = {}
    for _, per in ipairs { "tensor", "channel", "element" } do
      local q, report = nac.quant.prepare(net, { total_bits = 5, int_bits = "auto", per = per, biases = { total_bits = 8, int_bits = "auto", per = per },
        activations = { total_bits = 8, int_bits = "auto" }, output = true, data = data, quiet = true })
      distance[per] = 0
      for _, row in ipairs(report.formats) do
        if row.role == "weights" or row.role == "biases" then
          local formats, _, inner = q:quantiser(row.place)
          local shape = q:tensor(row.place):shape()
          local rest = q:tensor(row.place):numel() // shape[1]
          local want = per == "tensor" and 1 or per == "channel" and shape[1] or q:tensor(row.place):numel()
          assert.same({ want, per == "element" and 1 or per == "channel" and rest or 1 }, { #formats, per == "tensor" and 1 or inner }, row.place)
          local x, rounded = net:tensor(row.place):reshape({ -1 }):totable(), 0
          for e, w in ipairs(x) do
            local f = formats[per == "tensor" and 1 or per == "channel" and (e - 1) // rest + 1 or e]
            rounded = rounded + (f:quantise(w) - w) ^ 2
          end
          if row.role == "weights" then distance[per] = distance[per] + rounded end
        end
      end
      local y = nac.quant.lower(q):run(data.x)
      assert.is_true(y:allclose(nac.train.predict(q, data.x):to "f64", .05, .05), per)
      nac.train.fit(q, { fit = data }, { epochs = 2, lr = 1e-3 })
      local copy = nac.quant.copy(q)
      assert.is_true(nac.train.predict(copy, data.x):equal(nac.train.predict(q, data.x)))
    end
    assert.is_true(distance.channel < .8 * distance.tensor, distance.channel / distance.tensor)
    assert.is_true(distance.element < .7 * distance.channel, distance.element / distance.channel)
  end)

  it("computes per channel and per element exactly what fake quantisation computes", function()
    for seed = 1, 6 do
      for _, per in ipairs { "channel", "element" } do
        local arch = nn.sequential { input = { 2, 6, 6 }, nn.conv2d { channels = 4, kernel = 3, groups = 2 }, nn.relu {}, nn.max_pool { size = 2 },
          nn.flatten {}, nn.dense { units = 5 }, nn.relu {}, nn.dense { units = 3 } }
        local data = part(64, arch.input, seed)
        local q = nac.quant.prepare(arch:build { seed = seed }, { total_bits = 3 + seed % 3, int_bits = "auto", per = per, data = data, quiet = true })
        local graph = nac.quant.lower(q)
        for _, op in ipairs(graph:ops()) do assert.is_true(op.exact_in_float, op.layer) end
        assert.is_true(graph:run(data.x):equal(nac.train.predict(q, data.x):to "f64"))
      end
    end
  end)

  it("warns of formats that overflow at once", function()
    local net = nn.sequential { input = { 2 }, nn.dense { units = 2, name = "head" } }:build {}
    net:tensor("head.weight"):fill(3)
    local _, report = nac.quant.prepare(net, { total_bits = 4, int_bits = 1, quiet = true })
    assert.equal("weights of head: 4 of 4 numbers (100.0 %) are out of the range of ap_fixed<4,1,AP_RND_CONV,AP_SAT>", report.warnings[1])
  end)

  it("refuses what makes no sense", function()
    local net = mlp():build {}
    local function refused(spec, message) assert.error_matches(function() nac.quant.prepare(net, spec) end, message) end
    refused({ total_bits = 4, int_bits = 5 }, "5 integer bits of 4")
    refused({ total_bits = 0, int_bits = 0 }, "1 to 64, got 0")
    refused({ total_bits = 65, int_bits = 3 }, "1 to 64, got 65")
    refused({ int_bits = 3 }, "total_bits is missing")
    refused({ total_bits = 8 }, "int_bits is missing")
    refused({ total_bits = 8, int_bits = "auto" }, "needs data")
    refused({ total_bits = 8, int_bits = "auto", data = nac.tensor.zeros { 0, 6 } }, "empty")
    refused({ total_bits = 8, int_bits = 3, layers = { dense9 = {} } }, "unknown layer of this net 'dense9'.*nearest: dense")
    refused({ total_bits = 8, int_bits = 3, kinds = { conv2d = {} } }, "unknown layer kind of this net")
    refused({ total_bits = 8, int_bits = 3, weight = {} }, "nearest: weights")
    refused({ total_bits = 8, int_bits = 3, per = "row" }, "unknown kind of format for per 'row'; allowed: tensor, channel, element")
    refused({ total_bits = 8, int_bits = 3, activations = { per = "channel" } }, "the spec.activations: per is for weights and biases")
    refused({ total_bits = 8, int_bits = 3, rounding = "RND_CONVERGENT" }, "unknown rounding")
    assert.error_matches(function() nac.quant.integer_bits(nac.tensor.zeros { 0 }, { total_bits = 8 }) end, "empty")
    assert.error_matches(function() nac.quant.prepare(mlp():net(), { total_bits = 8, int_bits = 3 }) end, "no weights")
  end)
end)
