local arch = require "nac.arch"
local bops = require "nac.bops"
local json = require "dkjson"

local function golden(name)
  local rows = {}
  for line in io.lines("spec/golden/" .. name) do rows[#rows + 1] = json.decode(line, 1, json.null) end
  return rows
end

-- A net that only knows its cost terms: fan-in 4 to 3 outputs, half of the
-- weights zero, then a batchnorm that cannot be folded.
local net = {
  cost = function()
    return {
      { layer = "d", kind = "dense", op = "matmul_const", positions = 2, fan_in = 4, weights = 12, nonzero = 6, bias = true },
      { layer = "r", kind = "relu", op = "compare", elements = 3 },
      { layer = "n", kind = "batchnorm", op = "scale_const", elements = 3, foldable = false },
    }
  end,
}

describe("BOPs", function()
  it("of snac-pack equal every golden row, of the MLP and the block space, at every width", function()
    local n = 0
    for _, row in ipairs(golden "snac_pack_bops.jsonl") do
      local desc = assert(arch.from_table(row.arch))
      assert.equal(row.objective, bops.count(desc, { definition = "snac-pack" }))
      for bits, expected in pairs(row.bops) do
        local options = { definition = "snac-pack", bits = math.tointeger(tonumber(bits)) }
        assert.equal(expected, bops.count(desc, options), row.space .. " " .. row.trial)
        n = n + 1
      end
    end
    assert.equal(65 * 6, n)
  end)

  it("of snac-pack say where layers are left out", function()
    local params = { widths = { 64, 32, 16, 8, 10 }, activations = { "relu", "relu", "relu", "softmax" },
      normalizations = { false, false, false, false } }
    local desc = arch.from_table { input_shape = { 64 }, components = { { block_type = "MLP", params = params } } }
    local t = bops.table(desc, { definition = "snac-pack" })
    assert.matches("two of the 3 hidden layers", t.notes[1])
    assert.equal(3, #t.rows)
  end)

  it("of nac leave phi out", function()
    local mlp = { widths = { 3, 32 }, activations = { "relu" }, normalizations = { "none" } }
    local rho = { widths = { 32, 5 }, activations = { "identity" }, normalizations = { "none" } }
    local desc = assert(arch.from_table { input_shape = { 8, 3 }, components = {
      { block_type = "DeepSets", name = "d", params = { phi = mlp, rho = rho } } } })
    local all, less = bops.table(desc, { definition = "nac-2024", bits = 8 }), bops.table(desc, { definition = "nac", bits = 8 })
    assert.near(25656.2, all.total, 0.1)
    assert.near(all.total - 96 * (80 + math.log(3, 2)), less.total, 1e-6)
  end)

  it("of exact, hawks2021 and ebops follow their formulas term by term", function()
    local a, w = 8, 6
    local o = { act_bits = a, weight_bits = w }
    local exact = 2 * 6 * (a * w + a + w + 2) + 3 * (a * w + a + w)
    assert.equal(exact, bops.count(net, o))
    o.definition = "hawks2021"
    assert.equal(2 * 12 * (0.5 * a * w + a + w + 2), bops.count(net, o))
    o.definition = "ebops"
    assert.equal(2 * 6 * a * w, bops.count(net, o))
  end)

  it("of exact equal a count over every weight of a built net, zeros left out", function()
    local nac = require "nac"
    for seed, widths in ipairs { { 1, 1 }, { 7, 5, 3 }, { 16, 9, 1, 4 } } do
      local model = nac.nn.sequential { input = { widths[1] } }
      for i = 2, #widths do model:add(nac.nn.dense { units = widths[i] }):add(nac.nn.batchnorm {}):add(nac.nn.relu {}) end
      local built = model:build { seed = seed }
      local expected = 0
      for i = 2, #widths do
        local weight = built:tensor(("dense%d.weight"):format(i - 1))
        for o = 1, widths[i] do
          for k = 1, widths[i - 1] do
            if (o * 7 + k * 3 + seed) % 4 == 0 then weight:set(0, o, k) end
            if weight:get(o, k) ~= 0 then expected = expected + 8 * 6 + 8 + 6 + math.log(widths[i - 1], 2) end
          end
        end
      end
      assert.near(expected, bops.count(built, { act_bits = 8, weight_bits = 6 }), 1e-9 * expected)
    end
  end)

  it("of ebops count the span of each weight's bits", function()
    local nac = require "nac"
    local built = nac.nn.sequential { input = { 3 }, nac.nn.dense { units = 1 } }:build {}
    local weight = built:tensor "dense1.weight"
    for k, value in ipairs { 3 / 32, 1 / 2, 0 } do weight:set(value, 1, k) end
    assert.equal(8 * (2 + 1), bops.count(built, { definition = "ebops", weights = true, precision = "ap_fixed<8,3>" }))
    built:quantise("dense1.weight", nac.quant.format "ap_fixed<6,3>") -- a net's own format: 3/32 is 0 there
    assert.equal(8 * 1, bops.count(built, { definition = "ebops" }))
  end)

  it("take sparsity for weights that will be zero", function()
    local dense, half = bops.count(net, { definition = "ebops" }), bops.count(net, { definition = "ebops", sparsity = 0.5 })
    assert.equal(dense / 2, half)
  end)

  it("list layers that add up to the total", function()
    local t, sum = bops.table(net, { bits = 4 }), 0
    for _, row in ipairs(t.rows) do sum = sum + row.bops end
    assert.equal(t.total, sum)
    assert.equal("d", t.rows[1].layer)
    assert.equal(4, t.weight_bits)
  end)

  it("take the widths of a quantised net's own formats, layer by layer, unless others are given", function()
    local nac = require "nac"
    local float = nac.nn.sequential { input = { 4 }, nac.nn.dense { units = 8 }, nac.nn.relu {}, nac.nn.dense { units = 2 } }:build { seed = 1 }
    local q = nac.quant.prepare(float, { total_bits = 4, int_bits = 2, input = { total_bits = 6 }, layers = { dense1 = { weights = { total_bits = 3 } } },
      quiet = true })
    assert.equal(32 * (6 * 3 + 6 + 3 + 2) + 16 * (4 * 4 + 4 + 4 + 3), bops.count(q))
    assert.equal(bops.count(float), bops.count(q, { bits = 8 }))
    local spans = bops.count(q, { definition = "ebops", act_bits = 1 }) -- digits of the weights
    assert.is_true(bops.count(q, { definition = "ebops" }) > 4 * spans and bops.count(q, { definition = "ebops" }) < 6 * spans)
  end)

  it("take a definition of a user's own", function()
    bops.register("one-a-weight", { term = function(term) return term.weights or 0 end })
    assert.equal(12, bops.count(net, { definition = "one-a-weight" }))
  end)

  it("refuse what they do not know", function()
    assert.error_matches(function() bops.count(net, { definition = "exakt" }) end, "unknown BOPs definition 'exakt'.*nearest: exact")
    assert.error_matches(function() bops.count(net, { bits = 65 }) end, "1 to 64, not 65")
    assert.error_matches(function() bops.count(net, { sparsity = 2 }) end, "0 to 1, not 2")
    assert.error_matches(function() bops.count(3) end, "architecture, a net or a description")
    local odd = { cost = function() return { { layer = "x", kind = "conv", op = "fold" } } end }
    assert.error_matches(function() bops.count(odd) end, "operation 'fold' of layer 'x'")
  end)
end)
