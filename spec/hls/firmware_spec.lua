-- Firmware that is written: compiled with g++, it computes what the exact executor does, number by
-- number; what it cannot be is refused by name.
local csim = require "spec.support.csim"
local cnet = require "nac.c.net"
local nac = require "nac"
local quant = require "nac.c.quant"
local random_firmware = require "spec.support.random_firmware"

local nn = nac.nn
local function mlp(seed)
  local net = nn.sequential { input = { 6 }, nn.dense { units = 12 }, nn.relu {}, nn.dense { units = 8 }, nn.relu {}, nn.dense { units = 3 } }
    :build { seed = seed or 1 }
  return (nac.quant.prepare(net, { total_bits = 6, int_bits = 2, quiet = true }))
end

-- A net that standardises counts of a digitiser, and samples of it.
local function counts_net()
  local x = (nac.tensor.rand({ 300, 6 }, { seed = 4 }) * nac.tensor { { 40, 4095, 4095, 900, 900, 900 } }):round()
  local data = { x = x, y = nac.tensor.zeros({ 300 }, "i32") }
  local net = nn.sequential { input = { 6 }, nn.standardize {}, nn.dense { units = 8 }, nn.relu {}, nn.dense { units = 3 } }:build { seed = 2 }
  require("nac.train.standardize").set(net, x, "mean_std")
  return (nac.quant.prepare(net, { total_bits = 7, int_bits = 3, quiet = true })), data
end

local function write(net, options)
  local dir = csim.folder()
  return dir, assert(nac.hls.write(net, dir, options))
end

describe("firmware", function()
  teardown(csim.clean)

  local function it_compiles(name, body)
    it(name, function()
      if not csim.found then return pending "g++ is not installed" end
      body()
    end)
  end

  it_compiles("equals the exact executor: twenty random nets, formats, masks, strategies, streams, inputs and outputs", function()
    local dirs, words = random_firmware.write(1, 20)
    local said = csim.run(dirs)
    assert.equal(#dirs, #said)
    for i, text in ipairs(said) do assert.truthy(text:find("csim: 256 samples, .* 0 mismatches"), words[i] .. "\n" .. text) end
  end)

  it_compiles("normalises and takes logarithms of softmax like the exact executor, in streams too", function()
    local dirs, words = {}, {}
    for seed = 1, 9 do
      local r = nac.rng.stream(seed, "norms")
      local shape = r:choice { { 1 }, { 2 }, { 7 }, { 16 }, { 3, 5 }, { 2, 3, 4 } }
      local layer = seed % 3 == 0 and { kind = "log_softmax", axis = r:choice { 1, -1 } }
        or { kind = "layernorm", rank = r:int(0, #shape), eps = r:choice { 0, 1e-5, .1 } }
      if seed % 3 == 1 then layer = { kind = "layernorm", axis = r:int(1, #shape), eps = 1e-3 } end
      local net = cnet.new(shape)
      net:add(layer)
      net:add { kind = "identity" }
      net:init(1)
      for _, t in ipairs(net:tensors()) do
        t.tensor:copy(nac.tensor.randn(t.tensor:shape(), { seed = seed, purpose = t.name }))
        net:quantise(t.name, random_firmware.format(r))
      end
      net:quantise(1, quant.format { width = r:int(2, 9), integer = r:int(1, 4) })
      if seed % 2 == 0 then net:quantise(2, random_firmware.format(r)) end
      local dir = csim.folder()
      assert(nac.hls.write(net, dir, { io = seed % 4 < 2 and "parallel" or "stream" }))
      dirs[#dirs + 1], words[#words + 1] = dir, layer.kind .. " of " .. table.concat(shape, "x")
    end
    for i, text in ipairs(csim.run(dirs)) do assert.truthy(text:find("csim: 256 samples, .* 0 mismatches"), words[i] .. "\n" .. text) end
  end)

  it_compiles("has no array of the name of a function of C, such as exp2 and log10", function()
    local arch = nn.sequential { input = { 4 }, nn.softmax {}, nn.dense { units = 3 }, nn.relu {}, nn.dense { units = 3 },
      nn.dense { units = 4 }, nn.log_softmax {}, nn.scale { value = 2 } }
    local q = nac.quant.prepare(arch:build { seed = 1 }, { total_bits = 6, int_bits = 2, quiet = true })
    local dir = write(q, {})
    local top = assert(csim.file.read(dir .. "/firmware/myproject.cpp"))
    assert.matches("softmax<config2>.*log_softmax<config10>", top)
    assert.matches("0 mismatches", (assert(nac.hls.csim(dir)))) -- by itself: csim.run has a namespace around each project
  end)

  it_compiles("is proven by make csim, on the user's samples, for both strategies", function()
    local x = nac.tensor.randn({ 300, 6 }, { seed = 1 })
    for _, strategy in ipairs { "latency", "resource" } do
      local dir = write(mlp(), { name = "jets", data = { x = x }, strategy = strategy, reuse_factor = 4, layers = { dense3 = { reuse_factor = 3 } } })
      assert.matches("^csim: 300 samples, 8 operations, %d+ numbers compared, 0 mismatches$", assert(nac.hls.csim(dir)))
    end
  end)

  it_compiles("says operation, element, sample and both values where a number differs", function()
    local dir = write(mlp())
    local path = dir .. "/firmware/weights/b5.h"
    local text = assert(csim.file.read(path))
    assert(csim.file.write(path, (text:gsub("= {\n  (%-?%d+)", function(x) return "= {\n  " .. tonumber(x) + 1 end))))
    local ok, said = nac.hls.csim(dir)
    assert.is_nil(ok)
    local got, want = said:match "mismatch: matmul_const of dense2, element 0, sample 0: firmware (%-?%d+), expected (%-?%d+)\n"
    assert.equal(1, math.tointeger(got) - math.tointeger(want))
    assert.falsy(said:find("of dense1", 1, true))
    local _, makes = csim.shell(("make -C %s csim CXX=no-such-compiler"):format(dir))
    assert.falsy(makes:find("missing", 1, true)) -- nothing to compile
    os.remove(dir .. "/build/csim")
    _, makes = csim.shell(("make -C %s csim CXX=no-such-compiler"):format(dir))
    assert.truthy(makes:find("no-such-compiler is missing: install a C++ compiler", 1, true))
  end)

  it_compiles("takes raw units and gives the class, or bits, as asked for", function()
    local net, data = counts_net()
    local exact = nac.quant.lower(net, { input = "auto", data = data })
    assert.equal("ap_uint<12>", exact.input)
    local dirs, made = {}, {}
    for i, o in ipairs { { output = "argmax" }, { output = "threshold", threshold = 1.5 }, { input = "ap_int<16>" }, { input = "ap_fixed<20, 14>" },
      { input = "standardised" } } do
      o.data = data
      dirs[i], made[i] = write(net, o)
    end
    assert.same({ "ap_uint<12>", "ap_uint<2>" }, { made[1].input, made[1].output })
    assert.same({ "ap_uint<12>", "ap_uint<1>" }, { made[2].input, made[2].output })
    assert.equal("ap_int<16>", made[3].input)
    assert.equal("ap_fixed<20, 14>", made[4].input)
    for _, text in ipairs(csim.run(dirs)) do assert.truthy(text:find("csim: 300 samples, .* 0 mismatches"), text) end
    local y = exact:run(data.x)
    local said = {}
    for i = 1, 2 do
      said[i] = {}
      for row in io.lines(dirs[i] .. "/tb_data/csim_results.log") do table.insert(said[i], row) end
    end
    for i, best in ipairs(y:argmax(2):totable()) do
      local bits = {}
      for k, logit in ipairs(y[i]:totable()) do bits[k] = logit > 1.5 and "1" or "0" end
      assert.equal(tostring(best - 1), said[1][i])
      assert.equal(table.concat(bits, " "), said[2][i])
    end
    assert.truthy(assert(csim.file.read(dirs[1] .. "/tb_data/tb_input_features.dat")):find "^%d+ %d+ ")
    local readme = assert(csim.file.read(dirs[1] .. "/README.md"))
    assert.truthy(readme:find("The input is in raw units", 1, true))
    assert.truthy(readme:find("the index, from 0, of the greatest of 3 outputs", 1, true))
  end)

  it("is laid out as its users know it, without a float or a division", function()
    local dir = write(mlp(), { board = "pynq-z2", clock_ns = 6.5 })
    for _, path in ipairs { "firmware/defines.h", "firmware/parameters.h", "firmware/myproject.h", "firmware/myproject.cpp", "firmware/weights/w2.h",
      "firmware/weights/b2.h", "firmware/nac_matmul.h", "firmware/ap_shim/ap_fixed.h", "myproject_test.cpp", "tb_data/tb_input_features.dat",
      "tb_data/tb_output_predictions.dat", "build_prj.tcl", "vivado_synth.tcl", "Makefile", "README.md", "firmware/weights/w2.txt" } do
      assert.equal("file", csim.file.exists(dir .. "/" .. path), path)
    end
    local tcl = assert(csim.file.read(dir .. "/build_prj.tcl"))
    assert.truthy(tcl:find("set_part {xc7z020clg400-1}", 1, true))
    for _, line in ipairs { "create_clock -period 6.5 ", "set_clock_uncertainty 12.5% default\n", "set_top myproject\n" } do
      assert.truthy(tcl:find(line, 1, true), line)
    end
    local top = assert(csim.file.read(dir .. "/firmware/myproject.cpp"))
    for _, pragma in ipairs { "INTERFACE ap_vld port=input", "INTERFACE ap_ctrl_hs port=return", "PIPELINE II=1" } do
      assert.truthy(top:find("\n#pragma HLS " .. pragma .. "\n", 1, true), pragma)
    end
    local camera = nn.sequential { input = { 1, 5, 5 }, nn.conv2d { channels = 2, kernel = 2 }, nn.relu {}, nn.max_pool { size = 2 }, nn.flatten {},
      nn.dense { units = 2 }, nn.softmax {} }:build { seed = 1 }
    local q = nac.quant.prepare(camera, { total_bits = 6, int_bits = 2, output = true, quiet = true })
    local streams = write(q, { io = "stream", strategy = "resource", reuse_factor = 4, output = "argmax" })
    local list = {}
    for i, folder in ipairs { dir, streams } do
      list[i] = ("%s/firmware/*.h %s/firmware/*.cpp %s/firmware/weights/*.h"):format(folder, folder, folder)
    end
    for path in io.popen("ls " .. table.concat(list, " ")):lines() do
      local code = assert(csim.file.read(path)):gsub("//[^\n]*", ""):gsub('#include[^\n]*', "")
      for _, word in ipairs { "float", "double", "/", "%%" } do assert.is_nil(code:find(word), path .. " has " .. word) end
    end
  end)

  it("gives a multiplier to no weight of zero, and counts them", function()
    local net = mlp()
    local mask = {}
    for i = 1, 72 do mask[i] = i % 2 end
    net:set_mask("dense1.weight", nac.tensor.new(mask, "u8"):reshape { 12, 6 })
    local dir = write(net)
    local zeros = assert(csim.file.read(dir .. "/firmware/parameters.h")):match "struct config2 {.-n_zeros = (%d+);"
    assert.is_true(tonumber(zeros) >= 36)
    assert.truthy(assert(csim.file.read(dir .. "/firmware/nac_matmul.h")):find("if (w[o * C::n_in + i] != 0)", 1, true))
  end)

  it("takes the nearest legal reuse factor and says so", function()
    assert.same({ 1, 2, 3, 6, 12, 24 }, nac.hls.legal_reuse(6, 4))
    local dir, made = write(mlp(), { strategy = "resource", reuse_factor = 5 })
    assert.same({ layer = "dense1", op = "matmul_const", wanted = 5, taken = 6 }, made.reuse[1])
    assert.truthy(assert(csim.file.read(dir .. "/README.md")):find("Layer dense1: reuse factor 5 is not legal, 6 was taken", 1, true))
  end)

  it("says before synthesis where a net is larger than its board", function()
    local net = nn.sequential { input = { 64 }, nn.dense { units = 256 }, nn.relu {}, nn.dense { units = 64 } }:build { seed = 1 }
    local dir, made = write((nac.quant.prepare(net, { total_bits = 12, int_bits = 2, quiet = true })), { board = "pynq-z2" })
    assert.matches("^It is estimated not to fit: it needs %d+ LUT of 53200 %(%d+ %%%).*: more than pynq%-z2 has$", made.notes[1])
    assert.truthy(assert(csim.file.read(dir .. "/README.md")):find(made.notes[1], 1, true))
    dir, made = write(mlp(), { board = "pynq-z2" })
    assert.same({}, made.notes)
    assert.equal("directory", csim.file.exists(dir))
  end)

  it("takes the reuse factor as the interval of the pipeline with the strategy latency", function()
    local dir, made = write(mlp(), { reuse_factor = 5 })
    assert.same({}, made.reuse)
    assert.truthy(assert(csim.file.read(dir .. "/firmware/myproject.cpp")):find("#pragma HLS PIPELINE II=5\n", 1, true))
    assert.truthy(assert(csim.file.read(dir .. "/README.md")):find("matmul_const, latency, reuse factor 5", 1, true))
  end)

  it("knows the reuse factors of every layer that has multipliers", function()
    local net = nn.sequential { input = { 3, 6, 6 }, nn.conv2d { channels = 4, kernel = 2 }, nn.relu {}, nn.flatten {}, nn.dense { units = 2 } }
      :build { seed = 1 }
    local q = nac.quant.prepare(net, { total_bits = 6, int_bits = 2, quiet = true })
    assert.same({ 1, 2, 3, 4, 6, 12, 24, 48 }, nac.hls.legal_reuse(q, "conv2d1"))
    assert.equal(200, nac.hls.legal_reuse(nac.quant.lower(q), "dense1")[10])
    assert.error_matches(function() nac.hls.legal_reuse(q, "relu1") end, "unknown layer with multipliers to share 'relu1'; allowed: conv2d1, dense1", 1, true)
  end)

  it_compiles("shares multipliers in convolutions, products of values and softmax, and gives none to groups of zeros", function()
    local net = nn.sequential { input = { 2, 5, 5 }, nn.conv2d { channels = 4, kernel = 2 }, nn.relu {}, nn.flatten {}, nn.dense { units = 3 } }
      :build { seed = 1 }
    local q = nac.quant.prepare(net, { total_bits = 6, int_bits = 2, quiet = true })
    local mask = {}
    for i = 1, 32 do mask[i] = (i - 1) // 4 % 2 end -- every other group of four
    q:set_mask("conv2d1.weight", nac.tensor.new(mask, "u8"):reshape { 4, 2, 2, 2 })
    local attention = nn.sequential { input = { 4, 6 }, nn.self_attention { dim = 4 } }:build { seed = 1 }
    local a = nac.quant.prepare(attention, { total_bits = 6, int_bits = 2, quiet = true })
    local options = { strategy = "resource", reuse_factor = 4 }
    local dirs = { write(q, options), (write(a, options)), (write(a, { io = "stream", reuse_factor = 4 })) }
    for i = 1, 2 do assert.truthy(csim.file.read(dirs[i] .. "/firmware/parameters.h"):find("reuse_factor = 4;", 1, true)) end
    local rows = csim.file.read(dirs[3] .. "/firmware/parameters.h"):match "scores: matmul, latency, reuse factor 1\n.-};"
    assert.matches("m_block = 1;.*n_block = 4;", rows) -- streamed: a row of the result a cycle
    local parameters = csim.file.read(dirs[1] .. "/firmware/parameters.h")
    assert.equal("4", parameters:match "struct config2_product {.-multipliers = (%d+);") -- of 8 groups
    assert.truthy(csim.file.read(dirs[1] .. "/firmware/weights/w2.h"):find("4 for each of 4 multipliers, 4 groups of zeros left out", 1, true))
    assert.truthy(csim.file.read(dirs[2] .. "/README.md"):find("softmax, resource, reuse factor 4", 1, true))
    for _, text in ipairs(csim.run(dirs)) do assert.truthy(text:find("csim: 256 samples, .* 0 mismatches"), text) end
  end)

  it_compiles("streams images position by position, with line buffers", function()
    local net = nn.sequential { input = { 2, 6, 7 }, nn.conv2d { channels = 3, kernel = 3, padding = 1, dilation = 1 }, nn.relu {},
      nn.max_pool { size = 2 }, nn.conv2d { channels = 2, kernel = 2, stride = 2 }, nn.global_avg_pool {}, nn.dense { units = 3 } }:build { seed = 3 }
    local q = nac.quant.prepare(net, { total_bits = 6, int_bits = 2, quiet = true })
    local dir = write(q, { io = "stream", name = "camera", layers = { conv2d2 = { strategy = "resource", reuse_factor = 2 } } })
    assert.matches("^csim: 256 samples, .* 0 mismatches$", assert(nac.hls.csim(dir)))
    local top = csim.file.read(dir .. "/firmware/camera.cpp")
    for _, want in ipairs { "hls::stream<input_token> &input", "#pragma HLS DATAFLOW", "nac::conv_stream_latency<config2>", "nac::conv_stream_resource<",
      "nac::window_stream<", "nac::reduce_stream<" } do assert.truthy(top:find(want, 1, true), want) end
    assert.is_nil(top:find("repack", 1, true))
    local readme = csim.file.read(dir .. "/README.md")
    assert.truthy(readme:find("| `input` | 42 tokens of 2 | 2 x 6 x 7 | `ap_fixed<6, 2, AP_RND_CONV, AP_SAT>` |", 1, true))
    assert.truthy(readme:find("token t of `input` holds the elements t + e * 42", 1, true))
  end)

  it("leaves a folder that exists as it is", function()
    local dir = write(mlp())
    assert(csim.file.write(dir .. "/README.md", "mine"))
    local ok, message = nac.hls.write(mlp(), dir)
    assert.is_nil(ok)
    assert.truthy(message:find("exists and is left as it is; force = true writes over it", 1, true))
    assert.equal("mine", csim.file.read(dir .. "/README.md"))
    assert(nac.hls.write(mlp(), dir, { force = true }))
    assert.not_equal("mine", csim.file.read(dir .. "/README.md"))
    ok, message = nac.hls.write(mlp(), dir .. "/README.md/below")
    assert.is_nil(ok)
    assert.truthy(message:find("cannot make the folder", 1, true))
  end)

  it("refuses by name what it cannot be", function()
    local dir = csim.folder()
    local function refused(want, net, options)
      assert.error_matches(function() nac.hls.write(net, dir, options) end, want, 1, true)
      assert.is_nil(csim.file.exists(dir))
    end
    refused("unknown option of hls.write 'clock'", mlp(), { clock = 5 })
    refused("a quantised net or its integer graph expected, got number", 5)
    refused("option of layer dense1: a table expected, got string", mlp(), { layers = { dense1 = "resource" } })
    refused("unknown strategy 'fast'", mlp(), { strategy = "fast" })
    refused("unknown board", mlp(), { board = "zcu103" })
    refused("the net has no layer 'dense9'", mlp(), { layers = { dense9 = { reuse_factor = 2 } } })
    refused("reuse_factor: a whole number from 1 on expected, got 0", mlp(), { reuse_factor = 0 })
    refused("unknown output 'softmax'; allowed: logits, argmax, threshold", mlp(), { output = "softmax" })
    refused("threshold: goes with output = \"threshold\"", mlp(), { threshold = 1 })
    refused("input: 'ap_flot<8>' is no number format", mlp(), { input = "ap_flot<8>" })
    refused("the graph is lowered already", nac.quant.lower(mlp()), { input = "ap_int<8>" })
    refused("a name in C expected", mlp(), { name = "my project" })
    refused("name: 'parameters' is taken in the firmware", mlp(), { name = "parameters" })
    refused("unknown io 'stram'; allowed: parallel, stream; nearest: stream", mlp(), { io = "stram" })
    refused("data: a contiguous f32 tensor of samples of 6 expected", mlp(), { data = nac.tensor.zeros { 3, 5 } })
    refused("data: holds numbers that are not finite", mlp(), { data = nac.tensor { { 1, 2, 3, 4, 5, 1 / 0 } } })
    local flat = nn.sequential { input = { 784 }, nn.dense { units = 2 } }:build { seed = 1 }
    refused("io: a token of the input has 784 elements of 8 bits, an AXI stream at most 4096 bits in all; io = \"parallel\" has a port for each",
      nac.quant.prepare(flat, { total_bits = 6, int_bits = 2, quiet = true }), { io = "stream" })
    local broken = mlp()
    broken:tensor("dense2.weight"):set(0 / 0, 1, 2)
    refused("'dense2.weight' holds numbers that are not finite", broken)
    local wide = cnet.new { 2 }
    wide:add { kind = "dense", units = 2 }
    wide:init(1)
    wide:quantise(1, quant.format { width = 40, integer = 4 })
    wide:quantise("dense1.weight", quant.format { width = 40, integer = 4 })
    wide:quantise("dense1.bias", quant.format { width = 8, integer = 4 })
    refused("matmul_const of layer 'dense1' needs", wide)
    refused("the net's input has no number format", nn.sequential { input = { 2 }, nn.dense { units = 1 } }:build { seed = 1 })
  end)
end)
