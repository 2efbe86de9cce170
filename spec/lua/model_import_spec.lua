local files = require "spec.support.files"
local nac = require "nac"
local npz = require "nac.npz"
local safetensors = require "nac.safetensors"

-- The net of spec/golden/import.py
local function build()
  local nn = nac.nn
  return nn.sequential { input = { 2, 3, 2 }, nn.flatten {}, nn.dense { units = 4, name = "fc1" }, nn.batchnorm { name = "bn" },
    nn.dense { units = 2, name = "fc2" } }:build { seed = 3 }
end

local io_arrays = assert(npz.read "spec/golden/import_io.npz")

local function check(path, options)
  local net = build()
  local report = assert(nac.model.import(net, path, options))
  assert.equal(8, report.copied)
  assert.is_true(nac.train.predict(net, io_arrays.x):allclose(io_arrays.y, 1e-5, 1e-6))
end

describe("imported weights", function()
  after_each(files.clean)

  it("give PyTorch's outputs, from npz and safetensors", function()
    check "spec/golden/import_torch.npz"
    check "spec/golden/import.safetensors"
  end)

  it("give the same outputs from Keras' files, whose images have the channels last", function()
    check "spec/golden/import_keras2.h5"
    check("spec/golden/import_keras3.weights.h5", { names = { fc1 = "dense", bn = "batch_normalization", fc2 = "dense_1" } })
  end)

  it("are turned where convolutions keep them in another order", function()
    local nn = nac.nn
    local given = assert(npz.read "spec/golden/import_conv.npz")
    for path, options in pairs { ["spec/golden/import_conv.npz"] = { allow_unused = true }, ["spec/golden/import_conv.h5"] = {} } do
      local net = nn.sequential { input = { 2, 5, 4 }, nn.conv2d { channels = 3, kernel = { 3, 2 }, name = "conv" }, nn.relu {},
        nn.conv2d { channels = 6, kernel = 2, groups = 3, name = "depth" }, nn.flatten {},
        nn.dense { units = 2, name = "head" } }:build { seed = 3 }
      assert.equal(6, assert(nac.model.import(net, path, options)).copied)
      assert.is_true(nac.train.predict(net, given.io_x):allclose(given.io_y, 1e-5, 1e-6))
    end
  end)

  it("are refused with everything that does not fit, and nothing is changed", function()
    local arrays = assert(npz.read "spec/golden/import_torch.npz")
    arrays["fc1.bias"], arrays["fc2.weight"], arrays.extra = nil, nac.tensor.zeros { 2, 5 }, nac.tensor.zeros { 1 }
    local path = files.temporary(nil, ".npz")
    assert(npz.write(path, arrays))
    local net, untouched = build(), build()
    local ok, message = nac.model.import(net, path)
    assert.is_nil(ok)
    assert.equal(path .. " does not fit the net: fc1.bias (4): no 'fc1.bias'; fc2.weight is 2x4, 'fc2.weight' gives 2x5; " ..
      "'extra' is used by no layer", message)
    for i, entry in ipairs(net:tensors()) do assert.is_true(entry.tensor:equal(untouched:tensors()[i].tensor)) end
  end)

  it("may have other names and arrays that are not wanted", function()
    local arrays, other = assert(npz.read "spec/golden/import_torch.npz"), { unwanted = nac.tensor.zeros { 3 } }
    for name, array in pairs(arrays) do other["model." .. name] = array end
    local path = files.temporary(nil, ".npz")
    assert(npz.write(path, other))
    local names = { fc1 = "model.fc1", bn = "model.bn", fc2 = "model.fc2" }
    assert.matches("'unwanted' is used by no layer", select(2, nac.model.import(build(), path, { names = names })))
    check(path, { names = names, allow_unused = true })
    assert.error_matches(function() nac.model.import(build(), path, { names = { fc3 = "x" } }) end, "unknown layer 'fc3'", 1, true)
    assert.error_matches(function() nac.model.import(build(), path, { style = "jax" }) end, "unknown style 'jax'", 1, true)
  end)
end)

describe("a safetensors file", function()
  after_each(files.clean)

  local function file(header, data) return files.temporary(string.pack("<s8", header) .. (data or ""), ".safetensors") end

  it("may hold every type of element", function()
    local tensors, names = assert(safetensors.read "spec/golden/types.safetensors")
    assert.equal(11, #names)
    for _, name in ipairs { "float16", "bfloat16", "float32", "float64" } do
      assert.same({ { -2.5, -1.5, -0.5 }, { 0.5, 1.5, 2.5 } }, tensors[name]:totable())
    end
    for _, name in ipairs { "int8", "int16", "int32", "int64", "uint8" } do assert.same({ 1, 2, 127 }, tensors[name]:totable()) end
    assert.equal(7, tensors.scalar:item())
    assert.same({ 0, 3 }, tensors.empty:shape())
  end)

  it("is refused where its header lies", function()
    local function refused(path) return (select(2, safetensors.read(path)):gsub("^[^:]*: ", "")) end
    local entry = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    assert.truthy(safetensors.read(file(entry, "12345678")))
    assert.matches("'a': it reaches beyond the end", refused(file(entry, "1234567")))
    assert.matches("'a': its shape needs 8 bytes, it has 4", refused(file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', "1234")))
    assert.matches("its shape is not possible",
      refused(file('{"a":{"dtype":"F32","shape":[4611686018427387904,16],"data_offsets":[0,4]}}', "1234")))
    assert.matches("its shape is not possible", refused(file('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', "1234")))
    assert.matches("elements of type C64", refused(file('{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}', "12345678")))
    assert.matches("its header is not JSON", refused(file("hello")))
    assert.matches("its header is not JSON", refused(file("{" .. ("["):rep(100000))))
    assert.matches("its header claims %d+ bytes, the file has", refused(files.temporary(string.pack("<i8", 1 << 60) .. "{}", ".safetensors")))
    assert.matches("truncated", refused(files.temporary("abc", ".safetensors")))
    assert.matches("no shape", refused(file('{"a":{"dtype":"F32"}}')))
    assert.matches("cannot read", (select(2, safetensors.read "/tmp")))
  end)
end)
