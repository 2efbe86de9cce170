-- Fixed-point formats: AMD's values (spec/golden/fixed.npz), the definition in plain arithmetic, text.
local cpu = require "nac.c.cpu"
local nac = require "nac"
local npz = require "nac.c.npz"
local quant = require "nac.c.quant"

local inf, nan = math.huge, 0 / 0

describe("number formats", function()
  it("give AMD's value in every rounding and overflow mode", function()
    local golden = assert(npz.read "spec/golden/fixed.npz")
    local cases = 0
    for name, want in pairs(golden) do
      local kind, w, i, modes = name:match "^(u?fixed)_(%d+)_(%-?%d+)_(.+)$"
      if kind then
        local rounding, overflow = modes, nil
        for _, o in ipairs { "SAT_ZERO", "SAT_SYM", "WRAP", "SAT" } do
          if not overflow and modes:sub(-#o - 1) == "_" .. o then rounding, overflow = modes:sub(1, -#o - 2), o end
        end
        local f = quant.format { width = tonumber(w), integer = tonumber(i), signed = kind == "fixed", rounding = rounding, overflow = overflow }
        assert.is_true(f:apply(golden.x):equal(want), name)
        cases = cases + 1
      end
    end
    assert.equal(158, cases)
  end)

  it("round as defined, halves and all", function()
    local ties = { TRN = { -2, -1, 0, 1 }, TRN_ZERO = { -1, 0, 0, 1 }, RND = { -1, 0, 1, 2 }, RND_ZERO = { -1, 0, 0, 1 },
                   RND_INF = { -2, -1, 1, 2 }, RND_MIN_INF = { -2, -1, 0, 1 }, RND_CONV = { -2, 0, 0, 2 } }
    for rounding, want in pairs(ties) do
      local f = quant.format { width = 8, integer = 8, rounding = rounding }
      for i, x in ipairs { -1.5, -.5, .5, 1.5 } do assert.equal(want[i], f:quantise(x), rounding .. " of " .. x) end
    end
  end)

  it("saturate, wrap, go to zero or stay symmetric", function()
    local function of(overflow, x) return (quant.format { width = 4, integer = 4, overflow = overflow }:quantise(x)) end
    assert.same({ 7, -8 }, { of("SAT", 100), of("SAT", -100) })
    assert.same({ 7, -7, -7 }, { of("SAT_SYM", 100), of("SAT_SYM", -100), of("SAT_SYM", -8) })
    assert.same({ 0, 7 }, { of("SAT_ZERO", 100), of("SAT_ZERO", 7) })
    assert.same({ -8, 4, 7 }, { of("WRAP", 8), of("WRAP", 100), of("WRAP", -9) })
  end)

  it("say whether a number was out of range", function()
    local f = quant.format { width = 8, integer = 3 }
    assert.same({ 1, false }, { f:quantise(1) })
    assert.same({ f.max, true }, { f:quantise(4) })
    assert.same({ f.max, true }, { f:quantise(inf) })
    assert.same({ f.min, true }, { f:quantise(-inf) })
    assert.same({ 0, true }, { f:quantise(nan) })
    local _, count = f:apply(nac.tensor { 0, 5, -5, 1 })
    assert.equal(2, count)
  end)

  it("go up to 64 bits, with points anywhere", function()
    local f = quant.format { width = 64, integer = 64 }
    assert.equal(math.maxinteger, f:raw(1e300))
    assert.equal(math.mininteger, f:raw(-1e300))
    assert.equal(2 ^ 62, f:quantise(2 ^ 62))
    local u = quant.format { width = 64, integer = 0, signed = false }
    assert.equal(-1, u:raw(1))
    assert.equal(2 ^ -64, u.step)
    assert.equal(0.75, u:quantise(.75))
    assert.equal(2 ^ 40, quant.format { width = 8, integer = 44 }:quantise(2 ^ 40))
    assert.equal(0, quant.format { width = 8, integer = 44, rounding = "TRN" }:quantise(2 ^ 30))
    assert.equal(2 ^ -30, quant.format { width = 8, integer = -25 }:quantise(2 ^ -30))
    assert.equal(0, quant.format { width = 8, integer = 8, overflow = "WRAP" }:quantise(2 ^ 900))
  end)

  it("round arrays in vectors to the very numbers and counts of one at a time, whatever the kernels", function()
    local rng = nac.rng.stream(3, "format")
    local function numbers(step, width)
      local x = { 0, -0.0, nan, inf, -inf, 3e38, -3e38, 1e-45, -1e-45, 1e-38, -1e-38, 16777215.0, -16777216.0 }
      for i = 0, 299 do -- ties and whole steps about both ends and about zero, neighbours of ties, anything
        local at = ({ 0, 2 ^ width, 2 ^ (width - 1), -2 ^ (width - 1) })[i % 4 + 1] + rng:int(-6, 6)
        x[#x + 1] = (at + (i % 3) / 2) * step
        x[#x + 1] = x[#x] * (1 + (rng:uniform() - .5) * 2 ^ -22)
        x[#x + 1] = rng:normal() * step * 2 ^ rng:int(-3, math.min(width + 3, 40))
      end
      return nac.tensor(x)
    end
    local formats, compared = { { 1, 1 }, { 4, 1 }, { 8, 3 }, { 8, 12 }, { 8, -30 }, { 24, 4 }, { 25, 4 }, { 26, 2 }, { 40, 20 }, { 6, -100 }, { 6, 100 },
      { 8, 120 } }, 0
    for _, isa in ipairs(cpu.info().available) do
      cpu.use(isa)
      for _, f in ipairs(formats) do
        for _, rounding in ipairs { "TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV" } do
          for k, overflow in ipairs { "WRAP", "SAT", "SAT_ZERO", "SAT_SYM" } do
            local format = quant.format { width = f[1], integer = f[2], signed = k % 2 == 0 or #rounding > 4, rounding = rounding, overflow = overflow }
            local x = numbers(format.step, f[1])
            local applied, count = format:apply(x)
            local got, out = applied:totable(), 0
            for i, v in ipairs(x:totable()) do
              local want, over = format:quantise(v)
              if f[1] > 24 then want = string.unpack("f", string.pack("f", want)) end
              local y = got[i]
              if over then out = out + 1 end
              if y ~= want or 1 / y ~= 1 / want then
                error(("%s on %s: %a gives %a, not %a"):format(format, isa, v, y, want))
              end
            end
            assert.equal(out, count, tostring(format))
            compared = compared + x:numel()
          end
        end
      end
    end
    cpu.use(cpu.info().available[1])
    assert.is_true(compared > 3e5)
  end)

  it("are read and written as C++ has them", function()
    for _, text in ipairs { "ap_fixed<8,3>", "ap_ufixed<8,-2>", "ap_fixed<16,6,AP_RND_CONV,AP_SAT>" } do
      assert.equal(text, tostring(quant.format(text)))
    end
    assert.equal("ap_fixed<8,3>", tostring(quant.format " ap_fixed < 8 , 3 > "))
    assert.is_true(quant.format "ap_fixed<8,3,AP_RND_CONV,AP_SAT>" == quant.format { width = 8, integer = 3 })
    local f = quant.format "ap_ufixed<8,3>"
    assert.same({ 8, 3, 5, false, "TRN", "WRAP" }, { f.width, f.integer, f.fraction, f.signed, f.rounding, f.overflow })
  end)

  it("refuse what is no format", function()
    for text, want in pairs { ["ap_fixed<0,3>"] = "1 to 64 bits, got 0", ["ap_fixed<65,3>"] = "got 65", ["float"] = "no number format",
      ["ap_fixed<8>"] = "no number of integer bits", ["ap_fixed<8,3,AP_RND_UP>"] = "unknown rounding 'AP_RND_UP'; allowed: AP_TRN",
      ["ap_fixed<8,3"] = "no number format", ["ap_fixed<8,3> x"] = "no number format", [""] = "no number format" } do
      assert.error_matches(function() quant.format(text) end, want, 1, true)
    end
    assert.error_matches(function() quant.format { width = 8, rounding = "UP" } end, "unknown rounding 'UP'", 1, true)
  end)
end)
