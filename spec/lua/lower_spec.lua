-- nac.quant.lower as a user meets it: pipelines, tables and constants with their errors, reports, refusals.
local nac = require "nac"
local sys = require "nac.c.sys"
local nn, quant = nac.nn, nac.quant

local function format(width, integer, more)
  local t = { width = width, integer = integer }
  for key, value in pairs(more or {}) do t[key] = value end
  return quant.format(t)
end

-- A net whose input, parameters and values (where `values` names them) have formats.
local function quantised(spec, values)
  local net = nn.sequential(spec):build { seed = 1 }
  net:quantise(1, format(8, 3))
  for _, t in ipairs(net:tensors()) do
    if t.role == "parameter" then net:quantise(t.name, format(8, 1)) end
  end
  for value, f in pairs(values or {}) do net:quantise(value, f) end
  return net
end

local function inputs(n, ...) return nac.tensor.randn({ n, ... }, { seed = 3 }) end

describe("nac.quant.lower", function()
  it("runs what nac.quant.prepare makes, equal to its predictions", function()
    local nets = {
      nn.sequential { input = { 12 }, nn.standardize {}, nn.dense { units = 24 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 8 }, nn.relu {},
        nn.dense { units = 5 } },
      nn.sequential { input = { 2, 9, 9 }, nn.conv2d { channels = 6, kernel = 3 }, nn.batchnorm {}, nn.relu {}, nn.max_pool { size = 2 }, nn.flatten {},
        nn.dense { units = 5 } },
      nn.sequential { input = { 8, 6 }, nn.dense { units = 16 }, nn.relu {}, nn.aggregate { func = "mean" }, nn.dense { units = 5 } },
    }
    for _, arch in ipairs(nets) do
      local x = inputs(300, table.unpack(arch.input))
      local data = { x = x, y = nac.tensor.zeros({ 300 }, "i32") }
      for i = 1, 300 do data.y[i] = i % 5 end
      local net = arch:build { seed = 1 }
      nac.train.fit(net, { fit = data }, { epochs = 2 })
      local q = quant.prepare(net, { total_bits = 8, int_bits = "auto", data = data, quiet = true })
      local graph = quant.lower(q)
      assert.is_true(graph:run(x):equal(nac.train.predict(q, x):to "f64"))
      assert.equal(nac.train.evaluate(q, data).accuracy, graph:accuracy(data))
      for _, row in ipairs(select(2, graph:report())) do assert.equal("float", row.equal, row.layer) end
    end
  end)

  it("keeps pruned weights at zero and outlives its net", function()
    local net = quantised { input = { 4 }, nn.dense { units = 2, bias = false } }
    net:quantise("dense1.weight", format(8, 2, { signed = true }))
    net:tensor("dense1.weight"):fill(.5)
    net:set_mask("dense1.weight", nac.tensor.new({ { 1, 0, 0, 1 }, { 0, 0, 0, 0 } }, "u8"))
    local graph = quant.lower(net)
    net:close()
    assert.same({ { 1.5, 0 } }, graph:run(nac.tensor { { 1, 1, 1, 2 } }):totable())
    graph:close()
    assert.error_matches(function() graph:run(nac.tensor { { 1, 1, 1, 2 } }) end, "closed")
  end)

  it("takes raw units in a type that is named or chosen from the data, within a step of what was trained", function()
    local x = nac.tensor.rand({ 400, 3 }, { seed = 5 }) * nac.tensor { { 3000, .02, 1 } }
    local data = { x = x, y = nac.tensor.zeros({ 400 }, "i32") }
    local net = nn.sequential { input = { 3 }, nn.standardize {}, nn.dense { units = 4 } }:build { seed = 1 }
    require("nac.train.standardize").set(net, x, "mean_std")
    local q = quant.prepare(net, { total_bits = 8, int_bits = 3, quiet = true })
    local plain, raw = quant.lower(q), quant.lower(q, { input = "auto", data = data })
    assert.is_nil(plain.input)
    assert.equal("ap_ufixed<27, 12>", raw.input)
    local same = plain:at(x, "input") - raw:at(x, "standardize1")
    assert.is_true(same:abs():max() <= 2 ^ -5)
    assert.is_true((same:abs() * 32):sum() < 60) -- of 1200 numbers at ties and near them
    assert.equal("ap_uint<12>", quant.lower(q, { input = "auto", data = x:round() }).input)
    assert.equal("ap_int<14>", quant.lower(q, { input = "ap_int<14>" }).input)
    local ends = quant.lower(q, { input = "ap_uint<8>" }):at(nac.tensor { { 300, -5, 2.5 } }, "input")
    assert.same({ { 255, 0, 2 } }, ends:totable())
    assert.error_matches(function() quant.lower(q, { input = 5 }) end, "a type like \"ap_int<16>\"", 1, true)
    assert.error_matches(function() quant.lower(q, { input = "ap_int<65>" }) end, "1 to 64 bits", 1, true)
    assert.error_matches(function() quant.lower(q, { inptu = "ap_int<6>" }) end, "nearest: input", 1, true)
  end)

  it("states the error of tables and constants, and keeps it", function()
    local wide = format(16, 4)
    local function check(spec, values, shape, allowed)
      local net = quantised(spec, values)
      local graph = quant.lower(net)
      local x = inputs(200, table.unpack(shape))
      local apart = (graph:run(x) - nac.train.predict(net, x):to "f64"):abs():max()
      local error = 0
      for _, op in ipairs(graph:ops()) do
        assert(op.op ~= "table" and op.op ~= "softmax" or op.error > 0)
        error = error + op.error
      end
      assert(apart <= allowed(error), ("%s off by %g, stated %g"):format(spec[1].kind, apart, error))
    end
    for _, kind in ipairs { "tanh", "sigmoid", "gelu", "silu", "softplus", "elu", "hard_sigmoid" } do
      check({ input = { 7 }, nn[kind] {} }, { [2] = wide }, { 7 }, function(e) return e + 2 ^ -12 end)
    end
    for _, n in ipairs { 1, 2, 10, 50 } do
      check({ input = { n }, nn.softmax {} }, { [2] = wide }, { n }, function(e) return e end)
      check({ input = { 3, n }, nn.softmax { axis = 1 } }, { [2] = wide }, { 3, n }, function(e) return e end)
    end
    check({ input = { 3, 5 }, nn.aggregate { func = "mean" } }, {}, { 3, 5 }, function(e) return 4 * e + 1e-6 end)
    check({ input = { 2, 5, 5 }, nn.avg_pool { size = 3, stride = 2, padding = 1, count_include_pad = false } }, {}, { 2, 5, 5 },
      function(e) return 4 * e + 1e-6 end)
    check({ input = { 5 }, nn.leaky_relu {} }, {}, { 5 }, function(e) return 4 * e + 1e-6 end)
  end)

  it("takes batchnorms and standardize layers that were not folded, with rounded constants", function()
    local net = nn.sequential { input = { 3, 4 }, nn.batchnorm {}, nn.standardize { axis = 1 } }:build { seed = 1 }
    net:tensor("batchnorm1.running_mean"):copy(nac.tensor { .3, -1, 2 })
    net:tensor("batchnorm1.running_var"):copy(nac.tensor { .5, 1, 3 })
    net:tensor("batchnorm1.weight"):copy(nac.tensor { 1, -2, .1 })
    net:tensor("standardize1.offset"):copy(nac.tensor { 1, 0, -1 })
    net:tensor("standardize1.scale"):copy(nac.tensor { 3, .2, 1 })
    net:quantise(1, format(10, 3))
    local x = inputs(50, 3, 4)
    local apart = (quant.lower(net):run(x) - nac.train.predict(net, x):to "f64"):abs():max()
    assert(apart < 1e-3, apart)
  end)

  it("counts what does not fit and says so, with count and layer", function()
    local net = quantised({ input = { 3 }, nn.dense { units = 4, bias = false }, nn.relu {} }, { [3] = format(4, -3, { signed = false }) })
    local graph = quant.lower(net)
    graph:run(inputs(100, 3))
    local stats = graph:stats()
    assert.equal(100, stats.samples)
    assert.equal("relu1", stats.layers[#stats.layers].layer)
    assert(stats.saturated > 50 and stats.wrapped == 0)
    assert.matches("layer 'relu1': %d+ numbers %(%d+%.%d %%%) of 100 samples did not fit their format and were saturated", table.concat(graph:warnings(), "\n"))
    graph:reset()
    assert.same({ samples = 0, wrapped = 0, saturated = 0, layers = {} }, graph:stats())
    net:quantise(3, format(4, -3, { overflow = "WRAP" }))
    graph = quant.lower(net)
    graph:run(inputs(100, 3))
    assert(graph:stats().wrapped > 0)
    assert.matches("wrapped around", graph:warnings()[1])
  end)

  it("says layer by layer where fake quantisation is exact", function()
    local net = quantised({ input = { 64 }, nn.dense { units = 8 }, nn.dense { units = 8 }, nn.tanh {} }, { [3] = format(12, 4), [4] = format(8, 1) })
    net:quantise("dense1.weight", format(20, 1))
    local text, rows = quant.lower(net):report()
    assert.matches("dense1%s+matmul_const%s+%d+%s+int%d+%s+double", text)
    local equal = {}
    for _, row in ipairs(rows) do equal[#equal + 1] = row.op .. ": " .. row.equal:match "^%a+" end
    assert.same({ "input: float", "matmul_const: double", "matmul_const: double", "requantise: double", "table: table" }, equal)
  end)

  it("gives the value of a layer inside", function()
    local net = quantised({ input = { 3 }, nn.dense { units = 4 }, nn.relu {}, nn.dense { units = 2 } }, { [3] = format(6, 2, { signed = false }) })
    local y, raw, fraction = quant.lower(net):at(inputs(5, 3), "relu1")
    assert.same({ 5, 4 }, y:shape())
    assert.equal(4, fraction)
    assert.is_true((raw / 16):equal(y))
    assert.error_matches(function() quant.lower(net):at(inputs(5, 3), "relu9") end, "the graph has no layer 'relu9'")
  end)

  it("refuses by name what has no integer form, with the alternative", function()
    local function refusal(net)
      local ok, message = pcall(quant.lower, net)
      assert.is_false(ok)
      return tostring(message)
    end
    local dense = { input = { 4 }, nn.dense { units = 2 } }
    local net = quantised(dense)
    net:quantise(1, nil)
    assert.matches("the net's input has no number format: net:quantise gives it one", refusal(net), nil, true)
    net = quantised(dense)
    net:quantise("dense1.bias", nil)
    assert.matches("parameter 'dense1.bias' has no number format", refusal(net), nil, true)
    net = quantised(dense)
    net:tensor("dense1.weight"):set(0 / 0, 1, 2)
    assert.matches("parameter 'dense1.weight' holds a number that is not finite", refusal(net), nil, true)
    net = quantised(dense)
    net:quantise("dense1.weight", format(8, 8), { scale = .3 })
    assert.matches("parameter 'dense1.weight' has the scale 0.3, which has no integer form: give it a number format", refusal(net), nil, true)
    net = quantised(dense)
    net:quantise(2, format(8, 8), { scale = .3 })
    assert.matches("the output of layer 'dense1' has the scale 0.3", refusal(net), nil, true)
    assert.matches("the function of layer 'tanh1' has no exact result in integers: give the layer's output a number format",
      refusal(quantised { input = { 4 }, nn.tanh {} }), nil, true)
    assert.matches("the input of layer 'tanh1' has 17 bits, a table takes at most 16", refusal(quantised({ input = { 4 }, nn.tanh {} },
      { [1] = format(17, 3), [2] = format(8, 1) })), nil, true)
    assert.matches("the input of layer 'log_softmax1' has 63 bits, log_softmax takes at most 62", refusal(quantised({ input = { 4 }, nn.log_softmax {},
      nn.identity {} }, { [1] = format(63, 61) })), nil, true)
    assert.matches("normalise of layer 'layernorm1' may pass 118 bits",
      refusal(quantised({ input = { 400 }, nn.layernorm {} }, { [1] = format(60, 50) })), nil, true)
    assert.matches("the input of layer 'layernorm1' has 64 bits after the point, with which eps has too many",
      refusal(quantised({ input = { 4 }, nn.layernorm {} }, { [1] = format(4, -60) })), nil, true)
    assert.matches("has 14 bits after the point, softmax takes at most 12", refusal(quantised({ input = { 4 }, nn.softmax {} },
      { [1] = format(16, 2), [2] = format(8, 1) })), nil, true)
    net = quantised({ input = { 4 }, nn.dense { units = 2, bias = false } }, { [1] = format(64, 3) })
    net:quantise("dense1.weight", format(60, 1))
    assert.matches("matmul_const of layer 'dense1' may pass 118 bits", refusal(net), nil, true)
    assert.matches("no weights", refusal(nn.sequential(dense):net()))
    assert.error_matches(function() quant.lower(quantised(dense)):run(inputs(5, 3)) end, "samples of 4 expected, got f32 5x3")
  end)

  it("leaves nothing behind when memory runs out", function()
    local net = quantised({ input = { 6 }, nn.dense { units = 4 }, nn.relu {}, nn.tanh {}, nn.softmax {} },
      { [3] = format(6, 2), [4] = format(8, 1), [5] = format(8, 1) })
    quant.lower(net):close()
    collectgarbage()
    collectgarbage()
    local before = sys.memory().live
    for n = 1, 1000 do
      sys.fail_allocation(n)
      local ok, graph = pcall(quant.lower, net)
      sys.fail_allocation(0)
      if ok then
        graph:close()
        assert(n > 40)
        break
      end
      assert.matches("out of memory", tostring(graph))
      collectgarbage()
      collectgarbage()
      assert.equal(before, sys.memory().live, "bytes left behind when allocation " .. n .. " fails")
    end
  end)
end)
