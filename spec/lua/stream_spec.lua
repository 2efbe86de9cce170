local files = require "spec.support.files"
local interpreter = require "spec.support.interpreter"
local nac = require "nac"
local npz = require "nac.npz"
local sys = require "nac.c.sys"
local tensor = require "nac.tensor"

-- n samples of `width` numbers; the class is whether the first one is positive.
local function write(n, width)
  local x_path, y_path = files.temporary(nil, ".npy"), files.temporary(nil, ".npy")
  local x = tensor.randn({ n, width }, { seed = 1 })
  local y = {}
  for i = 1, n do y[i] = x:get(i, 1) > 0 and 1 or 0 end
  assert(npz.write_npy(x_path, x))
  assert(npz.write_npy(y_path, tensor.new(y, "i32")))
  return x_path, y_path, x
end

local function rows_of(part, epoch)
  local list = {}
  for x, y in part:pieces(epoch) do
    assert.equal(x:shape()[1], y:shape()[1])
    for _, row in ipairs(x:totable()) do list[#list + 1] = ("%.6g %.6g"):format(row[1], row[2]) end
  end
  return list
end

describe("a data set that stays on disk", function()
  after_each(files.clean)

  it("deals its rows to the parts, each once, in an order of its own each epoch", function()
    local x_path, y_path, x = write(1003, 2)
    local ds = nac.dataset.file { file = x_path, label = y_path, stream = true, chunk_rows = 160, seed = 2 }
    assert.same({ 2 }, ds.shape)
    assert.equal(2, ds.n_classes)
    local seen, total = {}, 0
    for name, part in pairs { fit = ds.fit, search = ds.search, select = ds.select, test = ds:test() } do
      local rows = rows_of(part, 1)
      assert.equal(part.rows, #rows)
      total = total + #rows
      for _, row in ipairs(rows) do
        assert.is_nil(seen[row], name)
        seen[row] = true
      end
      assert.equal(part.rows, #rows_of(part, 0))
    end
    assert.equal(1003, total)
    assert.is_true(seen[("%.6g %.6g"):format(x:get(1003, 1), x:get(1003, 2))])
    assert.is_true(math.abs(ds:test().rows / 1003 - 0.2) < 0.05 and math.abs(ds.search.rows / 803 - 0.1) < 0.05)
    assert.same(rows_of(ds.fit, 1), rows_of(ds.fit, 1))
    assert.not_same(rows_of(ds.fit, 1), rows_of(ds.fit, 2))
  end)

  it("is trained on like any other, with the same result each time", function()
    local x_path, y_path = write(1200, 4)
    local ds = nac.dataset.file { file = x_path, label = y_path, stream = true, chunk_rows = 200, standardize = "mean_std" }
    local function train()
      local net = nac.nn.sequential { input = ds.shape, nac.nn.standardize {}, nac.nn.dense { units = 8 }, nac.nn.relu {},
        nac.nn.dense { units = 2 } }:build { seed = 1 }
      local fit = nac.train.fit(net, ds, { epochs = 6, batch = 20, schedule = { kind = "one_cycle", max_lr = 0.02 } })
      return fit, nac.train.evaluate(net, ds:test())
    end
    local first, test = train()
    assert.is_true(first.val_accuracy > 0.9 and test.accuracy > 0.9)
    assert.equal(ds:test().rows, test.n)
    assert.equal(test.loss, select(2, train()).loss)
  end)

  it("is searched, compressed and made into firmware like any other", function()
    local x_path, y_path = write(1200, 4)
    local folder = files.temporary()
    os.remove(folder)
    for _, task in ipairs { "classification", "regression" } do
      local y = task == "classification" and y_path or write(1200, 4)
      local cfg = assert(nac.config.parse(([[
dataset: {file: %s, label: %s, task: %s, stream: true, chunk_rows: 200}
search: {n_trials: 1, epochs: 2, workers: 0, batch_size: 20, learning_rate: 0.01}
search_space: {mlp_width_space: [4], act_space: [relu], num_blocks: 1}
local_search: {qat_epochs: 1, pruning_iterations: 1, pruning_epochs: 1}
output: {results_dir: %s}
]]):format(x_path, y, task, folder), "s.yaml"))
      assert(nac.global_search.run(cfg, { quiet = true, pictures = false, force = true }))
      local small = assert(nac.local_search.run(folder, nil, cfg.local_search, { quiet = true, pictures = false, workers = 0, force = true }))
      assert.is_number(small.best.accuracy)
      local guess = require("nac.local_search.score").constant_guess
      local ds = assert(nac.dataset.from_config(cfg.dataset))
      local whole = {}
      for _, answers in ds.select:pieces(0) do whole[#whole + 1] = answers:clone() end
      assert.equal(guess { x = tensor.zeros { ds.select.rows, 1 }, y = tensor.concat(whole) }, small.constant_guess)
      local made = assert(nac.synthesis.run(small, cfg, { csim = false, picture = false, samples = 30, force = true }))
      assert.equal(30, made.n_samples)
      assert.equal(ds:test().rows, made.n_data)
      if task == "regression" then -- another search in the folder: its local search is not yet done
        assert(nac.global_search.run(cfg, { quiet = true, pictures = false, force = true, seed = 2 }))
        assert.matches("was made of another global search than the results folder holds now: run the local search again",
          select(2, nac.synthesis.run(small, cfg, { csim = false, force = true })))
        local spoilt = tensor.zeros { 1200, 4 }
        spoilt:set(0 / 0, 30, 2)
        assert(npz.write_npy(x_path, spoilt))
        local result, why = nac.global_search.run(cfg, { quiet = true, pictures = false, force = true })
        assert.is_nil(result)
        assert.matches("rows %d+ to %d+ holds values that are not finite %(nan or inf%), the first in sample %d+", why)
      end
    end
    os.execute("rm -rf " .. folder)
  end)

  it("takes the memory of a piece, whatever the size of the file", function()
    local x_path, y_path = write(20000, 100) -- 8 MB
    collectgarbage()
    collectgarbage()
    local ds = nac.dataset.file { file = x_path, label = y_path, stream = true, chunk_rows = 1600 } -- 0.64 MB a piece
    local net = nac.nn.sequential { input = { 100 }, nac.nn.dense { units = 2 } }:build()
    sys.set_memory_budget(sys.memory().live + (3 << 20))
    local ok, fit = pcall(nac.train.fit, net, ds, { epochs = 2, batch = 100 })
    sys.set_memory_budget(0)
    assert.is_true(ok, tostring(fit))
    assert.equal(2, fit.epochs)
  end)

  it("takes no more of the machine than it counts, piece after piece", function()
    local x_path, y_path = write(20000, 64) -- 5 MB
    local script = files.temporary(([[
      local nac, proc = require "nac", require "nac.c.proc"
      local part = nac.dataset.file { file = "%s", label = "%s", stream = true, chunk_rows = 4000 }:parts().fit -- 1 MB a piece
      local before, most = proc.rss(), 0
      for epoch = 1, 12 do
        for _ in part:pieces(epoch) do most = math.max(most, proc.rss() - before) end
      end
      print(most)]]):format(x_path, y_path), ".lua")
    local most = tonumber((interpreter.run("$NAC_LUA " .. script)))
    local keeps_freed = interpreter.path:find "san/nac%-lua$" ~= nil -- the address sanitizer
    assert.is_true(keeps_freed or most < 6e6, ("%.1f MB"):format(most * 1e-6))
  end)

  it("may be an HDF5 file", function()
    local ds = nac.dataset.file { file = "spec/golden/hdf5.h5", x = "packed/gzip", label = "packed/columns", task = "regression",
      stream = true, chunk_rows = 160 }
    assert.equal(1000, ds.fit.rows + ds.search.rows + ds.select.rows + ds:test().rows)
    for x, y in ds:test():pieces(0) do assert.is_true(x:equal(y)) end
  end)

  it("is refused where it cannot be streamed", function()
    local x_path, y_path = write(40, 2)
    local function refusal(options)
      local ds, message = nac.dataset.from_config(options)
      if not ds then return message end
      return select(2, ds:load())
    end
    assert.matches("npy and HDF5 files can be streamed, csv files cannot",
      refusal { file = files.temporary("a,b\n1,2\n", ".csv"), label = "b", stream = true })
    assert.matches("label must be the npy file", refusal { file = x_path, label = 1, stream = true })
    assert.matches("%d+ samples are too few", refusal { file = write(10, 2), label = select(2, write(10, 2)), stream = true })
    assert.matches("holds 40 samples, but .* 30", refusal { file = x_path, label = select(2, write(30, 2)), stream = true })
    local ds = nac.dataset.file { file = x_path, label = y_path, stream = true }
    assert.error_matches(function() ds:folds(3) end, "has no folds", 1, true)
    local spoilt = tensor.zeros { 40, 2 }
    spoilt:set(0 / 0, 7, 1)
    assert(npz.write_npy(x_path, spoilt))
    local bad = nac.dataset.file { file = x_path, label = y_path, stream = true }
    assert.error_matches(function() for _, part in pairs(bad:parts()) do rows_of(part, 0) end rows_of(bad:test(), 0) end,
      "rows 7 to 7 holds values that are not finite", 1, true)
  end)
end)
