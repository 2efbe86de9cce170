local dataset = require "nac.dataset"
local files = require "spec.support.files"
local lfs = require "lfs"
local nac = require "nac"
local simulate = require "nac.simulate.bragg"
local tensor = require "nac.tensor"

local GOLDEN = "spec/golden/bragg"

local function message_of(options)
  local ok, message = pcall(function() return dataset.bragg(options):parts() end)
  assert.is_false(ok)
  return tostring(message)
end

-- A folder with four frames of twelve peaks in npy files.
local function small_set(change)
  local dir = files.temporary()
  assert(lfs.mkdir(dir))
  local p = setmetatable({ side = 96, rings = { 20, 34 }, peaks = 12 }, { __index = simulate.parameters })
  simulate.write(dir, { frames = 4, per_file = 2, parameters = p })
  if change then
    local labels = assert(nac.npz.read(dir .. "/peaks.npz"))
    change(labels)
    assert(nac.npz.write(dir .. "/peaks.npz", labels))
  end
  finally(function()
    for name in lfs.dir(dir) do os.remove(dir .. "/" .. name) end
    lfs.rmdir(dir)
    files.clean()
  end)
  return dir
end

describe("Bragg peaks", function()
  it("are read from the pair of HDF5 files: peaks that count, patches from 0 to 1, positions in sides", function()
    local ds = dataset.bragg { dir = GOLDEN, shift = 0 }
    local test = ds:test()
    assert.same({ 8, 1, 11, 11 }, test.x:shape()) -- the last fifth of 40
    assert.equal(29, ds:parts().fit.x:size(1) + ds.search.x:size(1) + ds.select.x:size(1)) -- 32 without three
    assert.equal("bragg", ds:title())
    for i = 1, 8 do -- the bright pixel is in the middle, its neighbour half as bright
      assert.near(5 + 1 / 3, 11 * test.y:get(i, 1), 1e-4)
      assert.near(5, 11 * test.y:get(i, 2), 1e-4)
      assert.same({ 1, .5 }, { test.x:get(i, 1, 6, 6), test.x:get(i, 1, 6, 7) })
      assert.equal(0, test.x:get(i, 1, 6, 5))
    end
  end)

  it("move in their patches, and the answers with them", function()
    local ds = dataset.bragg { dir = GOLDEN, shift = 2, flatten = true }
    local fit, seen, moved = ds:parts().fit, {}, 0
    for epoch = 1, 3 do
      for x, y in fit:pieces(epoch) do
        assert.same({ fit.rows, 121 }, x:shape())
        for i = 1, fit.rows do
          local at = x[i]:argmax() - 1
          assert.near(at % 11 + 1 / 3, 11 * y:get(i, 1), 1e-4)
          assert.near(at // 11, 11 * y:get(i, 2), 1e-4)
          moved = moved + (seen[i] and seen[i] ~= at and 1 or 0)
          seen[i] = at
        end
      end
    end
    assert.is_true(moved > fit.rows)
    local places = {}
    for _, at in ipairs(nac.baseline.bragg.brightest(ds.search):totable()) do places[at[1] .. " " .. at[2]] = true end
    assert.is_true(next(places, next(places)) ~= nil) -- search has shifts, too
    assert.same(ds.search.y:totable(), dataset.bragg({ dir = GOLDEN, shift = 2 }).search.y:totable())
  end)

  it("have folds, and select is the same in all of them", function()
    local folds = dataset.bragg({ dir = GOLDEN }):folds(2)
    assert.equal(2, #folds)
    assert.equal(folds[1].fit.rows, folds[2].search.x:size(1))
    assert.same({ 1, 11, 11 }, { table.unpack(folds.select.x:shape(), 2) })
  end)

  it("are read from npy files as well, a few frames at a time", function()
    local ds = dataset.bragg { dir = small_set() }
    assert.equal("bragg (simulated)", ds:title())
    local test = ds:test()
    local d = nac.metrics.distance(nac.baseline.bragg.centre_of_mass(test), test.y, { scale = 11 })
    assert.is_true(d.mean < .6)
  end)

  it("are refused where the labels are those of other frames", function()
    assert.matches("it speaks of frame 40, counted from 0, which is not there",
      message_of { dir = small_set(function(l) l.peak_fidx = l.peak_fidx * 0 + 40 end) })
    assert.matches("peak 1 lies at row 500, column %d.*, the frames have 96 x 96 pixels",
      message_of { dir = small_set(function(l) l.peak_row:set(500, 1) l.npeaks:fill(1) l.deviations:fill(.1) end) })
    assert.matches("only %d+ of %d+ labels lie within 3 pixels of the brightest pixel around them",
      message_of { dir = small_set(function(l) l.peak_row = (95 - l.peak_row):clamp(0, 95) end) })
    assert.matches("peaks.npz: no array 'npeaks'", message_of { dir = small_set(function(l) l.npeaks = nil end) })
    assert.matches("peak_col has 3 entries, deviations 48", message_of { dir = small_set(function(l) l.peak_col = tensor { 1, 2, 3 } end) })
  end)

  it("say how to get what is not there", function()
    assert.matches("no frames and labels in /nowhere; the real set: frames%-exp4train.hdf5 and .*sample: true", message_of { dir = "/nowhere" })
    assert.matches("shift must be at most 5 pixels", message_of { sample = true, shift = 6 })
    assert.matches("holds %d+ training peaks, 99 were asked for", message_of { dir = GOLDEN, subset = 99 })
  end)

  it("come with a simulated set, as its sums say, that a constant guess is bad at", function()
    local ds = dataset.from_config({ name = "bragg", flatten = false, subset_size = 500 }, { sample = true })
    assert.equal("bragg (the shipped sample, simulated)", ds:title())
    local test = ds:test()
    assert.is_true(test.x:size(1) > 2500)
    local function mean(positions) return nac.metrics.distance(positions, test.y, { scale = 11 }).mean end
    assert.is_true(mean(nac.baseline.bragg.constant(test, ds:parts().fit)) > 1)
    assert.is_true(mean(nac.baseline.bragg.centre_of_mass(test)) < .2)
    local sums = {}
    for sum, name in files.read("data/bragg/SHA256SUMS"):gmatch("(%x+)  (%S+)") do sums[name] = sum end
    assert.same(sums, ds:provenance().sha256)
    assert.is_nil(ds.augment) -- shifting the image alone would make the answers wrong
  end)

  it("are learnt: a small net beats the brightest pixel after a few epochs", function()
    local ds = dataset.bragg { sample = true, subset = 1500 }
    local arch = nac.nn.sequential { input = { 1, 11, 11 } }
    arch:add(nac.nn.conv2d { channels = 4, kernel = 3 }):add(nac.nn.relu {}):add(nac.nn.flatten {}):add(nac.nn.dense { units = 2 })
    local net = arch:build { seed = 1 }
    nac.train.fit(net, ds, { epochs = 12, batch = 64, optimizer = { kind = "adam", lr = 3e-3 }, seed = 1 })
    local part = ds:parts().select
    local function mean(positions) return nac.metrics.distance(positions, part.y, { scale = 11 }).mean end
    assert.is_true(mean(nac.train.predict(net, part.x)) < mean(nac.baseline.bragg.brightest(part)))
  end)
end)

describe("a search for nets that locate peaks", function()
  it("minimises the mean distance in pixels", function()
    local dir, path = files.temporary(), files.temporary([[
dataset: {name: bragg, sample: true, flatten: true, subset_size: 400}
search: {n_trials: 2, epochs: 3, batch_size: 16, objective_names: [distance, params]}
search_space: {mlp_width_space: [8], num_blocks: 1, output_activation: identity}
]], ".yaml")
    finally(function()
      os.execute("rm -rf " .. dir)
      files.clean()
    end)
    local result = assert(nac.global_search.run(path, { results = dir, quiet = true, pictures = false, workers = 0 }))
    local distance = result.best.values.distance
    assert.is_true(distance > .05 and distance < 8, distance)
    assert.matches("distance px", tostring(result))
  end)
end)

describe("the fit of a pseudo-Voigt peak", function()
  it("finds the centre that the patch was made with", function()
    local fit = require("nac.baseline.pseudo_voigt").fit
    for _, at in ipairs { { 5.3, 4.8 }, { 3.1, 7.4 }, { 6, 6 } } do
      local v = {}
      for row = 0, 10 do
        for col = 0, 10 do
          local q = ((col - at[1]) / 1.5) ^ 2 + ((row - at[2]) / .9) ^ 2
          v[#v + 1] = .1 + .8 * (.4 / (1 + q) + .6 * math.exp(-math.log(2) * q))
        end
      end
      local col, row = fit(v, 11)
      assert.near(at[1], col, 1e-3)
      assert.near(at[2], row, 1e-3)
    end
    local flat = {}
    for i = 1, 121 do flat[i] = 0 end
    assert.is_true(fit(flat, 11) >= 0) -- nothing to find, nothing breaks
  end)
end)
