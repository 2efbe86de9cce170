local file = require "nac.c.file"
local files = require "spec.support.files"
local interpreter = require "spec.support.interpreter"

describe("writing a file", function()
  after_each(files.clean)

  it("replaces the old text, zero bytes included", function()
    local path = files.temporary("old")
    assert.is_true(file.write(path, "new\0text"))
    assert.equal("new\0text", files.read(path))
    assert.is_true(file.write(path, "", true))
    assert.equal("", files.read(path))
  end)

  it("keeps the old text where the disk is full, and leaves nothing else", function()
    local folder = files.temporary()
    assert(os.execute("mkdir " .. folder))
    local path = folder .. "/a.txt"
    assert(file.write(path, "old"))
    local said = interpreter.run(([[trap '' XFSZ; ulimit -f 8
      $NAC_LUA -e 'print(require("nac.c.file").write("%s", ("x"):rep(100000)))']]):format(path))
    assert.equal(("nil\t%s: cannot write: File too large\n"):format(path), said)
    assert.equal("old", files.read(path))
    assert.equal("a.txt\n", (interpreter.run("ls -A " .. folder)))
    os.execute("rm -r " .. folder)
  end)

  it("names a folder that is missing", function()
    local ok, message = file.write("/no/folder/x", "text")
    assert.is_nil(ok)
    assert.equal("/no/folder/x: cannot write: No such file or directory", message)
  end)
end)
