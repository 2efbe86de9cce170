-- Layers against PyTorch: spec/golden/pytorch.npz, made by pytorch.py beside it.
local cplan = require "nac.c.plan"
local cnet = require "nac.c.net"
local npz = require "nac.c.npz"
local twin = require "spec.support.core_twin"

local golden = assert(npz.read("spec/golden/pytorch.npz"))

-- case -> { layer, eval = whether it is in its evaluation form }; PyTorch's names of tensors are ours
local cases = {
  linear = { { kind = "dense", units = 7 } },
  linear_nobias = { { kind = "dense", units = 10, bias = false } },
  linear_1out = { { kind = "dense", units = 1 } },
  linear_set = { { kind = "dense", units = 5 } },
  batchnorm1d_train = { { kind = "batchnorm" } },
  batchnorm1d_eps = { { kind = "batchnorm", eps = 1e-3, momentum = 0.01 } },
  batchnorm1d_eval = { { kind = "batchnorm" }, eval = true },
  batchnorm1d_ncl_train = { { kind = "batchnorm" } },
  batchnorm1d_ncl_eval = { { kind = "batchnorm" }, eval = true },
  batchnorm2d_train = { { kind = "batchnorm" } },
  batchnorm2d_eval = { { kind = "batchnorm" }, eval = true },
  batchnorm_2rows = { { kind = "batchnorm" } },
  batchnorm_of_set_train = { { kind = "batchnorm", axis = -1 } },
  batchnorm_of_set_eval = { { kind = "batchnorm", axis = -1 }, eval = true },
  relu = { { kind = "relu" } },
  leaky_relu = { { kind = "leaky_relu", slope = 0.2 } },
  tanh = { { kind = "tanh" } },
  sigmoid = { { kind = "sigmoid" } },
  gelu = { { kind = "gelu" } },
  gelu_tanh = { { kind = "gelu", approximate = true } },
  silu = { { kind = "silu" } },
  elu = { { kind = "elu", alpha = 0.7 } },
  softplus = { { kind = "softplus" } },
  hard_sigmoid = { { kind = "hard_sigmoid" } },
  hard_tanh = { { kind = "hard_tanh" } },
  softmax = { { kind = "softmax" } },
  softmax_1 = { { kind = "softmax" } },
  softmax_axis1 = { { kind = "softmax", axis = 1 } },
  log_softmax = { { kind = "log_softmax" } },
  log_softmax_axis1 = { { kind = "log_softmax", axis = 1 } },
  conv2d_k3_s2_same_even = { { kind = "conv2d", channels = 4, kernel = 3, stride = 2, same = true } },
  conv2d_nobias = { { kind = "conv2d", channels = 4, kernel = 3, bias = false } },
  conv2d_rect = { { kind = "conv2d", channels = 3, kernel = { 1, 3 }, stride = { 2, 1 }, same = true } },
  conv2d_groups2 = { { kind = "conv2d", channels = 6, kernel = 3, groups = 2 } },
  conv2d_depthwise = { { kind = "conv2d", channels = 6, kernel = 3, groups = 6 } },
  conv2d_depthwise_same_s2 = { { kind = "conv2d", channels = 12, kernel = 3, stride = 2, groups = 6, same = true } },
  conv2d_dilation2 = { { kind = "conv2d", channels = 3, kernel = 3, dilation = 2 } },
  conv2d_1x1_image = { { kind = "conv2d", channels = 2, kernel = 1 } },
  conv1d_k1 = { { kind = "conv1d", channels = 4, kernel = 1 } },
  conv1d_k3_s2_same = { { kind = "conv1d", channels = 4, kernel = 3, stride = 2, same = true } },
  conv1d_k5_valid = { { kind = "conv1d", channels = 4, kernel = 5 } },
  set_mean = { { kind = "aggregate", func = "mean" } },
  set_max = { { kind = "aggregate", func = "max" } },
  set_sum = { { kind = "aggregate", func = "sum" } },
}

for _, stride in ipairs { 1, 2 } do
  for _, kernel in ipairs { 1, 3, 5 } do
    local name = ("conv2d_k%d_s%d_"):format(kernel, stride)
    cases[name .. "valid"] = { { kind = "conv2d", channels = 5, kernel = kernel, stride = stride } }
    cases[name .. "same"] = { { kind = "conv2d", channels = 5, kernel = kernel, stride = stride, same = true } }
  end
end

-- The arrays of a case by their short names.
local function arrays_of(case)
  local found = {}
  for name, t in pairs(golden) do
    local short = name:match("^" .. case .. "/(.*)$")
    if short then found[short] = t end
  end
  assert(found.x, "no such case: " .. case)
  return found
end

local function sample_shape(t)
  local shape = t:shape()
  table.remove(shape, 1)
  return shape
end

-- The case's net with PyTorch's parameters and buffers.
local function net_of(layer, arrays)
  local net = cnet.new(sample_shape(arrays.x))
  local given = { name = "l" }
  for key, value in pairs(layer) do given[key] = value end
  net:add(given)
  net:init(1)
  for name, t in pairs(arrays) do
    local param = name:match("^p_(.*)$") or name:match("^b0_(.*)$")
    if param then net:tensor("l." .. param):copy(t) end
  end
  return net
end

local function compare(case, layer, eval, reference)
  local a = arrays_of(case)
  local net <close> = net_of(layer, a)
  local plan <close> = cplan.new(net, { batch = a.x:size(1), training = not eval, input_gradient = not eval, reference = reference })
  twin.near(plan:forward(a.x), a.y, 1e-5, "y")
  if eval then return end
  plan:set_gradient(a.gy)
  local gradients, gx = plan:backward()
  -- a true gradient of zero (softmax of one number) is compared with gy's size
  local scale = math.max(twin.largest(a.gx), 1e-2 * twin.largest(a.gy))
  assert(twin.largest(gx:to("f64") - a.gx:to("f64")) <= 1e-5 * scale, "gx")
  for name, t in pairs(a) do
    local param, buffer = name:match("^g_(.*)$"), name:match("^b1_(.*)$")
    if param then twin.near(gradients["l." .. param], t, 1e-5, name) end
    if buffer then twin.near(net:tensor("l." .. buffer), t, 1e-5, name) end
  end
end

describe("a layer gives PyTorch's numbers:", function()
  local names = {}
  for name in pairs(cases) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local case = cases[name]
    it(name, function()
      twin.each_isa(function() compare(name, case[1], case.eval, 0) end)
      compare(name, case[1], case.eval, 32)
      compare(name, case[1], case.eval, 64)
    end)
  end
end)
