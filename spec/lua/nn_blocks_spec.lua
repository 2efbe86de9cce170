-- Composite layers against their formulas, written out in loops.
local nac = require "nac"
local nn = nac.nn

local function forward(net, x) return nac.train.predict(net, x):totable() end

-- Values of a sample: x[channel][position], from a layer's weights (out, in, ...) and bias.
local function projected(net, name, x)
  local weight, bias = net:tensor(name .. ".weight"):reshape { -1, #x }:totable(), net:tensor(name .. ".bias"):totable()
  local y = {}
  for o = 1, #weight do
    y[o] = {}
    for p = 1, #x[1] do
      local sum = bias[o]
      for c = 1, #x do sum = sum + weight[o][c] * x[c][p] end
      y[o][p] = sum
    end
  end
  return y
end

-- sum over positions j of softmax_j(factor q_i . k_j) v_j, for each i.
local function attended(q, k, v, factor)
  local z = {}
  for c = 1, #v do z[c] = {} end
  for i = 1, #q[1] do
    local weight, total = {}, 0
    for j = 1, #k[1] do
      local s = 0
      for c = 1, #q do s = s + q[c][i] * k[c][j] end
      weight[j] = math.exp(factor * s)
      total = total + weight[j]
    end
    for c = 1, #v do
      local sum = 0
      for j = 1, #v[1] do sum = sum + weight[j] * v[c][j] end
      z[c][i] = sum / total
    end
  end
  return z
end

-- Biases start at zero; here they shall matter.
local function shake(net)
  for i, t in ipairs(net:tensors()) do
    if t.name:find "bias$" then t.tensor:copy(nac.tensor.randn(t.tensor:shape(), { seed = i })) end
  end
end

local function transposed(rows)
  local out = {}
  for c = 1, #rows[1] do
    out[c] = {}
    for r = 1, #rows do out[c][r] = rows[r][c] end
  end
  return out
end

local function near(expected, actual)
  assert.equal(#expected, #actual)
  for i = 1, #expected do
    for j = 1, #expected[i] do assert.near(expected[i][j], actual[i][j], 1e-4) end
  end
end

describe("conv_attn", function()
  for _, case in ipairs {
    { shape = { 3, 2, 4 } }, { shape = { 3, 2, 4 }, activation = "relu" }, { shape = { 2, 5 }, scaled = true }, { shape = { 1, 1, 1 } },
  } do
    it(("is attention over %s positions plus what came in"):format(table.concat(case.shape, "x")), function()
      local hidden = 2
      local arch = nn.sequential {
        input = case.shape, nn.conv_attn { hidden = hidden, activation = case.activation, scaled = case.scaled, name = "a" } }
      local net <close> = arch:build { seed = 3 }
      shake(net)
      assert.same(case.shape, net:output_shape())
      local n = 1
      for i = 2, #case.shape do n = n * case.shape[i] end
      local x = nac.tensor.randn({ 1, table.unpack(case.shape) }, { seed = 4 })
      local rows = x:reshape({ case.shape[1], n }):totable()
      local z = attended(projected(net, "a.query", rows), projected(net, "a.key", rows), projected(net, "a.value", rows),
        case.scaled and 1 / math.sqrt(hidden) or 1)
      local expected = projected(net, "a.project", z)
      for c = 1, #rows do
        for p = 1, n do
          expected[c][p] = expected[c][p] + rows[c][p]
          if case.activation == "relu" then expected[c][p] = math.max(0, expected[c][p]) end
        end
      end
      near(expected, nac.train.predict(net, x):reshape({ case.shape[1], n }):totable())
    end)
  end
end)

describe("self_attention", function()
  for _, heads in ipairs { 1, 2, 4 } do
    it(("with %d heads is attention of each head, side by side"):format(heads), function()
      local elements, features, dim = 5, 3, 4
      local net <close> = nn.sequential {
        input = { elements, features }, nn.self_attention { heads = heads, dim = dim, name = "s" } }:build { seed = 5 }
      shake(net)
      local x = nac.tensor.randn({ 1, elements, features }, { seed = 6 })
      local rows = transposed(x:totable()[1])
      local q, k, v = projected(net, "s.query", rows), projected(net, "s.key", rows), projected(net, "s.value", rows)
      local z, width = {}, dim // heads
      for h = 0, heads - 1 do
        local function part(t) return table.move(t, h * width + 1, (h + 1) * width, 1, {}) end
        table.move(attended(part(q), part(k), part(v), 1 / math.sqrt(width)), 1, width, h * width + 1, z)
      end
      near(transposed(projected(net, "s.project", z)), forward(net, x)[1])
    end)
  end
end)

describe("deepsets", function()
  it("gives the same for every order of the set, and takes its parts from mlp", function()
    for _, aggregation in ipairs { "mean", "max", "sum" } do
      local net <close> = nn.sequential {
        input = { 4, 3 }, nn.deepsets {
          phi = { 6, 2 }, rho = { units = { 5, 2 }, activations = { "gelu", "identity" } }, aggregation = aggregation, name = "d" },
      }:build { seed = 7 }
      assert.equal(3 * 6 + 6 + 6 * 2 + 2 + 2 * 5 + 5 + 5 * 2 + 2, net:n_params())
      assert.is_truthy(net:tensor "d.phi.dense2.weight")
      local set = { { 1, 2, 3 }, { -1, 0, 2 }, { 4, -2, 1 }, { 0, 0, 1 } }
      local turned = { set[3], set[1], set[4], set[2] }
      local y = forward(net, nac.tensor { set, turned })
      for i = 1, 2 do assert.near(y[1][i], y[2][i], 1e-5) end
    end
  end)

  it("has normalisations over features and over places", function()
    local function params(norm)
      return nn.sequential { input = { 8, 3 }, nn.deepsets { phi = { units = { 4 }, norms = norm, bias = true }, rho = { 2 } } }:net():n_params()
    end
    local plain = 3 * 4 + 4 + 4 * 2 + 2
    assert.same({ plain, plain + 8, plain + 16, plain + 8 },
      { params "none", params "batch", params "batch_positions", params "layer" })
  end)
end)

describe("a composite layer", function()
  local function refusal(shape, layer)
    local _, why = pcall(function() nn.sequential { input = shape, layer }:net() end)
    return tostring(why)
  end

  it("names itself and what is wrong", function()
    for _, case in ipairs {
      { { 3, 4, 4 }, nn.conv_attn {}, "conv_attn: attribute 'hidden' is needed" },
      { { 3, 4, 4 }, nn.conv_attn { hidden = 2, name = "b0", scale = true }, "b0: unknown attribute 'scale'.*nearest: scaled" },
      { { 3, 4, 4 }, nn.conv_attn { hidden = 0 }, "'hidden' is at least 1, got 0" },
      { { 3, 4, 4 }, nn.conv_attn { hidden = 2, activation = "rely" }, "unknown activation 'rely'.*nearest: relu" },
      { { 9 }, nn.conv_attn { hidden = 2 }, "an image %(channels, height, width%).*what comes in is 9" },
      { { 4, 6 }, nn.self_attention { heads = 4 }, "dim 6 is not a multiple of heads 4" },
      { { 4, 6, 2 }, nn.self_attention {}, "a set %(elements, features%) is needed, what comes in is 4x6x2" },
      { { 9 }, nn.deepsets { phi = { 3 }, rho = { 2 } }, "a set %(elements, features%) is needed, what comes in is 9" },
      { { 4, 6 }, nn.deepsets { phi = { 3 } }, "deepsets: attribute 'rho' is needed" },
      { { 4, 6 }, nn.deepsets { phi = { 3 }, rho = { units = { 2 }, norms = "bach" } }, "deepsets: rho: unknown normalisation 'bach'.*nearest: batch" },
      { { 4 }, nn.mlp { units = 3 }, "mlp: attribute 'units' is of type list, got 3" },
    } do
      assert.matches(case[3], refusal(case[1], case[2]))
    end
  end)

  it("is a layer like others in a graph, and again under another name", function()
    local x = nn.input { 4, 6 }
    local attend = nn.self_attention { heads = 2 }
    local y = nn.add {} (x, attend(x))
    local z = nn.add {} (y, nn.self_attention {} (y))
    local net = nn.graph { input = x, output = z }:net()
    assert.is_true(net:n_params() == 2 * 4 * (36 + 6))
    local names = {}
    for _, layer in ipairs(net:layers()) do
      assert.is_nil(names[layer.name])
      names[layer.name] = true
    end
    assert.is_true(names["self_attention1.query"] and names["self_attention2.query"])
  end)
end)

describe("what is no layer", function()
  it("is refused at the user's line, in a chain and added to one", function()
    for _, f in ipairs {
      function() local _ = nn.sequential { input = { 4 }, nn.relu } end,
      function() local _ = nn.sequential { input = { 4 }, { kind = "rellu" } } end,
      function() nn.sequential { input = { 4 } }:add { nn.relu {}, { { "relu" } } } end,
    } do
      local ok, message = pcall(f)
      assert.is_false(ok)
      assert.matches("^%S*nn_blocks_spec.lua:%d+: ", message)
    end
  end)
end)

describe("the manual of layers", function()
  it("names every kind", function()
    local text = assert(require("nac.util.file").read "lua/nac/nn/init.lua"):match "^(.-)\nlocal"
    for _, kind in ipairs(require("nac.c.net").kinds()) do
      if kind ~= "opaque" then assert(text:find("`" .. kind .. "[ `]"), kind) end -- that one is behind nn.define
    end
  end)
end)
