-- Integers of b bits with a float scale, for training, against PyTorch and Brevitas (spec/golden/fakequant.npz).
local cnet = require "nac.c.net"
local npz = require "nac.npz"
local quant = require "nac.c.quant"
local twin = require "spec.support.core_twin"

local golden = assert(npz.read "spec/golden/fakequant.npz")

-- A layer whose input (value 1) is rounded, and its result.
local function rounded(x, bits, scale, options)
  local net = cnet.new { x:numel() }
  net:add { kind = "identity" }
  net:init(1)
  net:quantise(1, quant.format { width = bits, integer = bits, signed = options.signed, overflow = options.narrow and "SAT_SYM" or "SAT" }, { scale = scale })
  local y = {}
  for _, reference in ipairs { 0, 32, 64 } do
    y[#y + 1] = twin.step(net, x:reshape { 1, x:numel() }, x:reshape { 1, x:numel() }, { reference = reference }):reshape { x:numel() }
  end
  return y
end

describe("fake quantisation with float scales", function()
  it("rounds as the peers do: signed, narrow, unsigned, of 2 to 8 bits, with every instruction set", function()
    for b = 2, 8 do
      for _, case in ipairs { { "sym_b%d_narrow0", true }, { "sym_b%d_narrow1", true, true }, { "uns_b%d", false } } do
        local name = case[1]:format(b)
        local scale = golden[name .. "/scale"]:reshape({ 1 }):get(1)
        twin.each_isa(function()
          for i, y in ipairs(rounded(golden.x, b, scale, { signed = case[2], narrow = case[3] })) do
            local want = golden[name .. "/y"]
            if i < 3 then assert.is_true(y:equal(want), name) end
            twin.near(y, want, 1e-6, name)
          end
        end)
      end
    end
  end)

  it("gives Brevitas' weights, outputs and gradients, that of the scale by its own path", function()
    for b = 2, 8 do
      local function of(key) return golden[("brevitas_b%d/%s"):format(b, key)] end
      local w, scale = golden.brevitas_W, of "scale":reshape({ 1 }):get(1)
      local net = cnet.new { 12 }
      net:add { kind = "dense", units = 10, bias = false }
      net:add_step "dense1.weight"
      net:init(1)
      net:tensor("dense1.weight"):copy(w)
      net:tensor("dense1.weight.step"):fill(scale)
      local format = quant.format { width = b, integer = b, overflow = "SAT_SYM" }
      net:quantise("dense1.weight", format, { learned = "free" })
      local y, g = twin.step(net, of "x", of "gy")
      twin.near(y, of "y", 1e-6, "y")
      twin.near(g.x, of "gx", 1e-6, "gx")
      -- scale = max |W| / most: its gradient goes to the largest weight
      local most = 2 ^ (b - 1) - 1
      local gs = g["dense1.weight.step"]:get(1) * math.sqrt(120 * most)
      local at = w:abs():reshape({ 120 }):argmax(1):get()
      local gw = g["dense1.weight"]:clone():reshape { 120 }
      gw:set(gw:get(at) + gs / most * (w:reshape({ 120 }):get(at) < 0 and -1 or 1), at)
      twin.near(gw:reshape { 10, 12 }, of "gW", 1e-5, "gW of " .. b .. " bits")
    end
  end)

  it("takes scales of each channel and of each element, keeps them in copies and files", function()
    local nac = require "nac"
    local w, x = golden.brevitas_W, twin.randn({ 6, 12 }, 1)
    for _, axis in ipairs { 1, 0 } do
      local net = cnet.new { 12 }
      net:add { kind = "dense", units = 10, bias = false }
      net:init(1)
      net:tensor("dense1.weight"):copy(w)
      local n = axis == 1 and 10 or 120
      local formats, scales, want = {}, {}, w:clone()
      for i = 1, n do formats[i], scales[i] = quant.format { width = 4, integer = 4, overflow = "SAT_SYM" }, .01 + .003 * (i % 7) end
      for o = 1, 10 do
        for i = 1, 12 do
          local s = scales[axis == 1 and o or (o - 1) * 12 + i]
          want:set(s * math.max(-7, math.min(7, math.floor(w:get(o, i) / s + .5))), o, i)
        end
      end
      net:quantise("dense1.weight", formats, { axis = axis, scale = scales })
      local y = twin.step(net, x, twin.randn({ 6, 10 }, 2))
      twin.near(y, x:matmul(want:transpose(1, 2):contiguous()), 1e-5, "axis " .. axis)
      assert.same(scales, (select(2, net:quantiser "dense1.weight")))
      local path = os.tmpname()
      assert(nac.model.save(net, path .. ".yaml"))
      for _, made in ipairs { nac.quant.copy(net), assert(nac.model.load(path .. ".yaml")) } do
        assert.is_true(twin.step(made, x, twin.randn({ 6, 10 }, 2)):equal(y))
      end
      for _, name in ipairs { path, path .. ".yaml", path .. ".npz" } do os.remove(name) end
      assert.error_matches(function() net:quantise("dense1.weight", formats, { axis = axis, scale = { 1, 2 } }) end, "2 scales, but %d+ formats")
      assert.error_matches(function() net:quantise("dense1.weight", formats, { axis = axis, scale = -1 }) end, "a scale is a positive number, got %-1")
      assert.error_matches(function() net:quantise("dense1.weight", formats, { axis = axis, scale = 0 / 0 }) end, "a scale is a positive number")
    end
  end)

  it("passes gradients straight through where the scale stands still", function()
    for _, b in ipairs { 2, 4, 8 } do
      local function of(key) return golden[("ste_b%d/%s"):format(b, key)] end
      local most = 2 ^ (b - 1) - 1
      local w = golden.brevitas_W
      local net = cnet.new { 12 }
      net:add { kind = "dense", units = 10, bias = false }
      net:init(1)
      net:tensor("dense1.weight"):copy(w)
      local scale = w:abs():max() / most
      net:quantise("dense1.weight", quant.format { width = b, integer = b, overflow = "SAT_SYM" }, { scale = scale })
      local eye = require("nac.tensor").zeros { 12, 12 }
      for i = 1, 12 do eye:set(1, i, i) end
      local y, g = twin.step(net, eye, of "gy":transpose(1, 2):contiguous()) -- x = 1: outputs are the weights, gW is gy
      twin.near(y:transpose(1, 2):contiguous(), of "wq", 1e-6, "weights")
      assert.is_true(g["dense1.weight"]:equal(of "gW"))
    end
  end)
end)
