--- What the specs of nets, plans and training share: nets from lists of
-- layers, known weights, comparisons relative to a tensor's largest value.
local cnet = require "nac.c.net"
local cplan = require "nac.c.plan"
local cpu = require "nac.c.cpu"
local tensor = require "nac.tensor"

local M = {}

--- A net with weights.
-- @param shape shape of one sample
-- @param layers list of layers as net:add takes them
-- @param seed of the weights, default 1
function M.net(shape, layers, seed)
  local net = cnet.new(shape)
  for _, layer in ipairs(layers) do net:add(layer) end
  return net:init(seed or 1)
end

--- Largest absolute element.
function M.largest(t) return t:numel() == 0 and 0 or t:to("f64"):abs():max() end

--- Largest absolute difference of a and b as a share of b's largest value.
function M.distance(a, b)
  assert(table.concat(a:shape(), "x") == table.concat(b:shape(), "x"),
    ("shapes differ: %s and %s"):format(table.concat(a:shape(), "x"), table.concat(b:shape(), "x")))
  local scale = M.largest(b)
  local apart = M.largest(a:to("f64") - b:to("f64"))
  if apart ~= apart then return math.huge end
  return apart / (scale > 0 and scale or 1)
end

--- Fails unless a is within `tolerance` of b, relative to b's largest value.
function M.near(a, b, tolerance, what)
  local d = M.distance(a, b)
  if d > tolerance then
    error(("%s: off by %.3g of the largest value, allowed %.3g"):format(what, d, tolerance), 2)
  end
end

--- Whether two tensors have equal bits (and no NaN).
function M.same(a, b) return a:equal(b) end

--- Calls f(isa) with each instruction set of this CPU in use.
function M.each_isa(f)
  local before = cpu.info().isa
  for _, isa in ipairs(cpu.info().available) do
    cpu.use(isa)
    local ok, message = pcall(f, isa)
    cpu.use(before)
    if not ok then error(type(message) == "string" and isa .. ": " .. message or message, 0) end
  end
end

--- One training step's numbers: output, gradients by name (and "x"), with the
-- gradient gy of the output (or loss = { name, x, y } in its place).
-- @param net a net with weights
-- @param x input
-- @param gy gradient of the output
-- @param options of plan.new; `loss` = name and `y` in place of gy
function M.step(net, x, gy, options)
  options = options or {}
  local plan <close> = cplan.new(net, {
    batch = options.batch or x:size(1), training = true, input_gradient = true, reference = options.reference, piece = options.piece,
  })
  local y = plan:forward(x, options.seed or 0, 0)
  local score
  if options.loss then
    score = plan:loss(options.loss, x, options.y)
  else
    plan:set_gradient(gy)
  end
  local gradients, gx = plan:backward()
  gradients.x = gx
  return y, gradients, score
end

--- A tensor of normal numbers from a seed.
function M.randn(shape, seed, purpose) return tensor.randn(shape, { seed = seed, purpose = purpose or "spec" }) end

--- A generator of small whole numbers that depends on nothing else.
function M.dice(seed)
  local state = seed * 2654435761 % 4294967296
  return function(lo, hi)
    state = (state * 1103515245 + 12345) % 2147483648
    return lo + (state >> 8) % (hi - lo + 1)
  end
end

--- A part of n points of `classes` clouds that overlap a little.
function M.clouds(n, classes, inputs, seed)
  local centre = M.randn({ classes, inputs }, 7, "centres") * 1.5
  local dice, labels, rows = M.dice(seed), {}, {}
  for i = 1, n do
    labels[i] = dice(0, classes - 1)
    rows[i] = labels[i] + 1
  end
  return { x = centre:rows(tensor.new(rows, "i32")) + M.randn({ n, inputs }, seed, "points"), y = tensor.new(labels, "i32") }
end

return M
