-- Vectors of FIPS 180-4 (NIST's examples) and the lengths around a block's end.
local hash = require "nac.c.hash"
local interpreter = require "spec.support.interpreter"

describe("sha256", function()
  it("gives the standard's digests", function()
    assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hash.sha256(""))
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hash.sha256("abc"))
    assert.equal("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      hash.sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
    assert.equal("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", hash.sha256(("a"):rep(1000000)))
  end)

  it("pads messages around the end of a block", function() -- sums from coreutils' sha256sum
    local expected = {
      [55] = "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
      [56] = "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a",
      [63] = "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34",
      [64] = "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
      [65] = "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0",
    }
    for n, sum in pairs(expected) do assert.equal(sum, hash.sha256(("a"):rep(n))) end
  end)

  it("is the same with and without the processor's own instructions", function()
    local function all()
      local sums = {}
      for n = 0, 300 do sums[n + 1] = hash.sha256(("%d-"):format(7 * n):rep(n):sub(1, n)) end
      return hash.sha256(table.concat(sums))
    end
    local script = [[NAC_ISA=portable $NAC_LUA -e 'local hash, sums = require "nac.c.hash", {}
      for n = 0, 300 do sums[n + 1] = hash.sha256(("%d-"):format(7 * n):rep(n):sub(1, n)) end
      print(hash.sha256(table.concat(sums)))']]
    assert.equal(all() .. "\n", (interpreter.run(script)))
  end)

  it("sums a tensor by type, shape and elements, however they lie in memory", function()
    local tensor = require "nac.tensor"
    local t = tensor.rand({ 4, 6 }, { seed = 1 })
    local sum = hash.sha256(t)
    assert.equal(sum, hash.sha256(t:clone()))
    assert.equal(sum, hash.sha256(t:transpose():clone():transpose()))
    for _, other in ipairs { t:reshape { 6, 4 }, t:transpose(), t:to "f64", t + 1e-3, t:slice(1, 1, 3) } do assert.not_equal(sum, hash.sha256(other)) end
    assert.equal(64, #hash.sha256(tensor.zeros { 0, 3 }))
  end)

  it("sums a file, and names one that cannot be read", function()
    local path = os.tmpname()
    local f = assert(io.open(path, "wb"))
    f:write(("a"):rep(100000), "b")
    f:close()
    assert.equal(hash.sha256(("a"):rep(100000) .. "b"), hash.sha256_file(path))
    os.remove(path)
    local sum, message = hash.sha256_file("/no/such/file")
    assert.is_nil(sum)
    assert.equal("/no/such/file: cannot read: No such file or directory", message)
    assert.truthy(select(2, hash.sha256_file("/tmp")):find("/tmp: cannot read: Is a directory", 1, true))
  end)
end)
