local config = require "nac.config"
local estimate = require "nac.estimate"
local files = require "spec.support.files"
local reuse = require "nac.estimate.reuse"
local nn = require("nac").nn

-- A net of dense layers and relus that only knows its cost terms.
local function net(widths, nonzero)
  local terms = {}
  for i = 1, #widths - 1 do
    local weights = widths[i] * widths[i + 1]
    terms[#terms + 1] = {
      layer = "dense" .. i, kind = "dense", op = "matmul_const", positions = 1, fan_in = widths[i],
      weights = weights, nonzero = weights * (nonzero or 1),
    }
    terms[#terms + 1] = { layer = "relu" .. i, kind = "relu", op = "compare", elements = widths[i + 1] }
  end
  return { cost = function() return terms end }
end

describe("an estimate", function()
  local small = net { 16, 32, 5 }

  it("gives counts, percentages of the board and their mean", function()
    local e = estimate.resources(small, { board = "zcu102" })
    assert.near(100 * e.lut / 274080, e.lut_percent, 1e-12)
    assert.near((e.lut_percent + e.ff_percent + e.dsp_percent + e.bram_percent) / 4, e.avg_resource, 1e-12)
    local lut, cycles = 0, 0
    for _, row in ipairs(e.layers) do lut, cycles = lut + row.lut, cycles + row.cycles end
    assert.same({ e.lut, e.clock_cycles }, { lut, cycles })
    assert.equal(5 * e.clock_cycles, e.latency_ns)
  end)

  it("grows with width, bits and weights, and shrinks with sparsity", function()
    local function lut(n, hw) return estimate.resources(n, hw).lut end
    assert.is_true(lut(net { 16, 64, 5 }) > lut(small))
    assert.is_true(lut(small, { precision = "ap_fixed<6,3>" }) < lut(small))
    assert.is_true(lut(small, { sparsity = 0.5 }) < 0.6 * lut(small))
    assert.near(lut(net({ 16, 32, 5 }, 0.5)), lut(small, { sparsity = 0.5 }), 8)
  end)

  it("puts wide products into DSPs, and shares them in the resource strategy", function()
    assert.equal(0, estimate.resources(small, { precision = "ap_fixed<10,3>" }).dsp)
    -- Products with constants of one or two digits need none, and equal ones are made once.
    local wide = estimate.resources(small, { precision = "ap_fixed<16,6>" }).dsp
    assert.is_true(wide > 0.6 * (16 * 32 + 32 * 5) and wide < 16 * 32 + 32 * 5)
    local shared = estimate.resources(small, { precision = "ap_fixed<16,6>", strategy = "Resource", reuse_factor = 4 })
    assert.equal((16 * 32 + 32 * 5) // 4, shared.dsp)
    assert.equal(4, shared.interval)
  end)

  it("takes the nearest legal reuse factor and says so", function()
    local e = estimate.resources(small, { reuse_factor = 3, strategy = "resource" })
    assert.equal(2, e.layers[1].reuse_factor)
    assert.matches("'dense1': reuse factor 3 is not legal, 2 is used", e.notes[1])
    for n_in = 1, 12 do
      for n_out = 1, 12 do
        for wanted = 1, 160, 7 do
          local rf = reuse.nearest(n_in, n_out, wanted)
          assert.equal(0, n_in * n_out % rf)
          assert.is_true(rf < n_in or rf % n_in == 0)
        end
      end
    end
  end)

  it("lets a layer have settings of its own", function()
    local e = estimate.resources(small, { layers = { dense2 = { reuse_factor = 32, strategy = "resource" } } })
    assert.equal(1, e.layers[1].reuse_factor)
    assert.equal(32, e.layers[3].reuse_factor)
    assert.equal(32, e.interval)
  end)

  it("stays near synthesised designs", function()
    -- Published jets networks, VU13P, 5 ns (docs/estimate.md has the sources).
    for _, row in ipairs {
      { { 24, 64, 32, 16, 32, 5 }, 1, 34472, 10 },
      { { 24, 120, 32, 16, 32, 5 }, 12, 54075, 25 },
      { { 24, 120, 60, 32, 64, 64, 64, 32, 44, 5 }, 1, 155080, 21 },
    } do
      local e = estimate.resources(net(row[1]), { board = "vu13p", sparsity = 0.5, reuse_factor = row[2] })
      assert.is_true(math.abs(e.lut / row[3] - 1) < 0.25)
      assert.is_true(math.abs(e.clock_cycles / row[4] - 1) < 0.25)
      assert.equal(row[2], e.interval)
    end
  end)

  it("stays near reports of HLS itself, with its own binding of products", function()
    -- Vitis HLS 2021.1, 196-56-64-32-10 at 8 bits with its zeros (docs/estimate.md): LUT, DSP, cycles.
    local zeros, hw = { 5100 / 10976, 936 / 3584, 576 / 2048, 27 / 320 }, { board = "pynq-z2", precision = "ap_fixed<8,2>", layers = {} }
    for i, part in ipairs(zeros) do hw.layers["dense" .. i] = { sparsity = part } end
    local e = estimate.resources(net { 196, 56, 64, 32, 10 }, hw)
    assert.is_true(math.abs(e.csynth.lut / 230334 - 1) < 0.1)
    assert.is_true(math.abs(e.csynth.dsp / 657 - 1) < 0.25)
    assert.equal(0, e.dsp)
    -- The first layer has more products than HLS balances: its additions are a chain.
    assert.is_true(e.layers[1].cycles > 40 and e.layers[3].cycles < 8)
    assert.is_true(e.layers[1].cycles > estimate.resources(net { 196, 56, 64, 32, 10 }, { board = "zcu102", layers = hw.layers }).layers[1].cycles)
  end)

  it("takes tables, softmax and unfolded scales", function()
    local n = { cost = function()
      return {
        { layer = "s", kind = "batchnorm", op = "scale_const", elements = 4, foldable = false },
        { layer = "f", kind = "batchnorm", op = "scale_const", elements = 4, foldable = true },
        { layer = "t", kind = "tanh", op = "table", elements = 4, func = "tanh" },
        { layer = "x", kind = "softmax", op = "softmax", elements = 4, positions = 1 },
        { layer = "z", kind = "flatten", op = "none" },
      }
    end }
    local rows = estimate.resources(n).layers
    assert.is_true(rows[1].lut > 0)
    assert.equal(0, rows[2].lut + rows[2].cycles)
    assert.equal(2, rows[3].bram)
    assert.equal(4, rows[4].dsp)
    assert.equal(0, rows[5].lut)
  end)

  it("knows boards in any spelling and refuses others", function()
    assert.equal("alveo-u200", estimate.boards.find("Alveo-U200").name)
    assert.equal("alveo-u250", estimate.boards.find("u250").name)
    assert.error_matches(function() estimate.resources(small, { board = "zcu103" }) end, "unknown board 'zcu103'.*nearest: zcu102")
    assert.error_matches(function() estimate.resources(small, { precision = "float" }) end, "ap_fixed<8,3>")
    assert.error_matches(function() estimate.resources(small, { reuse_factor = 0 }) end, "from 1 to 1000000, not 0")
    assert.error_matches(function() estimate.resources(small, { estimator = "analitic" }) end, "nearest: analytic")
    assert.error_matches(function() estimate.resources(small, { layers = { dens1 = {} } }) end, "nearest: dense1")
    assert.error_matches(function() estimate.resources({}) end, "architecture, a net or a description")
  end)

  it("counts positions one after another, or all at once", function()
    local net = nn.sequential { input = { 2, 6, 6 }, nn.conv2d { channels = 3, kernel = 3 }, nn.conv_attn { hidden = 2 } }
    local turn, once = estimate.resources(net, {}), estimate.resources(net, { at_once = true })
    assert.equal(16, turn.interval)
    assert.equal(1, once.interval)
    local conv = { turn.layers[1], once.layers[1] }
    assert.is_true(math.abs(conv[2].lut - 16 * conv[1].lut) <= 16) -- rounded up
    assert.equal(15, conv[1].cycles - conv[2].cycles)
    assert.equal(16 * turn.layers[8].dsp, once.layers[8].dsp)
  end)

  it("says with numbers what does not fit", function()
    assert.is_true(estimate.fits(estimate.resources(small, { board = "zcu102" })))
    local big = estimate.resources(net { 256, 256, 10 }, { board = "pynq-z2", precision = "ap_fixed<16,6>" })
    local fits, why, lacking = estimate.fits(big)
    assert.is_false(fits)
    assert.matches("it needs %d+ LUT of 53200 %(%d+ %%%), .*%d+ DSP of 220 %(%d+ %%%): more than pynq%-z2 has", why)
    assert.equal("dsp", lacking[#lacking].resource)
    assert.same({ big.dsp, 220, 100 * big.dsp / 220 }, { lacking[#lacking].needed, lacking[#lacking].available, lacking[#lacking].percent })
  end)

  it("takes a board from a file, and says what is wrong with it", function()
    local good = "name: my board\npart: xc7a35ticsg324-1L\nlut: 20800\nff: 41600\ndsp: 90\nbram: 100\n"
    local path = files.temporary(good, ".yaml")
    local e = estimate.resources(small, { board = path })
    assert.equal("my board", e.board)
    assert.near(100 * e.lut / 20800, e.lut_percent, 1e-12)
    for _, bad in ipairs {
      { good:gsub("90", "many"), ":5: dsp: an integer is expected, not the word 'many'" },
      { good:gsub("bram", "brams"), ":6: unknown key 'brams'; nearest: 'bram'" },
      { good:gsub("lut: 20800\n", ""), "key 'lut' is missing" },
      { good:gsub("20800", "0"), ":3: lut: at least 1 is expected, not 0" },
    } do
      local row, why = estimate.boards.load(files.temporary(bad[1], ".yaml"))
      assert.is_nil(row)
      assert.matches(bad[#bad], why, 1, true)
    end
    assert.error_matches(function() estimate.resources(small, { board = "/nonexistent/b.yaml" }) end, "/nonexistent/b.yaml: No such file")
    files.clean()
  end)

  it("takes the board file of a configuration from its folder", function()
    local board = files.temporary("part: x\nlut: 1000\nff: 1\ndsp: 1\nbram: 1\n", ".yaml")
    local text = "dataset: {name: mnist}\nsearch_space: {mlp_width_space: [8]}\nhls_config:\n  board: %s\n"
    local cfg = assert(config.parse(text:format(board:match "[^/]+$"), board:match "^(.*)/" .. "/c.yaml"))
    assert.equal(1000, assert(estimate.options(cfg)).board.lut)
    cfg = assert(config.parse(text:format "none.yaml", "/tmp/c.yaml"))
    local options, why = estimate.options(cfg)
    assert.is_nil(options)
    assert.matches("/tmp/c.yaml:4: hls_config.board: .*none.yaml: No such file", why)
    files.clean()
  end)

  it("takes an estimator of a user's own", function()
    estimate.register("flat", function() return { { layer = "all", lut = 1, ff = 2, dsp = 3, bram = 4, cycles = 5, interval = 6 } } end)
    local e = estimate.resources(small, { estimator = "flat" })
    assert.same({ 1, 5, 6 }, { e.lut, e.clock_cycles, e.interval })
  end)
end)
