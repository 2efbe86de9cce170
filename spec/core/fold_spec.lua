-- Batchnorm folded into the weights of evaluation plans.
local cplan = require "nac.c.plan"
local nac = require "nac"
local nn = nac.nn

local function outputs(net, x, reference)
  local plan <close> = cplan.new(net, { batch = x:size(1), reference = reference })
  plan:profile()
  local y = plan:forward(x)
  local kinds = {}
  for i, row in ipairs(plan:times()) do kinds[i] = row.kind end
  return y, table.concat(kinds, " ")
end

local function check(arch, want_kinds)
  local net <close> = arch:build { seed = 3 }
  for _, t in ipairs(net:tensors()) do -- statistics as training would leave them
    if t.name:find "running_var" or t.name:find "batchnorm%d.weight" then
      t.tensor:copy(nac.tensor.rand(t.tensor:shape(), { seed = #t.name }) + 0.5)
    elseif t.name:find "running_mean" or t.name:find "batchnorm%d.bias" then
      t.tensor:copy(nac.tensor.randn(t.tensor:shape(), { seed = #t.name }))
    end
  end
  local x = nac.tensor.randn({ 37, table.unpack(arch.input) }, { seed = 1 })
  local y, kinds = outputs(net, x, 0)
  local want = outputs(net, x, 64)
  assert.equal(want_kinds, kinds)
  assert.is_true((y:to("f64") - want):abs():max() < 1e-5 * want:abs():max())
end

describe("evaluation plans", function()
  it("fold batchnorm into dense layers, with and without bias", function()
    check(nn.sequential { input = { 9 }, nn.dense { units = 17 }, nn.batchnorm {}, nn.relu {},
      nn.dense { units = 5, bias = false }, nn.batchnorm {} }, "dense relu dense")
  end)

  it("fold batchnorm over features into dense layers of a set", function()
    check(nn.sequential { input = { 4, 3 }, nn.dense { units = 6 }, nn.batchnorm { axis = -1 }, nn.flatten {}, nn.dense { units = 2 } },
      "dense flatten dense")
  end)

  it("leave batchnorm over positions, after another layer and of values read twice", function()
    check(nn.sequential { input = { 4, 3 }, nn.dense { units = 6 }, nn.batchnorm {} }, "dense batchnorm")
    check(nn.sequential { input = { 4 }, nn.dense { units = 6 }, nn.relu {}, nn.batchnorm {} }, "dense relu batchnorm")
    local v = nn.input { 4 }
    local d = nn.dense { units = 4 } (v)
    check(nn.graph { input = v, output = nn.add {} (nn.batchnorm {} (d), d) }, "dense batchnorm add")
  end)

  it("fold batchnorm into convolutions", function()
    check(nn.sequential { input = { 2, 6, 5 }, nn.conv2d { channels = 4, kernel = 3, bias = false }, nn.batchnorm {}, nn.relu {},
      nn.conv2d { channels = 4, kernel = 1, groups = 2 }, nn.batchnorm {} }, "relayout conv2d relu conv2d relayout")
  end)
end)
