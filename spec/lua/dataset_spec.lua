local dataset = require "nac.dataset"
local files = require "spec.support.files"
local lfs = require "lfs"
local tensor = require "nac.tensor"

-- A folder with a small set in MNIST's layout: 100 + 20 images of 4x4, all
-- pixels of image i equal to i, its class i % 10.
local function small_set(change)
  local folder = files.temporary()
  assert(lfs.mkdir(folder))
  local function half(n)
    local images, labels = {}, {}
    for i = 0, n - 1 do
      images[#images + 1] = string.char(i):rep(16)
      labels[#labels + 1] = string.char(i % 10)
    end
    return files.idx(8, { n, 4, 4 }, table.concat(images)), files.idx(8, { n }, table.concat(labels))
  end
  local content = {}
  content["train-images-idx3-ubyte"], content["train-labels-idx1-ubyte"] = half(100)
  content["t10k-images-idx3-ubyte"], content["t10k-labels-idx1-ubyte"] = half(20)
  if change then change(content) end
  for name, bytes in pairs(content) do files.write(folder .. "/" .. name, bytes) end
  finally(function()
    for name in pairs(content) do os.remove(folder .. "/" .. name) end
    lfs.rmdir(folder)
    files.clean()
  end)
  return folder
end

local function message_of(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  return tostring(message)
end

local function count(t)
  local counts = {}
  for _, v in ipairs(t:totable()) do counts[v] = (counts[v] or 0) + 1 end
  return counts
end

-- Image numbers of a part, sorted: pixels tell them.
local function numbers(part)
  local list = {}
  for i, row in ipairs(part.x:reshape({ part.y:numel(), -1 }):totable()) do list[i] = math.floor(row[1] * 255 + 0.5) end
  table.sort(list)
  return list
end

describe("MNIST", function()
  it("is described before a file is read", function()
    local ds = dataset.mnist { resize = 8, flatten = true, subset = 10000, sample = true }
    assert.same({ 64 }, ds.shape)
    assert.equal("classification", ds.task)
    assert.equal(10, ds.n_classes)
    assert.is_true(ds.sample)
    assert.same({ 1, 28, 28 }, dataset.mnist({ sample = true }).shape)
    assert.same({ 1, 5, 7 }, dataset.mnist({ resize = { 5, 7 }, sample = true }).shape)
  end)

  it("comes with a real sample of 12000 and 10000 images, as its sums say", function()
    local ds = dataset.mnist { resize = 8, flatten = true, sample = true }
    local parts = ds:parts()
    assert.same({ 9600, 64 }, parts.fit.x:shape())
    assert.same({ 1200 }, parts.search.y:shape())
    assert.same({ 1200 }, parts.select.y:shape())
    assert.is_true(parts.fit.x:min() >= 0 and parts.fit.x:max() <= 1)
    local test = ds:test()
    assert.same({ 10000, 64 }, test.x:shape())
    assert.equal(980, count(test.y)[0]) -- published: 980 zeros among the test labels
    local record = ds:provenance()
    local sums = {}
    for sum, name in files.read("data/mnist/SHA256SUMS"):gmatch("(%x+)  (%S+)") do sums[name] = sum end
    assert.same(sums, record.sha256)
    assert.equal(12000, record.n_train)
    assert.is_true(record.sample)
  end)

  it("says how to get more than the sample holds", function()
    assert.matches("the shipped sample holds 12000 training images, 20000 were asked for %(subset%); .*`make data`",
      message_of(dataset.mnist, { subset = 20000, sample = true }))
  end)

  it("has a sample of Fashion-MNIST, balanced as it comes", function()
    local ds = dataset.fashion_mnist { sample = true, resize = 16 }
    assert.same({ 1, 16, 16 }, ds.shape)
    assert.equal(2000, ds:test().y:numel())
    local sums = {}
    for sum, name in files.read("data/fashion_mnist/SHA256SUMS"):gmatch("(%x+)  (%S+)") do sums[name] = sum end
    assert.same(sums, ds:provenance().sha256)
  end)

  it("refuses wrong options with the nearest right one", function()
    assert.matches("unknown option 'subest'; .*nearest: subset", message_of(dataset.mnist, { subest = 1 }))
    assert.matches("subset must be an integer, 1 or more, got 0", message_of(dataset.mnist, { subset = 0 }))
    assert.matches("resize_val must be an integer from 1 to 4096", message_of(dataset.mnist, { resize_val = 0.5 }))
    assert.matches("flatten must be true or false, got yes", message_of(dataset.mnist, { flatten = "yes" }))
    assert.matches("a table of options expected, got number", message_of(dataset.mnist, 8))
    assert.matches("no train%-images%-idx3%-ubyte %(or .gz%) in /nowhere", message_of(dataset.mnist, { dir = "/nowhere" }))
  end)
end)

describe("a data set of images", function()
  it("gives pixels in [0,1], or as they are, flat or with a channel", function()
    local dir = small_set()
    local ds = dataset.mnist { dir = dir }
    assert.same({ 10, 1, 4, 4 }, ds:parts().search.x:shape())
    assert.same({ 1, 4, 4 }, ds.shape)
    assert.is_false(ds.sample)
    local raw = dataset.mnist({ dir = dir, normalize = false, flatten = true, resize = 2 }):test()
    assert.same({ 20, 4 }, raw.x:shape())
    assert.same({ 19, 19, 19, 19 }, raw.x[20]:totable())
  end)

  it("is split into stratified parts that share no image and miss none", function()
    local ds = dataset.mnist { dir = small_set() }
    local parts, seen = ds:parts(), {}
    for _, name in ipairs { "fit", "search", "select" } do
      for _, i in ipairs(numbers(parts[name])) do
        assert.is_nil(seen[i])
        seen[i] = name
      end
    end
    assert.equal(100, #seen + 1) -- images 0 to 99
    local one_each = {}
    for class = 0, 9 do one_each[class] = 1 end
    assert.same(one_each, count(parts.search.y))
    assert.same(one_each, count(parts.select.y))
    assert.equal(parts.fit, ds.fit)
  end)

  it("is split by its seed alone", function()
    local dir = small_set()
    local a = dataset.mnist { dir = dir, resize = 3, seed = 7 }
    local b = dataset.mnist { dir = dir, flatten = true, seed = 7 }
    b:test()
    assert.same(a:parts().select.y:totable(), b:parts().select.y:totable())
    assert.same(numbers(a:parts().fit), numbers(b:parts().fit))
    assert.not_same(numbers(a:parts().fit), numbers(dataset.mnist({ dir = dir, seed = 8 }):parts().fit))
  end)

  it("has folds that cover all but select once", function()
    local ds = dataset.mnist { dir = small_set() }
    local folds = ds:folds(3)
    assert.equal(3, #folds)
    assert.same(numbers(ds:parts().select), numbers(folds.select))
    local seen = {}
    for _, fold in ipairs(folds) do
      assert.equal(90, fold.fit.y:numel() + fold.search.y:numel())
      for _, i in ipairs(numbers(fold.search)) do
        assert.is_nil(seen[i])
        seen[i] = true
      end
    end
    for _, i in ipairs(numbers(folds.select)) do assert.is_nil(seen[i]) end
    assert.equal(folds, ds:folds(3))
    assert.not_equal(folds, ds:folds(3, 5))
    assert.equal(ds:parts().search, ds:folds(1)[1].search)
    assert.matches("a number of folds from 1 to 256 expected, got 0", message_of(ds.folds, ds, 0))
  end)

  it("takes the first images as its subset", function()
    local ds = dataset.mnist { dir = small_set(), subset = 50 }
    local parts, all = ds:parts(), {}
    for _, name in ipairs { "fit", "search", "select" } do
      for _, i in ipairs(numbers(parts[name])) do all[#all + 1] = i end
    end
    table.sort(all)
    assert.equal(50, #all)
    assert.equal(49, all[50])
    assert.equal(20, ds:test().y:numel())
  end)

  it("does not touch the test files before the end", function()
    local dir = small_set(function(c) c["t10k-images-idx3-ubyte"] = "rubbish" end)
    local ds = dataset.mnist { dir = dir }
    ds:parts()
    ds:folds(2)
    local part, message = ds:test()
    assert.is_nil(part)
    assert.matches("t10k%-images%-idx3%-ubyte: not an IDX file", message)
  end)

  it("tells before any work when the test files are plainly wrong", function()
    local function message(change) return select(2, dataset.mnist({ dir = small_set(change) }):load()) end
    assert.is_nil(message())
    assert.matches("t10k%-images%-idx3%-ubyte: not an IDX file", message(function(c) c["t10k-images-idx3-ubyte"] = "?" end))
    assert.matches("no t10k%-labels", message(function(c) c["t10k-labels-idx1-ubyte"] = nil end))
    assert.matches("holds 20 images, but .* 21 labels", message(function(c)
      c["t10k-labels-idx1-ubyte"] = files.idx(8, { 21 }, ("\0"):rep(21))
    end))
  end)

  local wrong = {
    ["are images and labels swapped"] = function(c)
      c["train-images-idx3-ubyte"], c["train-labels-idx1-ubyte"] = c["train-labels-idx1-ubyte"], c["train-images-idx3-ubyte"]
    end,
    ["holds 100 images, but .* 99 labels"] = function(c)
      c["train-labels-idx1-ubyte"] = files.idx(8, { 99 }, ("\0"):rep(99))
    end,
    ["a label is 200; they go from 0 to 9"] = function(c)
      c["train-labels-idx1-ubyte"] = files.idx(8, { 100 }, ("\1"):rep(99) .. "\200")
    end,
    ["truncated"] = function(c) c["train-images-idx3-ubyte"] = c["train-images-idx3-ubyte"]:sub(1, 1000) end,
    ["elements of type u8 expected, found i32"] = function(c)
      c["train-labels-idx1-ubyte"] = files.idx(12, { 100 }, ("\0"):rep(400))
    end,
    ["no train%-labels"] = function(c) c["train-labels-idx1-ubyte"] = nil end,
    ["holds no images"] = function(c)
      c["train-images-idx3-ubyte"], c["train-labels-idx1-ubyte"] = files.idx(8, { 0, 4, 4 }, ""), files.idx(8, { 0 }, "")
    end,
  }
  for expected, change in pairs(wrong) do
    it("with wrong files is refused: " .. expected:gsub("%%", ""), function()
      local dir = small_set(change)
      local message = message_of(function() dataset.mnist({ dir = dir }):parts() end)
      assert.matches(expected, message)
      assert.truthy(message:find(dir, 1, true), message)
    end)
  end

  it("says when a file holds less than the subset", function()
    assert.matches("it holds 100 images, 101 were asked for", message_of(function()
      dataset.mnist({ dir = small_set(), subset = 101 }):parts()
    end))
  end)
end)

describe("XOR", function()
  it("is the same at each call and has both classes in each part", function()
    local a, b = dataset.xor { seed = 3 }, dataset.xor { seed = 3 }
    assert.is_true(a:parts().fit.x:equal(b:parts().fit.x))
    assert.same({ [0] = 160, [1] = 160 }, count(a:parts().fit.y))
    assert.same({ [0] = 50, [1] = 50 }, count(a:test().y))
    local corners = dataset.xor { noise = 0 }
    for i, p in ipairs(corners:test().x:totable()) do
      assert.equal(p[1] * p[2] < 0 and 1 or 0, corners:test().y:get(i))
    end
  end)
end)

describe("a data set from tensors", function()
  it("knows its shape and classes, and splits", function()
    local x, y = tensor.zeros { 30, 2, 3 }, {}
    for i = 1, 30 do y[i] = i % 3 end
    local ds = dataset.from_tensors { x_train = x, y_train = tensor.new(y, "i32"), x_test = x, y_test = y }
    assert.same({ 2, 3 }, ds.shape)
    assert.equal(3, ds.n_classes)
    assert.same({ 24, 2, 3 }, ds:parts().fit.x:shape())
    assert.equal("i32", ds:test().y:dtype())
  end)

  it("may be a regression", function()
    local ds = dataset.from_tensors { x_train = { { 1 }, { 2 }, { 3 }, { 4 } }, y_train = { .1, .2, .3, .4 }, task = "regression" }
    assert.same({ 2, 1 }, ds:parts().fit.y:shape())
    assert.equal("f32", ds:parts().fit.y:dtype())
    local test, message = ds:test()
    assert.is_nil(test)
    assert.matches("there is no test set", message)
  end)

  it("refuses what does not fit together", function()
    local x = { { 1, 2 }, { 3, 4 }, { 5, 6 } }
    local cases = {
      ["x_train must be a tensor or a table of numbers, got nil"] = { y_train = { 0, 1, 0 } },
      ["x_train holds 3 samples, but y_train 2"] = { x_train = x, y_train = { 0, 1 } },
      ["classes are integers from 0, some are not whole"] = { x_train = x, y_train = { 0, 0.5, 1 } },
      ["classes are integers from 0, one is %-1"] = { x_train = x, y_train = { 0, -1, 1 } },
      ["one%-hot labels: give the classes"] = { x_train = x, y_train = { { 0, 1 }, { 1, 0 }, { 0, 1 } } },
      ["x_train holds values that are not finite"] = { x_train = { { 0 / 0 }, { 1 }, { 1 } }, y_train = { 0, 1, 0 } },
      ["y_train holds values that are not finite %(nan or inf%), the first in sample 2"] = { x_train = x, y_train = { 0, 1 / 0, 0 } },
      ["y_train holds one class only"] = { x_train = x, y_train = { 0, 0, 0 } },
      ["y_train holds class 5, but n_classes is 3"] = { x_train = x, y_train = { 0, 5, 0 }, n_classes = 3 },
      ["x_train must have the shape %(N, ...%), got 3"] = { x_train = { 1, 2, 3 }, y_train = { 0, 1, 0 } },
      ["unknown field 'x_trian'; .*nearest: x_train"] = { x_trian = x, y_train = { 0, 1, 0 } },
      ["unknown task 'classify'"] = { x_train = x, y_train = { 0, 1, 0 }, task = "classify" },
    }
    for expected, data in pairs(cases) do assert.matches(expected, message_of(dataset.from_tensors, data)) end
    local ds = dataset.from_tensors { x_train = x, y_train = { 0, 1, 0 }, x_test = { { 1, 2, 3 } }, y_test = { 0 } }
    assert.matches("samples of x_test have the shape 3, of x_train 2", select(2, ds:test()))
    ds = dataset.from_tensors { x_train = x, y_train = { 0, 1, 0 }, x_test = { { 1, 2 } }, y_test = { 4 } }
    assert.matches("y_test holds class 4, but there are 2 classes", select(2, ds:test()))
    ds = dataset.from_tensors { x_train = { { 1 }, { 2 } }, y_train = { 0, 1 } }
    assert.matches("2 training samples are too few", message_of(ds.parts, ds))
  end)
end)

describe("a config's data set", function()
  after_each(files.clean)

  it("is built from the predecessor's keys", function()
    local ds = assert(dataset.from_config({ name = "mnist", resize_val = 8, subset_size = 10000, flatten = true,
      one_hot = true }, { sample = true, seed = 3 }))
    assert.same({ 64 }, ds.shape)
    assert.equal(3, ds.seed)
    assert.same({ 2 }, assert(dataset.from_config { name = "xor", flatten = true, one_hot = true, normalize = true }).shape)
    local sample = assert(dataset.from_config({ name = "fashion_mnist", subset_size = 20000 }, { sample = true }))
    assert.equal("6000 of the 20000 training images asked for", sample.sample_text)
    assert.equal(4800, sample:parts().fit.x:size(1))
    assert.matches("mnist has 10 classes, not 3", select(2, dataset.from_config { name = "mnist", num_classes = 3 }))
  end)

  it("of an unknown name is refused with the nearest", function()
    local ds, message = dataset.from_config { name = "mnits" }
    assert.is_nil(ds)
    assert.matches("unknown data set 'mnits'; allowed: .*fashion_mnist.*; nearest: mnist", message)
  end)

  it("may be a user's loader, looked for beside the config", function()
    local path = files.temporary([[
      return function(options, context)
        local x, y = {}, {}
        for i = 1, options.n do x[i], y[i] = { i, context.seed }, i % 2 end
        return { x_train = x, y_train = y, test = function() return x, y end, name = "mine" }
      end]], ".lua")
    local dir, name = path:match("^(.*)/([^/]+)$")
    local ds = assert(dataset.from_config({ loader = name, n = 20 }, { base_dir = dir, seed = 9 }))
    assert.is_true(ds:load())
    assert.equal(2, ds.n_classes)
    assert.same({ 2 }, ds.shape)
    assert.equal(9, ds:parts().fit.x:get(1, 2))
    assert.equal(20, ds:test().y:numel())
    assert.equal(path, ds:provenance().source)
    ds = assert(dataset.from_config({ loader = name, options = { n = 30 }, seed = 2, name = "m" }, { base_dir = dir, seed = 9 }))
    assert.equal(30, ds:test().y:numel())
    assert.equal(2, ds.seed)
    assert.equal("m", ds.name)
  end)

  it("from a loader that fails names the file", function()
    local function try(text)
      local path = files.temporary(text, ".lua")
      return message_of(function()
        local ds = assert(dataset.from_config { loader = path })
        return ds.shape
      end), path
    end
    local broken = assert(dataset.from_config { loader = files.temporary("return function() error 'no disk' end", ".lua") })
    assert.matches("^loader .*failed: .*no disk", select(2, broken:load()))
    assert.matches("%.lua:1: ", (try "return function( end"))
    assert.matches("a loader returns a function%(options%), this one returns number", (try "return 1"))
    assert.matches("loader .*%.lua failed: .*%.lua:1: no disk", (try "return function() error 'no disk' end"))
    assert.matches("the loader returned no data: no disk", (try "return function() return nil, 'no disk' end"))
    assert.matches("the loader returned no test set", (try "return function() return {} end"))
    assert.matches("%.lua: x_train must be a tensor", (try "return function() return { x_test = 1 } end"))
    assert.matches("%.lua: a table .* expected, got number", (try "return function() return 1 end"))
    assert.matches("the loader /no/x.lua was not found", select(2, dataset.from_config { loader = "/no/x.lua" }))
    assert.matches("the loader x.lua was not found %(looked for /no/x.lua and x.lua%)",
      select(2, dataset.from_config({ loader = "x.lua" }, { base_dir = "/no" })))
  end)

  it("may be one that a script registered", function()
    dataset.register("twins", function(options)
      return { x_train = { { 0 }, { 1 }, { 0 }, { 1 } }, y_train = { 0, 1, 0, 1 }, seed = options.seed }
    end)
    local ds = assert(dataset.from_config({ name = "twins" }, { seed = 4 }))
    assert.equal("twins", ds.name)
    assert.equal(4, ds.seed)
    assert.equal(2, dataset.twins({}).n_classes)
  end)
end)
