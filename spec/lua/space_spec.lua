local config = require "nac.config"
local nac = require "nac"
local spaces = require "spec.support.spaces"

-- A trial that draws at random and remembers names in order.
local function trial()
  local t = { names = {}, values = {} }
  local function note(name, value)
    assert(t.values[name] == nil, name .. " drawn twice")
    t.names[#t.names + 1], t.values[name] = name, value
    return value
  end
  function t.int(_, name, lo, hi) return note(name, math.random(lo, hi)) end
  function t.choice(_, name, list) return note(name, list[math.random(#list)]) end
  return t
end

local function space(search, section, given)
  local cfg = assert(config.parse(("dataset: {name: mnist}\nsearch: {%s}\nsearch_space: {%s}"):format(search, section), "s.yaml"))
  return nac.space.from_config(cfg, given or { input_shape = { 64 }, output_dim = 10 })
end

describe("a declared space", function()
  it("draws every hidden layer from the keys of the configuration", function()
    local s = space("model_type: mlp", "mlp_width_space: [3, 5], act_space: [tanh], norm_space: [null, batch], num_blocks: 4")
    local depths = {}
    for _ = 1, 200 do
      local t = trial()
      local p = s:draw(t).components[1].params
      local depth = t.values.num_layers
      depths[depth] = true
      assert.equal(depth + 2, #p.widths)
      assert.equal(1 + 3 * depth, #t.names)
      assert.same({ 64, 10 }, { p.widths[1], p.widths[#p.widths] })
      for i = 1, depth do
        assert.equal(t.values["width" .. i], p.widths[i + 1])
        assert.is_true(p.widths[i + 1] == 3 or p.widths[i + 1] == 5)
        assert.equal("tanh", p.activations[i])
        assert.equal(t.values["norm" .. i], p.normalizations[i])
      end
      assert.equal("softmax", p.activations[depth + 1])
    end
    assert.same({ true, true, true, true }, depths)
  end)

  it("has the predecessor's fixed MLP space under its parameter names", function()
    local s = space("model_type: mlp", "mlp_preset: snac-pack")
    for _ = 1, 100 do
      local t = trial()
      local p = s:draw(t).components[1].params
      assert.equal(t.values.num_layers + 1, #p.widths)
      assert.equal("num_layers", t.names[1])
      assert.equal("hidden_units1", t.names[2])
      assert.equal(t.values.batchnorm1 and "batch" or "none", p.normalizations[1])
      if t.values.num_layers == 5 then assert.is_true(t.values.hidden_units4 == 8 or t.values.hidden_units4 == 16) end
    end
  end)

  it("draws from lists of layers in a file", function()
    local cfg = assert(config.parse("dataset: {name: mnist}\nsearch_space: mnist_search_spaces.yaml", "spec/golden/config/x.yaml"))
    local s = nac.space.from_config(cfg, { input_shape = { 64 }, output_dim = 10 })
    for _ = 1, 50 do
      local t = trial()
      s:draw(t)
      assert.is_true(t.values.num_layers <= 3)
      assert.is_nil(t.values.hidden_units3)
    end
  end)

  it("may have up to eight hidden layers with lists of their own", function()
    local s = space("model_type: mlp", "mlp_preset: snac-pack, mlp_lists: {num_layers: [9], hidden_units8: [44], hidden_units5: [64]}")
    local t = trial()
    local p = s:draw(t).components[1].params
    assert.equal(10, #p.widths)
    assert.equal(44, p.widths[9])
    assert.equal(64, p.widths[6])
    assert.is_true(p.widths[8] == 8 or p.widths[8] == 16) -- without a list: that of layer 4
  end)

  it("flattens images for perceptrons", function()
    local desc = space("model_type: mlp", "mlp_width_space: [3]", { input_shape = { 8, 8, 1 }, output_dim = 2 }):draw(trial())
    assert.equal("Flatten", desc.components[1].block_type)
    assert.equal(64, desc.components[2].params.widths[1])
  end)

  it("takes images of a data set, channels first, into a description", function()
    local s = space("model_type: mlp", "mlp_width_space: [3]", { dataset = { shape = { 3, 8, 6 }, n_classes = 2 } })
    assert.same({ 8, 6, 3 }, s:draw(trial()).input_shape)
  end)

  it("chains blocks of dense layers as t3 declares them", function()
    local cfg = config.load "spec/golden/config/t3_config.yaml"
    local s = nac.space.from_config(cfg, { input_shape = { 800 } })
    for _ = 1, 50 do
      local t = trial()
      local desc = s:draw(t)
      assert.equal("b0", t.names[1])
      assert.equal(2, desc.output_dim)
      assert.equal("classifier_head", desc.components[#desc.components].name)
      for i = 0, 3 do
        assert.equal(t.values["b" .. i] == "MLP", t.values[("b%d_MLP_units"):format(i)] ~= nil)
      end
    end
  end)

  it("offers only what can be built, under another name where that is not all", function()
    local cfg = config.load "spec/golden/config/t2_config.yaml"
    local s = nac.space.from_config(cfg, { input_shape = { 16, 16, 1 } })
    local seen = {}
    for _ = 1, 300 do
      local t = trial()
      local desc = s:draw(t)
      assert.equal(10, desc.output_dim)
      local flat = false
      for i = 0, 3 do
        local kind = t.values["b" .. i]
        if flat then
          assert.is_nil(kind)
          kind = t.values[("b%d_of_MLP_None"):format(i)]
        end
        seen[kind .. tostring(flat)] = true
        flat = flat or kind == "MLP"
        assert.equal(kind == "ConvAttn", t.values[("b%d_ConvAttn_hiddenchannel"):format(i)] ~= nil)
      end
      for name in pairs(t.values) do seen[name] = true end
    end
    assert.is_true(seen.Convfalse and seen.ConvAttnfalse and seen.MLPtrue and seen.Nonetrue)
    assert.is_true(seen.b3_Conv_kernels_0_of_1 or seen.b3_Conv_kernels_1_of_1_3 or seen.b3_Conv_kernels_1_of_1)
  end)

  it("can shrink kernels as NAC did, and tells what was drawn and what was built", function()
    local s = space("model_type: block",
      "block_types: [Conv], kernel_space: [3, 5], channel_space: [2], mlp_width_space: [4], num_blocks: 2, kernel_rule: shrink",
      { input_shape = { 6, 6, 1 }, output_dim = 2 })
    local changed = 0
    for _ = 1, 60 do
      local t = trial()
      local desc, changes = s:draw(t)
      assert.equal(3 + 1, #desc.components) -- two blocks, the flattening, the head: nothing is left out
      for name in pairs(t.values) do assert.is_nil(name:find "_of_") end -- every kernel was offered
      for i = 0, 1 do
        for k = 0, 1 do
          local name = ("b%d_Conv_kernels_%d"):format(i, k)
          local built = desc.components[i + 1].params.kernels[k + 1]
          if changes and changes.drawn[name] then
            changed = changed + 1
            assert.same({ t.values[name], 1, 1 }, { changes.drawn[name], changes.built[name], built })
          else
            assert.equal(t.values[name], built)
          end
        end
      end
    end
    assert.is_true(changed > 60)
  end)

  it("ends the chain where nothing fits, and refuses what cannot be drawn", function()
    local s = space("model_type: block", "block_types: [Conv], kernel_space: [3], channel_space: [2], mlp_width_space: [4], num_blocks: 9",
      { input_shape = { 9, 9, 1 }, output_dim = 2 })
    assert.same({ "b0", "b1" }, (function()
      local t, names = trial(), {}
      s:draw(t)
      for _, name in ipairs(t.names) do if name:find "^b%d+$" then names[#names + 1] = name end end
      return names
    end)())
    local none, why = space("model_type: block", "block_types: [DeepSets], mlp_width_space: [4]")
    assert.is_nil(none)
    assert.matches("s.yaml:3: search_space.block_types: DeepSets cannot be drawn as a block; those that can: Conv", why)
  end)

  local function from_file(kind, file, given)
    local cfg = assert(config.parse(("dataset: {name: mnist}\nsearch: {model_type: %s}\nsearch_space: %s"):format(kind, file),
      "spec/golden/config/x.yaml"))
    return nac.space.from_config(cfg, given)
  end

  it("of BraggNN has NAC's parameters and its head", function()
    local s = assert(from_file("braggnn", "braggnn_search_space.yaml", { input_shape = { 11, 11, 1 } }))
    for _ = 1, 50 do
      local t = trial()
      local desc = s:draw(t)
      local components = desc.components
      assert.same({ 1, t.values.Proj_outchannel }, components[1].params.channels)
      local head = components[#components].params
      assert.equal(5, #head.widths)
      assert.same({ t.values.MLP_width_2, 2 }, { head.widths[4], head.widths[5] })
      assert.equal(t.values.MLP_acts_3, head.activations[4])
    end
    local none, why = from_file("braggnn", "braggnn_search_space.yaml", { input_shape = { 9, 9, 1 } })
    assert.is_nil(none)
    assert.matches("x.yaml:2: search.model_type braggnn: initial_img_size 9 behind the projection needs images of 11x11, the data has 9x9x1", why)
    none, why = from_file("braggnn", "braggnn_search_space.yaml", { input_shape = { 121 } })
    assert.is_nil(none)
    assert.matches("images are needed, the data has 121", why)
  end)

  it("of DeepSets has NAC's parameters", function()
    local s = assert(from_file("deepsets", "deepsets_search_space.yaml", { input_shape = { 8, 3 }, output_dim = 5 }))
    for _ = 1, 50 do
      local t = trial()
      local p = s:draw(t).components[1].params
      assert.same({ t.values.phi_len, t.values.rho_len }, { #p.phi.widths - 1, #p.rho.widths - 1 })
      assert.equal(1 << t.values.bottleneck_dim, p.rho.widths[1])
      assert.equal(t.values.aggregator_type, p.aggregation)
      assert.equal(t.values.phi_MLP_width_0, t.values.phi_len > 1 and p.phi.widths[2] or nil)
    end
    local none, why = from_file("deepsets", "deepsets_search_space.yaml", { input_shape = { 64 }, output_dim = 5 })
    assert.is_nil(none)
    assert.matches("sets {elements, features} are needed, the data has 64", why)
  end)

  for _, case in ipairs(spaces.all()) do
    it(("builds and trains every architecture that it draws, and takes it on to firmware: %s"):format(case.name), function()
      local folder = os.tmpname()
      os.remove(folder)
      for i = 1, 60 do
        local _, message = spaces.prove(case.space:draw(trial()), 5, folder, i > 5 and "train" or nil)
        assert.is_nil(message)
      end
      os.execute("rm -rf " .. folder)
    end)
  end
end)
