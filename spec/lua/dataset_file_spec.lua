local files = require "spec.support.files"
local nac = require "nac"
local npz = require "nac.npz"
local tensor = require "nac.tensor"

-- n rows of two features and a class, as CSV
local function table_of(n, classes)
  local lines = { "a,b,kind" }
  for i = 1, n do lines[#lines + 1] = ("%d,%g,%s"):format(i, i / 2, classes[(i - 1) % #classes + 1]) end
  return table.concat(lines, "\n") .. "\n"
end

local function refusal(options)
  local ds, message = nac.dataset.from_config(options)
  if not ds then return message end
  local ok
  ok, message = ds:load()
  assert.is_nil(ok)
  return message
end

describe("a data set from a file", function()
  after_each(files.clean)

  it("sets a stratified fifth aside as test set, then splits as any other", function()
    local path = files.temporary(table_of(100, { "w", "g", "g", "g" }), ".csv")
    local ds = nac.dataset.file { file = path, label = "kind", seed = 3 }
    assert.equal("classification", ds.task)
    assert.same({ 2 }, ds.shape)
    assert.equal(2, ds.n_classes)
    assert.same({ "g", "w" }, ds.classes)
    assert.equal(20, ds:test().x:shape()[1])
    assert.equal(5, ds:test().y:to("f32"):sum())
    assert.equal(64, ds.fit.x:shape()[1])
    local seen = {}
    for _, part in ipairs { ds.fit, ds.search, ds.select, ds:test() } do
      for _, value in ipairs(part.x:select(2, 1):totable()) do
        assert.is_nil(seen[value])
        seen[value] = true
      end
    end
    local record = ds:provenance()
    assert.equal(path, record.source)
    assert.equal(64, #record.sha256[path:match("[^/]+$")])
  end)

  it("takes the test samples of a file of their own, with the classes of the first", function()
    local train = files.temporary(table_of(30, { "c", "b", "a" }), ".csv")
    local test = files.temporary("a,b,kind\n1,2,c\n3,4,c\n", ".csv")
    local ds = nac.dataset.file { file = train, test_file = test, label = "kind" }
    assert.same({ 2, 2 }, ds:test().y:totable())
    local other = files.temporary("a,b,kind\n1,2,z\n", ".csv")
    assert.matches(":2: 'z' is not one of the 3 classes", refusal { file = train, test_file = other, label = "kind" })
  end)

  it("may have columns of one-hot classes, or targets", function()
    local lines = { "x,p,q" }
    for i = 1, 20 do lines[#lines + 1] = ("%d,%d,%d"):format(i, i % 2, 1 - i % 2) end
    local path = files.temporary(table.concat(lines, "\n"), ".csv")
    local ds = nac.dataset.file { file = path, label = { "p", "q" } }
    assert.equal(2, ds.n_classes)
    assert.same({ "p", "q" }, ds.classes)
    assert.equal(ds.fit.x:get(1, 1) % 2, 1 - ds.fit.y:get(1))
    local regression = nac.dataset.file { file = path, label = { "p", "q" }, task = "regression" }
    assert.equal("regression", regression.task)
    assert.same({ 2 }, regression:parts().fit.y:slice(1, 1, 1):reshape { 2 }:shape())
    assert.same({ 1, 1 }, nac.dataset.file { file = path, label = "p", features = { "x" }, task = "regression" }.fit.y:slice(1, 1, 1):shape())
  end)

  it("finds the arrays of an npz file, or takes those that are named", function()
    local path = files.temporary(nil, ".npz")
    local x, y = tensor.randn({ 40, 8, 3 }, { seed = 1 }), tensor.zeros({ 40 }, "i32")
    y:slice(1, 1, 20):fill(1)
    assert(npz.write(path, { x_train = x, y_train = y, x_test = x:slice(1, 1, 10), y_test = y:slice(1, 1, 10) }))
    local ds = nac.dataset.file { file = path }
    assert.same({ 8, 3 }, ds.shape)
    assert.equal(10, ds:test().x:shape()[1])
    local some = nac.dataset.file { file = path, x = "x_train", label = "y_train", features = { 3, 1 }, test_fraction = 0.25 }
    assert.same({ 8, 2 }, some.shape)
    assert.equal(10, some:test().x:shape()[1])
    assert.matches("unknown array 'y_tran'.*nearest: y_train", refusal { file = path, x = "x_train", label = "y_tran" })
    assert.matches("x and label must both name an array", refusal { file = path, label = "y_train" })
  end)

  it("may be npy files, or a column of one", function()
    local x_path, y_path = files.temporary(nil, ".npy"), files.temporary(nil, ".npy")
    local x = tensor.randn({ 30, 3 }, { seed = 1 })
    assert(npz.write_npy(x_path, x))
    assert(npz.write_npy(y_path, (tensor.arange(30):to("f32") - 1):to("i32")))
    assert.equal(30, nac.dataset.file { file = x_path, label = y_path }.n_classes)
    local ds = nac.dataset.file { file = x_path, label = 2, task = "regression" }
    assert.same({ 2 }, ds.shape)
    assert.matches("label must be the npy file with the answers, or a column of this one, from 1 to 3",
      refusal { file = x_path, label = 4 })
  end)

  it("is refused with what would be right", function()
    local path = files.temporary(table_of(30, { "c", "b" }), ".csv")
    assert.matches("the file /no/a.csv was not found", refusal { file = "/no/a.csv", label = "kind" })
    assert.matches("label is missing", refusal { file = path })
    assert.matches("there is no column 'king'", refusal { file = path, label = "king" })
    assert.matches("its name does not tell the format", refusal { file = files.temporary("1\n", ".dat"), label = "kind" })
    assert.matches("test_file or test_fraction, not both", refusal { file = path, label = "kind", test_file = path, test_fraction = 0.5 })
    assert.matches("test_fraction must be a number between 0 and 1", refusal { file = path, label = "kind", test_fraction = 2 })
    assert.matches("unknown option 'lable'", refusal { file = path, lable = "kind" })
    assert.matches("unknown standardize 'mean'", refusal { file = path, label = "kind", standardize = "mean" })
    assert.matches("column 'b'", refusal { file = files.temporary("b,c\nx,1\n", ".csv"), label = "c" })
  end)

  it("is found beside its configuration", function()
    local path = files.temporary(table_of(30, { "c", "b" }), ".csv")
    local dir, name = path:match("^(.*)/([^/]+)$")
    local cfg = assert(nac.config.parse("dataset: {file: " .. name .. ", label: kind, standardize: mean_std}\n" ..
      "search_space: {mlp_width_space: [4]}\n", dir .. "/c.yaml"))
    local ds = assert(nac.dataset.from_config(cfg.dataset, { base_dir = cfg.dir }))
    assert.equal(30, ds.fit.x:shape()[1] + ds.search.x:shape()[1] + ds.select.x:shape()[1] + ds:test().x:shape()[1])
    assert.equal("mean_std", ds.standardize)
  end)
end)
