local dataset = require "nac.dataset"
local files = require "spec.support.files"
local lfs = require "lfs"
local nac = require "nac"
local npy_rows = require "nac.util.npy_rows"
local tensor = require "nac.tensor"

-- A folder with the four files of the real set: trace i holds 10 k + i at sample k, Q negative.
local function small_set(change)
  local dir = files.temporary()
  assert(lfs.mkdir(dir))
  local names = {}
  for half, n in pairs { train = 40, test = 10 } do
    local x, y = {}, {}
    for i = 1, n do
      x[i], y[i] = {}, i % 2
      for k = 0, 6 do x[i][2 * k + 1], x[i][2 * k + 2] = 10 * k + i, -(10 * k + i) end
    end
    local arrays = { X = tensor(x, "i32"), y = tensor(y, "f64") }
    if change then change(half, arrays) end
    for letter, t in pairs(arrays) do
      local path = ("%s/0528_%s_%s_0_770.npy"):format(dir, letter, half)
      assert(nac.npz.write_npy(path, t))
      names[#names + 1] = path
    end
  end
  finally(function()
    for _, path in ipairs(names) do os.remove(path) end
    lfs.rmdir(dir)
    files.clean()
  end)
  return dir
end

local function message_of(options)
  local ok, message = pcall(function() return dataset.qubit(options):parts() end)
  assert.is_false(ok)
  return tostring(message)
end

describe("qubit readout", function()
  it("takes the window out of traces whose I and Q come in turns", function()
    local ds = dataset.qubit { dir = small_set(), start_location = 2, window_size = 3, normalize = false }
    local test = ds:test()
    assert.same({ 10, 6 }, test.x:shape())
    assert.same({ 21, -21, 31, -31, 41, -41 }, test.x[1]:totable())
    assert.same({ 1, 0, 1 }, test.y:slice(1, 1, 3):totable())
    assert.same({ 32, 4, 4 }, { ds:parts().fit.x:size(1), ds.search.x:size(1), ds.select.x:size(1) })
    assert.same({ 6 }, ds.shape)
    assert.equal(2, ds.n_classes)
    assert.is_false(ds.sample)
    assert.equal("qubit", ds:title())
  end)

  it("scales by 1024 and gives pairs of I and Q where it is not flat", function()
    local ds = dataset.qubit { dir = small_set(), start_location = 1, flatten = false }
    assert.same({ 10, 6, 2 }, ds:test().x:shape())
    assert.same({ { 11 / 1024, -11 / 1024 }, { 21 / 1024, -21 / 1024 } }, ds:test().x[1]:slice(1, 1, 2):totable())
  end)

  it("is seen through another window with the same samples in each part", function()
    local ds = dataset.qubit { dir = small_set(), start_location = 2, window_size = 3, normalize = false, seed = 5 }
    local other = ds:with { start_location = 4, window_size = 1 }
    assert.same({ 2 }, other.shape)
    assert.same(ds:parts().fit.x:slice(2, 5, 6):totable(), other:parts().fit.x:totable())
    assert.same(ds:parts().select.y:totable(), other:parts().select.y:totable())
  end)

  it("says how to get what is not there", function()
    local text = message_of { dir = "/nowhere" }
    assert.matches("no 0528_X_train_0_770.npy in /nowhere; the real set: its four files", text)
    assert.matches("sample: true %(%-%-sample%)", text)
    assert.matches("the window ends at 8 %(start_location 5 %+ window_size 3%)", message_of { dir = small_set(), start_location = 5, window_size = 3 })
    assert.matches("the shipped sample holds 3000 training traces, 4000 were asked for", message_of { sample = true, subset = 4000 })
    assert.matches("qubit has 2 classes, not 3", message_of { sample = true, n_classes = 3 })
    assert.matches("unknown option 'start_locations'; .*nearest: start_location", message_of { sample = true, start_locations = 3 })
  end)

  it("refuses labels and shapes that do not fit", function()
    local function with(f)
      return message_of { dir = small_set(function(half, a) if half == "train" then f(a) end end) }
    end
    assert.matches("holds 40 traces, but .* 39 labels", with(function(a) a.y = a.y:slice(1, 1, 39):contiguous() end))
    assert.matches("labels are 0 %(ground%) and 1 %(excited%), found 0 to 2", with(function(a) a.y = a.y * 2 end))
    assert.matches("I and Q in turns expected, found the shape 40x13", with(function(a) a.X = a.X:slice(2, 1, 13):contiguous() end))
    assert.matches("not finite", with(function(a)
      a.X = a.X:to "f32"
      a.X:set(0 / 0, 3, 3)
    end))
  end)

  it("comes with a simulated sample, as its sums say, on which a matched filter works", function()
    local ds = dataset.qubit { sample = true, start_location = 100, window_size = 400 }
    assert.equal("qubit (the shipped sample, simulated)", ds:title())
    assert.same({ 2400, 800 }, ds:parts().fit.x:shape())
    local rows = nac.baseline.qubit.rows(ds)
    assert.equal("matched filter", rows[2].name)
    for _, row in ipairs(rows) do assert.is_true(row.accuracy > .94 and row.accuracy < .98) end
    local sums = {}
    for sum, name in files.read("data/qubit/SHA256SUMS"):gmatch("(%x+)  (%S+)") do sums[name] = sum end
    local record = ds:provenance()
    assert.same(sums, record.sha256)
    assert.is_true(record.simulated)
  end)
end)

describe("a published configuration of qubit readout", function()
  it("runs as it is, on the sample", function()
    local config = assert(nac.config.load "spec/golden/config/t3_config.yaml")
    local dir = files.temporary()
    finally(function() os.execute("rm -rf " .. dir) end)
    local result = assert(nac.global_search.run(config, { sample = true, results = dir, quiet = true, pictures = false, workers = 2 }))
    assert.is_true(result.test > .6)
    assert.matches("data: qubit %(the shipped sample, simulated%)", tostring(result))
    assert.matches("4000 that come along", select(2, nac.global_search.run(config, { results = dir, quiet = true })))
  end)
end)

describe("one logit", function()
  it("is trained and scored by binary cross-entropy where nothing is said, and compressed", function()
    local ds = dataset.qubit { sample = true, start_location = 100, window_size = 400 }
    local net = nac.nn.sequential({ input = ds.shape }):add(nac.nn.dense { units = 1 }):build { seed = 1 }
    nac.train.fit(net, ds, { epochs = 8, batch = 64, optimizer = { kind = "adam", lr = 3e-4 }, seed = 1 })
    assert.is_true(nac.train.evaluate(net, ds:test()).accuracy > .85)
    local dir = files.temporary()
    finally(function() os.execute("rm -rf " .. dir) end)
    local small = assert(nac.local_search.run(net, ds, { qat_epochs = 1, pruning_iterations = 1, pruning_epochs = 1, tolerance = 0,
      precision_pairs = { { total_bits = 8, int_bits = "auto" } } }, { dir = dir, quiet = true, pictures = false, workers = 0 }))
    assert.is_true(small.test > .8)
    for _, row in ipairs(small.curves[1].rows) do assert.is_true(row.accuracy <= small.best.accuracy) end -- none is worse than the best
  end)
end)

describe("the simulated readout", function()
  local simulate = require "nac.simulate.qubit"

  it("has no noise but that which is asked for, and the mean and spread of the real set", function()
    local quiet = setmetatable({ noise = 0, heat = 0, t1 = 1e12, preparation = { [0] = 0, 0 } }, { __index = simulate.parameters })
    local x, y = simulate.blocks(20, { parameters = quiet })()
    local first = {}
    for i, class in ipairs(y:totable()) do
      first[class] = first[class] or x[i]:totable()
      assert.same(first[class], x[i]:totable())
    end
    assert.same({ first[0][1], first[0][2] }, { quiet.offset, quiet.offset }) -- before the pulse comes
    assert.not_same(first[0], first[1])
    local noisy = simulate.blocks(1000)():to "f32"
    assert.near(57.4, noisy:mean(), 8)
    assert.near(844.1, noisy:std(), 10)
  end)

  it("is the same for a seed, and another half has other traces", function()
    local a, b = simulate.blocks(3, { seed = 7 })(), simulate.blocks(3, { seed = 7 })()
    assert.is_true(a:equal(b))
    assert.is_false(a:equal((simulate.blocks(3, { seed = 7, name = "test" })())))
  end)

  it("is written a block at a time in a form that NumPy and we read", function()
    local path = files.temporary(nil, ".npy")
    finally(files.clean)
    local out = npy_rows.open(path, "int16", { 3, 2 })
    out:put(tensor({ { 1, -2 } }, "i32"))
    assert.has_error(function() npy_rows.open(path, "int16", { 1 }):put(tensor({ 40000 }, "i32")) end)
    out:put(tensor({ { 300, 4 }, { -32768, 32767 } }, "i32"))
    out:close()
    assert.same({ { 1, -2 }, { 300, 4 }, { -32768, 32767 } }, assert(nac.npz.read_npy(path)):totable())
    local short = npy_rows.open(path, "uint16", { 3 })
    short:put(tensor({ 1 }, "i32"))
    assert.has_error(function() short:close() end, path .. ": 2 numbers are missing")
  end)
end)

describe("a threshold", function()
  it("assigns most scores rightly", function()
    local at, right = nac.baseline.qubit.threshold({ 3, 1, 2, 5, 4 }, { 1, 0, 1, 1, 0 })
    assert.same({ 1.5, .8 }, { at, right })
    assert.equal(.5, select(2, nac.baseline.qubit.threshold({ 1, 1 }, { 0, 1 })))
  end)
end)
