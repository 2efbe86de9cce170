-- A number that is none is never lost on the way: what comes out of every kind of
-- layer shows it, in every mode, wherever it stands in the sample.
local cplan = require "nac.c.plan"
local nac = require "nac"
local twin = require "spec.support.core_twin"

local flat, image = { 5 }, { 3, 4, 5 }
local cases = {
  { flat, { kind = "dense", units = 3 } }, { image, { kind = "conv2d", channels = 2, kernel = 3, same = true } },
  { { 3, 7 }, { kind = "conv1d", channels = 2, kernel = 3, same = true } }, { image, { kind = "batchnorm" } }, { image, { kind = "layernorm" } },
  { flat, { kind = "softmax" } }, { image, { kind = "softmax", axis = 1 } }, { flat, { kind = "log_softmax" } },
  { image, { kind = "max_pool", size = 2, padding = 1 } }, { image, { kind = "avg_pool", size = 2, padding = 1 } },
  { image, { kind = "global_max_pool" } }, { image, { kind = "global_avg_pool" } }, { flat, { kind = "scale", value = 0 } },
}
for _, func in ipairs { "max", "mean", "sum" } do
  for axis = 1, 3 do cases[#cases + 1] = { image, { kind = "aggregate", func = func, axis = axis } } end
end
for _, kind in ipairs { "relu", "leaky_relu", "gelu", "silu", "elu", "softplus", "tanh", "sigmoid", "hard_tanh", "hard_sigmoid" } do
  cases[#cases + 1] = { flat, { kind = kind } }
end

local function check(case, rows, reference)
  local shape, layer = case[1], case[2]
  local net <close> = twin.net(shape, { layer })
  local plan <close> = cplan.new(net, { batch = rows, reference = reference })
  local size = 1
  for _, n in ipairs(shape) do size = size * n end
  local x = twin.randn({ rows, size }, 1)
  for place = 1, size do
    local before = x:get(rows, place)
    x:set(0 / 0, rows, place)
    local y = plan:forward(x:reshape { rows, table.unpack(shape) })
    assert.is_false(y:select(1, rows):isfinite(), ("%s %s, place %d of %d, %d rows"):format(layer.kind, layer.func or "", place, size, rows))
    assert.is_true(rows == 1 or y:slice(1, 1, rows - 1):isfinite(), layer.kind .. ": another row")
    x:set(before, rows, place)
  end
end

describe("a NaN", function()
  for _, case in ipairs(cases) do
    it(("passes through %s %s"):format(case[2].kind, case[2].func or ""), function()
      twin.each_isa(function()
        check(case, 1, 0)
        check(case, 18, 0) -- layouts of sixteen rows side by side
      end)
      check(case, 1, 32)
      check(case, 2, 64)
    end)
  end

  it("in one particle of a set is a loss that is none", function()
    local arch = nac.nn.sequential { input = { 8, 3 }, nac.nn.deepsets { phi = { 8 }, rho = { 8, 2 }, aggregation = "max" } }
    local x = nac.tensor.randn({ 40, 8, 3 }, { seed = 1 })
    x:set(0 / 0, 7, 2, 1)
    local ok, why = pcall(nac.train.fit, arch:build {}, { fit = { x = x, y = nac.tensor.zeros({ 40 }, "i32") } }, { epochs = 1 })
    assert.is_false(ok)
    assert.matches("loss is %-?nan", tostring(why))
  end)
end)
