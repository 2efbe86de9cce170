local files = require "spec.support.files"
local hdf5 = require "nac.hdf5"
local nac = require "nac"
local sys = require "nac.c.sys"

-- What spec/golden/hdf5.py wrote
local function expected(f)
  local t = {}
  for i = 0, 3 do
    t[i + 1] = {}
    for j = 0, 2 do t[i + 1][j + 1] = { f(6 * i + 2 * j - 5), f(6 * i + 2 * j - 4) } end
  end
  return t
end

for _, path in ipairs { "spec/golden/hdf5.h5", "spec/golden/hdf5_v110.h5" } do
  describe("HDF5: " .. path, function()
    it("gives numbers of every type and byte order", function()
      for _, group in ipairs { "types", "big" } do
        for _, kind in ipairs { "f2", "f4", "f8", "i1", "i2", "i4", "i8" } do
          local t = assert(hdf5.read(path, group .. "/" .. kind))
          assert.same(expected(function(x) return x end), t:totable())
          assert.equal(kind:sub(1, 1) == "i" and "i32" or kind == "f8" and "f64" or "f32", t:dtype())
        end
      end
      for _, kind in ipairs { "u1", "u2", "u4", "u8" } do
        assert.same(expected(math.abs), assert(hdf5.read(path, "types/" .. kind)):totable())
      end
      assert.same(expected(function(x) return x > 0 and 1 or 0 end), assert(hdf5.read(path, "types/bool")):totable())
      assert.equal(7, assert(hdf5.read(path, "scalar")):item())
      assert.same({ 0, 3 }, assert(hdf5.read(path, "empty")):shape())
    end)

    it("gives packed data whole and by rows", function()
      for _, name in ipairs { "packed/gzip", "/packed/columns" } do
        assert.same({ 1000, 5 }, (assert(hdf5.look(path, name))))
        local whole = assert(hdf5.read(path, name))
        assert.equal(4999, whole:get(1000, 5))
        for _, rows in ipairs { { 1, 1 }, { 60, 10 }, { 64, 64 }, { 1000, 1 }, { 1, 1000 }, { 501, 0 } } do
          local some = assert(hdf5.read(path, name, rows[1], rows[2]))
          assert.same({ rows[2], 5 }, some:shape())
          if rows[2] > 0 then assert.is_true(some:equal(whole:slice(1, rows[1], rows[1] + rows[2] - 1))) end
        end
        assert.has_error(function() hdf5.read(path, name, 1000, 2) end)
      end
    end)

    it("lists its datasets", function()
      local names = assert(hdf5.names(path))
      local set = {}
      for _, name in ipairs(names) do set[name] = true end
      assert.truthy(set["types/f4"] and set["packed/gzip"] and set.scalar)
      assert.is_nil(set.soft)
    end)

    it("is refused by name where it cannot be used", function()
      local function refused(name) return select(2, hdf5.read(path, name)) end
      assert.matches("there is no dataset 'nothing'; it holds ", refused "nothing")
      assert.matches("'records' does not hold numbers", refused "records")
      assert.matches("'text' does not hold numbers", refused "text")
      assert.matches("an integer does not fit into 32 bits", refused "far")
    end)
  end)
end

describe("HDF5", function()
  after_each(files.clean)

  it("refuses what is not such a file", function()
    assert.matches("^/no/file.h5: cannot read", select(2, hdf5.names("/no/file.h5")))
    assert.matches("^/tmp: cannot read", select(2, hdf5.names("/tmp")))
    assert.matches("not an HDF5 file, or damaged", select(2, hdf5.names(files.temporary("hello", ".h5"))))
    local whole = files.read "spec/golden/hdf5.h5"
    for _, length in ipairs { 100, 1000, #whole - 1 } do
      assert.matches("damaged", select(2, hdf5.names(files.temporary(whole:sub(1, length), ".h5"))))
    end
  end)

  it("survives what a damaged file does to the library, within the memory of the file", function()
    local mutate = require "spec.support.mutate"
    local whole, path = files.read "spec/golden/import_keras2.h5", files.temporary("", ".h5")
    math.randomseed(5)
    local before = sys.memory().live
    for _ = 1, 60 do
      files.write(path, mutate.damage(whole, math.random))
      for _, name in ipairs(hdf5.names(path) or {}) do
        local t, message = hdf5.read(path, name)
        assert.truthy(t or #message > 0)
      end
    end
    collectgarbage()
    assert.is_true(sys.memory().live < before + 2 ^ 24)
  end)

  it("is data of a set", function()
    local ds = nac.dataset.file { file = "spec/golden/hdf5.h5", x = "packed/gzip", label = "packed/columns", task = "regression", seed = 1 }
    assert.same({ 5 }, ds.shape)
    assert.equal(200, ds:test().x:shape()[1])
    assert.is_true(ds.fit.x:equal(ds.fit.y))
  end)
end)
