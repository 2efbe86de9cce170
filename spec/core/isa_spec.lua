-- The choice of kernels, and how exact their functions are.
local cpu = require "nac.c.cpu"
local cplan = require "nac.c.plan"
local interpreter = require "spec.support.interpreter"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

describe("NAC_ISA", function()
  it("chooses the kernels of a process", function()
    for _, isa in ipairs(cpu.info().available) do
      local out, status = interpreter.run("NAC_ISA=" .. isa .. [[ $NAC_LUA -e 'print(require("nac.c.cpu").info().isa)']])
      assert.equal(isa .. "\n", out)
      assert.equal(0, status)
    end
    local out = interpreter.run([[NAC_ISA= $NAC_LUA -e 'print(require("nac.c.cpu").info().isa)']])
    assert.equal(cpu.info().available[1] .. "\n", out)
  end)

  it("of another value is refused with what this CPU has", function()
    local list = table.concat(cpu.info().available, ", ")
    for _, module in ipairs { "nac.c.cpu", "nac.c.net", "nac.c.train", "nac.tensor" } do
      local out, status = interpreter.run(([[NAC_ISA=sse9 $NAC_LUA -e 'require "%s"']]):format(module))
      assert.matches("NAC_ISA: instruction set 'sse9' is not one that this CPU has: " .. list, out)
      assert.not_equal(0, status)
      assert.is_nil(out:find("core dumped"))
    end
    assert.error_matches(function() cpu.use("sse9") end, "instruction set 'sse9'.*" .. list)
    assert.equal(cpu.info().available[1], cpu.info().isa)
  end)

  it("trains a net to the same accuracy with every set", function()
    local script = [[
      local nac = require "nac"
      local data = nac.dataset.xor { n = 400 }
      local net = nac.nn.sequential { input = { 2 }, nac.nn.dense { units = 8 }, nac.nn.tanh {}, nac.nn.dense { units = 2 } }:build()
      print(nac.train.fit(net, data, { epochs = 40, lr = .03, patience = false }).val_accuracy > .95)
    ]]
    local file = os.tmpname()
    local f = assert(io.open(file, "w"))
    f:write(script)
    f:close()
    for _, isa in ipairs(cpu.info().available) do
      assert.equal("true\n", (interpreter.run("NAC_ISA=" .. isa .. " $NAC_LUA " .. file)))
    end
    os.remove(file)
  end)
end)

-- Largest distance, in units of the last place, of a layer's first outputs on
-- samples (x, 0, ...) from f(x) in double.
local function worst_ulp(kind, width, lo, hi, f)
  local n = 5000
  local x = tensor.zeros { n, width }
  for i = 1, n do x:set(lo + (hi - lo) * (i - 1) / (n - 1), i, 1) end
  local net <close> = twin.net({ width }, { { kind = kind } })
  local plan <close> = cplan.new(net, { batch = n })
  local y = plan:forward(x)
  local worst = 0
  for i = 1, n do
    local want = f(x:get(i, 1))
    local exponent = math.floor(math.log(math.max(math.abs(want), 2 ^ -126), 2))
    worst = math.max(worst, math.abs(y:get(i, 1) - want) / 2 ^ (exponent - 23))
  end
  return worst
end

local function tanh(x)
  if math.abs(x) < 1e-4 then return x - x ^ 3 / 3 end
  if x > 20 then return 1 elseif x < -20 then return -1 end
  local e = math.exp(2 * x)
  return (e - 1) / (e + 1)
end

local function sigmoid(x) return 1 / (1 + math.exp(-x)) end

describe("the vector functions", function()
  it("stay within the errors that src/kern/simd.h states", function()
    local file = assert(io.open("src/kern/simd.h"))
    local text = file:read("a")
    file:close()
    local stated = {}
    for name, ulp in text:gmatch("(v%a+): error at most ([%d.]+) ulp") do stated[name] = tonumber(ulp) end
    assert(stated.vexp and stated.vtanh and stated.vsigmoid)
    twin.each_isa(function(isa)
      local function check(name, kind, width, f, ...)
        for _, range in ipairs { ... } do
          local ulp = worst_ulp(kind, width, range[1], range[2], f)
          assert(ulp <= stated[name], ("%s %s on [%g, %g]: %.2f ulp"):format(isa, name, range[1], range[2], ulp))
        end
      end
      -- the softmax of (x, 0) is exp(x) where 1 + exp(x) rounds to 1
      check("vexp", "softmax", 2, math.exp, { -18, -17.4 }, { -40, -18 }, { -87.3, -18 })
      check("vtanh", "tanh", 1, tanh, { -1, 1 }, { -0.01, 0.01 }, { 0.6, 0.65 }, { -12, 12 }, { 100, 1e30 })
      check("vsigmoid", "sigmoid", 1, sigmoid, { -1, 1 }, { -20, 20 }, { -86, 0 }, { 80, 1e30 })
    end)
  end)

  it("end where the function ends: infinity, far out, not a number", function()
    local inf, nan = math.huge, 0 / 0
    local x = tensor.new { { inf }, { -inf }, { 1e38 }, { -1e38 }, { 200 }, { -200 }, { 0 }, { nan } }
    local want = { tanh = { 1, -1, 1, -1, 1, -1, 0 }, sigmoid = { 1, 0, 1, 0, 1, 0, 0.5 } }
    twin.each_isa(function()
      for kind, values in pairs(want) do
        local net <close> = twin.net({ 1 }, { { kind = kind } })
        local plan <close> = cplan.new(net, { batch = 8 })
        local y = plan:forward(x)
        for i, value in ipairs(values) do assert(math.abs(y:get(i, 1) - value) < 1e-37, kind .. " of " .. x:get(i, 1)) end
        assert(y:get(8, 1) ~= y:get(8, 1), kind .. " of NaN")
      end
      local net <close> = twin.net({ 1 }, { { kind = "relu" } })
      local plan <close> = cplan.new(net, { batch = 8 })
      local y = plan:forward(x)
      assert.equal(inf, y:get(1, 1))
      assert.equal(0, y:get(2, 1))
      assert(y:get(8, 1) ~= y:get(8, 1))
    end)
  end)

  it("make a softmax whose rows add up to one, for logits of any size", function()
    twin.each_isa(function()
      for _, n in ipairs { 1, 2, 7, 16, 33 } do
        local net <close> = twin.net({ n }, { { kind = "softmax" } })
        local plan <close> = cplan.new(net, { batch = 50 })
        for _, spread in ipairs { 0.1, 5, 1000 } do
          local y = plan:forward(twin.randn({ 50, n }, n) * spread)
          assert(y:min() >= 0 and y:max() <= 1)
          assert(twin.largest(y:sum(2) - 1) < 1e-6)
        end
      end
    end)
  end)
end)
