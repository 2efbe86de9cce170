local tensor = require "nac.tensor"
local rng = require "nac.rng"
local twin = require "spec.support.tensor_twin"

local dtypes = { "f32", "f64", "i32", "u8" }
local level = { u8 = 0, i32 = 0, f32 = 1, f64 = 2 }
local arithmetic = { [0] = "i32", "f32", "f64" }

local function bool(f) return function(a, b) return f(a, b) and 1 or 0 end end

local exact = {
  add = function(a, b) return a + b end,
  sub = function(a, b) return a - b end,
  mul = function(a, b) return a * b end,
  maximum = math.max,
  minimum = math.min,
}
local compare = {
  gt = bool(function(a, b) return a > b end),
  lt = bool(function(a, b) return a < b end),
  ge = bool(function(a, b) return a >= b end),
  le = bool(function(a, b) return a <= b end),
  eq = bool(function(a, b) return a == b end),
  ne = bool(function(a, b) return a ~= b end),
}

local function names(t)
  local list = {}
  for name in pairs(t) do list[#list + 1] = name end
  table.sort(list)
  return list
end

describe("elementwise arithmetic", function()
  it("equals its twin over random shapes, types and layouts", function()
    local r = rng.stream(1, "spec.binary")
    for _ = 1, 400 do
      local da, db = r:choice(dtypes), r:choice(dtypes)
      local a, ta = twin.random(r, da)
      local b, tb = twin.random(r, db, twin.broadcastable(r, ta.shape))
      local name = r:choice(names(exact))
      local out = a[name](a, b)
      assert.equal(arithmetic[math.max(level[da], level[db])], out:dtype())
      twin.compare(twin.binary(ta, tb, exact[name]), out, 0, name)
      name = r:choice(names(compare))
      out = b[name](b, a)
      assert.equal("u8", out:dtype())
      twin.compare(twin.binary(tb, ta, compare[name]), out, 0, name)
    end
  end)

  it("equals its twin in place, also when the operands overlap", function()
    local r = rng.stream(2, "spec.in_place")
    for _ = 1, 200 do
      local a, ta = twin.random(r, "f64")
      local b, tb = twin.random(r, "f32", twin.broadcastable(r, ta.shape))
      local before = tensor.new(a:clone():totable(), "f64"):reshape(ta.shape)
      local name = r:choice(names(exact))
      local out = a[name .. "_"](a, b)
      assert.equal(a, out)
      local copy = { shape = ta.shape, at = function(index) return before:get(table.unpack(index)) end }
      twin.compare(twin.binary(copy, tb, exact[name]), a, 0, name .. "_")
    end
    local t = tensor { 1, 2, 3, 4 }
    t:slice(1, 2):add_(t:slice(1, 1, 3))
    assert.same({ 1, 3, 5, 7 }, t:totable())
    t:copy(tensor { 1, 2, 3, 4 }):slice(1, 2):copy(t:slice(1, 1, 3))
    assert.same({ 1, 1, 2, 3 }, t:totable())
    t = tensor { { 1, 2 }, { 3, 4 } }
    t:add_(t:transpose())
    assert.same({ { 2, 5 }, { 5, 8 } }, t:totable())
    t = tensor { { 1, 2 }, { 3, 4 } }
    t:copy(t:transpose())
    assert.same({ { 1, 3 }, { 2, 4 } }, t:totable())
    t:copy(t[1])
    assert.same({ { 1, 3 }, { 1, 3 } }, t:totable())
  end)

  it("divides and takes powers in floats, rounds down with // and %", function()
    local t = tensor({ 7, -7, 1 }, "i32")
    assert.equal("f32", (t / 2):dtype())
    assert.same({ 3.5, -3.5, 0.5 }, (t / 2):totable())
    assert.same({ 3, -4, 0 }, (t // 2):totable())
    assert.same({ 1, 1, 1 }, (t % 2):totable())
    assert.same({ -1, -1, -1 }, (t % -2):totable())
    assert.same({ 49, 49, 1 }, (t ^ 2):totable())
    assert.same({ 0.5, 0.25 }, (1 / tensor { 2, 4 }):totable())
    assert.same({ -1, -3 }, (1 - tensor { 2, 4 }):totable())
    assert.same({ -2, -4 }, (-tensor { 2, 4 }):totable())
  end)

  it("does not let a number raise the type, except a float beside integers", function()
    local t = tensor({ 1, 2 }, "i32")
    assert.equal("i32", (t + 1):dtype())
    assert.equal("f32", (t + 1.0):dtype())
    assert.equal("i32", (tensor({ 1 }, "u8") * 2):dtype())
    assert.equal("f32", (tensor { 1 } * 0.1):dtype())
    assert.equal(1, (tensor { 0.1 }):eq(0.1)[1])
    assert.equal("f64", (tensor({ 1 }, "f64") * 2):dtype())
  end)

  it("refuses integer results that do not fit", function()
    local big = tensor({ 2147483647 }, "i32")
    assert.error_matches(function() return big + 1 end, "the result 2147483648 does not fit in i32")
    assert.error_matches(function() return big * big end, "does not fit in i32")
    assert.error_matches(function() tensor({ 250 }, "u8"):add_(10) end, "260 does not fit in u8")
    assert.error_matches(function() tensor({ 1 }, "i32"):div_(2) end, "the result is f32, which a i32 tensor cannot take in place")
    assert.error_matches(function() return tensor({ 1 }, "i32") // 0 end, "does not fit in i32")
  end)

  it("has the usual functions", function()
    local xs = { -2.5, -1, -0.5, 0, 0.5, 1, 2.5 }
    local expected = {
      exp = math.exp, abs = math.abs, floor = math.floor, ceil = math.ceil,
      relu = function(x) return math.max(x, 0) end,
      sigmoid = function(x) return 1 / (1 + math.exp(-x)) end,
      tanh = function(x) return (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1) end,
      sign = function(x) return x > 0 and 1 or x < 0 and -1 or 0 end,
      neg = function(x) return -x end,
      log = function(x) return x < 0 and 0 / 0 or math.log(x) end,
      sqrt = function(x) return x < 0 and 0 / 0 or math.sqrt(x) end,
    }
    for _, dtype in ipairs { "f32", "f64" } do
      local x = tensor(xs, dtype)
      for name, f in pairs(expected) do
        local list = {}
        for i, v in ipairs(xs) do list[i] = f(v) end
        local function at(index) return list[index[1]] end
        twin.compare({ shape = { #xs }, at = at }, x[name](x), dtype == "f32" and 1e-6 or 1e-14, name)
        twin.compare({ shape = { #xs }, at = at }, x:clone()[name .. "_"](x:clone()), 1e-6, name .. "_")
      end
    end
    assert.same({ -2, 0, 0, 2, 2 }, tensor { -2.5, -0.5, 0.5, 1.5, 2.5 }:round():totable())
    assert.same({ -1, 0.5, 2 }, tensor { -3, 0.5, 7 }:clamp(-1, 2):totable())
    assert.same({ -3, 0.5, 2 }, tensor { -3, 0.5, 7 }:clamp(nil, 2):totable())
    assert.same({ 0, 1 }, tensor { -1000, 1000 }:sigmoid():totable())
  end)

  it("keeps NaN", function()
    local t = tensor { 0 / 0, 1 }
    assert.is_true(t:relu()[1] ~= t:relu()[1])
    assert.is_true(t:maximum(0)[1] ~= t:maximum(0)[1])
    assert.is_true(t:clamp(0, 1)[1] ~= t:clamp(0, 1)[1])
    assert.is_true(t:max() ~= t:max())
    assert.equal(1, t:argmax())
    assert.same({ 0, 0 }, t:gt(1):totable())
    assert.is_false(t:isfinite())
    assert.is_false(t:equal(t))
  end)

  it("names both shapes that do not fit", function()
    assert.error_matches(function() return tensor.zeros { 3, 4 } + tensor.zeros { 5 } end, "cannot broadcast 3x4 with 5")
    assert.error_matches(function() tensor.zeros { 4 }:add_(tensor.zeros { 3, 4 }) end, "cannot broadcast 3x4 to 4 in place")
    assert.error_matches(function() return tensor.zeros { 3 } + "x" end, "nac.tensor or number expected, got string")
    assert.error_matches(function() return tensor.zeros { 3 } + {} end, "nac.tensor or number expected, got table")
  end)
end)

local function total(list)
  local s = 0
  for _, v in ipairs(list) do s = s + v end
  return s
end
local function mean(list) return total(list) / #list end
local function var(correction)
  return function(list)
    local m, s = mean(list), 0
    for _, v in ipairs(list) do s = s + (v - m) ^ 2 end
    return s / math.max(#list - correction, 0)
  end
end
local function best(better)
  return function(list)
    local where = 1
    for i, v in ipairs(list) do
      if better(v, list[where]) then where = i end
    end
    return where
  end
end
local argmax = best(function(a, b) return a > b end)
local argmin = best(function(a, b) return a < b end)

local reductions = {
  { "sum", total, 0 }, { "mean", mean, 1e-6 }, { "var", var(0), 2e-5 }, { "var", var(1), 4e-5, 1 },
  { "std", function(list) return math.sqrt(var(0)(list)) end, 1e-5 },
  { "argmax", argmax, 0 }, { "argmin", argmin, 0 },
  { "max", function(list) return list[argmax(list)] end, 0 },
  { "min", function(list) return list[argmin(list)] end, 0 },
}
local of_something = { max = true, min = true, argmax = true, argmin = true }

describe("reductions", function()
  it("equal their twins over random shapes, types and layouts", function()
    local r = rng.stream(3, "spec.reduce")
    for _ = 1, 300 do
      local dtype = r:choice(dtypes)
      local t, tt = twin.random(r, dtype)
      local row = r:choice(reductions)
      local name, f, tolerance, correction = table.unpack(row)
      if t:numel() > 0 or not of_something[name] then
        local got = t[name](t, { correction = correction })
        local want = twin.reduce(tt, f)
        assert.is_true(got == want or math.abs(got - want) <= tolerance or (got ~= got and want ~= want), name)
        for d = 1, #tt.shape do
          local keep = r:int(0, 1) == 1
          if not (of_something[name] and tt.shape[d] == 0) then
            local out = t[name](t, d - (r:int(0, 1) == 1 and #tt.shape + 1 or 0), { keep = keep, correction = correction })
            twin.compare(twin.reduce(tt, f, d, keep), out, tolerance, name)
          end
        end
      end
    end
  end)

  it("work on long rows and columns", function()
    local t = tensor.arange(3000):to("f32"):reshape(3, 1000)
    assert.same({ 500500, 1500500, 2500500 }, t:sum(2):totable())
    assert.equal(4501500.0, t:sum())
    assert.equal(3003, t:sum(1)[1] )
    assert.same({ 1000, 1000, 1000 }, t:argmax(2):totable())
    assert.same({ 1, 1001, 2001 }, t:transpose():min(1):totable())
    assert.equal(3000, t:argmax())
    local mean_of_columns = t:transpose():contiguous():mean(1)
    assert.same({ 500.5, 1500.5, 2500.5 }, mean_of_columns:totable())
  end)

  it("add up f32 in double", function()
    local t = tensor.full({ 20000000 // 4 }, 0.1)
    assert.is_true(math.abs(t:mean() - 0.1) < 1e-8)
    t:close()
  end)

  it("give Lua integers for integer tensors and refuse what does not fit", function()
    assert.equal("integer", math.type(tensor({ 1, 2 }, "i32"):sum()))
    assert.equal("float", math.type(tensor({ 1, 2 }, "i32"):mean()))
    assert.equal(4294967294, tensor({ 2147483647, 2147483647 }, "i32"):sum())
    assert.error_matches(function() tensor({ { 2147483647 }, { 1 } }, "i32"):sum(1) end, "the sum 2147483648 does not fit in i32")
    assert.equal("i32", tensor({ { 200 }, { 200 } }, "u8"):sum(1):dtype())
    assert.error_matches(function() tensor.zeros { 0 }:max() end, "max of no elements")
    assert.error_matches(function() tensor.zeros { 0, 2 }:argmin(1) end, "argmin of no elements")
    assert.error_matches(function() tensor.zeros { 2 }:sum(2) end, "dimension 2 of a tensor of shape 2")
  end)
end)

describe("the matrix product", function()
  local function multiply(a, b, at_a, at_b, k)
    return function(i, j)
      local s = 0
      for p = 1, k do s = s + at_a(a, i, p) * at_b(b, p, j) end
      return s
    end
  end

  it("equals its twin over random sizes and layouts", function()
    local r = rng.stream(4, "spec.matmul")
    local sizes = { 0, 1, 2, 3, 7, 16, 17 }
    for _ = 1, 80 do
      local m, k, n = r:choice(sizes), r:choice(sizes), r:choice(sizes)
      local a, ta = twin.random(r, r:choice { "f32", "f64", "i32" }, { m, k })
      local b, tb = twin.random(r, r:choice { "f32", "f64", "u8" }, { k, n })
      local product = multiply(ta, tb, function(x, i, p) return x.at { i, p } end, function(x, p, j) return x.at { p, j } end, k)
      twin.compare({ shape = { m, n }, at = function(index) return product(index[1], index[2]) end }, a:matmul(b), 0, "matmul")
    end
  end)

  it("takes sizes beyond a block", function()
    local a = tensor.rand({ 65, 130 }, { seed = 1, dtype = "f64" })
    local b = tensor.rand({ 130, 3 }, { seed = 2, dtype = "f64" })
    local c = a:matmul(b)
    assert.is_true(math.abs((a[65] * b:select(2, 3)):sum() - c[65][3]) < 1e-12)
    assert.is_true(a:to("f32"):matmul(b:to("f32")):allclose(c, 1e-5))
  end)

  it("takes batches and vectors", function()
    local a = tensor.rand({ 4, 3, 5 }, { seed = 1 })
    local b = tensor.rand({ 4, 5, 2 }, { seed = 2 })
    local c = tensor.matmul(a, b)
    assert.same({ 4, 3, 2 }, c:shape())
    for i = 1, 4 do assert.is_true(c[i]:equal(a[i]:matmul(b[i]))) end
    assert.is_true(a:matmul(b[1])[3]:equal(a[3]:matmul(b[1])))
    assert.same({ 3 }, a[1]:matmul(tensor.ones { 5 }):shape())
    assert.same({ 2 }, tensor.ones { 5 }:matmul(b[1]):shape())
    assert.equal(14, tensor { 1, 2, 3 }:matmul(tensor { 1, 2, 3 }):item())
  end)

  it("names both shapes that do not fit", function()
    assert.error_matches(function() tensor.zeros { 2, 3 }:matmul(tensor.zeros { 2, 3 }) end, "cannot multiply 2x3 by 2x3 as matrices")
    assert.error_matches(function() tensor.zeros { 2, 2, 3 }:matmul(tensor.zeros { 3 }) end, "cannot multiply 2x2x3 by 3")
  end)
end)

describe("joining and gathering", function()
  it("concatenates, stacks, gathers rows", function()
    local a, b = tensor { { 1, 2 } }, tensor { { 3, 4 }, { 5, 6 } }
    assert.same({ { 1, 2 }, { 3, 4 }, { 5, 6 } }, tensor.concat { a, b }:totable())
    assert.same({ { 1, 3, 5 }, { 2, 4, 6 } }, tensor.concat({ a:transpose(), b:transpose() }, -1):totable())
    assert.same({ { { 3, 4 }, { 5, 6 } }, { { 3, 4 }, { 5, 6 } } }, tensor.stack { b, b }:totable())
    assert.same({ { 3, 3 }, { 4, 4 }, { 5, 5 }, { 6, 6 } }, tensor.stack({ b, b }, 3):reshape(4, 2):totable())
    assert.same({ { 5, 6 }, { 3, 4 }, { 5, 6 } }, b:rows { 2, 1, 2 }:totable())
    assert.same({ { 4, 6 }, { 3, 5 } }, b:transpose():rows(tensor({ 2, 1 }, "i32")):totable())
    assert.equal("u8", tensor.concat { tensor({ 1 }, "u8"), tensor({ 2 }, "u8") }:dtype())
    assert.equal("f32", tensor.concat { tensor({ 1 }, "i32"), tensor { 2 } }:dtype())
    assert.same({ 0, 2 }, b:rows(tensor.zeros({ 0 }, "i32")):shape())
  end)

  it("refuses what does not fit", function()
    local a, b = tensor.zeros { 2, 3 }, tensor.zeros { 2, 2 }
    assert.error_matches(function() tensor.concat { a, b } end, "cannot join 2x3 %(entry 1%) with 2x2 %(entry 2%)")
    assert.error_matches(function() tensor.stack { a, b } end, "cannot join 2x3 %(entry 1%) with 2x2 %(entry 2%)")
    assert.error_matches(function() tensor.concat {} end, "at least one tensor")
    assert.error_matches(function() tensor.concat { a, 1 } end, "entry 2 of the list must be an open tensor, got number")
    assert.error_matches(function() a:rows { 3 } end, "index 3 %(entry 1%) outside of 1..2")
    assert.error_matches(function() a:rows { 0 } end, "outside of 1..2")
    assert.error_matches(function() a:rows(tensor { 1 }) end, "row indices must be an i32 tensor of rank 1, got f32")
  end)
end)

describe("random tensors", function()
  it("are the same for the same seed and depend on the purpose", function()
    local a = tensor.rand({ 100 }, { seed = 1 })
    assert.is_true(a:equal(tensor.rand({ 100 }, { seed = 1 })))
    assert.is_false(a:equal(tensor.rand({ 100 }, { seed = 2 })))
    assert.is_false(a:equal(tensor.rand({ 100 }, { seed = 1, purpose = "other" })))
    math.randomseed(5)
    local b = tensor.rand { 100 }
    assert.is_false(b:equal(tensor.rand { 100 }))
    math.randomseed(5)
    assert.is_true(b:equal(tensor.rand { 100 }))
    local r = rng.stream(3, "x")
    assert.is_false(tensor.rand({ 3 }, { rng = r }):equal(tensor.rand({ 3 }, { rng = r })))
  end)

  it("have the moments asked for", function()
    local u = tensor.rand({ 100000 }, { seed = 1, lo = -1, hi = 3 })
    assert.is_true(u:min() >= -1 and u:max() < 3)
    assert.is_true(math.abs(u:mean() - 1) < 0.02)
    local n = tensor.randn({ 100000 }, { seed = 1, mean = 2, sd = 3 })
    assert.is_true(math.abs(n:mean() - 2) < 0.05)
    assert.is_true(math.abs(n:std() - 3) < 0.05)
    assert.is_true(tensor.rand({ 1000 }, { seed = 1, dtype = "u8", hi = 10 }):max() == 9)
  end)
end)
