local file = require "nac.util.file"
local importance = require "nac.study.importance"
local nac = require "nac"
local plot = require "nac.plot"

local objectives = {
  { name = "accuracy", direction = "maximize" }, { name = "bops", direction = "minimize" }, { name = "clock_cycles", direction = "minimize" },
}

-- A search in which `width` decides everything, `idle` nothing, and `second` is drawn only by some.
local function records(n)
  local out = {}
  for i = 1, n do
    local width = (i * 7) % 13
    local params = { width = width, idle = i % 3 == 0 and "a" or "b", rate = 1e-4 * 1.3 ^ (i % 11) }
    local order = { "width", "idle", "rate" }
    if i % 2 == 0 then params.second, order[4] = i % 4, "second" end
    out[i] = { number = i - 1, state = "complete", attrs = {}, params = params, order = order,
      values = { accuracy = .5 + width / 40, bops = 1000 * (1 + width) ^ 3, clock_cycles = 20 - i % 5 } }
  end
  out[n + 1] = { number = n, state = "failed", reason = "lost", attrs = {}, params = {}, order = {} }
  return out
end

describe("importances of parameters", function()
  it("name what decides first, and add up to 1", function()
    local list = importance.of(records(60), objectives[1])
    assert.equal("width", list[1].name)
    local sum, by_name = 0, {}
    for _, row in ipairs(list) do
      sum = sum + row.importance
      by_name[row.name] = row.importance
    end
    assert.near(1, sum, 1e-12)
    assert.is_true(by_name.width > 3 * by_name.idle)
    assert.equal(4, #list)
  end)

  it("do not depend on the direction's sign alone: the best are those asked for", function()
    local rows = {}
    for i = 1, 40 do rows[i] = { number = i, state = "complete", params = { x = i % 2 == 0 and "even" or "odd" }, values = { y = i % 2 } } end
    for _, direction in ipairs { "maximize", "minimize" } do
      assert.equal("x", importance.of(rows, { name = "y", direction = direction })[1].name)
    end
  end)

  it("need some trials", function()
    local list, message = importance.of(records(3), objectives[1])
    assert.is_nil(list)
    assert.truthy(message:find("10 complete trials, there are 3", 1, true))
  end)
end)

describe("the hypervolume of a search", function()
  it("grows, and ends where all trials together end", function()
    local history = require("nac.plot.hypervolume").history
    local rows = history(records(50), objectives)
    for i = 2, #rows do
      assert.is_true(rows[i][2] >= rows[i - 1][2])
      assert.is_true(rows[i][1] > rows[i - 1][1])
    end
    assert.equal(49, rows[#rows][1])
    assert.is_true(rows[#rows][2] > 0 and rows[#rows][2] <= 1)
    local backwards = records(50)
    table.sort(backwards, function(a, b) return a.number > b.number end)
    assert.near(rows[#rows][2], (function(list) return list[#list][2] end)(history(backwards, objectives)), 1e-12)
  end)
end)

describe("kinds of pictures", function()
  local dir = os.tmpname()
  os.remove(dir)
  lazy_setup(function() assert(file.make_directory(dir)) end)
  lazy_teardown(function() os.execute("rm -r " .. dir) end)
  if not file.program("gnuplot") then
    pending("gnuplot is not installed")
    return
  end

  local begins = { png = "\137PNG", svg = "<?xml", pdf = "%PDF", gif = "GIF8" }

  local function drawn(name, ...)
    local arguments = { ... }
    local path = dir .. "/" .. arguments[#arguments]
    arguments[#arguments] = path
    assert.equal(path, assert(plot[name](table.unpack(arguments))))
    local text = file.read(path)
    local magic = begins[path:match "%w+$"]
    assert.equal(magic, text:sub(1, #magic))
    return text
  end

  it("of a search, in every form of file", function()
    for _, name in ipairs { "front2d", "front3d", "hypervolume", "parallel", "importance" } do
      for ending in pairs(begins) do drawn(name, records(30), objectives, name .. "." .. ending) end
    end
  end)

  it("that move have as many frames as they promise", function()
    local function frames(text) -- a graphic control extension each, and behind it an image
      local _, count = text:gsub("\33\249\4....\0,", "")
      return count
    end
    assert.equal(72, frames(drawn("turning", records(30), objectives, "turning.gif")))
    assert.is_true(frames(drawn("animation", records(30), objectives, "search.gif")) >= 30)
    assert.has_error(function() plot.turning(records(30), objectives, dir .. "/turning.png") end)
  end)

  it("with a single trial, or trials that are all alike", function()
    local same = {}
    for i = 1, 12 do
      same[i] = { number = i, state = "complete", params = { x = 1 }, order = { "x" }, values = { accuracy = .5, bops = 10, clock_cycles = 3 } }
    end
    for _, name in ipairs { "hypervolume", "parallel", "importance", "front2d", "front3d" } do drawn(name, same, objectives, "same.png") end
    for _, name in ipairs { "hypervolume", "parallel" } do drawn(name, { same[1] }, objectives, "one.png") end
    drawn("animation", { same[1] }, objectives, "one.gif")
  end)

  it("of a network", function()
    local data = nac.dataset.xor {}
    local arch = nac.nn.sequential { input = { 2 }, nac.nn.dense { units = 8 }, nac.nn.batchnorm {}, nac.nn.relu {}, nac.nn.dense { units = 2 } }
    local net = arch:build { seed = 1 }
    local fit = nac.train.fit(net, data, { epochs = 3 })
    drawn("learning", fit, "learning.svg")
    assert.truthy(drawn("learning", { { title = "first run", history = fit.history }, { title = "second", history = fit.history } }, "two.svg")
      :find("second", 1, true))
    local part = data:parts().search
    local scores = nac.train.predict(net, part.x)
    local text = drawn("confusion", scores, part.y, { classes = { "same", "different" } }, "confusion.svg")
    assert.truthy(text:find("different", 1, true))
    assert.truthy(drawn("roc", scores, part.y, {}, "roc.svg"):find("area", 1, true))
    drawn("roc", scores, part.y, { logarithmic = true }, "roc_log.svg")
    local q = nac.quant.prepare(net, { total_bits = 4, int_bits = "auto", data = data:parts().fit })
    drawn("weights", q, q, "weights.png")
    drawn("weights", net, nil, "float.png")
    drawn("cost", nac.estimate.resources(arch), "cost.png")
  end)

  it("of images, with names or marked points", function()
    local tensor = nac.tensor
    local part = { x = tensor.rand { 7, 1, 6, 5 }, y = tensor.new({ 0, 1, 2, 0, 1, 2, 0 }, "i32") }
    assert.truthy(drawn("samples", part, { classes = { "a cat", "b", "c" } }, "samples.svg"):find("a cat", 1, true))
    drawn("samples", { x = part.x }, { points = { { { 2.5, 1 }, { 3, 3 } } } }, "points.png")
    drawn("samples", { x = tensor.rand { 2, 30 } }, { shape = { 6, 5 } }, "flat.png")
    assert.has_error(function() plot.samples({ x = tensor.rand { 2, 30 } }, {}, dir .. "/no.png") end, "samples are flat: say shape = { height, width }")
  end)
end)
