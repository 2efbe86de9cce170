-- The types that firmware computes with where AMD's headers are absent: equal to them
-- (spec/golden/fixed.npz) and to our own formats, value for value.
local gxx = require "spec.support.gxx"
local npz = require "nac.c.npz"
local quant = require "nac.c.quant"

local head = [[
#include "ap_int.h"
#include <cstdio>
#include <initializer_list>
inline void show(double x) { std::printf("%.17g\n", x); }
]]

local function numbers(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = tonumber(line) end
  return list
end

local function literals(list)
  local text = {}
  for i, x in ipairs(list) do text[i] = ("%.17e"):format(x) end
  return table.concat(text, ", ")
end

-- "fixed_8_3_RND_SAT" as C++ has it; nil for what is no format.
local function golden_type(name)
  local kind, w, i, modes = name:match "^(u?fixed)_(%d+)_(%-?%d+)_(.+)$"
  if not kind then return nil end
  for _, o in ipairs { "SAT_ZERO", "SAT_SYM", "WRAP", "SAT" } do
    local q = modes:match("^(.*)_" .. o .. "$")
    if q then return ("ap_%s<%s, %s, AP_%s, AP_%s>"):format(kind, w, i, q, o) end
  end
end

describe("ap_fixed without AMD's headers", function()
  teardown(gxx.clean)

  local function it_compiles(name, body)
    it(name, function()
      if not gxx.found then return pending "g++ is not installed" end
      body()
    end)
  end

  it_compiles("gives AMD's value in every rounding and overflow mode", function()
    local golden = assert(npz.read "spec/golden/fixed.npz")
    local x = golden.x:totable()
    local source = { head, ("static const double inputs[] = {%s};\n"):format(literals(x)),
      "template <class T> static void all() { for (double v : inputs) show(T(v).to_double()); }\nint main() {\n" }
    local names = {}
    for name in pairs(golden) do names[#names + 1] = golden_type(name) and name or nil end
    table.sort(names)
    for _, name in ipairs(names) do source[#source + 1] = ("all<%s >();\n"):format(golden_type(name)) end
    source[#source + 1] = "}\n"
    local got = numbers(gxx.run(table.concat(source)))
    assert.equal(158, #names)
    assert.equal(158 * #x, #got)
    for k, name in ipairs(names) do
      local want = golden[name]:totable()
      for i = 1, #x do
        if got[(k - 1) * #x + i] ~= want[i] then error(("%s of %.17g: %.17g, AMD %.17g"):format(name, x[i], got[(k - 1) * #x + i], want[i])) end
      end
    end
  end)

  it_compiles("converts between formats as ours do", function()
    local from = { "ap_fixed<20,9>", "ap_ufixed<30,4>", "ap_fixed<62,40>", "ap_fixed<64,12>", "ap_ufixed<64,70>", "ap_fixed<5,-9>", "ap_fixed<7,60>" }
    local to = { "ap_fixed<8,3,AP_RND_CONV,AP_SAT>", "ap_ufixed<6,2,AP_RND,AP_SAT_ZERO>", "ap_fixed<64,20,AP_TRN_ZERO,AP_SAT_SYM>", "ap_fixed<12,5>",
      "ap_ufixed<64,1,AP_RND_INF,AP_WRAP>", "ap_fixed<9,-3,AP_RND_MIN_INF,AP_SAT>", "ap_fixed<6,45,AP_RND_ZERO,AP_SAT>" }
    local source, want = { head, "int main() {\n" }, {}
    for _, a in ipairs(from) do
      local f = quant.format(a)
      local x = {}
      local function take(v)
        v = f:quantise(v)
        if v < f.max then x[#x + 1] = v end -- the greatest of 64 bits is no double
      end
      for _, part in ipairs { 0, .9, -.9, .5, -.5, .3, -.7, .011, -.003, .25, -.125, 1e-4, -1e-5 } do take(part * f.max) end
      for _, raw in ipairs { 1, -1, 3, -5 } do take(raw * f.step) end
      source[#source + 1] = ("for (double v : {%s}) { const %s a(v);\n"):format(literals(x), a)
      for _, b in ipairs(to) do source[#source + 1] = ("show(%s(a).to_double());"):format(b) end
      source[#source + 1] = "}\n"
      for _, v in ipairs(x) do
        for _, b in ipairs(to) do
          want[#want + 1] = { quant.format(b):value(quant.format(b):raw(v)), ("%s of %.17g in %s"):format(b, v, a) }
        end
      end
    end
    source[#source + 1] = "}\n"
    for i, got in ipairs(numbers(gxx.run(table.concat(source)))) do assert.equal(want[i][1], got, want[i][2]) end
  end)

  it_compiles("adds, subtracts and multiplies into as many bits as AMD's do", function()
    -- a, b, then bits and integer bits of a + b, a - b and a * b (UG1399, "Binary Arithmetic Operators").
    local cases = {
      { "ap_fixed<8, 3>", "ap_fixed<6, 5>", 11, 6, 11, 6, 14, 8 },
      { "ap_ufixed<8, 3>", "ap_fixed<6, 3>", 10, 5, 10, 5, 14, 6 },
      { "ap_fixed<8, 3>", "ap_ufixed<6, 7>", 14, 9, 14, 9, 14, 10 },
      { "ap_ufixed<8, 3>", "ap_ufixed<4, -2>", 10, 4, 10, 4, 12, 1 },
      { "ap_int<8>", "ap_uint<8>", 10, 10, 10, 10, 16, 16 },
      { "ap_int<60>", "ap_fixed<50, 20>", 91, 61, 91, 61, 110, 80 },
    }
    local source = { head, [[
template <class A, class B> static void two(double x, double y, int sw, int si, int mw, int mi, int pw, int pi)
{
  const A a(x);
  const B b(y);
  const auto sum = a + b;
  const auto difference = a - b;
  const auto product = a * b;
  if (sum.width != sw || sum.iwidth != si || difference.width != mw || difference.iwidth != mi || product.width != pw || product.iwidth != pi) {
    std::printf("widths %d %d, %d %d, %d %d\n", sum.width, sum.iwidth, difference.width, difference.iwidth, product.width, product.iwidth);
  }
  x = a.to_double();
  y = b.to_double();
  if (sum.to_double() != x + y || difference.to_double() != x - y || product.to_double() != x * y || (-a).to_double() != -x) {
    std::printf("%g and %g: %g %g %g\n", x, y, sum.to_double(), difference.to_double(), product.to_double());
  }
  if ((a == b) != (x == y) || (a != b) != (x != y) || (a < b) != (x < y) || (a <= b) != (x <= y) || (a > b) != (x > y) || (a >= b) != (x >= y)) {
    std::printf("comparison of %g and %g\n", x, y);
  }
}
int main() {
]] }
    for _, c in ipairs(cases) do
      source[#source + 1] = ("for (double x : {-3.5, -1., 0., .25, 2.875, 127.}) for (double y : {-2., -.5, 0., .25, 1., 15.}) two<%s, %s >(x, y, %s);\n")
        :format(c[1], c[2], table.concat(c, ", ", 3))
    end
    source[#source + 1] = "}\n"
    assert.equal("", gxx.run(table.concat(source)))
  end)

  it_compiles("shifts inside its bits, reads and writes bits, mixes with C's integers", function()
    local want = {
      "3.5", "-4", "0.25", "-0.28125", "0", -- shifts
      "5", "250", "-6", -- bits
      "5.5", "-7.5", "1", "1", "1", -- with C's integers
      "-1", "7", "-2", "3", -- conversion to integers goes towards zero
      "3.75", "-8", -- compound assignment uses the variable's modes
    }
    local got = gxx.run(head .. [[
int main() {
  const ap_fixed<8, 3> x(2.5), y(-1.125), z(1.75), small(0.5);
  show((z << 1).to_double());
  show((ap_fixed<4, 4>(-2) << 1).to_double());
  show((small >> 1).to_double());
  show((y >> 2).to_double());
  show((ap_fixed<8, 3>(2) << 2).to_double());
  ap_uint<8> bits = ap_int<8>(5).range(7, 0);
  show(bits.to_double());
  bits = ap_int<8>(-6).range(7, 0);
  show(bits.to_double());
  ap_int<8> back;
  back.range(7, 0) = bits.range(7, 0);
  show(back.to_double());
  show((x + 3).to_double());
  show((-3 * x).to_double());
  show(x < 3);
  show(3 > x);
  show(ap_uint<3>(5) == 5);
  show(y.to_int());
  show(ap_int<8>(7.9).to_int());
  show(ap_int<8>(ap_fixed<8, 3>(-2.5)).to_int());
  show(ap_fixed<9, 9>(3.5).to_int());
  ap_fixed<5, 3, AP_TRN, AP_SAT> s(3);
  s += x;
  show(s.to_double());
  ap_fixed<4, 4, AP_RND, AP_SAT> t(-5);
  t *= x;
  show(t.to_double());
}
]])
    assert.equal(table.concat(want, "\n") .. "\n", got)
  end)

  it_compiles("has streams that keep their order and end the program where firmware reads too much or too little", function()
    local program = [[
#include <cstdio>
#include "hls_stream.h"
int main(int n, char **)
{
  hls::stream<int> s("pixels");
  int x;
  s.write(1);
  s << 2;
  s.write(3);
  s >> x;
  const int y = s.read();
  std::printf("%d %d %d %d\n", x, y, (int)s.size(), s.empty());
  if (LEFT == 0) {
    s.read(x);
  }
  if (LEFT < 0) {
    s.read(x);
    s.read(x);
  }
  return n - 1;
}
]]
    assert.equal("1 2 1 0\n", (gxx.run(program, "-DLEFT=0")))
    for left, what in pairs { [1] = "pixels: 1 tokens were written and never read", [-1] = "pixels: read while it is empty" } do
      local ran, said = pcall(gxx.run, program, ("-DLEFT=%d"):format(left))
      assert.is_false(ran)
      assert.truthy(tostring(said):find(what, 1, true), said)
    end
  end)
end)
