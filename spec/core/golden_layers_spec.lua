-- Layers against PyTorch: spec/golden/pytorch.npz, made by pytorch.py beside it.
local cplan = require "nac.c.plan"
local cnet = require "nac.c.net"
local npz = require "nac.c.npz"
local tensor = require "nac.tensor"
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
  layernorm_last = { { kind = "layernorm" } },
  layernorm_last_of_set = { { kind = "layernorm" } },
  layernorm_chw = { { kind = "layernorm", rank = 0 } },
  maxpool2d_2 = { { kind = "max_pool", size = 2 } },
  maxpool2d_3s2 = { { kind = "max_pool", size = 3, stride = 2 } },
  maxpool1d_2 = { { kind = "max_pool", size = 2 } },
  avgpool2d_2 = { { kind = "avg_pool", size = 2 } },
  avgpool1d_3s1 = { { kind = "avg_pool", size = 3, stride = 1 } },
  global_avgpool2d = { { kind = "global_avg_pool" } },
  global_maxpool2d = { { kind = "global_max_pool" } },
  matmul = { { kind = "matmul" } },
  matmul_transposed = { { kind = "matmul", transpose_b = true } },
  add = { { kind = "add" } },
  conv_attn = {
    { kind = "conv2d", channels = 3, kernel = 1, name = "query", inputs = { 1 } }, { kind = "reshape", shape = { 3, 9 } },
    { kind = "conv2d", channels = 3, kernel = 1, name = "key", inputs = { 1 } }, { kind = "reshape", shape = { 3, 9 } },
    { kind = "conv2d", channels = 3, kernel = 1, name = "value", inputs = { 1 } }, { kind = "reshape", shape = { 3, 9 } },
    { kind = "matmul", transpose_a = true, inputs = { 3, 5 } }, { kind = "softmax" },
    { kind = "matmul", transpose_b = true, inputs = { 7, 9 } }, { kind = "reshape", shape = { 3, 3, 3 } },
    { kind = "conv2d", channels = 4, kernel = 1, name = "proj" }, { kind = "add", inputs = { 12, 1 } },
  },
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

-- Two inputs are one sample here, cut in two by the net.
local function join_inputs(a)
  local n = a.x:size(1)
  local one, two = a.x:reshape(n, -1), a.x2:reshape(n, -1)
  local function joined(p, q)
    local t = tensor.zeros { n, one:size(2) + two:size(2) }
    t:slice(2, 1, one:size(2)):copy(p:reshape(n, -1))
    t:slice(2, one:size(2) + 1, -1):copy(q:reshape(n, -1))
    return t
  end
  local cut = one:size(2)
  return {
    { kind = "slice", first = 1, last = cut }, { kind = "reshape", shape = sample_shape(a.x) },
    { kind = "slice", first = cut + 1, inputs = { 1 } }, { kind = "reshape", shape = sample_shape(a.x2) },
  }, joined(a.x, a.x2), joined(a.gx, a.gx2)
end

-- The case's net with PyTorch's parameters and buffers, its input and that one's gradient.
local function net_of(case, a)
  local before, x, gx = {}, a.x, a.gx
  if a.x2 then before, x, gx = join_inputs(a) end
  local net = cnet.new(sample_shape(x))
  for _, layer in ipairs(before) do net:add(layer) end
  for _, layer in ipairs(case) do
    local given = { name = #case == 1 and "l" or nil, inputs = a.x2 and { 3, 5 } or nil }
    for key, value in pairs(layer) do given[key] = value end
    net:add(given)
  end
  net:init(1)
  for name, t in pairs(a) do
    local param = name:match("^p_(.*)$") or name:match("^b0_(.*)$")
    if param then net:tensor(#case == 1 and "l." .. param or param):copy(t) end
  end
  return net, x, gx
end

local function compare(name, case, reference)
  local a = arrays_of(name)
  local prefix = #case == 1 and "l." or ""
  local net <close>, x, want_gx = net_of(case, a)
  local plan <close> = cplan.new(net, { batch = x:size(1), training = not case.eval, input_gradient = not case.eval, reference = reference })
  twin.near(plan:forward(x), a.y, 1e-5, "y")
  if case.eval then return end
  plan:set_gradient(a.gy)
  local gradients, gx = plan:backward()
  -- a true gradient of zero (softmax of one number) is compared with gy's size
  local scale = math.max(twin.largest(want_gx), 1e-2 * twin.largest(a.gy))
  assert(twin.largest(gx:to("f64") - want_gx:to("f64")) <= 1e-5 * scale, "gx")
  local all = 0
  for short, t in pairs(a) do all = short:find("^g_") and math.max(all, twin.largest(t)) or all end
  for short, t in pairs(a) do
    local param, buffer = short:match("^g_(.*)$"), short:match("^b1_(.*)$")
    if param then
      local room = math.max(twin.largest(t), 0.1 * all) -- likewise (a key's bias before softmax)
      assert(twin.largest(gradients[prefix .. param]:to("f64") - t:to("f64")) <= 1e-5 * room, short)
    end
    if buffer then twin.near(net:tensor(prefix .. buffer), t, 1e-5, short) end
  end
end

describe("a layer gives PyTorch's numbers:", function()
  local names = {}
  for name in pairs(cases) do names[#names + 1] = name end
  table.sort(names)

  it("every case of the file", function()
    for name in pairs(golden) do
      local case = name:match("^(.*)/")
      assert(not case or cases[case], case)
    end
  end)

  for _, name in ipairs(names) do
    local case = cases[name]
    it(name, function()
      twin.each_isa(function() compare(name, case, 0) end)
      compare(name, case, 32)
      compare(name, case, 64)
    end)
  end
end)
