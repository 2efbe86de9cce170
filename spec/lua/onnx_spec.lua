local cases = require "spec.support.layer_cases"
local cnet = require "nac.c.net"
local files = require "spec.support.files"
local nac = require "nac"
local npz = require "nac.npz"
local nn, tensor = nac.nn, nac.tensor

local golden = assert(npz.read "spec/golden/onnx_io.npz")

-- The net of a case, with biases and statistics that are not 0 and 1.
local function net_of(case, seed)
  local net = cnet.new(case.shape)
  for _, layer in ipairs(case.layers) do net:add(layer) end
  net:init(seed)
  for _, entry in ipairs(net:tensors()) do
    if entry.role == "buffer" or entry.name:find "bias" then entry.tensor:copy(tensor.rand(entry.tensor:shape()) + 0.5) end
  end
  return net
end

local function written(write, net, options)
  local path = files.temporary(nil, ".onnx")
  assert(write(net, path, options))
  return path
end

describe("ONNX files", function()
  after_each(files.clean)

  it("hold every layer kind: what is read computes the same", function()
    local count = 0
    cases.each(function(kind, case)
      if kind == "opaque" then return end
      count = count + 1
      local net = net_of(case, count)
      local path = written(nac.onnx.write, net)
      local back, why = nac.onnx.read(path)
      assert(back, kind .. " " .. cases.text(case) .. ": " .. tostring(why))
      local x = tensor.randn { 3, table.unpack(case.shape) }
      local same = nac.train.predict(net, x):allclose(nac.train.predict(back, x), 1e-5, 1e-6)
      assert(same, kind .. " " .. cases.text(case))
      os.remove(path)
    end)
  end)

  it("are read in other spellings, as onnxruntime computes them", function()
    local net = assert(nac.onnx.read "spec/golden/onnx_spellings.onnx")
    assert.is_true(nac.train.predict(net, golden.x):allclose(golden.y, 1e-5, 1e-6))
  end)

  it("keep shared parameters shared in the file", function()
    local layer = nn.dense { units = 6, name = "twice" }
    local x = nn.input { 6 }
    local net = nn.graph { input = x, output = layer(nn.tanh {} (layer(x))) }:build()
    local bytes = #files.read(written(nac.onnx.write, net))
    local other = nn.sequential { input = { 6 }, nn.dense { units = 6 }, nn.tanh {}, nn.dense { units = 6 } }:build()
    assert.is_true(bytes + 100 < #files.read(written(nac.onnx.write, other)))
  end)

  it("refuse quantised nets and layers of functions by name", function()
    local net = nn.sequential { input = { 4 }, nn.dense { units = 2 } }:build()
    local q = nac.quant.prepare(net, { total_bits = 8, int_bits = 3, quiet = true })
    local ok, why = nac.onnx.write(q, files.temporary(nil, ".onnx"))
    assert.is_nil(ok)
    assert.matches("nac.qonnx.write", why, 1, true)
    local own = net_of(cases.cases.opaque[1], 1)
    ok, why = nac.onnx.write(own, files.temporary(nil, ".onnx"))
    assert.is_nil(ok)
    assert.matches("layer 'opaque1'", why, 1, true)
  end)

  it("that are damaged or something else are refused with their path", function()
    local bytes = files.read "spec/golden/onnx_spellings.onnx"
    for text, pattern in pairs { ["hello there"] = "no ONNX", [bytes:sub(1, 900)] = "damaged", [""] = "no graph" } do
      local path = files.temporary(text, ".onnx")
      local net, why = nac.onnx.read(path)
      assert.is_nil(net)
      assert.matches(path, why, 1, true)
      assert.matches(pattern, why, 1, true)
    end
    assert.matches("nothing.onnx", select(2, nac.onnx.read "nothing.onnx"), 1, true)
    local _, why = nac.onnx.read "spec/golden/qonnx_mlp.onnx"
    assert.matches("(Quant): a quantised net: read it with nac.qonnx.read", why, 1, true)
  end)
end)

-- A net, its quantised form by a pair, inputs for it.
local function quantised(arch, spec)
  local net = arch:build { seed = 3 }
  local x = tensor.randn { 32, table.unpack(net:input_shape()) }
  local all = { total_bits = 8, int_bits = "auto", data = x, quiet = true }
  for key, value in pairs(spec or {}) do all[key] = value end
  return nac.quant.prepare(net, all), x
end

local function residual()
  local x = nn.input { 16 }
  local h = nn.relu {} (nn.dense { units = 16 } (x))
  return nn.graph { input = x, output = nn.dense { units = 5 } (nn.relu {} (nn.add {} (nn.dense { units = 16 } (h), h))) }
end

local function image(...) return nn.sequential { input = { 2, 8, 8 }, nn.conv2d { channels = 4, kernel = 3, same = true }, nn.relu {}, ... } end

describe("QONNX files", function()
  after_each(files.clean)

  it("give the integers that qonnx executes", function()
    for _, name in ipairs { "cnn", "mlp" } do
      local q = assert(nac.qonnx.read("spec/golden/qonnx_" .. name .. ".onnx"))
      assert.is_true(nac.quant.lower(q):run(golden[name .. "_x"]):to("f32"):equal(golden[name .. "_y"]))
    end
  end)

  it("hold quantised nets to the bit", function()
    local list = {
      { nn.sequential { input = { 16 }, nn.dense { units = 8 }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 5, bias = false } } },
      { residual() },
      { image(nn.max_pool { size = 2 }, nn.conv2d { channels = 3, kernel = 3, stride = 2, padding = 1 }, nn.relu {}, nn.flatten {}, nn.dense { units = 4 }) },
      { image(nn.conv2d { channels = 4, kernel = 3, groups = 4 }, nn.relu {}, nn.flatten {}, nn.dense { units = 4 }) },
      { nn.sequential { input = { 2, 11 }, nn.conv1d { channels = 3, kernel = 4, same = true, stride = 2 }, nn.relu {}, nn.flatten {},
        nn.dense { units = 4 } } },
      { nn.sequential { input = { 6 }, nn.dense { units = 8 }, nn.relu {}, nn.dense { units = 4 } },
        spec = { total_bits = 6, int_bits = 2, activations = { total_bits = 6, int_bits = 2, rounding = "TRN" }, output = true } },
    }
    for i, case in ipairs(list) do
      local q, x = quantised(case[1], case.spec)
      local path = files.temporary(nil, ".onnx")
      assert(nac.qonnx.write(q, path))
      local back = assert(nac.qonnx.read(path))
      local _, raw, fraction = nac.quant.lower(q):run(x)
      local _, again, same = nac.quant.lower(back):run(x)
      assert.is_true(raw:equal(again), "net " .. i)
      assert.equal(fraction, same)
    end
  end)

  it("refuse by name what the tools cannot hold, with what to do instead", function()
    local function refused(arch, spec, options, ...)
      local q = quantised(arch, spec)
      local ok, why = nac.qonnx.write(q, files.temporary(nil, ".onnx"), options)
      assert.is_nil(ok)
      for _, word in ipairs { ... } do assert.matches(word, why, 1, true) end
    end
    local function dense(...) return nn.sequential { input = { 4 }, nn.dense { units = 4 }, ... } end
    refused(dense(nn.tanh {}, nn.dense { units = 2 }), nil, nil, "layer 'tanh1'", "relu")
    refused(dense(nn.relu {}, nn.dense { units = 2 }), { int_bits = 3, activations = { total_bits = 8, int_bits = 3, rounding = "RND" } }, nil,
      "layer 'relu1'", "RND_CONV")
    refused(dense(nn.relu {}, nn.dense { units = 2 }), { int_bits = 3, activations = { total_bits = 8, int_bits = 3, overflow = "WRAP" } }, nil,
      "layer 'relu1'", "SAT")
    refused(image(nn.avg_pool { size = 2 }, nn.flatten {}, nn.dense { units = 2 }), nil, nil, "avg_pool1", "max_pool")
    refused(nn.sequential { input = { 3, 4 }, nn.dense { units = 4 }, nn.flatten {} }, nil, nil, "layer 'dense1'", "conv1d")
    refused(image(nn.conv2d { channels = 4, kernel = 2, dilation = 2 }, nn.flatten {}), nil, nil, "layer 'conv2d2'", "dilation")
    refused(image(nn.conv2d { channels = 4, kernel = 2, groups = 2 }, nn.flatten {}), nil, nil, "2 groups", "depthwise")
    local float = dense(nn.relu {}):build()
    assert.matches("nac.quant.prepare", select(2, nac.qonnx.write(float, "x.onnx")), 1, true)
  end)

  it("keep layers apart whose names are alike in C++, and shared ones together", function()
    local layer = nn.dense { units = 4, name = "a.b" }
    local x = nn.input { 4 }
    local h = nn.relu {} (nn.dense { units = 4, name = "a_b" } (nn.relu {} (layer(x))))
    local q = quantised(nn.graph { input = x, output = layer(h) }, { int_bits = 2 })
    local path = files.temporary(nil, ".onnx")
    assert(nac.qonnx.write(q, path))
    local some = tensor.randn { 20, 4 }
    assert.is_true(nac.quant.lower(assert(nac.qonnx.read(path))):run(some):equal(nac.quant.lower(q):run(some)))
  end)

  it("begin behind a standardize layer where that is asked for", function()
    local arch = nn.sequential { input = { 4 }, nn.standardize {}, nn.dense { units = 3 }, nn.relu {}, nn.dense { units = 2 } }
    local q, x = quantised(arch)
    local path = files.temporary(nil, ".onnx")
    local ok, why = nac.qonnx.write(q, path)
    assert.is_nil(ok)
    assert.matches("standardized = true", why, 1, true)
    assert(nac.qonnx.write(q, path, { standardized = true }))
    assert.is_true(nac.quant.lower(assert(nac.qonnx.read(path))):run(x):equal(nac.quant.lower(q):run(x))) -- offset 0, scale 1
  end)
end)
