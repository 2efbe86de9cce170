local yaml = require "nac.util.yaml"

describe("YAML reading", function()
  local function message(text)
    local value, why = yaml.parse(text, "t.yaml")
    assert.is_nil(value)
    return why
  end

  it("reads plain scalars as YAML 1.1 does", function()
    local expected = {
      ["12"] = 12, ["-3"] = -3, ["1_000"] = 1000, ["0x1F"] = 31, ["0b101"] = 5, ["1.5"] = 1.5, [".5"] = .5,
      ["1.0e-3"] = .001, ["yes"] = true, ["Off"] = false, ["~"] = yaml.null, [""] = yaml.null,
      ["ap_fixed<8,3>"] = "ap_fixed<8,3>", ["None"] = "None", ["-"] = "-", ["0x"] = "0x",
    }
    for text, value in pairs(expected) do assert.equal(value, yaml.scalar(text), text) end
    assert.equal("integer", math.type(yaml.scalar "12"))
    assert.equal("float", math.type(yaml.scalar "12."))
    assert.equal(math.huge, yaml.scalar ".inf")
  end)

  it("reads 1e-3 as a number and leaves 010 and 1:30 alone", function()
    assert.equal(.001, yaml.scalar "1e-3")
    assert.equal("010", yaml.scalar "010")
    assert.equal("1:30", yaml.scalar "1:30")
  end)

  it("keeps quoted words text, and knows lines and key order", function()
    local value, doc = yaml.parse("b: '12'\na:\n  - x\n  - \"yes\"\n", "t.yaml")
    assert.equal("12", value.b)
    assert.same({ "x", "yes" }, value.a)
    assert.same({ "b", "a" }, doc:keys(value))
    assert.equal("t.yaml:2", doc:where(value, "a"))
    assert.equal("t.yaml:4", doc:where(value.a, 2))
  end)

  it("follows aliases and merge keys", function()
    local value = yaml.parse "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: [*x]"
    assert.same({ a = 1, b = 3 }, value.y)
    assert.equal(value.x, value.z[1])
  end)

  it("names file and line of what is wrong", function()
    assert.equal("t.yaml:2: key 'a' stands twice (first on line 1)", message "a: 1\na: 2")
    assert.matches("^t.yaml:2: .*expected ',' or ']'", message "a: [1\nb: }")
    assert.matches("^t.yaml:3: not UTF%-8", message "a: 1\nb: 2\nc: \xff")
    assert.matches("^t.yaml:2: .*tabs", message "a:\n\t- 1")
    assert.matches("^t.yaml:2: a second document", message "a: 1\n---\nb: 2")
    assert.matches("^t.yaml:1: .*empty", message "")
    assert.matches("no anchor", message "a: *x")
    assert.matches("inside itself", message "a: &a [*a]")
    assert.matches("tag .*python", message "a: !!python/object/apply:os.system [ls]")
    assert.matches("a key must be a word", message "? [a]\n: 1")
  end)

  it("refuses documents that would explode or nest without end", function()
    local lines = { "a0: &a0 [x,x,x,x,x,x,x,x,x,x]" }
    for i = 1, 9 do
      lines[i + 1] = ("a%d: &a%d [%s]"):format(i, i, ("*a" .. (i - 1)):rep(10, ","))
    end
    assert.matches("^t.yaml:5: more than 100000 values", message(table.concat(lines, "\n")))
    assert.matches("nested deeper", message(("["):rep(10000)))
    assert.matches("larger than", message(("a"):rep(5 * 2 ^ 20 // 1)))
  end)

  it("says why a file cannot be read", function()
    assert.matches("/nonexistent.yaml: No such file", select(2, yaml.load "/nonexistent.yaml"))
    assert.matches("directory", select(2, yaml.load "/tmp"))
    assert.matches("larger than", select(2, yaml.load "/dev/zero"))
  end)
end)

describe("YAML writing", function()
  it("gives back what was written", function()
    local value = {
      text = { "1e-3", "yes", "a: b", "# x", "", "~", "010", "1:30", "2024-01-01", "x\ny", "ap_fixed<8,3>", "é", "-" },
      numbers = { 1, 1.0, 1e-3, 0.1, -2.5e-7, 1e20, 123456789012 },
      flags = { true, false, yaml.null },
      deep = { { a = 1 }, { b = { { 1 }, { 2 } } } },
    }
    assert.same(value, (yaml.parse(yaml.dump(value))))
  end)

  it("writes floats so that YAML 1.1 readers see floats", function()
    assert.equal("[1.0, 1.0e-07, 1.5e-07, 3]\n", yaml.dump { 1.0, 1e-7, 1.5e-7, 3 })
  end)

  it("puts the named keys first, the others by name", function()
    assert.equal("z: 1\nb: 3\na: 2\nc: 4\n", yaml.dump({ z = 1, a = 2, b = 3, c = 4 }, { order = { "z", "b" } }))
  end)

  it("refuses functions and cycles", function()
    local loop = {}
    loop[1] = loop
    assert.has_error(function() yaml.dump(loop) end)
    assert.has_error(function() yaml.dump { print } end)
  end)
end)
