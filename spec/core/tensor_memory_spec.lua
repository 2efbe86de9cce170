local tensor = require "nac.tensor"
local sys = require "nac.c.sys"

local function live()
  collectgarbage()
  collectgarbage()
  return sys.memory().live
end

describe("tensor memory", function()
  it("stays small when large tensors are made and dropped in a loop", function()
    for _, mode in ipairs { "incremental", "generational" } do
      local before_mode = collectgarbage(mode)
      local base = live()
      local most = 0
      for _ = 1, 200 do
        local t = tensor.zeros { 1000, 1000 }
        most = math.max(most, sys.memory().live - base)
        t:set(1, 1, 1)
      end
      assert.is_true(most <= 5 * 4e6, mode .. ": " .. most)
      most = 0
      local x = tensor.zeros { 1000, 100 }
      for _ = 1, 200 do
        x = x + 1
        most = math.max(most, sys.memory().live - base)
      end
      -- the collector works in proportion to all of Lua's heap, which the specs before have filled
      assert.is_true(most <= 12e6 + 512 * collectgarbage "count", mode .. ": " .. most)
      assert.equal(200, x[1000][100])
      collectgarbage(before_mode)
    end
  end)

  it("is given back at once by close and <close>", function()
    local base = live()
    local t = tensor.zeros { 1000, 1000 }
    assert.is_true(sys.memory().live >= base + 4e6)
    t:close()
    assert.equal(base, sys.memory().live)
    do
      local u <close> = tensor.zeros { 1000 }
      assert.is_true(sys.memory().live > base)
      assert.equal(0, u[1])
    end
    assert.equal(base, sys.memory().live)
    pcall(function()
      local u <close> = tensor.zeros { 1000 }
      u:frobnicate()
    end)
    assert.equal(base, sys.memory().live)
  end)

  it("is shared by views and goes with the last one", function()
    local base = live()
    local t = tensor.zeros { 1000, 1000 }
    local row = t[7]
    t:close()
    row:fill(3)
    assert.is_true(sys.memory().live >= base + 4e6)
    assert.equal(3000.0, row:sum())
    row:close()
    assert.equal(base, sys.memory().live)
  end)

  it("of dropped tensors is collected before a budget refuses", function()
    local base = live()
    sys.set_memory_budget(base + 10000000)
    local ok, message = pcall(function()
      local t = tensor.zeros { 1000, 1000 }
      for _ = 1, 20 do t = t + 1 end
      return t
    end)
    local refused, why = pcall(tensor.zeros, { 1000, 3000 })
    sys.set_memory_budget(0)
    assert.is_true(ok, message)
    assert.is_false(refused)
    assert.matches("out of memory: a f32 tensor of shape 1000x3000 needs 12 MB", why)
  end)

  it("cannot be closed under an operation by a finalizer", function()
    local base = live()
    local t = tensor.ones { 1000, 1000 }
    local ran = false
    setmetatable({}, { __gc = function() t:close(); ran = true end })
    sys.set_memory_budget(base + 9000000)
    tensor.zeros { 1000, 1000 }:fill(1) -- dropped at once, but not collected yet
    local ok, u = pcall(function() return t + 1 end)
    sys.set_memory_budget(0)
    assert.is_true(ok, u)
    assert.is_true(ran)
    assert.equal(2, u[1000][1000])
  end)
end)

describe("a tensor that user code closes in the middle of a call", function()
  -- A table that closes `t` when its entries are read.
  local function trap(t, entries)
    return setmetatable({}, {
      __len = function() return #entries end,
      __index = function(_, key)
        t:close()
        return entries[key]
      end,
    })
  end

  it("is reported as closed", function()
    local function says(f)
      local t = tensor.ones { 2, 2 }
      assert.error_matches(function() f(t) end, "closed")
      assert.error_matches(function() f(t) end, "closed")
    end
    says(function(t) t:reshape(trap(t, { 4 })) end)
    says(function(t) t:expand(trap(t, { 2, 2 })) end)
    says(function(t) t:sum(1, trap(t, {})) end)
    says(function(t) t:rows(trap(t, { 1 })) end)
    local t = tensor.ones { 2, 2 }
    assert.error_matches(function() tensor.concat(trap(t, { t, t })) end, "entry 1 of the list must be an open tensor")
  end)

  it("keeps its numbers for that call when a finalizer does it", function()
    local pause = collectgarbage("setpause", 0)
    for _ = 1, 50 do
      local t = tensor.arange(2000):reshape(1000, 2)
      for _ = 1, 5 do setmetatable({}, { __gc = function() t:close() end }) end
      local ok, list = pcall(t.totable, t)
      assert.is_true(ok and list[1000][2] == 2000 or list:find "closed" ~= nil)
      pcall(function() t[1] = 3 end)
      pcall(t.shape, t)
    end
    collectgarbage("setpause", pause)
  end)
end)

describe("a refused allocation", function()
  local a, b, index, list
  before_each(function()
    a = tensor.rand({ 6, 5 }, { seed = 1 }):transpose()
    b = tensor.rand({ 5, 6 }, { seed = 2, dtype = "f64" })
    index = tensor({ 1, 2 }, "i32")
    list = { a, b }
  end)

  local operations = {
    new = function() return tensor { { 1, 2 }, { 3, 4 } } end,
    zeros = function() return tensor.zeros { 3 } end,
    full = function() return tensor.full({ 3 }, 2) end,
    arange = function() return tensor.arange(10) end,
    rand = function() return tensor.rand({ 3 }, { seed = 1 }) end,
    randn = function() return tensor.randn({ 3 }, { seed = 1 }) end,
    convert = function() return tensor.new(a, "f64") end,
    concat = function() return tensor.concat(list) end,
    stack = function() return tensor.stack(list) end,
    add = function() return a + b end,
    number = function() return a * 2 end,
    compare = function() return a:gt(b) end,
    exp = function() return a:exp() end,
    in_place = function()
      local t = tensor { 1, 2, 3, 4 }
      t:slice(1, 2):add_(t:slice(1, 1, 3))
      return t
    end,
    copy = function()
      local t = tensor { 1, 2, 3, 4 }
      t:slice(1, 2):copy(t:slice(1, 1, 3))
      return t
    end,
    newindex = function()
      local t = tensor { { 1, 2 }, { 3, 4 } }
      t[1] = t[2]
      t[2] = 7
      return t
    end,
    clamp = function() return a:clamp(0.2, 0.8) end,
    sum = function() return a:sum(1) end,
    var = function() return a:var(2, { keep = true }) end,
    argmax = function() return a:argmax(1) end,
    matmul = function() return a:matmul(b:transpose()) end,
    rows = function() return a:rows(index) end,
    rows_of_list = function() return a:rows { 2, 1 } end,
    slice = function() return a:slice(1, 2, 3) end,
    row = function() return a[1] end,
    transpose = function() return a:transpose() end,
    expand = function() return a:slice(1, 1, 1):expand(4, 6) end,
    reshape = function() return a:reshape(-1) end,
    contiguous = function() return a:contiguous() end,
    clone = function() return a:clone() end,
    to = function() return a:to("f64") end,
    tostring = function() return tostring(a) end,
  }

  -- Dropped tensors are collected and the call tried once more, so that the
  -- n-th refusal alone is survived; with a budget of nothing it is not.
  for name, f in pairs(operations) do
    it("in " .. name .. " is survived or raised, and leaks nothing", function()
      local want = f()
      for n = 1, 20 do
        local base = live()
        sys.fail_allocation(n)
        local ok, got = pcall(f)
        sys.fail_allocation(0)
        assert.is_true(ok, got)
        assert.is_true(type(got) == "string" and got == want or got:equal(want))
        got = nil -- luacheck: ignore
        assert.equal(base, live())
      end
      local base = live()
      for room = 0, 2000, 250 do
        sys.set_memory_budget(base + room)
        local ok, message = pcall(f)
        sys.set_memory_budget(0)
        if not ok then assert.matches("out of memory", message) end
        message = nil -- luacheck: ignore
        assert.equal(base, live())
      end
    end)
  end
end)

describe("an absurd size", function()
  it("is refused with a clear message", function()
    local function message(f, ...) return select(2, pcall(f, ...)) end
    assert.matches("needs 400 TB, this machine has", message(tensor.zeros, { 10000000, 10000000 }))
    assert.matches("1099511627776x1099511627776 is too large", message(tensor.zeros, { 1 << 40, 1 << 40 }))
    assert.matches("is too large", message(tensor.zeros, { 1 << 62, 1 << 62, 1 << 62 }))
    assert.matches("is too large", message(tensor.zeros, { 0, 1 << 62, 1 << 62 }))
    assert.matches("dimension 1 of shape %-1 is negative", message(tensor.zeros, { -1 }))
    assert.matches("at most 8 dimensions, got 9", message(tensor.zeros, { 1, 1, 1, 1, 1, 1, 1, 1, 1 }))
    assert.matches("must be an integer, got string", message(tensor.zeros, { "x" }))
    assert.matches("too many numbers", message(tensor.arange, 1, 1e300))
    assert.matches("this machine has", message(tensor.arange, 1 << 40))
    local t = tensor.ones { 1 }:expand { 1 << 31, 1 << 31 }
    assert.equal(1 << 62, t:numel())
    assert.matches("is too large", message(t.clone, t))
    assert.matches("is negative or too large", message(t.expand, t, { 1 << 31, 1 << 31, 1 << 31 }))
    local eight = tensor.ones { 1, 1, 1, 1, 1, 1, 1, 1 }
    assert.matches("at most 8 dimensions", message(tensor.stack, { eight, eight }))
    local deep = 1
    for _ = 1, 9 do deep = { deep } end
    assert.matches("at most 8 dimensions", message(tensor.new, deep))
  end)
end)
