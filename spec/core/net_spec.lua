-- Describing nets: shapes, attributes, names; refusals; memory.
local nac = require "nac"
local cnet = require "nac.c.net"
local cplan = require "nac.c.plan"
local ctrain = require "nac.c.train"
local sys = require "nac.c.sys"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

local nn = nac.nn

local function refused(pattern, f) assert.error_matches(f, pattern) end

describe("a net", function()
  local arch = nn.sequential {
    input = { 8 }, nn.dense { units = 5, name = "first" }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 3, bias = false },
  }

  it("says what it is made of", function()
    local net = arch:net()
    assert.same({ 8 }, net:input_shape())
    assert.same({ 3 }, net:output_shape())
    assert.equal(8 * 5 + 5 + 10 + 15, net:n_params())
    assert.equal(10, net:n_buffers())
    local layers = net:layers()
    assert.equal(4, #layers)
    assert.same({ "first", "batchnorm1", "relu1", "dense2" },
      { layers[1].name, layers[2].name, layers[3].name, layers[4].name })
    assert.same({ units = 5, bias = true }, layers[1].attrs)
    assert.same({ 8 }, layers[1].input)
    assert.same({ 5 }, layers[1].output)
    assert.same({ 45, 10, 0, 15 }, { layers[1].params, layers[2].params, layers[3].params, layers[4].params })
    assert.equal("net of 4 layers, 70 parameters", tostring(net))
  end)

  it("has no memory for weights before it is built", function()
    local before = sys.memory().live
    local net <close> = nn.sequential { input = { 1000 }, nn.dense { units = 10000 } }:net()
    assert.equal(10010000, net:n_params())
    assert(sys.memory().live - before < 10000)
    refused("no weights yet", function() net:tensors() end)
    refused("no weights yet", function() net:tensor("dense1.weight") end)
    refused("no weights yet", function() net:save_state(tensor.zeros { net:state_size() }) end)
  end)

  it("names its tensors, which are views of its weights", function()
    local net <close> = arch:build { seed = 3 }
    local names, count = {}, 0
    for i, entry in ipairs(net:tensors()) do
      names[i] = entry.role .. " " .. entry.name .. " " .. table.concat(entry.tensor:shape(), "x")
      count = count + entry.tensor:numel()
    end
    assert.same({
      "parameter first.weight 5x8", "parameter first.bias 5", "parameter batchnorm1.weight 5", "parameter batchnorm1.bias 5",
      "parameter dense2.weight 3x5", "buffer batchnorm1.running_mean 5", "buffer batchnorm1.running_var 5",
    }, names)
    assert.equal(net:state_size(), count)
    net:tensor("first.bias"):fill(7)
    assert.equal(7, net:tensor("first.bias"):get(5))
    refused("no tensor 'last.bias'", function() net:tensor("last.bias") end)
  end)

  it("starts as PyTorch's layers do: uniform within 1/sqrt(fan in), norms at one and zero", function()
    local net <close> = nn.sequential { input = { 100 }, nn.dense { units = 200 }, nn.batchnorm {} }:build { seed = 1 }
    local w = net:tensor("dense1.weight")
    assert(twin.largest(w) <= 0.1 and twin.largest(w) > 0.0999)
    assert(math.abs(w:mean()) < 0.002 and math.abs(w:std() - 0.1 / math.sqrt(3)) < 0.001)
    assert(twin.largest(net:tensor("dense1.bias")) <= 0.1)
    assert(net:tensor("batchnorm1.weight"):equal(tensor.ones { 200 }))
    assert(net:tensor("batchnorm1.bias"):equal(tensor.zeros { 200 }))
    assert(net:tensor("batchnorm1.running_mean"):equal(tensor.zeros { 200 }))
    assert(net:tensor("batchnorm1.running_var"):equal(tensor.ones { 200 }))
  end)

  it("may use a layer twice, with one set of weights", function()
    local function twofold(twice)
      local x = nn.input { 4 }
      local layer = nn.dense { units = 4, name = "again" }
      return nn.graph { input = x, output = (twice and layer or nn.dense { units = 4 })(nn.tanh {}(layer(x))) }
    end
    assert.equal(20, twofold(true):net():n_params())
    assert.equal(40, twofold(false):net():n_params())
    assert.equal("again", twofold(true):net():layers()[3].share)
    assert.is_nil(twofold(true):net():layers()[1].share)
    assert.equal(twofold(true):hash(), twofold(true):hash())
    assert.not_equal(twofold(true):hash(), twofold(false):hash())
  end)

  it("draws equal weights from equal seeds, whatever layers stand around", function()
    local a <close> = arch:build { seed = 5 }
    local b <close> = arch:build { seed = 5 }
    local c <close> = arch:build { seed = 6 }
    local d <close> = nn.sequential {
      input = { 8 }, nn.tanh {}, nn.dense { units = 5, name = "first" }, nn.dense { units = 5, name = "another" },
    }:build { seed = 5 }
    assert(a:tensor("first.weight"):equal(b:tensor("first.weight")))
    assert.is_false(a:tensor("first.weight"):equal(c:tensor("first.weight")))
    assert(a:tensor("first.weight"):equal(d:tensor("first.weight")))
    assert.is_false(d:tensor("first.bias"):equal(d:tensor("another.bias")))
  end)

  it("keeps and gives back its state", function()
    local net <close> = arch:build { seed = 1 }
    local state = tensor.zeros { net:state_size() }
    net:save_state(state)
    local weight = net:tensor("first.weight"):clone()
    for _, entry in ipairs(net:tensors()) do entry.tensor:fill(9) end
    net:load_state(state)
    assert(net:tensor("first.weight"):equal(weight))
    assert.equal(1, net:tensor("batchnorm1.running_var"):get(1))
    for _, wrong in ipairs { tensor.zeros { 3 }, tensor.zeros({ net:state_size() }, "f64"), tensor.zeros { net:state_size(), 2 } } do
      refused("contiguous f32 tensor of 80 elements", function() net:save_state(wrong) end)
      refused("contiguous f32 tensor of 80 elements", function() net:load_state(wrong) end)
    end
  end)
end)

describe("a net refuses", function()
  it("attributes that the layer does not have, or not like that", function()
    local net = cnet.new { 2, 4 }
    for pattern, layer in pairs {
      ["layer 1 'dense1': attribute 'units' is missing"] = { kind = "dense" },
      ["layer 1 'd': unknown attribute 'unit'; dense has units, bias"] = { kind = "dense", name = "d", unit = 3 },
      ["layer 1 'relu1': unknown attribute 'slope'; relu has none"] = { kind = "relu", slope = 1 },
      ["from 'same' or from 'padding', not from both"] = { kind = "conv1d", channels = 1, kernel = 1, same = true, padding = 1 },
      ["'units' must be an integer from 1 to 16777216, got 2.5"] = { kind = "dense", units = 2.5 },
      ["'units' must be an integer from 1 to .*, got %-3"] = { kind = "dense", units = -3 },
      ["'units' must be an integer from 1 to .*, got %-?nan"] = { kind = "dense", units = 0 / 0 },
      ["'units' must be an integer from 1 to .*, got inf"] = { kind = "dense", units = math.huge },
      ["'bias' must be true or false"] = { kind = "dense", units = 2, bias = 1 },
      ["'units' must be a number"] = { kind = "dense", units = "many" },
      ["'rate' must be a number from 0 to"] = { kind = "dropout", rate = 1 },
      ["'eps' must be a number from 0 to"] = { kind = "batchnorm", eps = -1 },
      ["attribute 'units' must be a number, a boolean, a string or a list, got function"] = { kind = "dense", units = print },
      ["table of named attributes; got number as a key"] = { kind = "dense", 5 },
      ["the name of a layer must be a string, got number"] = { kind = "relu", name = 5 },
      ["a layer needs a kind"] = { units = 3 },
      ["unknown layer kind 'dens'"] = { kind = "dens" },
    } do
      refused(pattern, function() net:add(layer) end)
    end
  end)

  it("inputs that are not values of the net", function()
    local net = cnet.new { 4 }
    net:add { kind = "relu" }
    for _, value in ipairs { 0, 3, -1, 2 ^ 32 + 1, 1.5, "x" } do
      refused("input 1 must be a value of this net, 1 to 2, got", function() net:add { kind = "relu", inputs = { value } } end)
    end
    refused("takes 1 inputs?, got 2", function() net:add { kind = "relu", inputs = { 1, 2 } } end)
    refused("takes 1 inputs?, got 0", function() net:add { kind = "relu", inputs = {} } end)
    refused("inputs of a layer must be a list of values, got number", function() net:add { kind = "relu", inputs = 1 } end)
  end)

  it("two layers of one name, and names without end", function()
    local net = cnet.new { 4 }
    net:add { kind = "dense", units = 2, name = "a" }
    refused("two layers called 'a'", function() net:add { kind = "relu", name = "a" } end)
    refused("1 to 120 characters", function() net:add { kind = "relu", name = "" } end)
    refused("1 to 120 characters", function() net:add { kind = "relu", name = ("x"):rep(121) } end)
    net:add { kind = "relu", name = "tanh1" }
    net:add { kind = "tanh" } -- finds a free name
    assert.equal("tanh2", net:layers()[3].name)
  end)

  it("impossible shapes", function()
    refused("input: shape 3x0 is not possible", function() cnet.new { 3, 0 } end)
    refused("input: shape %-1 is not possible", function() cnet.new { -1 } end)
    refused("not possible", function() cnet.new { 2 ^ 31 | 0, 2 ^ 31 | 0, 2 ^ 31 | 0 } end)
    refused("not possible: at most 7 dimensions", function() cnet.new { 1, 1, 1, 1, 1, 1, 1, 1 } end)
    refused("at most 8 dimensions", function() cnet.new { 1, 1, 1, 1, 1, 1, 1, 1, 1 } end)
    refused("dimension 1 of a shape must be an integer", function() cnet.new { 1.5 } end)
    refused("needs an input of at least one dimension", function() cnet.new({}):add { kind = "dense", units = 2 } end)
    refused("input = { shape of one sample }", function() nn.sequential { nn.relu {} } end)
    local net <close> = twin.net({ 1, 1, 1, 1, 1, 1, 3 }, { { kind = "dense", units = 2 } })
    assert.same({ 1, 1, 1, 1, 1, 1, 2 }, net:output_shape())
  end)

  it("a layer, and is then as before", function()
    local net = cnet.new { 4 }
    net:add { kind = "dense", units = 2 }
    for _ = 1, 3 do
      assert.is_false(pcall(net.add, net, { kind = "dense", units = 0 }))
      assert.is_false(pcall(net.add, net, { kind = "batchnorm", eps = 7 }))
      assert.is_false(pcall(net.add, net, { kind = "relu", inputs = { 1, 1 } }))
    end
    net:add { kind = "dense", units = 3 }
    assert.same({ "dense1", "dense2" }, { net:layers()[1].name, net:layers()[2].name })
    assert.equal(2, #net:cost())
    assert.equal(19, net:n_params())
    net:init(1)
    assert.equal(4, #net:tensors())
    refused("has its weights already", function() net:add { kind = "relu" } end)
  end)

  it("to be built when the machine cannot hold it, naming the largest parameter", function()
    local arch = nn.sequential { input = { 4 }, nn.dense { units = 10000000, name = "wide" }, nn.dense { units = 10000000, name = "huge" } }
    assert.equal(4e7 + 1e7 + 1e14 + 1e7, arch:net():n_params())
    assert.equal(2, #arch:net():cost())
    refused("out of memory: the net's parameters take 400000.2 GB, huge.weight alone 400000.0 GB", function() arch:build() end)
    arch = nn.sequential { input = { 1 << 24, 1 << 24 } , nn.batchnorm {}, nn.flatten {} }
    assert.same({ 1 << 48 }, arch:net():output_shape())
    refused("dense1.*weight has more than 2%^48 elements", function() arch:add(nn.dense { units = 2 }):net() end)
    -- an activation that no machine holds
    local net <close> = nn.sequential { input = { 4, 1 }, nn.dense { units = 1 << 24 } }:build()
    refused("out of memory", function() cplan.new(net, { batch = 1000000 }) end)
    refused("out of memory", function() ctrain.new(net, { batch = 1000000, max_rows = 1000000 }) end)
  end)

  it("with the line of the user", function()
    local arch = nn.sequential { input = { 4 }, nn.dense { units = 0, name = "none" } }
    local ok, message = pcall(function() local _ = arch:net() end)
    assert.is_false(ok)
    assert.matches("^%S*net_spec.lua:%d+: layer 1 'none': attribute 'units'", message)
    ok, message = pcall(function() local _ = arch:build { seed = 1 } end)
    assert.is_false(ok)
    assert.matches("^%S*net_spec.lua:%d+: layer 1 'none': attribute 'units'", message)
    ok, message = pcall(function() local _ = nn.relo end)
    assert.is_false(ok)
    assert.matches("net_spec.lua:%d+: unknown layer kind 'relo'; allowed: .*; nearest: relu", message)
    refused("seed must be an integer, got 1.5", function() arch:build { seed = 1.5 } end)
  end)
end)

describe("closing a net", function()
  it("leaves its views, plans and trainers alive, and gives the memory back with the last", function()
    collectgarbage()
    local before = sys.memory().live
    do
      local net = twin.net({ 50 }, { { kind = "dense", units = 40 }, { kind = "batchnorm" } })
      local view <close> = net:tensor("dense1.weight")
      local plan <close> = cplan.new(net, { batch = 4 })
      local trainer <close> = ctrain.new(net, { loss = "mse", batch = 4, max_rows = 8 })
      local was = view:get(1, 1)
      net:close()
      assert.equal("net (closed)", tostring(net))
      for _, method in ipairs { "layers", "tensors", "cost", "n_params", "built", "output_shape", "state_size" } do
        refused("the net is closed", function() net[method](net) end)
      end
      refused("the net is closed", function() net:add { kind = "relu" } end)
      refused("the net is closed", function() cplan.new(net, {}) end)
      refused("the net is closed", function() ctrain.new(net, {}) end)
      local x <close> = twin.randn({ 8, 50 }, 1)
      local y <close> = tensor.zeros { 8, 40 }
      assert(trainer:epoch(x, y, 1, 0.1))
      assert.not_equal(was, view:get(1, 1)) -- it trains what the view shows
      local out <close> = plan:forward(x:slice(1, 1, 4))
      assert.equal(40, out:size(2))
      trainer:close()
      refused("the trainer is closed", function() trainer:epoch(x, y, 2, 0.1) end)
      refused("the trainer is closed", function() trainer:evaluate(x, y) end)
    end
    collectgarbage()
    assert.equal(before, sys.memory().live)
  end)
end)

describe("when an allocation fails", function()
  -- f leaves nothing behind, however far it gets
  local function fails_cleanly(most, f)
    f()
    collectgarbage()
    collectgarbage()
    local before = sys.memory().live
    local failures = 0
    for n = 1, most do
      if n > failures + 2 then break end -- past the last allocation
      sys.fail_allocation(n)
      local ok, message = pcall(f)
      sys.fail_allocation(0)
      if not ok then
        failures = failures + 1
        assert.matches("out of memory", tostring(message))
      end
      collectgarbage()
      assert.equal(before, sys.memory().live, "bytes left behind when allocation " .. n .. " fails")
    end
    return failures
  end

  local layers = {
    { kind = "dense", units = 6, name = "a", group = "block" }, { kind = "batchnorm" }, { kind = "tanh" }, { kind = "relu" },
    { kind = "dropout" }, { kind = "dense", units = 2, inputs = { 3 } }, { kind = "softmax" },
  }

  it("building a net says so and leaks nothing", function()
    local failures = fails_cleanly(60, function()
      local net <close> = twin.net({ 5 }, layers)
      assert(net:built())
    end)
    assert(failures >= 30)
    fails_cleanly(20, function() twin.net({ 5 }, { { kind = "relu" } }):close() end) -- no parameters at all
  end)

  it("so do plans and what they run", function()
    local net <close> = twin.net({ 5 }, layers)
    local x <close> = twin.randn({ 7, 5 }, 1)
    local gy <close> = twin.randn({ 7, 2 }, 1)
    for _, reference in ipairs { 0, 32, 64 } do
      local failures = fails_cleanly(60, function()
        local plan <close> = cplan.new(net, { batch = 7, training = true, input_gradient = true, reference = reference })
        plan:forward(x):close()
        plan:set_gradient(gy)
        local gradients, gx = plan:backward()
        gx:close()
        for _, g in pairs(gradients) do g:close() end
      end)
      assert(failures >= 20)
    end
  end)

  it("so do trainers, for every optimiser and loss", function()
    local net <close> = twin.net({ 5 }, layers)
    local x <close> = twin.randn({ 7, 5 }, 1)
    local labels <close> = tensor.zeros({ 7 }, "i32")
    local targets <close> = tensor.zeros { 7, 2 }
    for _, case in ipairs {
      { "adam", "cross_entropy", labels }, { "adamw", "bce_with_logits", targets }, { "sgd", "mse", targets }, { "rmsprop", "huber", targets },
    } do
      local failures = fails_cleanly(60, function()
        local trainer <close> = ctrain.new(net, { loss = case[2], optimizer = case[1], momentum = 0.5, batch = 3, max_rows = 7 })
        assert(trainer:epoch(x, case[3], 1, 0.01))
        assert(trainer:evaluate(x, case[3]))
      end)
      assert(failures >= 15)
    end
  end)

  it("so does a budget", function()
    collectgarbage()
    sys.set_memory_budget(sys.memory().live + 100000)
    local ok, message = pcall(function() return nn.sequential { input = { 200 }, nn.dense { units = 200, name = "big" } }:build() end)
    sys.set_memory_budget(0)
    assert.is_false(ok)
    assert.matches("out of memory: the net's parameters take .* big.weight", message)
  end)
end)
