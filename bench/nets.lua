--- The networks of bench/engine.lua, each written once for both sides.
--
-- `layers` is a chain of words: a number is a dense layer of so many units over
-- the last axis, `bn` a batchnorm (of the features of a set, the channels of an
-- image), `convN` a 3 x 3 convolution with N channels and no padding, `attnN:f`
-- attention over the positions of an image with N hidden channels and activation
-- f, `mean` the mean over a set, `flatten`, and the names of activations.
-- `flop` is what a training step costs a sample: 2 a multiply-accumulate of matrix
-- products, forward, weight and input gradients, no input gradient for the first
-- layer. `floor` and `share` are what is to be reached: times PyTorch, and of the
-- machine's sgemm.
local nac = require "nac"

local M = {}

local mlp = "64 bn relu 64 bn relu 32 bn relu 10"
local base = "64 relu 64 relu 32 relu mean 32 relu 5 gelu"
local large = "64 bn relu 32 bn relu mean 64 bn relu 128 relu 5 bn leaky_relu"
local tiny = "16 bn relu mean 16 bn relu 16 gelu 8 relu 5 bn relu"
local bragg = "conv32 attn32:gelu conv64 gelu conv16 gelu flatten 64 gelu 32 gelu 2"
local openhls = "conv8 attn8:relu conv16 relu conv4 relu flatten 16 relu 8 relu 2"
local conv = "conv8 bn relu conv16 bn relu conv32 bn relu flatten 32 relu 10"

M.list = {
  { name = "mlp64", title = "MLP 64-64-64-32-10 batchnorm relu", input = { 64 }, layers = mlp, params = 11050,
    flop = 55168, batch = 128, batches = 80, floor = 12, share = .30 },
  { name = "mlp784", title = "MLP 784-64-64-32-10 batchnorm relu", input = { 784 }, layers = mlp, params = 57130,
    flop = 239488, batch = 128, batches = 40, floor = 5, share = .45 },
  { name = "mlp32", title = "MLP 64-32-16-10 relu", input = { 64 }, layers = "32 relu 16 relu 10", params = 2778,
    flop = 12224, batch = 128, batches = 80, floor = 20 },
  { name = "deepsets", title = "DeepSets 3-64-64-32 mean 32-32-5", input = { 8, 3 }, layers = base, params = 7717,
    flop = 308160, batch = 4096, batches = 4, floor = 2.5, share = .40 },
  { name = "deepsets_large", title = "DeepSets 3-64-32 mean 64-128-5 batchnorm", input = { 8, 3 }, layers = large,
    params = 13743, flop = 169728, batch = 4096, batches = 4, floor = 5, share = .35 },
  { name = "deepsets_tiny", title = "DeepSets 3-16 mean 16-16-8-5 batchnorm", input = { 8, 3 }, layers = tiny, params = 863,
    flop = 5616, batch = 4096, batches = 4, floor = 10 },
  { name = "braggnn", title = "BraggNN", input = { 1, 11, 11 }, layers = bragg, params = 60082, flop = 11571072,
    batch = 256, batches = 4, floor = 1.8, share = .55, task = "regression" },
  { name = "braggnn4096", title = "BraggNN", input = { 1, 11, 11 }, layers = bragg, params = 60082, flop = 11571072,
    batch = 4096, batches = 1, floor = 3.5, share = .55, task = "regression" },
  { name = "openhls", title = "OpenHLS BraggNN", input = { 1, 11, 11 }, layers = openhls, params = 3886, flop = 1213152,
    batch = 256, batches = 16, floor = 5, task = "regression" },
  { name = "openhls4096", title = "OpenHLS BraggNN", input = { 1, 11, 11 }, layers = openhls, params = 3886, flop = 1213152,
    batch = 4096, batches = 1, floor = 6, task = "regression" },
  { name = "conv", title = "conv 8-16-32 batchnorm relu, MLP 32-10", input = { 1, 16, 16 }, layers = conv, params = 108762,
    flop = 4432896, batch = 128, batches = 16, floor = 2.5, share = .50 },
  { name = "qubit", title = "qubit MLP 1540-64-32-2 batchnorm relu", input = { 1540 }, layers = "64 bn relu 32 bn relu 2",
    params = 100962, flop = 406912, batch = 256, batches = 16, floor = 3, share = .55 },
}

--- The network of that name.
function M.find(name)
  for _, net in ipairs(M.list) do
    if net.name == name then return net end
  end
  error("no network is called " .. tostring(name))
end

local function layer(word, in_set)
  local nn = nac.nn
  local units, channels = tonumber(word), word:match("^conv(%d+)$")
  local hidden, activation = word:match("^attn(%d+):(.*)$")
  if units then return nn.dense { units = math.tointeger(units) } end
  if channels then return nn.conv2d { channels = math.tointeger(channels), kernel = 3 } end
  if hidden then return nn.conv_attn { hidden = math.tointeger(hidden), activation = activation } end
  if word == "bn" then return nn.batchnorm { axis = in_set and -1 or 1 } end
  if word == "mean" then return nn.aggregate { func = "mean" } end
  return nn[word] {}
end

--- Multiply-accumulates of one sample's forward pass, from the training step's:
-- (flop + 2 first) / 6, the first layer having no input gradient.
function M.inference_flop(net)
  local first = net.layers:match("^%S+")
  local channels = tonumber(first:match("^conv(%d+)$"))
  local input = net.input
  local macs
  if channels then
    macs = channels * 9 * (input[2] - 2) * (input[3] - 2)
  else
    macs = tonumber(first) * input[#input] * (#input > 1 and input[1] or 1)
  end
  return 2 * (net.flop + 2 * macs) / 6
end

--- Builds a network; raises when it has not the parameters that it should have.
function M.build(net, seed)
  local arch = nac.nn.sequential { input = net.input }
  local in_set = #net.input == 2
  for word in net.layers:gmatch("%S+") do
    arch:add(layer(word, in_set))
    in_set = in_set and word ~= "mean"
  end
  local built = arch:build { seed = seed }
  assert(built:n_params() == net.params, ("%s: %d parameters, not %d"):format(net.name, built:n_params(), net.params))
  return built
end

--- Random samples and answers.
-- @param n number of samples
function M.data(net, n, seed)
  local x = nac.tensor.randn({ n, table.unpack(net.input) }, { seed = seed })
  if net.task == "regression" then return x, nac.tensor.rand({ n, 2 }, { seed = seed }) end
  local labels, classes = {}, net.layers:find("2$") and 2 or net.input[1] == 8 and 5 or 10
  for i = 1, n do labels[i] = (i * 7919) % classes end
  return x, nac.tensor.new(labels, "i32")
end

return M
