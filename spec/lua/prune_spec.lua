-- Pruning: which weights go, that they stay away, what rewinding gives back.
local nac = require "nac"
local nn = nac.nn

local function net_of(...)
  return nn.sequential { input = { 4 }, nn.dense { units = 3, name = "a" }, nn.relu {}, nn.dense { units = 2, name = "b" } }:build(...)
end

local function data(n)
  local x = nac.tensor.randn({ n or 64, 4 }, { seed = 5 })
  local y = nac.tensor.zeros({ n or 64 }, "i32")
  for i = 1, n or 64 do y:set(x:get(i, 1) + x:get(i, 2) > 0 and 1 or 0, i) end
  return { fit = { x = x, y = y } }
end

local function zeros(t) return math.tointeger(t:eq(0):to("i32"):sum()) end

describe("magnitude pruning", function()
  it("takes the least weights of all layers, or of each", function()
    local net = net_of {}
    net:tensor("a.weight"):copy(nac.tensor { { .1, -.2, .3, -.4 }, { .5, -.6, .7, -.8 }, { .9, -1, 1.1, -1.2 } })
    net:tensor("b.weight"):copy(nac.tensor { { 10, -20, 30 }, { -40, 50, -60 } })
    assert.equal(9 / 18, nac.prune.magnitude(net, { sparsity = .5 }))
    assert.equal(9, zeros(net:tensor "a.weight"))
    assert.equal(0, zeros(net:tensor "b.weight"))
    assert.equal(-1, net:tensor("a.weight"):get(3, 2))
    nac.prune.magnitude(net, { sparsity = .5, scope = "layer" })
    assert.equal(9, zeros(net:tensor "a.weight")) -- what is pruned stays so
    assert.equal(3, zeros(net:tensor "b.weight"))
    assert.equal(-40, net:tensor("b.weight"):get(2, 1))
    nac.prune.magnitude(net, { amount = .5, layers = { "b" } }) -- half of the three left
    assert.equal(5, zeros(net:tensor "b.weight"))
    assert.equal(-60, net:tensor("b.weight"):get(2, 3))
  end)

  it("counts equal weights out one by one, and biases where they are included", function()
    local net = net_of {}
    for _, entry in ipairs(net:tensors()) do entry.tensor:fill(1) end
    assert.equal(6 / 18, nac.prune.magnitude(net, { sparsity = 1 / 3 }))
    local part, rows = nac.prune.magnitude(net, { sparsity = 1, include_bias = true })
    assert.equal(1, part)
    assert.equal("a.weight a.bias b.weight b.bias", table.concat({ rows[1].name, rows[2].name, rows[3].name, rows[4].name }, " "))
    assert.equal(0, nac.train.predict(net, nac.tensor.ones { 1, 4 }):abs():max())
  end)

  it("stays in training and in files", function()
    local net = net_of { seed = 2 }
    nac.prune.magnitude(net, { sparsity = .5 })
    nac.train.fit(net, data(), { epochs = 3, optimizer = { kind = "adamw", weight_decay = .1 } })
    assert.equal(.5, (nac.prune.sparsity(net)))
    local base = os.tmpname()
    for _, ending in ipairs { ".npz", ".yaml" } do
      assert(nac.model.save(net, base .. ending))
      local other
      if ending == ".npz" then
        other = net_of { seed = 9 }
        assert(nac.model.load(other, base .. ending))
      else
        other = assert(nac.model.load(base .. ending))
      end
      assert.is_true(other:mask("a.weight"):equal(net:mask "a.weight"))
      nac.train.fit(other, data(), { epochs = 1 })
      assert.equal(.5, (nac.prune.sparsity(other)))
    end
    local free = net_of { seed = 3 }
    assert(nac.model.save(free, base .. ".npz"))
    assert(nac.model.load(net, base .. ".npz")) -- weights without masks take the masks away
    assert.is_nil(net:mask "a.weight")
    local wrong = nac.npz.read(base .. ".npz")
    wrong["a.weight.mask"] = nac.tensor.zeros({ 2 }, "u8")
    assert(nac.npz.write(base .. ".npz", wrong))
    local ok, message = nac.model.load(net, base .. ".npz")
    assert.is_nil(ok)
    assert.matches("a.weight.mask is u8 2, the net needs u8 3x4", message, 1, true)
    os.execute("rm -f " .. base .. "*")
  end)

  it("refuses what makes no sense", function()
    local net = net_of {}
    local function refused(options, message) assert.error_matches(function() nac.prune.magnitude(net, options) end, message) end
    refused({ sparsity = 1.5 }, "part from 0 to 1, got 1.5")
    refused({}, "either sparsity or amount")
    refused({ sparsity = .5, amount = .5 }, "either sparsity or amount")
    refused({ sparsity = .5, scope = "all" }, "unknown scope")
    refused({ sparsity = .5, layers = { "c" } }, "unknown layer with weights 'c'")
    refused({ sparse = .5 }, "nearest: sparsity")
    net:tensor("a.weight"):set(0 / 0, 1, 1)
    refused({ sparsity = .5 }, "a.weight holds numbers that are not finite")
    assert.error_matches(function()
      nac.prune.magnitude(nn.sequential { input = { 2 }, nn.relu {} }:build {}, { sparsity = .5 })
    end, "no weights")
  end)
end)

describe("pruning of the groups that share a multiplier", function()
  local function net_of_groups()
    local net = nn.sequential { input = { 4 }, nn.dense { units = 2, name = "a", bias = false }, nn.relu {}, nn.dense { units = 2, name = "b" } }:build {}
    net:tensor("a.weight"):copy(nac.tensor { { 1, -1, 5, 0 }, { 0, 9, 3, 3 } })
    net:tensor("b.weight"):copy(nac.tensor { { 4, .5 }, { .5, 5 } })
    return net
  end

  it("takes whole groups, the least norms first", function()
    local net = net_of_groups()
    -- two weights a multiplier: of a (1,-1) (5,0) (0,9) (3,3), of b (4,.5) (.5,5); l1 2 5 9 6 4.5 5.5
    assert.equal(6 / 12, nac.prune.magnitude(net, { structure = "reuse_groups", reuse_factor = 2, sparsity = 4 / 12 })) -- and two zeros of its own
    assert.same({ { 0, 0, 5, 0 }, { 0, 9, 3, 3 } }, net:tensor("a.weight"):totable())
    assert.same({ { 0, 0 }, { .5, 5 } }, net:tensor("b.weight"):totable())
    assert.same({ { layer = "a", group = 2, groups = 4, zero = 1 }, { layer = "b", group = 2, groups = 2, zero = 1 } }, nac.prune.reuse_groups(net, 2))
    net = net_of_groups() -- l2: 1.4, 5, 9, 4.2, 4.03, 5.02
    nac.prune.magnitude(net, { structure = "reuse_groups", reuse_factor = 2, norm = "l2", sparsity = .5, scope = "global" })
    assert.same({ { 0, 0, 5, 0 }, { 0, 9, 0, 0 } }, net:tensor("a.weight"):totable())
    nac.train.fit(net, data(), { epochs = 2 })
    assert.equal(3, nac.prune.reuse_groups(net, 2)[1].zero + nac.prune.reuse_groups(net, 2)[2].zero)
  end)

  it("follows the legal factor of each layer, rows together where it is above the inputs", function()
    local net = net_of_groups()
    nac.prune.magnitude(net, { structure = "reuse_groups", reuse_factor = 4, sparsity = .5, scope = "layer" })
    assert.same({ { 0, 0, 0, 0 }, { 0, 9, 3, 3 } }, net:tensor("a.weight"):totable())
    assert.equal(4, nac.prune.reuse_groups(net, 4)[2].group)
    assert.equal(1, nac.prune.reuse_groups(net, 4)[2].groups)
  end)

  it("are those of a window in convolutions, whose zero groups the firmware leaves out", function()
    local net = nn.sequential { input = { 4, 5, 5 }, nn.conv2d { channels = 6, kernel = 2, groups = 2 }, nn.flatten {}, nn.dense { units = 2 } }
      :build { seed = 1 }
    nac.prune.magnitude(net, { structure = "reuse_groups", reuse_factor = 4, sparsity = .5, scope = "layer" })
    assert.same({ layer = "conv2d1", group = 4, groups = 12, zero = 6 }, nac.prune.reuse_groups(net, 4)[1])
    local q = nac.quant.prepare(net, { total_bits = 8, int_bits = 2, quiet = true })
    local dir = os.tmpname()
    assert(nac.hls.write(q, dir, { strategy = "resource", reuse_factor = 4, force = os.remove(dir) }))
    local parameters = assert(require("nac.util.file").read(dir .. "/firmware/parameters.h"))
    assert.equal("6", parameters:match "struct config2_product {.-multipliers = (%d+);")
    os.execute("rm -r " .. dir)
  end)

  it("are those that the firmware multiplies one after the other", function()
    -- nac::matmul_const_resource: multiplier (o, i) serves w[(o + row) * n_in + i + column]
    local reuse = require "nac.estimate.reuse"
    for _, case in ipairs { { 6, 4, 3 }, { 6, 4, 6 }, { 6, 4, 12 }, { 5, 3, 15 }, { 8, 2, 1 } } do
      local n_in, n_out, factor = table.unpack(case)
      assert.equal(factor, reuse.nearest(n_in, n_out, factor))
      local columns, rows = math.min(factor, n_in), math.max(1, factor // n_in)
      for o = 0, n_out - 1, rows do
        for i = 0, n_in - 1, columns do
          for row = 0, rows - 1 do
            for column = 0, columns - 1 do
              assert.equal((o * n_in + i) // factor, ((o + row) * n_in + i + column) // factor)
            end
          end
        end
      end
    end
  end)

  it("refuses what makes no sense", function()
    local net = net_of_groups()
    local function refused(options, message)
      options.sparsity = .5
      assert.error_matches(function() nac.prune.magnitude(net, options) end, message)
    end
    refused({ structure = "reuse_groups" }, "reuse_factor must be an integer from 1, got nil")
    refused({ reuse_factor = 2 }, "needs structure")
    refused({ structure = "reuse_groups", reuse_factor = 2, include_bias = true }, "biases belong to no multiplier")
    refused({ structure = "groups" }, "unknown structure")
    refused({ structure = "reuse_groups", reuse_factor = 2, norm = "l3" }, "unknown norm")
  end)
end)

describe("schedules of pruning", function()
  it("are constant, cubic or iterative", function()
    assert.equal(.3, nac.prune.schedule { kind = "constant", sparsity = .3 }(7))
    local cubic = nac.prune.schedule { kind = "cubic", final = .8, iterations = 4 }
    assert.is_true(math.abs(cubic(2) - (.8 - .8 / 8)) < 1e-12)
    assert.equal(.8, cubic(4))
    assert.is_true(math.abs(nac.prune.schedule { kind = "iterative", keep = .7 }(2) - .51) < 1e-12)
    assert.error_matches(function() nac.prune.schedule { kind = "cubical" } end, "nearest: cubic")
    assert.error_matches(function() nac.prune.schedule { kind = "constant", sparsity = 2 } end, "from 0 to 1, got 2")
  end)
end)

describe("iterative pruning", function()
  it("rewinds weights and statistics to the state asked for, and to none otherwise", function()
    local function run(rewind)
      local net = nn.sequential { input = { 4 }, nn.dense { units = 6, name = "a" }, nn.batchnorm {}, nn.relu {}, nn.dense { units = 2 } }:build {}
      local states = { init = nac.tensor.zeros { net:state_size() } }
      net:save_state(states.init)
      local rows = nac.prune.iterative(net, data(), { iterations = 2, keep = .5, warmup = 3, epochs = 0, rewind = rewind,
        on_iteration = function(row)
          states[row.iteration] = nac.tensor.zeros { net:state_size() }
          net:save_state(states[row.iteration])
        end })
      assert.equal(3, #rows)
      assert.is_true(math.abs(rows[3].sparsity - .75) < 1e-9)
      -- what is not pruned equals the state rewound to
      local function same(a, b) return (a:ne(0):to "f32" * (a - b)):abs():max() == 0 end
      return same(states[2], states.init), same(states[2], states[0])
    end
    assert.same({ false, true }, { run "warmup" })
    assert.same({ true, false }, { run "init" })
    assert.same({ true, false }, { run "epoch:0" })
    assert.same({ false, true }, { run "none" }) -- nothing was trained in between
    assert.same({ false, false }, { run "epoch:1" })
  end)

  it("follows the two algorithms by name", function()
    local net = net_of { seed = 4 }
    local rows = nac.prune.iterative(net, data(), { algorithm = "nac", epochs = 1, iterations = 3 })
    assert.is_true(math.abs(rows[4].sparsity - (1 - .8 ^ 3)) < 1 / 18)
    assert.equal(rows[1].fit.epochs, 0)
    net = net_of { seed = 4 }
    rows = nac.prune.iterative(net, data(), { algorithm = "snac-pack", keep = .5, epochs = 1, iterations = 1, warmup = 1 })
    assert.equal(.5, rows[2].sparsity)
    assert.equal(6, zeros(net:tensor "a.weight"))
  end)

  it("finds SNAC-Pack's masks anew every half epoch, each layer with 1 - rate^i zeros", function()
    local function changes(updates)
      local net = nn.sequential {
        input = { 4 }, nn.dense { units = 12, name = "a" }, nn.relu {}, nn.dense { units = 2, name = "b" },
      }:build { seed = 4 }
      local seen, calls, back = {}, 0, 0
      local magnitude = require "nac.prune.magnitude"
      local find = magnitude.magnitude
      magnitude.magnitude = function(n, options)
        local part = find(n, options)
        calls = calls + 1
        local mask = n:mask "a.weight"
        if seen.last then back = back + math.tointeger(mask:gt(seen.last):to("i32"):sum()) end
        seen.last = mask
        return part
      end
      local rows = nac.prune.iterative(net, data(), { algorithm = "snac-pack", keep = .5, epochs = 3, iterations = 1, warmup = 1,
        mask_updates = updates, fit = { lr = .05, batch = 16 },
        on_iteration = function(row)
          if row.iteration == 1 then
            assert.equal(24, zeros(net:tensor "a.weight"))
            assert.equal(12, zeros(net:tensor "b.weight"))
            assert.equal(24, zeros(net:mask "a.weight"))
          end
        end })
      magnitude.magnitude = find
      assert.equal(.5, rows[2].sparsity)
      return calls, back > 0
    end
    assert.same({ 1 + 2 * 3, true }, { changes(nil) }) -- at the start, in the midst and at the end of each epoch
    assert.same({ 1, false }, { changes(0) })
  end)

  it("gives SNAC-Pack's masks back with the epoch that counts", function()
    local net = net_of { seed = 4 }
    local parts = { fit = data().fit, search = data(32).fit }
    nac.prune.iterative(net, parts, { algorithm = "snac-pack", keep = .5, epochs = 4, iterations = 2, fit = { lr = .3, batch = 8 }, on_iteration = function(row)
      if row.iteration == 0 then return end
      for _, name in ipairs { "a.weight", "b.weight" } do
        assert.is_true(net:tensor(name):ne(0):equal(net:mask(name)))
      end
      assert.is_true(math.abs(row.sparsity - (1 - .5 ^ row.iteration)) < 1 / 18)
    end })
  end)

  it("prunes groups, units and heads", function()
    local net = net_of { seed = 4 }
    local rows, same = nac.prune.iterative(net, data(), {
      structure = "reuse_groups", reuse_factor = 2, keep = .5, epochs = 1, iterations = 2, scope = "global",
    })
    assert.equal(net, same)
    assert.is_true(rows[3].sparsity >= .6)
    net = nn.sequential { input = { 4 }, nn.dense { units = 10, name = "a" }, nn.relu {}, nn.dense { units = 6, name = "b" }, nn.relu {},
      nn.dense { units = 2, name = "c" } }:build { seed = 4 }
    local before = 10 * 4 + 10 * 6 + 6 * 2
    local nets, states = {}, {}
    local all, small = nac.prune.iterative(nac.quant.copy(net), data(), { structure = "units", keep = .7, epochs = 1, warmup = 1, fit = { seed = 3 },
      iterations = 3, on_iteration = function(row, n, state) nets[row.iteration], states[row.iteration] = nac.quant.copy(n), state end })
    assert.same({ 10, 7, 5, 3 }, { nets[0]:tensor("a.weight"):size(1), nets[1]:tensor("a.weight"):size(1), nets[2]:tensor("a.weight"):size(1),
      small:tensor("a.weight"):size(1) }) -- 10 x .7^i
    assert.equal(2, small:tensor("b.weight"):size(1))
    assert.is_true(math.abs(all[4].sparsity - (1 - (3 * 4 + 3 * 2 + 2 * 2) / before)) < 1e-12)
    assert.equal(states[3]:numel(), small:state_size())
    local _, again = nac.prune.iterative(nets[1], data(), { structure = "units", keep = .7, epochs = 1, warmup = 1, fit = { seed = 3 },
      iterations = 3, resumed = true, done = 1, rewind_state = states[1], origin = net })
    assert.is_true(again:tensor("a.weight"):equal(small:tensor "a.weight"))
  end)

  it("goes on from an earlier call as if there had been none", function()
    local function last(whole)
      local net = net_of { seed = 4 }
      local options = { iterations = 3, epochs = 2, warmup = 1, fit = { seed = 3 } }
      if not whole then
        local state
        nac.prune.iterative(net, data(), { iterations = 1, epochs = 2, warmup = 1, fit = { seed = 3 },
          on_iteration = function(_, _, s) state = s end })
        options.resumed, options.done, options.rewind_state = true, 1, state
      end
      nac.prune.iterative(net, data(), options)
      return net:tensor "a.weight"
    end
    assert.is_true(last(true):equal(last(false)))
  end)

  it("refuses what makes no sense", function()
    local net = net_of {}
    local function refused(options, message) assert.error_matches(function() nac.prune.iterative(net, data(), options) end, message) end
    refused({ keep = 0 }, "above 0 and at most 1, got 0")
    refused({ keep = 1.5 }, "got 1.5")
    refused({ rewind = "warmpu" }, "nearest: warmup")
    refused({ rewind = "epoch:3", warmup = 2 }, "epoch 3, but the warm%-up has 2 epochs")
    refused({ algorithm = "snac" }, "unknown pruning algorithm")
    refused({ rewind = "epoch:k" }, "takes a number, as in epoch:3")
    refused({ structure = "unit" }, "unknown structure of pruning")
    refused({ structure = "heads" }, "no heads to be pruned")
    refused({ mask_updates = -1 }, "mask_updates must be an integer from 0")
  end)
end)
