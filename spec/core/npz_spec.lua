local files = require "spec.support.files"
local interpreter = require "spec.support.interpreter"
local npz = require "nac.npz"
local sys = require "nac.c.sys"
local tensor = require "nac.c.tensor"

local function plain(bytes, path) return (bytes:gsub(path:gsub("%p", "%%%0"), "PATH", 1)) end

-- What reading an npy file of these bytes gives, the path in messages as PATH
local function npy(header, data, version)
  local path = files.temporary(files.npy(header, data, version))
  local t, message = npz.read_npy(path)
  return t, message and plain(message, path)
end

local function archive(bytes)
  local path = files.temporary(bytes)
  local arrays, message = npz.read(path)
  return arrays, type(message) == "string" and plain(message, path) or message
end

local FOUR = string.pack("<ffff", 1, 2, 3, 4)
local HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"

describe("npy files", function()
  after_each(files.clean)

  it("of versions 1, 2 and 3 are read", function()
    for version = 1, 3 do
      assert.same({ { 1, 2 }, { 3, 4 } }, npy(HEADER, FOUR, version):totable())
    end
    assert.truthy(select(2, npy(HEADER, FOUR, 4)):find("not an npy array", 1, true))
  end)

  it("come back as they were written, in few bytes more than their data", function()
    local path = files.temporary()
    for _, dtype in ipairs { "u8", "i32", "f32", "f64" } do
      local t = tensor.new({ { 1, 2, 3 }, { 4, 5, 6 } }, dtype)
      assert(npz.write_npy(path, t:transpose(1, 2)))
      local back = assert(npz.read_npy(path))
      assert.equal(dtype, back:dtype())
      assert.same({ { 1, 4 }, { 2, 5 }, { 3, 6 } }, back:totable())
      assert.equal(0, (#files.read(path) - t:numel() * ({ u8 = 1, i32 = 4, f32 = 4, f64 = 8 })[dtype]) % 64)
    end
  end)

  it("with integers beyond 32 bits are refused, not cut", function()
    local header = "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }"
    assert.same({ -5 }, npy(header:format "<i8", string.pack("<i8", -5)):totable())
    for _, case in ipairs { { "<i8", string.pack("<i8", 1 << 31) }, { ">u8", "\255\255\255\255\255\255\255\255" },
      { "<u4", "\0\0\0\128" }, { "<i8", string.pack("<i8", -(1 << 31) - 1) } } do
      assert.equal("PATH: an integer does not fit into 32 bits; store the array as float64",
        select(2, npy(header:format(case[1]), case[2])))
    end
  end)

  it("with other elements are refused by name", function()
    for _, descr in ipairs { "'<U5'", "'|O'", "'<c8'", "'<f16'", "''", "'<'" } do
      local t, message = npy(HEADER:gsub("'<f4'", (descr:gsub("%%", "%%%%"))), FOUR)
      assert.is_nil(t)
      assert.truthy(message:find("elements of type " .. descr .. " cannot be read", 1, true), message)
    end
    assert.truthy(select(2, npy(HEADER:gsub("'<f4'", "[('a', '<f4')]"), FOUR)):find("records", 1, true))
  end)

  it("with lying or broken headers are refused", function()
    local bad = {
      HEADER:gsub("2, 2", "2, 3"), HEADER:gsub("2, 2", "9223372036854775807, 9"), HEADER:gsub("2, 2", "99999999999999999999999"),
      HEADER:gsub("2, 2", "-2, 2"), HEADER:gsub("2, 2", "1,1,1,1,1,1,1,2,2"),
      HEADER:gsub("2, 2", "0, 9223372036854775807, 9223372036854775807"),
      HEADER:gsub("False", "Maybe"), HEADER:gsub("'shape'", "'form'"), HEADER:gsub("}", ""), "", "{", "{'descr", "{'descr': '<f4'}",
      HEADER:gsub("%(2, 2%)", "2"), HEADER:gsub("2, 2", "2 2"),
    }
    for _, header in ipairs(bad) do
      local t, message = npy(header, FOUR)
      assert.is_nil(t, header)
      assert.truthy(message:find("^PATH: "), message)
    end
    assert.equal("PATH: 1 bytes more than its header promises", select(2, npy(HEADER, FOUR .. "x")))
  end)

  it("cut off at any length are refused", function()
    local bytes = files.npy(HEADER, FOUR)
    for n = 0, #bytes - 1 do
      assert.is_nil((npz.read_npy(files.temporary(bytes:sub(1, n)))))
    end
  end)
end)

describe("npz files", function()
  after_each(files.clean)

  it("written by NumPy are read, whatever their types and order", function()
    local arrays, names = assert(npz.read "spec/golden/numpy.npz")
    assert.same({ "f4", "f8", "f2", "fortran", "big", "i1", "i2", "i8", "u1", "u4", "flags", "scalar", "empty" }, names)
    assert.same({ { 0, 0.25, 0.5 }, { 0.75, 1, 1.25 } }, arrays.f4:totable())
    assert.same({ { 0, 1 / 3, 2 / 3 }, { 1, 4 / 3, 5 / 3 } }, arrays.f8:totable())
    assert.same({ { -2.5, -1.5, -0.5 }, { 0.5, 1.5, 2.5 } }, arrays.f2:totable())
    assert.same({ { 0, 1, 2 }, { 3, 4, 5 } }, arrays.fortran:totable())
    assert.same({ { 0, 1, 2 }, { 3, 4, 5 } }, arrays.big:totable())
    assert.same({ { -3, -2, -1 }, { 0, 1, 2 } }, arrays.i1:totable())
    assert.same({ { -300, -299, -298 }, { -297, -296, -295 } }, arrays.i2:totable())
    assert.same({ { -70000, -69999, -69998 }, { -69997, -69996, -69995 } }, arrays.i8:totable())
    assert.same({ { 250, 251, 252 }, { 253, 254, 255 } }, arrays.u1:totable())
    assert.same({ { 1000000, 1000001, 1000002 }, { 1000003, 1000004, 1000005 } }, arrays.u4:totable())
    assert.same({ { 1, 0, 1 }, { 0, 1, 0 } }, arrays.flags:totable())
    assert.equal(2.5, arrays.scalar:item())
    assert.same({ 0, 4 }, arrays.empty:shape())
    local types = {}
    for name, t in pairs(arrays) do types[name] = t:dtype() end
    assert.same({ f4 = "f32", f8 = "f64", f2 = "f32", fortran = "f32", big = "f64", i1 = "i32", i2 = "i32", i8 = "i32",
      u1 = "u8", u4 = "i32", flags = "u8", scalar = "f64", empty = "f32" }, types)
  end)

  it("come back as they were written, stored and deflated, and byte for byte the same", function()
    local a, b = tensor.new { { 1.5, 2 }, { 3, 4 } }, tensor.new({ 7, 8, 9 }, "i32")
    local path, other = files.temporary(), files.temporary()
    for _, deflate in ipairs { false, true } do
      assert(npz.write(path, { { name = "z.weight", tensor = a }, { name = "b", tensor = b } }, { deflate = deflate }))
      local arrays, names = assert(npz.read(path))
      assert.same({ "z.weight", "b" }, names)
      assert.same({ "z.weight", "b" }, npz.names(path))
      assert.same(a:totable(), arrays["z.weight"]:totable())
      assert.same({ 7, 8, 9 }, arrays.b:totable())
      assert(npz.write(other, { { name = "z.weight", tensor = a }, { name = "b", tensor = b } }, { deflate = deflate }))
      assert.equal(files.read(path), files.read(other))
    end
    assert(npz.write(path, { y = b, x = a }))
    assert.same({ "x", "y" }, npz.names(path))
    assert(npz.write(path, {}))
    assert.same({}, npz.read(path))
  end)

  it("with zip64 fields are read", function()
    local arrays = assert(archive(files.zip { { name = "a.npy", data = files.npy(HEADER, FOUR), zip64 = true } }))
    assert.same({ { 1, 2 }, { 3, 4 } }, arrays.a:totable())
  end)

  it("cut off at any length are refused", function()
    local path = files.temporary()
    assert(npz.write(path, { a = tensor.new { 1, 2 } }, { deflate = true }))
    local bytes = files.read(path)
    for n = 0, #bytes - 1 do
      files.write(path, bytes:sub(1, n))
      local arrays, message = npz.read(path)
      assert.is_nil(arrays)
      assert.truthy(plain(message, path):find("^PATH: "), message)
    end
  end)

  it("that lie are refused", function()
    local data = files.npy(HEADER, FOUR)
    local lies = {
      ["checksum is wrong"] = { { name = "a.npy", data = data, crc = 1 } },
      ["two arrays called 'a'"] = { { name = "a.npy", data = data }, { name = "a.npy", data = data } },
      ["is encrypted"] = { { name = "a.npy", data = data, flags = 1 } },
      ["packed by an unknown method"] = { { name = "a.npy", data = data, method = 12 } },
      ["two different sizes"] = { { name = "a.npy", data = data, packed = data .. "x" } },
      ["not an npy array"] = { { name = "a.npy", data = "something else" } },
      ["damaged compressed data"] = { { name = "a.npy", data = data, method = 8, packed = "\255\255\255" } },
    }
    for expected, members in pairs(lies) do
      local arrays, message = archive(files.zip(members))
      assert.is_nil(arrays, expected)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.truthy(select(2, archive("PK\3\4 no end")):find("not a zip archive", 1, true))
  end)

  it("leave the old file when the new one cannot be written", function()
    local folder = files.temporary()
    assert(os.execute("mkdir " .. folder))
    local path = folder .. "/w.npz"
    assert(npz.write(path, { a = tensor.new { 1 } }))
    -- a file-size limit of this shell's child stands for the full disk
    local script = files.temporary(([[
      local ok, message = require("nac.npz").write("%s", { a = require("nac.c.tensor").zeros({ 1 << 20 }, "f32") })
      print(ok, message)]]):format(path), ".lua")
    local said = interpreter.run(("trap '' XFSZ; ulimit -f 64; $NAC_LUA %s"):format(script))
    assert.equal(("nil\t%s: cannot write: File too large\n"):format(path), said)
    assert.same({ 1 }, npz.read(path).a:totable())
    assert.equal("w.npz\n", (interpreter.run("ls -A " .. folder)))
    os.execute("rm -r " .. folder)
  end)

  it("with equal or empty names are a misuse", function()
    local t = tensor.new { 1 }
    assert.has_error(function() npz.write("/tmp/x.npz", { { name = "a", tensor = t }, { name = "a", tensor = t } }) end)
    assert.has_error(function() npz.write("/tmp/x.npz", { { name = "", tensor = t } }) end)
    assert.has_error(function() npz.write("/tmp/x.npz", { { name = "a" } }) end)
  end)

  it("leave no tensor behind when memory runs out", function()
    local path = files.temporary()
    assert(npz.write(path, { a = tensor.new { 1, 2 }, b = tensor.new({ 3 }, "i32") }, { deflate = true }))
    collectgarbage()
    collectgarbage()
    local live = sys.memory().live
    for n = 1, 20 do
      sys.fail_allocation(n)
      pcall(npz.read, path)
      sys.fail_allocation(0)
    end
    collectgarbage()
    collectgarbage()
    assert.equal(live, sys.memory().live)
  end)
end)
