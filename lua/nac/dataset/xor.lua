--- XOR: points around the corners of a square, class 1 where the signs of the
-- two coordinates differ. The smallest set that no linear net can learn.
local c_tensor = require "nac.c.tensor"
local base = require "nac.dataset.base"
local read_options = require("nac.dataset.options").read
local rng = require "nac.c.rng"

local function half(n, noise, stream)
  local points, classes = {}, {}
  for i = 1, n do
    local a, b = (i // 2) % 2, i % 2
    points[i] = { 2 * a - 1 + noise * stream:normal(), 2 * b - 1 + noise * stream:normal() }
    classes[i] = a ~ b
  end
  return c_tensor.new(points, "f32"), c_tensor.new(classes, "i32")
end

-- The last four mean nothing here; a config's section has them by default.
local OPTIONS = { "n", "noise", "seed", "sample", "flatten", "one_hot", "normalize" }

--- Makes the data set.
-- @param[opt] options `n` = 400 training points (a quarter of it to test), `noise` = 0.2
-- (standard deviation), `seed` = 0 of the points and the splits
-- @return the data set, or nil and a message
return function(options)
  local o, message = read_options(options, OPTIONS, "xor")
  if not o then return nil, message end
  local n, noise, seed = o.n or 400, o.noise or 0.2, o.seed or 0
  return base.new({ name = "xor", task = "classification", shape = { 2 }, n_classes = 2, seed = seed }, {
    train = function() return half(n, noise, rng.stream(seed, "xor", 0)) end,
    test = function() return half(math.max(4, n // 4), noise, rng.stream(seed, "xor", 1)) end,
    provenance = function() return { source = "generated", sha256 = {} } end,
  })
end
