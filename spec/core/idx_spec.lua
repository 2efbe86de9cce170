local files = require "spec.support.files"
local idx = require "nac.c.idx"
local sys = require "nac.c.sys"
local tensor = require "nac.c.tensor"

local function read(bytes, rows)
  local path = files.temporary(bytes)
  local t, message = idx.read(path, rows)
  return t, message and message:gsub(path:gsub("%p", "%%%0"), "PATH", 1)
end

describe("IDX files", function()
  after_each(files.clean)

  it("give their elements, plain and gzip", function()
    local bytes = files.idx(8, { 2, 3 }, "\0\1\2\253\254\255")
    for _, b in ipairs { bytes, files.gzip(bytes) } do
      local t = assert(read(b))
      assert.equal("u8", t:dtype())
      assert.same({ { 0, 1, 2 }, { 253, 254, 255 } }, t:totable())
    end
  end)

  it("of every element type are read", function()
    local cases = {
      { 0x09, string.pack(">bbb", -128, 0, 127), "i32", { -128, 0, 127 } },
      { 0x0b, string.pack(">hhh", -32768, 1, 32767), "i32", { -32768, 1, 32767 } },
      { 0x0c, string.pack(">i4i4i4", -2147483648, 5, 2147483647), "i32", { -2147483648, 5, 2147483647 } },
      { 0x0d, string.pack(">fff", 0.5, -2, 1e30), "f32", { 0.5, -2, (string.unpack("f", string.pack("f", 1e30))) } },
      { 0x0e, string.pack(">ddd", 0.1, -2, 1e300), "f64", { 0.1, -2, 1e300 } },
    }
    for _, case in ipairs(cases) do
      local t = assert(read(files.idx(case[1], { 3 }, case[2])))
      assert.equal(case[3], t:dtype())
      assert.same(case[4], t:totable())
    end
  end)

  it("give their first rows alone, and their shape without the data", function()
    local path = files.temporary(files.gzip(files.idx(8, { 3, 2 }, "abcdef")))
    assert.same({ { 97, 98 } }, idx.read(path, 1):totable())
    assert.same({ 3, 2 }, idx.read(path, 7):shape())
    assert.same({ 0, 2 }, idx.read(path, 0):shape())
    assert.same({ 3, 2 }, idx.shape(path))
  end)

  it("come back as they were written", function()
    local path = files.temporary()
    for _, dtype in ipairs { "u8", "i32", "f32", "f64" } do
      local t = tensor.new({ { 1, 2, 3 }, { 4, 5, 6 } }, dtype)
      assert(idx.write(path, t:transpose(1, 2)))
      local back = assert(idx.read(path))
      assert.equal(dtype, back:dtype())
      assert.same({ { 1, 4 }, { 2, 5 }, { 3, 6 } }, back:totable())
    end
  end)

  it("cut off at any length are refused", function()
    local bytes = files.idx(8, { 2, 3, 2 }, "abcdefghijkl")
    local packed = files.gzip(bytes)
    for _, whole in ipairs { bytes, packed } do
      for n = 0, #whole - 1 do
        local t, message = read(whole:sub(1, n))
        assert.is_nil(t)
        assert.truthy(message:find("^PATH: "), message)
      end
    end
    assert.equal("PATH: truncated: its header asks for 12 bytes of data, it holds 5",
      select(2, read(bytes:sub(1, #bytes - 7))))
    assert.equal("PATH: truncated: its header asks for 12 bytes of data, it holds 11", select(2, read(bytes:sub(1, #bytes - 1), 1)))
  end)

  it("with bytes behind the data are refused", function()
    local bytes = files.idx(8, { 4 }, "abcd")
    assert.equal("PATH: 3 bytes more than its header promises", select(2, read(bytes .. "xyz")))
    assert.equal("PATH: 3 bytes more than its header promises", select(2, read(bytes .. "xyz", 2)))
    assert.equal("PATH: more data than its header promises", select(2, read(files.gzip(bytes .. "x"))))
    assert.equal("PATH: bytes after the end of its compressed data", select(2, read(files.gzip(bytes) .. "x")))
  end)

  it("of another kind are refused by their first bytes", function()
    assert.truthy(select(2, read("\x89PNG\r\n\26\n")):find("not an IDX file: it starts with the bytes 89504e47", 1, true))
    assert.truthy(select(2, read("")):find("not an IDX file: it starts with nothing", 1, true))
    assert.truthy(select(2, read("\0\0\10\1\0\0\0\0")):find("not an IDX file", 1, true))
    assert.truthy(select(2, read("\0\0\8\9" .. ("\0"):rep(36))):find("claims 9 dimensions", 1, true))
    assert.truthy(select(2, read("\0\0\8\0")):find("claims 0 dimensions", 1, true))
  end)

  it("that claim huge shapes take no memory", function()
    collectgarbage()
    local before = sys.memory().peak
    local all = 0xffffffff
    local lies = { { all }, { 1 << 31, 1 << 31, 1 << 31, 1 << 31 }, { 60000, 28, 28, 255 }, { 0, all, all, all } }
    for _, dims in ipairs(lies) do
      local bytes = files.idx(0x0e, dims, "12345678")
      for _, b in ipairs { bytes, files.gzip(bytes) } do
        local t, message = read(b)
        assert.is_nil(t)
        assert.truthy(message:find("^PATH: "), message)
      end
    end
    assert.is_true(sys.memory().peak - before < 4 << 20)
  end)

  it("with damaged compression are refused", function()
    local packed = files.gzip(files.idx(8, { 1000 }, ("abcdefghij"):rep(100)))
    local sum = #packed - 7 -- the checksum in gzip's trailer
    local t, message = read(packed:sub(1, sum - 1) .. "\0\0\0\0" .. packed:sub(sum + 4))
    assert.is_nil(t)
    assert.truthy(message:find("damaged compressed data", 1, true), message)
  end)

  it("that are folders or missing are named", function()
    assert.equal("/tmp: cannot read: it is a folder", select(2, idx.read("/tmp")))
    assert.equal("/no/file: cannot read: No such file or directory", select(2, idx.read("/no/file")))
  end)

  it("are not half written where the folder or the disk refuses", function()
    assert.equal("/no/folder/x: cannot write: No such file or directory",
      select(2, idx.write("/no/folder/x", tensor.zeros({ 2 }, "u8"))))
    assert.truthy(select(2, idx.write("/proc/x", tensor.zeros({ 2 }, "u8"))):find("^/proc/x: cannot write: "))
  end)

  it("leave no tensor behind when memory runs out", function()
    local path = files.temporary(files.gzip(files.idx(0x0b, { 4 }, "abcdefgh")))
    collectgarbage()
    collectgarbage()
    local live = sys.memory().live
    for n = 1, 6 do
      sys.fail_allocation(n)
      local ok, t = pcall(idx.read, path)
      if ok and t then t:close() end
      sys.fail_allocation(0)
    end
    collectgarbage()
    assert.equal(live, sys.memory().live)
  end)
end)
