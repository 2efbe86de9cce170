--- Qubit readout: traces of I and Q from a superconducting qubit, class 0 the ground
-- state, 1 the excited one. The real set is four npy files; the project ships a
-- simulated sample and simulates 100 000 traces on demand (nac.simulate.qubit).
local base = require "nac.dataset.base"
local c_tensor = require "nac.c.tensor"
local file = require "nac.util.file"
local hash = require "nac.c.hash"
local home = require "nac.util.home"
local npz = require "nac.npz"
local read_options = require("nac.dataset.options").read

local M = {}

--- I and Q samples of a trace of the real set, 2.6 ns apart.
M.SAMPLES = 770

-- Names of the files, X and y of a half; the real set's first.
local LAYOUTS = {
  { X = "0528_X_%s_0_770.npy", y = "0528_y_%s_0_770.npy" },
  { X = "sim_X_%s.npy", y = "sim_y_%s.npy", simulated = true },
}

local OPTIONS = {
  "dir", "sample", "simulate", "start_location", "window_size", "subset", "normalize", "flatten", "one_hot", "n_classes", "seed",
}

local ROWS = 4096           -- traces read at once, 25 MB
local SCALE = 1 / 1024      -- about one standard deviation, and a shift in hardware
local SAMPLE_ROWS = 3000

local function find_file(dir, form, half)
  local path = ("%s/%s"):format(dir, form:format(half))
  if file.exists(path) then return path end
  if file.exists(path .. ".gz") then return path .. ".gz" end
end

local function layout_in(dir)
  for _, layout in ipairs(LAYOUTS) do
    if find_file(dir, layout.X, "train") then return layout end
  end
end

local WAYS = "the real set: its four files 0528_{X,y}_{train,test}_0_770.npy in a folder given as `dir` (data_dir), or in "
  .. "data/full/qubit; simulate: true makes 100 000 simulated traces; sample: true (--sample) takes the 4000 that come along"

-- The folder that is read and the names in it.
local function find_folder(o)
  if o.sample then return home.path "data/qubit" end
  if o.dir then
    if layout_in(o.dir) then return o.dir end
    return nil, ("qubit: no 0528_X_train_0_770.npy in %s; %s"):format(o.dir, WAYS)
  end
  local places = { home.path "data/full/qubit", "data/full/qubit" }
  for _, dir in ipairs(places) do
    local layout = layout_in(dir)
    if layout and (o.simulate or false) == (layout.simulated or false) then return dir end
  end
  if not o.simulate then return nil, "qubit: the traces are not here; " .. WAYS end
  for _, dir in ipairs(places) do
    io.stderr:write("qubit: simulating 100000 traces into ", dir, "\n")
    if require("nac.simulate.qubit").cache(dir) then return dir end
  end
  return nil, "qubit: cannot write the simulated traces into " .. table.concat(places, " or ")
end

local function need(value, message)
  if value == nil then error(message, 0) end
  return value
end

-- Reads rows first ... of an array: plain files a part at a time, packed ones at once.
local function opener(path)
  if path:find "%.gz$" then
    local whole = need(npz.read_npy(path))
    return whole:shape(), function(first, count) return whole:slice(1, first, first + count - 1) end
  end
  return need(npz.npy_shape(path)), function(first, count) return need(npz.read_npy_rows(path, first, count)) end
end

local function paths_of(dir, half)
  local layout = need(layout_in(dir), ("qubit: no traces in %s"):format(dir))
  local x, y = find_file(dir, layout.X, half), find_file(dir, layout.y, half)
  return need(x, ("qubit: no %s in %s"):format(layout.X:format(half), dir)), need(y, ("qubit: no %s in %s"):format(layout.y:format(half), dir))
end

-- Whether the two arrays fit together and hold the window; returns the number of samples of a trace.
local function check_shapes(paths, x, y, o)
  if #x ~= 2 or x[2] % 2 ~= 0 or x[1] == 0 then
    error(("%s: traces (N, 2 samples) with I and Q in turns expected, found the shape %s"):format(paths[1], table.concat(x, "x")), 0)
  end
  local rows = 1
  for _, size in ipairs(y) do rows = rows * size end
  if rows ~= x[1] then error(("%s holds %d traces, but %s %d labels"):format(paths[1], x[1], paths[2], rows), 0) end
  local last = (o.start_location or 0) + (o.window_size or 1)
  if last > x[2] // 2 then
    error(("%s: a trace has %d samples, the window ends at %d (start_location %d + window_size %d)"):format(paths[1], x[2] // 2, last,
      o.start_location or 0, o.window_size or 1), 0)
  end
  return x[2] // 2
end

-- Labels i32 [N] of 0 and 1.
local function labels_of(path, read, rows)
  local y = read(1, rows):reshape { rows }
  local as_integers = y:to "i32"
  local exact = as_integers:to("f64"):equal(y:to "f64")
  if not exact or as_integers:min() < 0 or as_integers:max() > 1 then
    error(("%s: labels are 0 (ground) and 1 (excited), found %g to %g"):format(path, y:min(), y:max()), 0)
  end
  return as_integers:contiguous()
end

-- Windows f32 and labels of a half. Of the traces only a few are in memory as a whole.
local function read_half(dir, half, o, limit)
  local paths = { paths_of(dir, half) }
  local x_shape, x_read = opener(paths[1])
  local y_shape, y_read = opener(paths[2])
  local length = check_shapes(paths, x_shape, y_shape, o)
  local rows = x_shape[1]
  if limit and limit > rows then
    error(("%s: it holds %d traces, %d were asked for (subset)"):format(paths[1], rows, limit), 0)
  end
  rows = limit or rows
  local start = o.start_location or 0
  local size = o.window_size or length - start
  local x = c_tensor.zeros({ rows, 2 * size }, "f32")
  for first = 1, rows, ROWS do
    local count = math.min(ROWS, rows - first + 1)
    local piece <close> = x_read(first, count)
    local window = piece:slice(2, 2 * start + 1, 2 * (start + size)):to "f32"
    if o.normalize ~= false then window = window * SCALE end
    x:slice(1, first, first + count - 1):copy(window)
  end
  if not x:isfinite() then error(paths[1] .. ": it holds values that are not finite (nan or inf)", 0) end
  if o.flatten == false then x = x:reshape { rows, size, 2 } end
  return x, labels_of(paths[2], y_read, rows), { shape = { table.unpack(x:shape(), 2) } }
end

local function provenance(dir)
  local sums = {}
  for _, half in ipairs { "train", "test" } do
    for _, path in ipairs { paths_of(dir, half) } do sums[path:match "[^/]+$"] = hash.sha256_file(path) end
  end
  return { source = dir, sha256 = sums, licence = layout_in(dir).simulated and "Apache-2.0" or nil }
end

-- What nac.dataset.base takes; a search may choose the window.
local function source(dir, o)
  return {
    train = function() return read_half(dir, "train", o, o.subset) end,
    test = function()
      local x, y = read_half(dir, "test", o)
      return x, y
    end,
    check_test = function()
      local paths = { paths_of(dir, "test") }
      check_shapes(paths, (opener(paths[1])), (opener(paths[2])), o)
    end,
    provenance = function() return provenance(dir) end,
    with = function(options)
      local other = setmetatable({ start_location = options.start_location, window_size = options.window_size }, { __index = o })
      local start = other.start_location or 0
      local size = other.window_size or M.SAMPLES - start
      return source(dir, other), { shape = o.flatten == false and { size, 2 } or { 2 * size } }
    end,
  }
end

--- Makes the data set; files are read when `parts` or `test` is called.
-- @param[opt] options `start_location` = 0, first sample of the window, `window_size` = to the end, samples of 2.6 ns;
-- `dir` = folder with the four files; `simulate` = false (true: the simulated set of 90 000 + 10 000 traces, made in
-- data/full/qubit where it is not there), `sample` = false (true: the shipped 3000 + 1000 simulated traces), `subset` =
-- the first so many training traces, `normalize` = true (divided by 1024), `flatten` = true (samples of shape
-- {2 window_size}: I0, Q0, I1, ...; false: {window_size, 2}), `seed` = 0 of the splits
-- @return the data set, or nil and a message
function M.make(options)
  local o, message = read_options(options, OPTIONS, "qubit")
  if not o then return nil, message end
  if o.n_classes and o.n_classes ~= 2 then return nil, ("qubit has 2 classes, not %d (num_classes)"):format(o.n_classes) end
  if o.sample and o.subset and o.subset > SAMPLE_ROWS then
    return nil, ("qubit: the shipped sample holds %d training traces, %d were asked for (subset)"):format(SAMPLE_ROWS, o.subset)
  end
  local dir
  dir, message = find_folder(o)
  if not dir then return nil, message end
  return base.new({
    name = "qubit", task = "classification", n_classes = 2, sample = o.sample or false, simulated = layout_in(dir).simulated,
    seed = o.seed,
  }, source(dir, o))
end

return M
