local files = require "spec.support.files"
local lfs = require "lfs"
local nac = require "nac"
local npz = require "nac.npz"
local tensor = require "nac.tensor"

local function message_of(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  return tostring(message)
end

-- A temporary folder and a function that puts a copy of a file into it.
local function folder()
  local dir = files.temporary()
  assert(lfs.mkdir(dir))
  finally(function()
    os.execute("rm -r '" .. dir .. "'")
    files.clean()
  end)
  return dir, function(path, name) files.write(dir .. "/" .. name, files.read(path)) end
end

-- NAC's arrays: n jets of k constituents, all numbers of jet i equal to i; class i % 5.
local function nac_arrays(dir, part, base, n, k, change)
  local x, y = tensor.zeros { n, k, 3 }, tensor.zeros { n, 5 }
  for i = 1, n do
    x[i]:fill(i)
    y:set(1, i, i % 5 + 1)
  end
  if change then x, y = change(x, y) end
  assert(npz.write_npy(("%s/x_%s_%s.npy"):format(dir, part, base), x))
  assert(npz.write_npy(("%s/y_%s_%s.npy"):format(dir, part, base), y))
end

describe("the shipped jets", function()
  it("are sets of constituents in the order of falling pT, scaled by the training jets", function()
    local ds = nac.dataset.jets { sample = true, normalize = false, subset = 4000 }
    assert.same({ 8, 3 }, ds.shape)
    assert.same({ "g", "q", "W", "Z", "t" }, ds.classes)
    local x = ds.fit.x
    local pt = x:select(3, 1)
    assert.equal(1, pt:slice(2, 1, 7):ge(pt:slice(2, 2, 8)):min())
    assert.is_true(pt:select(2, 1):min() > 2)
    assert.equal(0, pt:gt(0):mul(pt:lt(2)):max()) -- either nothing or above 2 GeV
    assert.is_true(x:slice(3, 2, 3):abs():max() < 1.2)
    local scaled = nac.dataset.jets { sample = true, subset = 4000 }
    local n = scaled.fit and scaled.normalization
    assert.is_true(scaled.fit.x:allclose((x - n.offset) * n.scale, 1e-5, 1e-6))
    assert.same({ 24 }, nac.dataset.jets({ sample = true, flatten = true }).shape)
    assert.same({ 3, 3 }, nac.dataset.jets({ sample = true, constituents = 3 }).shape)
    assert.matches("sample", tostring(ds))
    assert.is_true(ds:provenance().sample)
  end)

  it("may be mirrored in training, anew each epoch and the same again from the seed", function()
    local ds = nac.dataset.jets { sample = true, subset = 1000, mirror = true, constituents = 2 }
    local raw = nac.dataset.jets { sample = true, subset = 1000, normalize = false, constituents = 2 }
    local x = ds.fit.x
    local once, again, other = ds.augment(x, 1), ds.augment(x, 1), ds.augment(x, 2)
    assert.is_true(once:equal(again))
    assert.is_false(once:allclose(other))
    local n = ds.normalization
    local back = once / n.scale + n.offset
    assert.is_true(back:abs():allclose(raw.fit.x:abs(), 1e-4, 1e-4))
    local turned = (back:select(2, 1):select(2, 2) * raw.fit.x:select(2, 1):select(2, 2)):lt(0):to("f32"):mean()
    assert.is_true(turned > 0.35 and turned < 0.65)
    assert.is_true(once:select(3, 1):equal(x:select(3, 1)) or once:select(3, 1):allclose(x:select(3, 1), 1e-5, 1e-5))
    local flat = nac.dataset.jets { sample = true, subset = 1000, mirror = true, constituents = 2, flatten = true }
    assert.is_true(flat.augment(flat.fit.x, 1):reshape({ -1, 2, 3 }):equal(once))
  end)

  it("keep the jets of one event in one part, also in folds", function()
    local ds = nac.dataset.jets { sample = true, subset = 5000 }
    local events = ds.shape and ds:load() and ds.groups:totable()
    local seen, pairs_of_jets = {}, 0
    for _, e in ipairs(events) do
      if seen[e] then pairs_of_jets = pairs_of_jets + 1 end
      seen[e] = true
    end
    assert.is_true(pairs_of_jets > 1000)
    local split = require "nac.dataset.split"
    local number = tensor.new(events, "i32")
    local y = number % 5
    local x = number:reshape { 5000, 1 }
    local function check(parts)
      local of = {}
      for name, part in pairs(parts) do
        for _, e in ipairs(part.x:reshape({ -1 }):totable()) do
          assert.is_true(of[e] == nil or of[e] == name)
          of[e] = name
        end
      end
    end
    check(split.parts(x, y, y, 1, number))
    local folds = split.folds(x, y, y, 3, 1, number)
    check { folds[1].search, folds[2].search, folds[3].search, folds.select }
    assert.equal(5000, folds[1].search.y:numel() + folds[1].fit.y:numel() + folds.select.y:numel())
  end)

  it("have a test set of 100 000 others", function()
    local test = nac.dataset.jets({ sample = true, normalize = false }):test()
    assert.same({ 100000, 8, 3 }, test.x:shape())
    for class = 0, 4 do assert.equal(20000, test.y:eq(class):to("f32"):sum()) end
  end)

  it("have sixteen features of some jets", function()
    local ds = nac.dataset.jets16 { sample = true, normalize = false }
    assert.same({ 16 }, ds.shape)
    assert.equal("mass_mmdt", ds.features[15])
    local high = ds:test()
    assert.same({ 4000, 16 }, high.x:shape())
    local masses = {}
    for i, class in ipairs(high.y:totable()) do
      masses[class] = masses[class] or {}
      table.insert(masses[class], high.x:get(i, 15))
    end
    for class, mass in pairs { [2] = 80, [3] = 91 } do -- W and Z have their masses
      table.sort(masses[class])
      assert.is_true(math.abs(masses[class][#masses[class] // 2] - mass) < 5)
    end
  end)

  it("are asked for what they do not hold in vain", function()
    assert.matches("8 constituents a jet, 9 were asked for", message_of(nac.dataset.jets, { sample = true, constituents = 9 }))
    local ds = nac.dataset.jets { sample = true, subset = 60001 }
    assert.matches("there are 60000 training jets, 60001 were asked for", select(2, ds:load()))
    assert.matches("5 classes, not 4", message_of(nac.dataset.jets, { sample = true, n_classes = 4 }))
  end)
end)

describe("the hls4ml LHC set", function()
  local golden = "spec/golden/jets.h5"

  local function real(options)
    local dir, copy = folder()
    assert(lfs.mkdir(dir .. "/train"))
    assert(lfs.mkdir(dir .. "/val"))
    copy(golden, "train/jetImage_0.h5")
    copy(golden, "train/jetImage_1.h5")
    copy(golden, "val/jetImage_0.h5")
    options.dir = dir
    return nac.dataset.jets(options), dir
  end

  it("is read from its HDF5 files, sorted, cut at 2 GeV and padded", function()
    local ds = real { normalize = false, constituents = 10 }
    local test = ds:test()
    assert.same({ 11, 10, 3 }, test.x:shape()) -- jet 7 is left out
    assert.same({ 0, 1, 2, 3, 4, 0, 1, 3, 4, 0, 1 }, test.y:totable())
    for i, value in ipairs { 390, 0.39, -0.39 } do assert.near(value, test.x:get(4, 1, i), 1e-4) end -- jet 3, turned round
    assert.equal(0, test.x[4][10]:abs():max())
    assert.near(90, test.x:get(1, 1, 1), 0)
    assert.near(70, test.x:get(1, 3, 1), 0)
    assert.equal(22, ds.fit.x:shape()[1] + ds.search.x:shape()[1] + ds.select.x:shape()[1])
    assert.same({ 8, 3 }, real({}).shape)
    assert.same({ 12, 3 }, { table.unpack(real({ constituents = 12 }):test().x:shape(), 2) })
    local record = ds:provenance()
    assert.is_false(record.sample)
    assert.equal(64, #record.sha256["jetImage_1.h5"])
  end)

  it("is refused in words where the files are wrong", function()
    local _, dir = real {}
    os.remove(dir .. "/val/jetImage_0.h5")
    assert.matches("there are no .h5 files in .*/val", message_of(nac.dataset.jets, { dir = dir }))
    files.write(dir .. "/val/broken.h5", "no HDF5")
    local test, message = nac.dataset.jets({ dir = dir }):test()
    assert.is_nil(test)
    assert.matches("broken.h5", message)
    local other, copy = folder()
    assert(lfs.mkdir(other .. "/train"))
    assert(lfs.mkdir(other .. "/val"))
    copy("spec/golden/hdf5.h5", "train/a.h5")
    copy(golden, "val/a.h5")
    assert.matches("a.h5.*jetConstituentList", select(2, nac.dataset.jets({ dir = other }):load()))
    assert.matches("neither train/%*.h5 nor x_train_%*.npy", message_of(nac.dataset.jets, { dir = other .. "/val" }))
  end)

  it("that is absent says how to get it", function()
    local here = lfs.currentdir()
    local message
    if not lfs.attributes "data/full/jets" then message = message_of(nac.dataset.jets, {}) end
    assert.equal(here, lfs.currentdir())
    if message then assert.matches("Zenodo 3602260.*sample = true", message) end
  end)
end)

describe("NAC's arrays", function()
  it("are taken as they are", function()
    local dir = folder()
    assert(lfs.mkdir(dir .. "/normalized_data3"))
    nac_arrays(dir .. "/normalized_data3", "train", "robust", 40, 8)
    nac_arrays(dir .. "/normalized_data3", "test", "robust", 10, 8)
    for _, place in ipairs { dir, dir .. "/normalized_data3" } do
      local ds = nac.dataset.jets { dir = place, constituents = 4 }
      assert.same({ 10, 4, 3 }, ds:test().x:shape())
      assert.equal(10, ds:test().x:max())
      assert.same({ 1, 2, 3, 4, 0, 1, 2, 3, 4, 0 }, ds:test().y:totable())
    end
    assert.matches("there is no x_train_other.npy .*base may be robust", message_of(nac.dataset.jets, { dir = dir, base = "other" }))
    nac_arrays(dir .. "/normalized_data3", "train", "second", 40, 8)
    assert.matches("choose one with base: robust, second", message_of(nac.dataset.jets, { dir = dir }))
    assert.equal("dataset jets, samples of shape 8x3", tostring(nac.dataset.jets { dir = dir, base = "robust" }))
  end)

  it("are refused where shapes or labels are wrong", function()
    local dir = folder()
    local function refusal(change, options)
      nac_arrays(dir, "train", "a", 20, 8, change)
      nac_arrays(dir, "test", "a", 20, 8)
      options = options or {}
      options.dir = dir
      return select(2, nac.dataset.jets(options):load())
    end
    assert.matches("x_train_a.npy: jets of the shape %(N, constituents, 3%) expected, found 20x24",
      refusal(function(x, y) return x:reshape { 20, 24 }, y end))
    assert.matches("it holds 8 constituents a jet, 16 were asked for", refusal(nil, { constituents = 16 }))
    assert.matches("x_train_a.npy holds 20 jets, but .*y_train_a.npy 19", refusal(function(x, y) return x, y:slice(1, 1, 19) end))
    assert.matches("y_train_a.npy: one%-hot labels", refusal(function(x, y) return x, y:slice(2, 1, 4) end))
    assert.matches("y_train_a.npy: the labels are not one%-hot", refusal(function(x, y) return x, y * 2 end))
    os.remove(dir .. "/y_train_a.npy")
    assert.matches("y_train_a.npy", select(2, nac.dataset.jets({ dir = dir }):load()))
  end)
end)

describe("OpenML's jets of 16 features", function()
  local names = {
    "zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt", "d2_b1_mmdt", "d2_b2_mmdt",
    "d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt", "n2_b1_mmdt", "n2_b2_mmdt", "mass_mmdt", "multiplicity",
  }

  -- n jets; the first feature counts them. Classes as OpenML declares them.
  local function arff(n, change)
    local lines, classes = { "@RELATION hls4ml_lhc_jets_hlf" }, { "g", "q", "t", "w", "z" }
    for _, name in ipairs(names) do lines[#lines + 1] = ("@ATTRIBUTE %s REAL"):format(name) end
    lines[#lines + 1] = "@ATTRIBUTE class {g, q, t, w, z}"
    lines[#lines + 1] = "@DATA"
    for i = 1, n do
      local row = {}
      for k = 1, 16 do row[k] = ("%g"):format(k == 1 and i or (i * k) % 7 / 7) end
      row[17] = classes[i % 5 + 1]
      lines[#lines + 1] = table.concat(row, ",")
    end
    if change then change(lines) end
    return table.concat(lines, "\n") .. "\n"
  end

  it("are read from ARFF or CSV, with our order of the classes", function()
    local path = files.temporary(arff(100), ".arff")
    finally(files.clean)
    local ds = nac.dataset.jets16 { file = path, normalize = false }
    assert.same({ "g", "q", "W", "Z", "t" }, ds.classes)
    local test = ds:test()
    assert.equal(20, test.y:numel())
    local ours = { [0] = 0, 1, 4, 2, 3 } -- of g, q, t, w, z
    local seen = {}
    for _, part in ipairs { ds.fit, ds.search, ds.select, test } do
      for i, class in ipairs(part.y:totable()) do
        local number = part.x:get(i, 1)
        assert.is_nil(seen[number])
        seen[number] = true
        assert.equal(ours[number % 5], class)
      end
    end
    assert.is_false(ds.sample)
    local other = nac.dataset.jets16 { file = path, seed = 9, normalize = false }
    assert.is_true(other:test().x:equal(test.x)) -- the test set is always the same
    local scaled = nac.dataset.jets16 { file = path }
    assert(scaled:load())
    assert.near(0, scaled._source.train():mean(), 1e-5)
    local csv = table.concat(names, ",") .. ",class\n" .. arff(100):match("@DATA\n(.*)$")
    local same = nac.dataset.jets16 { file = files.temporary(csv, ".csv"), normalize = false }
    assert.is_true(same:test().x:equal(test.x))
  end)

  it("are refused with what is wrong", function()
    finally(files.clean)
    local lacking = files.temporary(arff(100, function(lines) lines[3] = "@ATTRIBUTE c1 REAL" end), ".arff")
    assert.matches("c1_b0_mmdt", select(2, nac.dataset.jets16({ file = lacking }):load()))
    local higgs = files.temporary(arff(100, function(lines)
      for i, line in ipairs(lines) do lines[i] = line:gsub("g, q", "h, q"):gsub(",g$", ",h") end
    end), ".arff")
    assert.matches("class 'h' is none of g, q, w, z, t", select(2, nac.dataset.jets16({ file = higgs }):load()))
    assert.matches("the file /no.arff was not found", message_of(nac.dataset.jets16, { file = "/no.arff" }))
    if not lfs.attributes "data/full/jets16" then
      assert.matches("OpenML's set 42468.*sample = true", message_of(nac.dataset.jets16, {}))
    end
    local dir = folder()
    assert.matches("no hls4ml_lhc_jets_hlf.arff", message_of(nac.dataset.jets16, { dir = dir }))
  end)
end)
