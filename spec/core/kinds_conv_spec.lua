-- conv1d and conv2d: shapes, gradients against the naive twins in double, refusals.
local cplan = require "nac.c.plan"
local cpu = require "nac.c.cpu"
local nac = require "nac"
local nn = nac.nn

-- Largest difference of two tensors, in units of the second one's largest element.
local function difference(a, b)
  local scale = b:to("f64"):abs():max()
  return (a:to("f64") - b:to("f64")):abs():max() / math.max(scale, 1e-30)
end

local function gradients(net, x, y, options)
  local plan <close> = cplan.new(net, options)
  local out = plan:forward(x)
  plan:loss("cross_entropy", x, y)
  local g, gx = plan:backward()
  g.output, g.input = out, gx
  return g
end

-- A random convolution and what follows it, for samples that it fits.
local function random_net(seed)
  local r = nac.rng.stream(seed, "conv spec")
  local groups = r:choice { 1, 1, 1, 2, 3 }
  local c, o = groups * r:int(1, 5), groups * r:int(1, 9)
  local two = r:uniform() < .7
  local function pair(lo, hi)
    if two and r:uniform() < .4 then return { r:int(lo, hi), r:int(lo, hi) } end
    return r:int(lo, hi)
  end
  local conv = { channels = o, kernel = pair(1, 4), stride = pair(1, 2), dilation = pair(1, 2), groups = groups, bias = r:uniform() < .5 }
  local how = r:int(1, 3)
  if how == 2 then conv.same = true elseif how == 3 then conv.padding = pair(0, 2) end
  local shape = two and { c, r:int(7, 12), r:int(7, 12) } or { c, r:int(7, 14) }
  local arch = nn.sequential { input = shape, nn[two and "conv2d" or "conv1d"](conv), nn.relu {},
    nn[two and "conv2d" or "conv1d"] { channels = 3, kernel = 1 }, nn.flatten {}, nn.dense { units = 4 } }
  return arch, r:int(1, 40)
end

describe("convolutions", function()
  local before = cpu.info().isa
  after_each(function() cpu.use(before) end)

  for _, isa in ipairs(cpu.info().available) do
    it("equal their naive twins in double on " .. isa, function()
      cpu.use(isa)
      for seed = 1, 40 do
        local arch, batch = random_net(seed)
        local net <close> = arch:build { seed = seed }
        local x = nac.tensor.randn({ batch, table.unpack(arch.input) }, { seed = seed })
        local labels = {}
        for i = 1, batch do labels[i] = (i * 7 + seed) % 4 end
        local y = nac.tensor.new(labels, "i32")
        local fast = gradients(net, x, y, { batch = batch, training = true, input_gradient = true, piece = 16 })
        local slow = gradients(net, x, y, { batch = batch, training = true, input_gradient = true, reference = 64 })
        for name, g in pairs(slow) do
          local d = difference(fast[name], g)
          -- biases sum thousands of terms that mostly cancel
          assert.is_true(d < (name:find("bias") and 1e-4 or 1e-5), ("seed %d, %s: off by %g"):format(seed, name, d))
        end
      end
    end)
  end

  it("give equal bits for every size of the pieces", function()
    local arch = nn.sequential { input = { 2, 9, 9 }, nn.conv2d { channels = 5, kernel = 3 }, nn.relu {}, nn.flatten {}, nn.dense { units = 4 } }
    local net = arch:build { seed = 1 }
    local x = nac.tensor.randn({ 70, 2, 9, 9 }, { seed = 1 })
    local y = nac.tensor.zeros({ 70 }, "i32")
    local first = gradients(net, x, y, { batch = 70, training = true, piece = 16 })
    for _, piece in ipairs { 32, 48, 1000 } do
      for name, g in pairs(gradients(net, x, y, { batch = 70, training = true, piece = piece })) do
        assert.is_true(g:equal(first[name]), name)
      end
    end
  end)

  it("have the shapes of the padding asked for", function()
    local function shape(input, layer) return nn.sequential { input = input, layer }:net():output_shape() end
    assert.same({ 4, 7, 8 }, shape({ 1, 9, 10 }, nn.conv2d { channels = 4, kernel = 3 }))
    assert.same({ 4, 5, 5 }, shape({ 1, 9, 10 }, nn.conv2d { channels = 4, kernel = 3, stride = 2, same = true }))
    assert.same({ 4, 9, 10 }, shape({ 1, 9, 10 }, nn.conv2d { channels = 4, kernel = 5, padding = 2 }))
    assert.same({ 4, 9, 8 }, shape({ 1, 9, 10 }, nn.conv2d { channels = 4, kernel = { 1, 3 } }))
    assert.same({ 4, 6 }, shape({ 3, 8 }, nn.conv1d { channels = 4, kernel = 3 }))
  end)

  it("count their parameters and products", function()
    local net = nn.sequential { input = { 4, 8, 8 }, nn.conv2d { channels = 6, kernel = 3, groups = 2 } }:net()
    assert.equal(6 * 2 * 9 + 6, net:n_params())
    local cost = net:cost()[1]
    assert.equal("matmul_const", cost.op)
    assert.same({ 36, 18, 6 }, { cost.positions, cost.fan_in, cost.fan_out })
  end)

  it("refuse what does not fit, with the layer and both shapes", function()
    local function refusal(input, attributes)
      local ok, message = pcall(function() return nn.sequential { input = input, nn.conv2d(attributes) }:net() end)
      assert.is_false(ok)
      return message
    end
    assert.matches("'conv2d1': a kernel of 11x11 does not fit into 8x9x9", refusal({ 8, 9, 9 }, { channels = 4, kernel = 11 }), 1, true)
    assert.matches("'conv2d1': needs samples of %(channels, height, width%), got 64", refusal({ 64 }, { channels = 4, kernel = 1 }))
    assert.matches("do not divide into 2 groups", refusal({ 3, 9, 9 }, { channels = 4, kernel = 1, groups = 2 }))
    assert.matches("'kernel' has 3 numbers; 1 or 2 expected", refusal({ 3, 9, 9 }, { channels = 4, kernel = { 1, 2, 3 } }))
    assert.matches("attribute 'kernel' is missing", refusal({ 3, 9, 9 }, { channels = 4 }))
  end)
end)
