local csv = require "nac.util.csv"

describe("csv", function()
  it("reads back what it wrote", function()
    local columns = { "trial", "precision", "note" }
    local rows = {
      { trial = "0", precision = "ap_fixed<16,6>", note = 'said "no"' },
      { trial = "1", precision = "", note = "two\nlines, one cell" },
    }
    local read, names = csv.decode(csv.encode(columns, rows))
    assert.same(columns, names)
    assert.same(rows, read)
  end)

  it("quotes as RFC 4180 says", function()
    assert.equal('a,b\n1,"x,y"\n', csv.encode({ "a", "b" }, { { a = 1, b = "x,y" } }))
    assert.equal('a\n"say ""hi"""\n', csv.encode({ "a" }, { { a = 'say "hi"' } }))
  end)

  it("writes numbers that read back equal", function()
    assert.equal("a,b,c\n0.1,200000,\n", csv.encode({ "a", "b", "c" }, { { a = 0.1, b = 200000 } }))
    assert.equal("a\nnan\n", csv.encode({ "a" }, { { a = 0 / 0 } }))
  end)

  it("takes an unquoted precision for one cell, as older results have it", function()
    local rows = csv.decode "trial,precision,bops\n0,<16,6>,12\n1,ap_fixed<8,3,AP_RND,AP_SAT>,13\n2,a<b,14\n"
    assert.equal("<16,6>", rows[1].precision)
    assert.equal("12", rows[1].bops)
    assert.equal("ap_fixed<8,3,AP_RND,AP_SAT>", rows[2].precision)
    assert.equal("a<b", rows[3].precision)
  end)

  it("reads files from other systems", function()
    local rows = csv.decode "\239\187\191a,b\r\n1,2\r\n\r\n3,\r\n"
    assert.same({ { a = "1", b = "2" }, { a = "3", b = "" } }, rows)
  end)

  it("names the line of a fault", function()
    assert.same({ nil, "line 3: 3 cells, but 2 columns" }, { csv.decode "a,b\n1,2\n1,2,3\n" })
    assert.same({ nil, "line 2: a quoted cell has no end" }, { csv.decode 'a,b\n1,"2\n' })
    assert.same({ nil, "the file is empty" }, { csv.decode "" })
    local rows, message = csv.read "/no/such.csv"
    assert.is_nil(rows)
    assert.matches("/no/such.csv", message)
  end)
end)
