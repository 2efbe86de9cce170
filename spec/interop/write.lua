-- Writes what spec/interop/check.py lets onnxruntime, qonnx and hls4ml read: float nets of every layer
-- kind with what they compute, quantised nets with the integers of the exact executor.
-- usage: nac-lua spec/interop/write.lua folder
package.path = "./?.lua;" .. package.path
local cases = require "spec.support.layer_cases"
local cnet = require "nac.c.net"
local file = require "nac.util.file"
local nac = require "nac"
local nn, tensor = nac.nn, nac.tensor

local folder = assert(arg[1], "a folder is expected")
for _, name in ipairs { "float", "quantised" } do assert(file.make_directory(folder .. "/" .. name)) end

local function store(path, x, y) assert(nac.npz.write(path .. ".npz", { { name = "x", tensor = x }, { name = "y", tensor = y } })) end

local count = 0
cases.each(function(kind, case)
  if kind == "opaque" then return end
  count = count + 1
  local net = cnet.new(case.shape)
  for _, layer in ipairs(case.layers) do net:add(layer) end
  net:init(count)
  for _, entry in ipairs(net:tensors()) do
    if entry.role == "buffer" or entry.name:find "bias" then entry.tensor:copy(tensor.rand(entry.tensor:shape()) + 0.5) end
  end
  local path = ("%s/float/%03d_%s"):format(folder, count, kind:gsub("%s", "_"))
  assert(nac.onnx.write(net, path .. ".onnx"))
  local x = tensor.randn { 5, table.unpack(case.shape) }
  store(path, x, nac.train.predict(net, x))
end)

-- A float net is trained for a moment by nobody: random weights exercise every bit.
local function quantised(name, arch, spec)
  local net = arch:build { seed = 3 }
  local x = tensor.randn { 100, table.unpack(net:input_shape()) }
  local all = { total_bits = 8, int_bits = "auto", data = x, quiet = true }
  for key, value in pairs(spec or {}) do all[key] = value end
  local q = nac.quant.prepare(net, all)
  local path = folder .. "/quantised/" .. name
  assert(nac.qonnx.write(q, path .. ".onnx"))
  local on_grid = q:quantiser(1)[1]:apply(x) -- hls4ml cuts inputs off where we round them
  store(path, on_grid, (nac.quant.lower(q):run(on_grid)))
end

local function mlp(n, ...)
  local arch = nn.sequential { input = { n } }
  local widths = { ... }
  for i, width in ipairs(widths) do
    arch:add(nn.dense { units = width })
    if i < #widths then arch:add { nn.batchnorm {}, nn.relu {} } end
  end
  return arch
end

local x = nn.input { 16 }
local h = nn.relu {} (nn.dense { units = 16 } (x))
local residual = nn.graph { input = x, output = nn.dense { units = 5 } (nn.relu {} (nn.add {} (nn.dense { units = 16 } (h), h))) }

quantised("stream_mlp_8", mlp(16, 64, 32, 32, 5))
quantised("mlp_4", mlp(16, 32, 5), { total_bits = 4 })
quantised("mlp_floor_6", mlp(16, 8, 5), { total_bits = 6, int_bits = 2, activations = { total_bits = 6, int_bits = 2, rounding = "TRN" }, output = true })
quantised("residual", residual)
quantised("stream_conv", nn.sequential { input = { 2, 9, 9 }, nn.conv2d { channels = 4, kernel = 3 }, nn.relu {}, nn.max_pool { size = 2 },
  nn.conv2d { channels = 3, kernel = 2 }, nn.relu {}, nn.flatten {}, nn.dense { units = 5 } })
quantised("stream_conv_padded", nn.sequential { input = { 2, 8, 8 }, nn.conv2d { channels = 4, kernel = 3, same = true }, nn.relu {},
  nn.conv2d { channels = 3, kernel = 3, stride = 2, padding = 1 }, nn.relu {}, nn.flatten {}, nn.dense { units = 5 } })
quantised("conv_depthwise", nn.sequential { input = { 2, 8, 8 }, nn.conv2d { channels = 2, kernel = 3, groups = 2 }, nn.relu {},
  nn.conv2d { channels = 4, kernel = 1 }, nn.relu {}, nn.flatten {}, nn.dense { units = 5 } })
quantised("conv1d", nn.sequential { input = { 2, 12 }, nn.conv1d { channels = 4, kernel = 3, same = true, stride = 2 }, nn.relu {}, nn.flatten {},
  nn.dense { units = 5 } })
print(("%d float and 8 quantised nets in %s"):format(count, folder))
