local cnet = require "nac.c.net"
local files = require "spec.support.files"
local layer_cases = require "spec.support.layer_cases"
local nac = require "nac"
local sys = require "nac.c.sys"

local function build()
  local nn = nac.nn
  local x = nn.input { 3, 4 }
  local shared = nn.dense { units = 4, name = "twice", group = "block" }
  local h = nn.relu {} (shared(nn.leaky_relu { slope = 0.1 } (shared(nn.standardize { axis = 1 } (x)))))
  local y = nn.dense { units = 5, bias = false } (nn.dropout { rate = 0.3 } (nn.batchnorm { momentum = 1 / 3 } (nn.flatten {} (h))))
  return nn.graph { input = x, output = y }:build { seed = 7 }
end

local function saved()
  local path = files.temporary(nil, ".yaml")
  local arrays = path:gsub("yaml$", "npz")
  files.temporary(nil, "") -- so that both are removed
  local net = build()
  net:tensor("batchnorm1.running_mean"):fill(0.25)
  assert(nac.model.save(net, path))
  return path, arrays, net
end

local function edited(path, what, with)
  local text = files.read(path)
  local at = assert(text:find(what, 1, true), what)
  files.write(path, text:sub(1, at - 1) .. with .. text:sub(at + #what))
  return select(2, nac.model.load(path))
end

describe("a model file", function()
  after_each(function()
    files.clean()
  end)

  it("gives the same net back, to the last bit", function()
    local path, arrays, net = saved()
    local back = assert(nac.model.load(path))
    assert.same(net:layers(), back:layers())
    for i, entry in ipairs(net:tensors()) do
      local other = back:tensors()[i]
      assert.equal(entry.name, other.name)
      assert.is_true(entry.tensor:equal(other.tensor))
    end
    local x = nac.tensor.randn({ 5, 3, 4 }, { seed = 1 })
    assert.is_true(nac.train.predict(net, x):equal(nac.train.predict(back, x)))
    local first, second = files.read(path), files.read(arrays)
    assert(nac.model.save(back, path))
    assert.equal(first, files.read(path))
    assert.equal(second, files.read(arrays))
    os.remove(arrays)
  end)

  it("keeps the number formats of a quantised net", function()
    local arch = nac.nn.sequential { input = { 4 }, nac.nn.dense { units = 3 }, nac.nn.relu {}, nac.nn.dense { units = 2 } }
    local net = nac.quant.prepare(arch:build {}, { total_bits = 7, int_bits = 2, quiet = true })
    local fine, coarse = nac.quant.format "ap_fixed<9,2,AP_RND,AP_SAT>", nac.quant.format "ap_fixed<5,2>"
    net:quantise("dense1.weight", { fine, coarse, fine })
    net:quantise("dense2.bias", { coarse, fine }, { axis = 0 })
    net:quantise("dense2.weight", coarse, { scale = .3 })
    local base = os.tmpname()
    assert(nac.model.save(net, base .. ".yaml"))
    local other = assert(nac.model.load(base .. ".yaml"))
    local x = nac.tensor.randn { 20, 4 }
    assert.is_true(nac.train.predict(other, x):equal(nac.train.predict(net, x)))
    assert.equal("ap_ufixed<7,2,AP_RND_CONV,AP_SAT>", tostring(other:quantiser(3)[1]))
    local text = assert(require("nac.util.file").read(base .. ".yaml"))
    for wrong, message in pairs { ["ap_fixed<99,2>"] = "1 to 64 bits, got 99", ["nonsense"] = "format" } do
      assert(require("nac.util.file").write(base .. ".yaml", (text:gsub("ap_fixed<5,2>", wrong))))
      local none, why = nac.model.load(base .. ".yaml")
      assert.is_nil(none)
      assert.matches("yaml:%d+: ", why)
      assert.matches(message, why)
    end
    os.execute("rm -f " .. base .. "*")
  end)

  it("keeps every kind of layer with its attributes", function()
    local path = files.temporary(nil, ".yaml")
    local last = {}
    layer_cases.each(function(kind, case) last[kind] = case end)
    last.opaque = nil -- functions are refused (opaque_spec)
    for kind, case in pairs(last) do
      local net = cnet.new(case.shape)
      for _, layer in ipairs(case.layers) do net:add(layer) end
      net:init(3)
      assert(nac.model.save(net, path))
      local back, message = nac.model.load(path)
      assert.truthy(back, kind .. ": " .. tostring(message))
      assert.same(net:layers(), back:layers())
    end
    os.remove((path:gsub("yaml$", "npz")))
  end)

  it("refuses arrays that are not those it was saved with", function()
    local path, arrays = saved()
    local other = build()
    other:tensor("twice.bias"):fill(1)
    assert(nac.model.save(other, arrays))
    assert.matches("is not the file that was saved with .*its sha256 is %x+, not %x+", select(2, nac.model.load(path)))
    os.remove(arrays)
    assert.matches("%.npz: cannot read", select(2, nac.model.load(path)))
  end)

  it("refuses what it cannot understand, with the line", function()
    local cases = {
      { "version: 1", "version: 2", ":2: version 2 of the format; this program reads up to 1" },
      { "format: nac-lua model", "format: other", ":1: this is no model file" },
      { "kind: relu", "kind: rela", "unknown layer kind 'rela'" },
      { "units: 5", "units: 6", "the layers give 6, not 5" },
      { "units: 4", "units: 40000000", "layer" },
      { "rate: 0.3", "rat: 0.3", "unknown attribute 'rat'" },
      { "kind: flatten", "kind: [1]", "kind is of the wrong kind; a string is expected" },
      { "input: [3, 4]", "input: [3, x]", "input must hold integers" },
      { "input: [3, 4]", "input: [3, -4]", "input" },
      { "inputs: [1]", "inputs: [99]", "input 1" },
      { "weights:", "wights:", "weights is missing" },
      { "file: ", "file: ../", "a name without folders is expected" },
    }
    for _, case in ipairs(cases) do
      local path, arrays = saved()
      local message = edited(path, case[1], case[2])
      assert.truthy(message and message:find(case[3], 1, true), ("%s: %s"):format(case[2], tostring(message)))
      os.remove(arrays)
    end
    assert.matches("cannot", select(2, nac.model.load("/no/such.yaml")) .. " cannot")
  end)

  it("takes no memory for layers that its arrays do not fill", function()
    local path, arrays = saved()
    local text = files.read(path):gsub("units: 5", "units: 16000000"):gsub("output: %[5%]", "output: [16000000]")
    files.write(path, text)
    sys.set_memory_budget(sys.memory().live + 2 ^ 22)
    local net, message = nac.model.load(path)
    sys.set_memory_budget(0)
    assert.is_nil(net)
    assert.matches("parameters and buffers, the arrays of", message)
    os.remove(arrays)
  end)

  it("needs weights to save, and says what load takes", function()
    assert.has_error(function() nac.model.load(build()) end)
    assert.has_error(function() nac.model.save(cnet.new { 2 }, files.temporary(nil, ".yaml")) end)
  end)
end)
