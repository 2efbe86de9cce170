local file = require "nac.util.file"
local gxx = require "spec.support.gxx"
local nac = require "nac"
local run = require("spec.support.interpreter").run
local nn, tensor = nac.nn, nac.tensor

local folder = os.tmpname()
os.remove(folder)

-- A quantised net in a file, and samples in another.
local function prepared(name, arch)
  local net = arch:build { seed = 3 }
  local x = tensor.randn { 60, table.unpack(net:input_shape()) }
  local q = nac.quant.prepare(net, { total_bits = 8, int_bits = "auto", data = x, quiet = true })
  local path = ("%s/%s.yaml"):format(folder, name)
  assert(nac.model.save(q, path))
  assert(nac.npz.write(folder .. "/samples.npz", { { name = "x", tensor = x }, { name = "y", tensor = (tensor.rand { 60 } * 2.99):to "i32" } }))
  return q, x, path
end

local function small() return nn.sequential { input = { 6 }, nn.dense { units = 5 }, nn.relu {}, nn.dense { units = 3 } } end

local compiler = gxx.found

describe("synthesis", function()
  lazy_setup(function() assert(file.make_directory(folder)) end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("makes a project, proves it, writes QONNX and a page", function()
    if not compiler then return pending "g++ is missing" end
    local _, _, path = prepared("net", small())
    local text, status = run(("$NAC_LUA synth %s --data %s/samples.npz --trace --board pynq-z2 --clock 10"):format(path, folder))
    assert.equal(0, status, text)
    assert.matches("Proven: 60 samples, .* 0 mismatches", text)
    assert.matches("Accuracy of the integer network on these samples: 0%.%d+", text)
    assert.matches("ns at an assumed clock of 10 ns; nothing has been placed or routed", text, 1, true)
    assert.matches("dense2 +dense +3", text)
    assert.matches("firmware differs", text, 1, true)
    local dir = folder .. "/net_hls"
    local page = assert(file.read(dir .. "/synthesis.md"))
    assert.matches("| dense1 | dense | 5 |", page, 1, true)
    assert.matches("pynq%-z2", page)
    local q2 = assert(nac.qonnx.read(dir .. "/myproject.onnx"))
    assert.equal(3, q2:output_shape()[1])
    for _, name in ipairs { "trace.csv", "build_prj.tcl", "model.yaml", "firmware/myproject.cpp" } do assert.truthy(file.exists(dir .. "/" .. name)) end
    text, status = run(("$NAC_LUA synth %s --data %s/samples.npz"):format(path, folder)) -- the folder is there
    assert.equal(1, status)
    assert.matches("force", text)
  end)

  it("notes where the samples do not fit the type of the inputs", function()
    local q, x = prepared("narrow", small())
    local function notes(input, data)
      local made = assert(nac.synthesis.run(q, nil, { dir = folder .. "/narrow", data = data, input = input, csim = false, picture = false, force = true }))
      return table.concat(made.notes, " ")
    end
    local y = tensor.zeros({ 60 }, "i32")
    for _, data in ipairs { x, { x = x, y = y } } do
      assert.matches("layer 'input': %d+ numbers %([%d.]+ %%%) of 60 samples did not fit their format and were saturated%.", notes("ap_int<1>", data))
      assert.not_matches("layer 'input'", notes("ap_fixed<20,12>", data))
    end
  end)

  it("takes the interface and the outputs that are asked for", function()
    if not compiler then return pending "g++ is missing" end
    local _, _, path = prepared("image", nn.sequential { input = { 1, 5, 5 }, nn.conv2d { channels = 2, kernel = 3 }, nn.relu {}, nn.flatten {},
      nn.dense { units = 3 } })
    local text, status = run(("$NAC_LUA synth %s --data %s/samples.npz --io stream --output argmax --name top"):format(path, folder))
    assert.equal(0, status, text)
    assert.matches("Proven: 60 samples, .* 0 mismatches", text)
    assert.matches("hls::stream", assert(file.read(folder .. "/image_hls/firmware/top.h")), 1, true)
  end)

  it("says where there is no QONNX and why", function()
    local q, x = prepared("tanh", nn.sequential { input = { 6 }, nn.dense { units = 5 }, nn.tanh {}, nn.dense { units = 3 } })
    local s = assert(nac.synthesis.run(q, nil, { dir = folder .. "/tanh", data = x, csim = false, picture = false }))
    assert.is_nil(s.qonnx)
    assert.matches("No QONNX: layer 'tanh1'", tostring(s), 1, true)
    assert.matches("NOT PROVEN", tostring(s), 1, true)
  end)

  it("refuses a net that does not fit the board before it writes, with the numbers", function()
    local q = prepared("large", nn.sequential { input = { 64 }, nn.dense { units = 128 }, nn.relu {}, nn.dense { units = 10 } })
    local s, why = nac.synthesis.run(q, nil, { dir = folder .. "/large", board = "pynq-z2", csim = false })
    assert.is_nil(s)
    assert.matches("needs %d+ LUT of 53200", why)
    assert.is_nil(file.exists(folder .. "/large"))
    s = assert(nac.synthesis.run(q, nil, { dir = folder .. "/large", board = "pynq-z2", csim = false, picture = false, any_size = true }))
    assert.matches("DOES NOT FIT", tostring(s), 1, true)
  end)

  it("computes position after position, as streams, where the board has no room for all at once", function()
    local q, x = prepared("camera", nn.sequential { input = { 1, 12, 12 }, nn.conv2d { channels = 8, kernel = 3 }, nn.relu {}, nn.flatten {},
      nn.dense { units = 1 } })
    local function made(options)
      options.data, options.dir, options.csim, options.picture, options.force = x, folder .. "/camera", false, false, true
      return nac.synthesis.run(q, nil, options)
    end
    local s = assert(made { board = "pynq-z2" })
    assert.equal("stream", s.io)
    assert.equal(100, s.estimate.interval)
    assert.matches("io = stream was chosen: with all positions at once (parallel) it needs", tostring(s), 1, true)
    assert.matches("hls::stream", assert(file.read(folder .. "/camera/firmware/myproject.h")), 1, true)
    s = assert(made { board = "vu13p" })
    assert.equal("parallel", s.io)
    assert.equal(1, s.estimate.interval)
    local _, why = made { board = "pynq-z2", io = "parallel" }
    assert.matches("the net does not fit: it needs %d+ LUT of 53200", why)
  end)

  it("without g++ writes the project and fails, saying that the proof is missing", function()
    local _, _, path = prepared("alone", small())
    local text, status = run(("CXX=no-such-compiler $NAC_LUA synth %s --data %s/samples.npz"):format(path, folder))
    assert.equal(1, status)
    assert.matches("NOT PROVEN: no-such-compiler is missing", text, 1, true)
    assert.matches("is not proven", text, 1, true)
    assert.truthy(file.exists(folder .. "/alone_hls/firmware/myproject.cpp"))
  end)

  it("takes strategy and reuse factor of single layers from the configuration", function()
    local q, x = prepared("layers", small())
    local function config(layers)
      return assert(nac.config.parse("dataset: {name: mnist}\nsearch_space: {mlp_width_space: [8]}\nsynthesis: {layers: " .. layers .. "}"))
    end
    local made = assert(nac.synthesis.run(q, config "{dense1: {strategy: Resource, reuse_factor: 3}}", { dir = folder .. "/layers", data = x,
      csim = false, qonnx = false, picture = false }))
    local parameters = assert(file.read(made.dir .. "/firmware/parameters.h"))
    assert.matches("reuse_factor = 3", parameters, 1, true)
    assert.matches("reuse_factor = 1", parameters, 1, true)
    local none, why = nac.synthesis.run(q, config "{dense1: 3}", { dir = folder .. "/wrong", data = x })
    assert.is_nil(none)
    assert.matches("synthesis.layers: { strategy =, reuse_factor = } expected of dense1, got 3", why, 1, true)
  end)

  it("says what is wrong with its arguments", function()
    local net = small():build()
    prepared("fine", small())
    assert(nac.model.save(net, folder .. "/float.yaml"))
    assert(file.write(folder .. "/arch.yaml", "architecture:\n  model_type: BlockBased\n  input_shape: [4]\n  components:\n  - block_type: MLP\n"
      .. "    params: {widths: [4, 2], activations: [identity], normalizations: [null]}\n"))
    for words, pattern in pairs {
      [folder .. "/arch.yaml"] = "an architecture has no weights",
      [folder .. "/nothing.yaml"] = "nothing.yaml", [folder .. "/float.yaml"] = "no number formats", [folder] = "no best_model.yaml",
      [folder .. "/fine.yaml --board none"] = "none", ["t2.yaml"] = "results/t2", -- found as by the other commands, but not run
    } do
      local text, status = run("$NAC_LUA synth " .. words)
      assert.equal(1, status, text)
      assert.matches(pattern, text, 1, true)
    end
  end)
end)

describe("hls.trace", function()
  lazy_setup(function() assert(file.make_directory(folder)) end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)
  it("shows float, rounded and firmware numbers side by side", function()
    local q, x = prepared("traced", small())
    local t = nac.hls.trace(q, x)
    assert.equal(3, #t.layers)
    local relu = t.layers[2]
    assert.is_true(relu.firmware:to("f32"):equal(relu.fake))
    assert.is_true((relu.raw * 2.0 ^ -relu.fraction):equal(relu.firmware))
    assert.equal(0, relu.differ)
    assert.is_true(relu.max_error > 0 and relu.max_error < 0.2)
    assert.is_true(relu.float:allclose(nac.train.predict(nac.quant.copy(q, 1), x):clamp(0), 1, 0.2))
    assert.matches("relu1 +relu +ap_ufixed<8,", tostring(t))
  end)
end)
