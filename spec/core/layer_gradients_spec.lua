-- Every layer kind: gradients against finite differences of the reference
-- forward pass in double, and the fast kernels against the reference.
local cplan = require "nac.c.plan"
local layer_cases = require "spec.support.layer_cases"
local twin = require "spec.support.core_twin"

local H = 2 ^ -11 -- step of the differences

-- Derivative of value() by element i of the flat f32 tensor t, or nil where the
-- function bends between the two sides.
local function derivative(t, i, value, here, h)
  local old = t:get(i)
  t:set(old + h, i)
  local above = t:get(i)
  local up = value()
  t:set(old - h, i)
  local below = t:get(i)
  local down = value()
  t:set(old, i)
  local right, left = (up - here) / (above - old), (here - down) / (old - below)
  local middle = (up - down) / (above - below)
  if math.abs(right - left) > 1e-2 * (1 + math.abs(middle)) then return nil end
  return middle
end

-- A net whose parameters are all random: nothing hides behind a bias of 0.
local function random_net(case, seed)
  local net = twin.net(case.shape, case.layers, seed)
  for i, entry in ipairs(net:tensors()) do
    if entry.role == "parameter" then entry.tensor:copy(twin.randn(entry.tensor:shape(), seed, "p" .. i)) end
  end
  return net
end

local function input_of(case, rows, seed) return twin.randn({ rows, table.unpack(case.shape) }, seed, "x") end

local function check_differences(kind, case, rows, seed)
  local net <close> = random_net(case, seed)
  local x = input_of(case, rows, seed)
  local plan <close> = cplan.new(net, { batch = rows, training = true, input_gradient = true, reference = 64 })
  local gy = twin.randn(plan:forward(x, seed, 1):shape(), seed, "gy")
  local wide = gy:to("f64")
  local function value() return (plan:forward(x, seed, 1) * wide):sum() end
  local here = value()
  plan:set_gradient(gy)
  local gradients, gx = plan:backward()
  local places = { { "x", x, gx } }
  for _, entry in ipairs(net:tensors()) do
    if entry.role == "parameter" then places[#places + 1] = { entry.name, entry.tensor, gradients[entry.name] } end
  end
  local bends = 0
  for _, place in ipairs(places) do
    local name, t, g = place[1], place[2]:reshape(-1), place[3]:reshape(-1)
    local scale = math.max(1, twin.largest(g))
    for i = 1, t:numel() do
      local want = derivative(t, i, value, here, H)
      bends = bends + (want and 0 or 1)
      if want and math.abs(g:get(i) - want) > 2e-5 * scale then -- curved, or bent at the very edge: nearer
        want = derivative(t, i, value, here, H / 64)
      end
      if want and math.abs(g:get(i) - want) > 2e-5 * scale then
        error(("%s, %d rows: gradient of %s[%d] is %.9g, differences give %.9g"):format(
          layer_cases.text(case), rows, name, i, g:get(i), want), 0)
      end
    end
  end
  assert(bends <= 1 + x:numel() // 10, kind .. ": too many bends to say anything")
end

local function check_fast(case, rows, seed, tolerance)
  tolerance = tolerance or 1e-5
  local net <close> = random_net(case, seed)
  local x = input_of(case, rows, seed)
  local want_y, want
  local shape
  do
    local plan <close> = cplan.new(net, { batch = rows })
    shape = plan:forward(x):shape()
  end
  local gy = twin.randn(shape, seed, "gy")
  want_y, want = twin.step(net, x, gy, { reference = 64, seed = seed })
  local function compare(what, options)
    local y, got = twin.step(net, x, gy, options)
    twin.near(y, want_y, tolerance, what .. "y of " .. layer_cases.text(case))
    for name, g in pairs(want) do
      -- a gradient that cancels (softmax, batchnorm of few rows) is compared with the size of gy
      local scale = math.max(twin.largest(g), 0.1 * twin.largest(gy))
      local apart = twin.largest(got[name]:to("f64") - g)
      if not (apart <= tolerance * scale) then
        error(("%sgradient of %s of %s, %d rows: off by %.3g"):format(what, name, layer_cases.text(case), rows, apart / scale), 0)
      end
    end
  end
  twin.each_isa(function() compare("", { seed = seed }) end)
  compare("reference 32: ", { seed = seed, reference = 32 })
end

-- The case's layers, and after them what passes in another segment. Layers that
-- share parameters add to one gradient in turn, piece by piece: not equal in the last bits.
local function check_pieces(case, seed)
  for _, layer in ipairs(case.layers) do
    if layer.share then return end
  end
  local layers = { table.unpack(case.layers) }
  layers[#layers + 1] = { kind = "flatten" }
  layers[#layers + 1] = { kind = "batchnorm" }
  local net <close> = random_net({ shape = case.shape, layers = layers }, seed)
  local x = input_of(case, 53, seed)
  local gy = twin.randn({ 53, table.unpack(net:output_shape()) }, seed, "gy")
  local want_y, want = twin.step(net, x, gy, { piece = 64, seed = seed })
  for _, piece in ipairs { 16, 32 } do
    local y, got = twin.step(net, x, gy, { piece = piece, seed = seed })
    assert(twin.same(y, want_y), "y of " .. layer_cases.text(case))
    for name, g in pairs(want) do assert(twin.same(got[name], g), "gradient of " .. name .. " of " .. layer_cases.text(case)) end
  end
end

describe("gradients of every layer kind", function()
  it("are covered by a case", function() assert.same({}, layer_cases.missing()) end)

  it("equal finite differences", function()
    local seed = 0
    layer_cases.each(function(kind, case)
      for _, rows in ipairs(kind == "batchnorm" and { 4, 5 } or { 2, 3 }) do -- two rows are all but a step
        seed = seed + 1
        check_differences(kind, case, rows, seed)
      end
    end)
  end)

  it("come out of every instruction set as out of the reference in double", function()
    local seed = 1000
    layer_cases.each(function(kind, case)
      for _, rows in ipairs { kind:find("batchnorm") and 3 or 1, 37 } do
        seed = seed + 1
        check_fast(case, rows, seed)
      end
    end)
  end)

  it("come out of the layout of convolutions, too", function()
    local seed = 3000
    layer_cases.each(function(_, case)
      local behind = layer_cases.behind_convolution(case)
      for _, rows in ipairs { 3, 37 } do
        seed = seed + 1
        if behind then check_fast(behind, rows, seed, 3e-5) end
      end
    end)
  end)

  it("have equal bits for every size of the pieces", function()
    local seed = 2000
    layer_cases.each(function(_, case)
      seed = seed + 1
      check_pieces(case, seed)
      local behind = layer_cases.behind_convolution(case)
      if behind then check_pieces(behind, seed) end
    end)
  end)
end)
