local cnet = require "nac.c.net"
local cplan = require "nac.c.plan"
local tensor = require "nac.tensor"
local twin = require "spec.support.core_twin"

describe("activations", function()
  it("hold far from zero", function()
    local x = tensor.new { { -100, -20, -9, -5, -1e-4, 0, 1e-4, 5, 9, 20, 100 } }
    local expected = {
      gelu = { 0, 0, -1.0157296e-18, -1.43326e-6, -4.9996e-5, 0, 5.0004e-5, 4.9999986, 9, 20, 100 },
      silu = { 0, -4.12231e-8, -0.00111055, -0.0334643, -4.99975e-5, 0, 5.00025e-5, 4.966536, 8.998889, 20, 100 },
      softplus = { 0, 2.06115e-9, 0.000123402, 0.00671535, 0.6930972, 0.6931472, 0.6931972, 5.006715, 9.000123, 20, 100 },
      elu = { -1, -1, -0.9998766, -0.9932621, -9.9995e-5, 0, 1e-4, 5, 9, 20, 100 },
      hard_sigmoid = { 0, 0, 0, 0, 0.4999833, 0.5, 0.5000167, 1, 1, 1, 1 },
      hard_tanh = { -1, -1, -1, -1, -1e-4, 0, 1e-4, 1, 1, 1, 1 },
    }
    for kind, want in pairs(expected) do
      local net <close> = twin.net({ 11 }, { { kind = kind } })
      local plan <close> = cplan.new(net, { batch = 1 })
      local y = plan:forward(x):reshape { 11 }
      for i = 1, 11 do
        assert.near(want[i], y:get(i), 1e-5 * math.abs(want[i]) + 1e-30, kind .. " " .. i)
      end
    end
  end)

  it("refuse an axis that is not there", function()
    local net = cnet.new { 3, 4 }
    assert.error_matches(function() net:add { kind = "softmax", axis = 3 } end,
      "'softmax1': axis 3 of an input of shape 3x4: there are axes 1 to 2", nil, true)
  end)
end)

describe("attributes", function()
  local function refusal(layer)
    local ok, message = pcall(cnet.new({ 4, 4 }).add, cnet.new { 4, 4 }, layer)
    assert.is_false(ok)
    return message
  end

  it("that are words list what is allowed and the nearest", function()
    assert.matches("attribute 'func' must be one of mean, max, sum; got 'men', nearest: 'mean'",
      refusal { kind = "aggregate", func = "men" }, 1, true)
    assert.matches("attribute 'func' must be a word", refusal { kind = "aggregate", func = 3 }, 1, true)
  end)

  it("of the wrong type or range are refused", function()
    assert.matches("attribute 'alpha' must be a number from", refusal { kind = "elu", alpha = -1 }, 1, true)
    assert.matches("attribute 'approximate' must be true or false", refusal { kind = "gelu", approximate = 1 }, 1, true)
    assert.matches("unknown attribute 'slop'; relu has none", refusal { kind = "relu", slop = 1 }, 1, true)
  end)
end)
