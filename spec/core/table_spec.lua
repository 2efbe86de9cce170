local c = require "nac.c.table"
local files = require "spec.support.files"
local sys = require "nac.c.sys"

local function csv(text, options, suffix)
  local path = files.temporary(text, suffix or ".csv")
  local data, message = c.csv(path, options or {})
  return data, message and message:gsub("^" .. path:gsub("%p", "%%%0"), "f.csv")
end

local function arff(text, options)
  local path = files.temporary(text, ".arff")
  local data, message = c.arff(path, options or {})
  return data, message and message:gsub("^" .. path:gsub("%p", "%%%0"), "f.arff")
end

describe("CSV", function()
  after_each(files.clean)

  it("gives features and classes in sorted order", function()
    local data = assert(csv("a,b,kind\n1,2.5,w\n-3e-2,+4,g\n.5,6.,w\n", { label = { "kind" }, classes = true }))
    assert.same({ { 1, 2.5 }, { -0.029999999329447746, 4 }, { 0.5, 6 } }, data.x:totable())
    assert.same({ 1, 0, 1 }, data.y:totable())
    assert.same({ "g", "w" }, data.classes)
    assert.same({ "a", "b" }, data.features)
  end)

  it("sorts classes that are numbers as numbers", function()
    local data = assert(csv("1,10\n1,9\n1,100\n", { label = { "2" }, classes = true }))
    assert.same({ "9", "10", "100" }, data.classes)
    assert.same({ 1, 0, 2 }, data.y:totable())
  end)

  it("takes columns by name in the order asked for, and several answers", function()
    local data = assert(csv("id,a,b,t,u\nx1,1,2,3,4\nx2,5,6,7,8\n", { features = { "b", "a" }, label = { "u", "t" } }))
    assert.same({ { 2, 1 }, { 6, 5 } }, data.x:totable())
    assert.same({ { 4, 3 }, { 8, 7 } }, data.y:totable())
  end)

  it("understands quotes, CRLF, a byte order mark, comments, empty lines and other separators", function()
    local text = '\239\187\191# a comment\r\n\r\n"the, ""first""";b\r\n"1"; 2 \r\n\r\n# more\r\n3;4'
    local data = assert(csv(text, {}))
    assert.same({ 'the, "first"', "b" }, data.features)
    assert.same({ { 1, 2 }, { 3, 4 } }, data.x:totable())
    assert.same({ { 1, 2 } }, csv("a\tb\n1\t2\n").x:totable())
    assert.same({ { 1, 2 } }, csv("a b\n1 2\n", { separator = " " }).x:totable())
    assert.same({ { 1, 2 } }, csv("1,2\n", { header = false }).x:totable())
    assert.same({ { 3, 4 } }, csv("1,2\n3,4\n", { header = true }).x:totable())
  end)

  it("may be gzipped", function()
    assert.same({ { 1, 2 }, { 3, 4 } }, csv(files.gzip("a,b\n1,2\n3,4\n"), {}, ".csv.gz").x:totable())
  end)

  it("is refused with the line of what is wrong", function()
    local function refused(text, options) return select(2, csv(text, options)) end
    assert.equal("f.csv:3: column 'b': 'x' is not a number", refused("a,b\n1,2\n3,x\n"))
    assert.equal("f.csv:2: the value of column 'a' is missing; rows with gaps cannot be used", refused("a,b\n,2\n"))
    for _, gap in ipairs { "?", "NA", "nan", '""' } do
      assert.matches("^f.csv:4: the value of column 'b' is missing", refused('# c\n"a",b\n1,2\n1,' .. gap .. "\n"))
    end
    assert.equal("f.csv:3: 1 cells, but there are 2 columns", refused("a,b\n1,2\n3\n"))
    assert.equal("f.csv:2: more than 2 cells, but there are 2 columns", refused("a,b\n1,2,3\n"))
    assert.equal("f.csv:2: a quoted cell starts here and has no end", refused('a,b\n1,"2\n3,4\n'))
    assert.matches("^f.csv:2: column 'a': 1e60 does not fit", refused("a\n1e60\n"))
    assert.matches("^f.csv:2: a zero byte", refused("a\n1\0\n"))
    assert.matches("^f.csv:1: there is no column 'c'; the 2 columns are 'a' ... 'b'", refused("a,b\n1,2\n", { label = { "c" } }))
    assert.matches("^f.csv:1: two columns are called 'a'", refused("a,a\n1,2\n", { label = { "a" } }))
    assert.equal("f.csv: it holds no rows", refused(""))
    assert.equal("f.csv: it holds no rows", refused("a,b\n"))
    assert.equal("f.csv:3: 'z' is not one of the 2 classes of 'b'", refused("a,b\n1,x\n2,z\n",
      { label = { "b" }, classes = true, known = { "x", "y" } }))
    assert.matches("^/no/such.csv: cannot read", select(2, c.csv("/no/such.csv", {})))
  end)

  it("reads every number as the language does", function()
    local texts = { "0", "-0", "123456789012345", "1234567890123456789", "0.1", "1.7976931348623157e30", "5e-324", "3.4e38", "1e-40",
      "00012.50", "9007199254740993", "0.30000000000000004" }
    local data = assert(csv(table.concat(texts, "\n") .. "\n", { header = false }))
    for i, text in ipairs(texts) do
      assert.equal(string.unpack("<f", string.pack("<f", tonumber(text))), data.x:get(i, 1))
    end
  end)

  it("takes memory for the rows that are there, not more", function()
    collectgarbage()
    sys.set_memory_budget(sys.memory().live + 2 ^ 21)
    local data = csv(("1,2,3,4\n"):rep(20000), { header = false })
    sys.set_memory_budget(0)
    assert.equal(20000, data.x:shape()[1])
  end)
end)

describe("ARFF", function()
  it("refuses a word whose quote has no end, and quotes no more than the word", function()
    local _, message = arff("'attribute x", {})
    assert.equal("f.arff:1: @relation, @attribute, @data or a comment expected, found 'attribute x'", message)
  end)

  after_each(files.clean)
  local head = "% a comment\n@RELATION 'some jets'\n\n@attribute 'a b' REAL\n@ATTRIBUTE on {no, yes}\n@attribute note string\n" ..
    "@attribute class {w,'q q' , t}\n@DATA\n"

  it("gives numeric and two-valued features and the declared classes, sorted", function()
    local options = { label = { "class" }, features = { "a b", "on" }, classes = true }
    local data = assert(arff(head .. "1,yes,'it\\'s, fine','q q'\n% x\n2.5,no,?,w\n", options))
    assert.same({ { 1, 1 }, { 2.5, 0 } }, data.x:totable())
    assert.same({ "q q", "t", "w" }, data.classes)
    assert.same({ 0, 2 }, data.y:totable())
  end)

  it("is refused by name and line where it cannot be used", function()
    local options = { label = { "class" }, features = { "a b", "on" }, classes = true }
    local function refused(rows, o) return select(2, arff(head .. rows, o or options)) end
    assert.equal("f.arff:9: a sparse row ({index value, ...}); sparse ARFF cannot be read, store the rows in full",
      refused("{0 1, 3 w}\n"))
    assert.equal("f.arff:9: 'z' is not one of the 3 classes of 'class'", refused("1,no,n,z\n"))
    assert.matches("^f.arff:9: a row with a weight", refused("1,no,n,w,{5}\n"))
    assert.matches("^f.arff:9: the value of column 'a b' is missing", refused("?,no,n,w\n"))
    assert.equal("f.arff:9: '3' is not a value of 'on'", refused("1,3,n,w\n"))
    assert.equal("f.arff: it holds no rows", refused(""))
    assert.matches("the attribute 'note' is a text or a date and cannot be a feature", refused("", { label = { "class" }, classes = true }))
    assert.matches("the label 'class' is not numeric", refused("1,no,n,w\n", { label = { "class" }, features = { "on" } }))
    assert.matches(":3: attribute 'x' is of type 'relational'", select(2, arff("@relation r\n\n@attribute x relational\n")))
    assert.equal("f.arff:2: the file ends before @data", select(2, arff("@attribute x real\n")))
    assert.matches(":1: the values of 'x' have no end", select(2, arff("@attribute x {a,b\n@data\n")))
    assert.matches(":1: @relation, @attribute, @data or a comment expected, found 'hello'", select(2, arff("hello\n")))
  end)
end)
