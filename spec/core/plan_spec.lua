-- Plans: whole nets forward and backward, whatever the kernels, the size of
-- the pieces and the places where values lie in memory.
local cnet = require "nac.c.net"
local cplan = require "nac.c.plan"
local tensor = require "nac.tensor"
local random_net = require "spec.support.random_net"
local twin = require "spec.support.core_twin"

local function input_of(net, rows, seed) return twin.randn({ rows, table.unpack(net:input_shape()) }, seed, "x") end

local function output_gradient(net, rows, seed) return twin.randn({ rows, table.unpack(net:output_shape()) }, seed, "gy") end

local function each_net(count, f)
  for seed = 1, count do
    for _, graph in ipairs { false, true } do f(seed, graph) end
  end
end

-- f(reference) -> numbers by name: those of every instruction set against the
-- reference in double. Where terms cancel, floats cannot do better than the
-- naive kernels do.
local function check_gradients(what, f)
  local want, naive = f(64), f(32)
  local scale = 0
  for _, g in pairs(want) do scale = math.max(scale, twin.largest(g)) end
  local function apart_by(g, name)
    return twin.largest(g:to("f64") - want[name]:to("f64")) / math.max(twin.largest(want[name]), 1e-2 * scale, 1e-30)
  end
  twin.each_isa(function()
    for name, g in pairs(f(0)) do
      local apart = apart_by(g, name)
      if not (apart <= math.max(1e-4, 4 * apart_by(naive[name], name))) then
        error(("%s: %s off by %.3g"):format(what, name, apart))
      end
    end
  end)
end

describe("a plan of a random net", function()
  it("has the gradient of its function", function()
    -- in double, along one random direction of all parameters and the input together
    each_net(60, function(seed, graph)
      local net <close>, text = random_net.draw(seed, { graph = graph })
      local rows = 5
      local x, gy = input_of(net, rows, seed), output_gradient(net, rows, seed)
      local _, gradients = twin.step(net, x, gy, { reference = 64, seed = seed })
      local wide = gy:to("f64")
      local plan <close> = cplan.new(net, { batch = rows, training = true, reference = 64 })
      local places = { { x, gradients.x } }
      for _, entry in ipairs(net:tensors()) do
        if entry.role == "parameter" then places[#places + 1] = { entry.tensor, gradients[entry.name] } end
      end
      local change, size = 0, 0
      local function value_at(h)
        for i, place in ipairs(places) do
          local t, g = place[1], place[2]
          place.start = place.start or t:clone()
          t:copy(place.start + twin.randn(t:shape(), seed, "direction" .. i) * h)
          local moved = t:to("f64") * g
          change = change + (h > 0 and 1 or -1) * moved:sum()
          size = size + (twin.randn(t:shape(), seed, "direction" .. i):to("f64") * g):abs():sum()
        end
        return (plan:forward(x, seed, 0) * wide):sum()
      end
      local up = value_at(2 ^ -14)
      local down = value_at(-2 ^ -14)
      local unit = 2 ^ -13 * math.max(1, size / 2)
      if not (math.abs((up - down) - change) <= 1e-5 * unit) then
        error(("net %d (%s): the function changes by %g, the gradient says %g"):format(seed, text, up - down, change))
      end
    end)
  end)

  it("gives the same numbers with every instruction set as in double", function()
    each_net(60, function(seed, graph)
      local net <close>, text = random_net.draw(seed, { bends = true, graph = graph })
      local rows = 20 + seed % 29
      local x, gy = input_of(net, rows, seed), output_gradient(net, rows, seed)
      check_gradients(("net %d (%s), %d rows"):format(seed, text, rows), function(reference)
        local y, gradients = twin.step(net, x, gy, { reference = reference, seed = seed })
        gradients.output = y
        return gradients
      end)
    end)
  end)

  it("evaluates as the reference does, with statistics that were trained", function()
    each_net(60, function(seed, graph)
      local net <close>, text = random_net.draw(seed + 300, { bends = true, graph = graph })
      for i, entry in ipairs(net:tensors()) do
        local noise = twin.randn(entry.tensor:shape(), seed, "p" .. i)
        if entry.name:find("running_var") then
          entry.tensor:copy(noise:abs() + 0.5)
        elseif entry.name:find("batchnorm") then
          entry.tensor:copy(noise)
        end
      end
      local x = input_of(net, 21, seed)
      local plan <close> = cplan.new(net, { batch = 21, reference = 64 })
      local want = plan:forward(x)
      twin.each_isa(function()
        local fast <close> = cplan.new(net, { batch = 21 })
        local apart = twin.largest(fast:forward(x):to("f64") - want)
        assert(apart <= 2e-5 * math.max(twin.largest(want), 1e-2), text)
      end)
    end)
  end)

  it("gives equal bits for every size of the pieces", function()
    each_net(12, function(seed, graph)
      local net <close>, text = random_net.draw(seed + 500, { bends = true, graph = graph })
      local rows = 33 + 7 * seed
      local x, gy = input_of(net, rows, seed), output_gradient(net, rows, seed)
      local function check(reference)
        local y, want = twin.step(net, x, gy, { seed = seed, reference = reference })
        for _, piece in ipairs { 16, 32, 48, 1000 } do
          local again, got = twin.step(net, x, gy, { seed = seed, piece = piece, reference = reference })
          assert(twin.same(y, again), text)
          for name, g in pairs(want) do
            assert(twin.same(g, got[name]), ("%s: gradient of %s with pieces of %d"):format(text, name, piece))
          end
        end
      end
      twin.each_isa(function() check(0) end)
      check(32)
      check(64)
    end)
  end)

  it("gives equal bits for a row whatever else is in the batch", function()
    for seed = 1, 8 do
      local net <close> = random_net.draw(seed + 700, { bends = true, graph = true })
      local x = input_of(net, 37, seed)
      local plan <close> = cplan.new(net, { batch = 37 })
      local all = plan:forward(x)
      for _, rows in ipairs { { 1, 1 }, { 5, 6 }, { 17, 37 } } do
        local part = plan:forward(x:slice(1, rows[1], rows[2]))
        assert(twin.same(all:slice(1, rows[1], rows[2]):contiguous(), part))
      end
    end
  end)

  it("has the gradient of the cross-entropy, with a last softmax and without", function()
    for seed = 1, 10 do
      for _, head in ipairs { false, true } do
        local net <close> = random_net.draw(seed + 900, { units = 4, head = head })
        local rows = 21
        local x = input_of(net, rows, seed)
        local dice = twin.dice(seed)
        local labels = {}
        for i = 1, rows do labels[i] = dice(0, 3) end
        check_gradients("net " .. seed, function(reference)
          local options = { loss = "cross_entropy", y = tensor.new(labels, "i32"), seed = seed, reference = reference }
          local _, gradients, score = twin.step(net, x, nil, options)
          gradients.loss = tensor.new { score.loss }
          return gradients
        end)
      end
    end
  end)
end)

describe("batchnorm in a plan", function()
  it("keeps its precision for inputs far from zero", function()
    local net <close> = twin.net({ 3 }, { { kind = "batchnorm" } })
    local x = twin.randn({ 50, 3 }, 1) + 1000
    local gy = twin.randn({ 50, 3 }, 2)
    local y, want = twin.step(net, x, gy, { reference = 64 })
    twin.each_isa(function()
      local fast, got = twin.step(net, x, gy)
      twin.near(fast, y, 1e-4, "y") -- 1000 in float has steps of 6e-5
      twin.near(got.x, want.x, 1e-4, "gx")
      twin.near(got["batchnorm1.weight"], want["batchnorm1.weight"], 1e-4, "weight")
    end)
  end)

  it("gives zero, not infinity, for a constant feature", function()
    local net <close> = twin.net({ 2 }, { { kind = "batchnorm" } })
    local x = tensor.full({ 6, 2 }, 3.7)
    twin.each_isa(function()
      local y, g = twin.step(net, x, tensor.ones { 6, 2 })
      assert(twin.largest(y) < 1e-3 and twin.largest(g.x) < 1e-3)
    end)
  end)

  it("uses the running statistics once trained, whatever the batch", function()
    local net <close> = twin.net({ 2 }, { { kind = "batchnorm", momentum = 1 } })
    local x = twin.randn({ 40, 2 }, 3) * 5 + 2
    twin.step(net, x, tensor.ones { 40, 2 })
    twin.near(net:tensor("batchnorm1.running_mean"), x:mean(1), 1e-5, "mean")
    twin.near(net:tensor("batchnorm1.running_var"), x:var(1) * (40 / 39), 1e-5, "variance")
    local plan <close> = cplan.new(net, { batch = 40 })
    local y = plan:forward(x)
    assert(math.abs(y:mean()) < 1e-5)
    assert(twin.same(plan:forward(x:slice(1, 3, 3)), y:slice(1, 3, 3):contiguous()))
  end)
end)

describe("dropout in a plan", function()
  local net = twin.net({ 50 }, { { kind = "dropout", rate = 0.25 } })
  local x = tensor.ones { 40, 50 }

  it("drops that share and keeps the mean, only in training", function()
    local plan <close> = cplan.new(net, { batch = 40, training = true, input_gradient = true })
    local y = plan:forward(x, 1, 1)
    local kept = y:to("f64"):sum() * 0.75
    assert(math.abs(kept / 2000 - 0.75) < 0.04)
    assert(math.abs(y:max() - 1 / 0.75) < 1e-6 and y:min() == 0)
    plan:set_gradient(tensor.ones { 40, 50 })
    local _, gx = plan:backward()
    assert(twin.same(gx, y)) -- the same elements are dropped on the way back
    local evaluation <close> = cplan.new(net, { batch = 40 })
    assert(twin.same(evaluation:forward(x), x))
  end)

  it("draws by seed and step", function()
    local plan <close> = cplan.new(net, { batch = 40, training = true })
    local y = plan:forward(x, 1, 1)
    assert(twin.same(y, plan:forward(x, 1, 1)))
    assert.is_false(twin.same(y, plan:forward(x, 1, 2)))
    assert.is_false(twin.same(y, plan:forward(x, 2, 1)))
  end)
end)

describe("the memory of a plan", function()
  it("is shared by values that are not alive together", function()
    local layers = {}
    for _ = 1, 10 do
      for _, kind in ipairs { "dense", "batchnorm", "relu" } do
        layers[#layers + 1] = { kind = kind, units = kind == "dense" and 64 or nil }
      end
    end
    local net <close> = twin.net({ 64 }, layers)
    local value = 100 * 64 * 4
    local plan <close> = cplan.new(net, { batch = 100, training = true })
    local info = plan:info()
    assert.equal(11, info.segments)
    -- 21 activations (relu works in place) are read again on the way back
    assert(info.bytes <= 26 * value, ("gradients share memory: %.1f values"):format(info.bytes / value))
  end)

  it("does not grow with the number of readers of a dead end", function()
    local net <close> = cnet.new { 4 }
    for _ = 1, 60 do -- each value is read by two layers that lead nowhere
      net:add { kind = "tanh", inputs = { math.max(1, #net:layers()) } }
    end
    net:add { kind = "dense", units = 2, inputs = { 1 } }
    net:init(1)
    local _, g = twin.step(net, twin.randn({ 3, 4 }, 1), twin.randn({ 3, 2 }, 2))
    assert(twin.largest(g.x) > 0)
  end)
end)

describe("a plan refuses", function()
  local net = twin.net({ 4 }, { { kind = "dense", units = 3 } })
  local x = twin.randn({ 5, 4 }, 1)

  it("input of another shape, type or number of rows", function()
    local plan <close> = cplan.new(net, { batch = 5 })
    assert.error_matches(function() plan:forward(twin.randn({ 5, 3 }, 1)) end, "shape Nx4 expected.*got f32 5x3")
    assert.error_matches(function() plan:forward(x:to("f64")) end, "f32 tensor.*got f64 5x4")
    assert.error_matches(function() plan:forward(twin.randn({ 4, 5 }, 1):transpose()) end, "contiguous")
    assert.error_matches(function() plan:forward(twin.randn({ 6, 4 }, 1)) end, "takes 1 to 5 rows, got 6")
    assert.error_matches(function() plan:forward(tensor.zeros { 0, 4 }) end, "takes 1 to 5 rows, got 0")
    assert.error_matches(function() plan:forward("x") end, "tensor expected")
  end)

  it("steps out of order", function()
    local plan <close> = cplan.new(net, { batch = 5, training = true })
    assert.error_matches(function() plan:backward() end, "backward needs a training plan")
    assert.error_matches(function() plan:set_gradient(x) end, "plan:forward comes first")
    plan:forward(x)
    assert.error_matches(function() plan:set_gradient(x) end, "gradient of 15 numbers, got 20")
    plan:set_gradient(tensor.ones { 5, 3 })
    plan:backward()
    assert.error_matches(function() plan:backward() end, "backward needs")
    assert.error_matches(function() plan:set_gradient(tensor.ones { 5, 3 }) end, "plan:forward comes first")
    local evaluation <close> = cplan.new(net, { batch = 5 })
    evaluation:forward(x)
    assert.error_matches(function() evaluation:set_gradient(tensor.ones { 5, 3 }) end, "a training plan")
    assert.error_matches(function() evaluation:backward() end, "training plan")
  end)

  it("labels that are no output", function()
    local plan <close> = cplan.new(net, { batch = 5, training = true })
    plan:forward(x)
    for _, label in ipairs { 3, -1, 2147483647, -2147483648 } do
      assert.error_matches(function() plan:loss("cross_entropy", x, tensor.new({ 0, 1, label, 1, 0 }, "i32")) end,
        "label %-?%d+ of row 3 is outside 0..2")
    end
    assert.error_matches(function() plan:loss("cross_entropy", x, tensor.zeros({ 4 }, "i32")) end, "5 samples but 4 answers")
    assert.error_matches(function() plan:loss("entropy", x, tensor.zeros({ 5 }, "i32")) end, "unknown loss 'entropy'")
  end)

  it("options that make no sense", function()
    for _, batch in ipairs { 0, -1, 2147483648, math.mininteger } do
      assert.error_matches(function() cplan.new(net, { batch = batch }) end, "batch has 1 to 2%^31")
    end
    assert.error_matches(function() cplan.new(net, { reference = 16 }) end, "'reference' must be 0.*32 or 64.*got 16")
    assert.error_matches(function() cplan.new(net, { batch = "many" }) end, "'batch' must be an integer, got many")
    assert.error_matches(function() cplan.new(net, { training = 1 }) end, "'training' must be true or false")
    assert.error_matches(function() cplan.new(cnet.new { 3 }, {}) end, "no weights yet")
    assert.error_matches(function() cplan.new(cnet.new({ 3 }):init(1), {}) end, "no layers")
    assert.error_matches(function() cplan.new(net, { batch = 2000000000, training = true }) end, "out of memory")
  end)

  it("use after close, and lives on when only the net is closed", function()
    local own = twin.net({ 4 }, { { kind = "dense", units = 3 } })
    local plan = cplan.new(own, { batch = 5, training = true })
    local y = plan:forward(x)
    own:close()
    own:close()
    assert.error_matches(function() own:layers() end, "the net is closed")
    assert(twin.same(y, plan:forward(x)))
    plan:set_gradient(tensor.ones { 5, 3 })
    assert(plan:backward()["dense1.weight"])
    plan:close()
    plan:close()
    assert.error_matches(function() plan:forward(x) end, "the plan is closed")
    assert.error_matches(function() plan:backward() end, "the plan is closed")
    assert.error_matches(function() plan:info() end, "the plan is closed")
  end)
end)
