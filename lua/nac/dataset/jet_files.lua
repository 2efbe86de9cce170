--- Files of jets as lists of constituents: the shipped sample (data/jets), the hls4ml
-- LHC set (Zenodo 3602260) and the arrays that NAC made of it. Each reader returns x
-- f32 [N, k, 3], the k leading constituents as (pT in GeV, eta and phi from the jet's
-- axis) with rows of zeros where there are fewer, and y i32 [N], classes 0 to 4 for
-- g q W Z t. They raise a message with the path.
local c_tensor = require "nac.c.tensor"
local hdf5 = require "nac.hdf5"
local lfs = require "lfs"
local npz = require "nac.npz"

local M = {}

--- The classes, in the order of their numbers.
M.classes = { "g", "q", "W", "Z", "t" }
--- The features of a constituent.
M.features = { "pT", "eta_rel", "phi_rel" }

local function need(value, message)
  if value == nil then error(message, 0) end
  return value
end

local function text(shape) return table.concat(shape, "x") end

-- y of one-hot rows [N, 5].
local function classes_of(one_hot, name)
  local shape = one_hot:shape()
  if #shape ~= 2 or shape[2] ~= #M.classes then
    error(("%s: one-hot labels (N, 5) of g q W Z t expected, found the shape %s"):format(name, text(shape)), 0)
  end
  local rows <close> = one_hot:to("f32")
  local sums <close> = rows:sum(2)
  local most <close> = rows:max(2)
  if not (sums:allclose(most) and most:min() == 1 and most:max() == 1) then
    error(name .. ": the labels are not one-hot: each row has a single 1, the rest 0", 0)
  end
  local y = rows:argmax(2) -- from 1
  return (y:to("f32") - 1):to("i32")
end

local function check_counts(x, x_name, y, y_name)
  local n, m = x:shape()[1], y:shape()[1]
  if n ~= m then error(("%s holds %d jets, but %s %d labels"):format(x_name, n, y_name, m), 0) end
end

local UNITS = { pt = 1 / 32, eta = 1 / 1000, phi = 1 / 1000 }

--- The shipped sample.
-- @param path of jets_train.npz or jets_test.npz
-- @param k constituents, 1 to 8
-- @return x, y, and the number of the event of each jet, i32 [N]
function M.sample(path, k)
  local arrays = need(npz.read(path))
  for _, name in ipairs { "pt", "eta", "phi", "label", "event" } do
    if not arrays[name] then error(("%s: the array %s is missing"):format(path, name), 0) end
  end
  local columns = {}
  for i, name in ipairs { "pt", "eta", "phi" } do
    columns[i] = arrays[name]:slice(2, 1, k):to("f32"):mul_(UNITS[name])
    check_counts(arrays[name], path .. ": " .. name, arrays.label, "label")
  end
  local x = c_tensor.stack(columns, 3)
  for _, column in ipairs(columns) do column:close() end
  return x, arrays.label:to("i32"), arrays.event
end

-- The hls4ml set: columns of jetConstituentList (pT, eta_rel, phi_rel of 16 or 17) and,
-- counted from the end, of `jets` (g q W Z t, then one that is not used).
local LIST, JETS = "jetConstituentList", "jets"
local COLUMNS = { 6, 9, 12 }
local CHUNK = 1000

-- A constituent list in the order of falling pT: jets that are not are sorted.
local function sort_chunk(x)
  local shape = x:shape()
  local pt <close> = x:select(3, 1)
  local before <close> = pt:slice(2, 1, shape[2] - 1)
  local after <close> = pt:slice(2, 2, shape[2])
  local falling <close> = before:ge(after)
  if shape[2] == 1 or falling:min() == 1 then return x end
  local rows = x:totable()
  for _, jet in ipairs(rows) do table.sort(jet, function(a, b) return a[1] > b[1] end) end
  return c_tensor.new(rows, "f32")
end

-- k leading constituents of some jets [n, P, F], above min_pt; a row of zeros elsewhere.
local function leading(list, k, min_pt)
  local columns = {}
  for i, column in ipairs(COLUMNS) do columns[i] = list:select(3, column):to("f32") end
  local sorted = sort_chunk(c_tensor.stack(columns, 3))
  local most = math.min(k, sorted:shape()[2])
  local x = sorted:slice(2, 1, most):contiguous()
  local shape = x:shape()
  local keep <close> = x:slice(3, 1, 1):gt(min_pt)
  x:mul_(keep:to("f32"))
  if most == k then return x end
  return c_tensor.concat({ x, c_tensor.zeros { shape[1], k - most, 3 } }, 2)
end

local function read_hdf5(path, k, min_pt, xs, ys)
  local list, jets = need(hdf5.look(path, LIST)), need(hdf5.look(path, JETS))
  if #list ~= 3 or list[3] < COLUMNS[3] then
    error(("%s: %s must have the shape (N, constituents, 16), found %s"):format(path, LIST, text(list)), 0)
  end
  if #jets ~= 2 or jets[2] < 6 then
    error(("%s: %s must have the shape (N, features), the last six the labels, found %s"):format(path, JETS, text(jets)), 0)
  end
  if list[1] ~= jets[1] then
    error(("%s: %s holds %d jets, but %s %d"):format(path, LIST, list[1], JETS, jets[1]), 0)
  end
  for first = 1, list[1], CHUNK do
    local count = math.min(CHUNK, list[1] - first + 1)
    local read <close> = need(hdf5.read(path, LIST, first, count))
    local labels <close> = need(hdf5.read(path, JETS, first, count))
    xs[#xs + 1] = leading(read, k, min_pt)
    ys[#ys + 1] = classes_of(labels:slice(2, jets[2] - 5, jets[2] - 1), path .. ": the labels in " .. JETS)
  end
end

local function listing(folder, pattern)
  local names = {}
  if lfs.attributes(folder, "mode") ~= "directory" then return names end
  for name in lfs.dir(folder) do
    if name:find(pattern) then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- The HDF5 files of a folder; jets without a constituent above min_pt are left out.
-- @param folder with .h5 files of jetConstituentList and jets
-- @param k constituents
-- @param min_pt in GeV
-- @return x, y
function M.hdf5(folder, k, min_pt)
  local xs, ys = {}, {}
  for _, name in ipairs(listing(folder, "%.h5$")) do read_hdf5(folder .. "/" .. name, k, min_pt, xs, ys) end
  local x, y = c_tensor.concat(xs, 1), c_tensor.concat(ys, 1)
  for i = 1, #xs do xs[i]:close() end
  local some = {}
  for i, pt in ipairs(x:select(3, 1):select(2, 1):contiguous():totable()) do
    if pt > 0 then some[#some + 1] = i end
  end
  if #some == 0 then error(("%s: no jet has a constituent above %g GeV"):format(folder, min_pt), 0) end
  if #some == x:shape()[1] then return x, y end
  local index <close> = c_tensor.new(some, "i32")
  return x:rows(index), y:rows(index)
end

--- NAC's arrays: x_PART_BASE.npy (N, k, 3), scaled already, and y_PART_BASE.npy, one-hot.
-- @param folder that holds them
-- @param part "train" or "test"
-- @param base the end of their names
-- @param k constituents, at most those of the file
-- @return x, y
function M.npy(folder, part, base, k)
  local x_path = ("%s/x_%s_%s.npy"):format(folder, part, base)
  local y_path = ("%s/y_%s_%s.npy"):format(folder, part, base)
  local x, y = need(npz.read_npy(x_path)), need(npz.read_npy(y_path))
  local shape = x:shape()
  if #shape ~= 3 or shape[3] ~= #M.features then
    error(("%s: jets of the shape (N, constituents, 3) expected, found %s"):format(x_path, text(shape)), 0)
  end
  if shape[2] < k then
    error(("%s: it holds %d constituents a jet, %d were asked for (constituents)"):format(x_path, shape[2], k), 0)
  end
  check_counts(x, x_path, y, y_path)
  return x:slice(2, 1, k):to("f32"):contiguous(), classes_of(y, y_path)
end

--- What a folder holds.
-- @param folder a path
-- @param[opt] base of NAC's arrays, where there are several
-- @return { kind = "hdf5", train = folder, test = folder } or { kind = "npy", folder =,
-- base = }; or nil and a message
function M.look(folder, base)
  for _, place in ipairs { folder, folder .. "/normalized_data3" } do
    local bases = {}
    for _, name in ipairs(listing(place, "^x_train_.*%.npy$")) do bases[#bases + 1] = name:match("^x_train_(.*)%.npy$") end
    if base and #bases > 0 then
      for _, one in ipairs(bases) do
        if one == base then return { kind = "npy", folder = place, base = base } end
      end
      return nil, ("there is no x_train_%s.npy in %s; base may be %s"):format(base, place, table.concat(bases, ", "))
    end
    if #bases > 1 then
      return nil, ("%s holds several sets; choose one with base: %s"):format(place, table.concat(bases, ", "))
    end
    if #bases == 1 then return { kind = "npy", folder = place, base = bases[1] } end
  end
  for _, place in ipairs { folder, folder .. "/raw" } do
    local train, test = place .. "/train", place .. "/val"
    if #listing(train, "%.h5$") > 0 then
      if #listing(test, "%.h5$") == 0 then return nil, ("there are no .h5 files in %s; the test jets come from there"):format(test) end
      return { kind = "hdf5", train = train, test = test }
    end
  end
  return nil, ("neither train/*.h5 nor x_train_*.npy is in %s"):format(folder)
end

--- The files of a folder that `look` has found, for the record.
function M.paths(found)
  local paths = {}
  if found.kind == "npy" then
    for _, name in ipairs { "x_train", "y_train", "x_test", "y_test" } do
      paths[#paths + 1] = ("%s/%s_%s.npy"):format(found.folder, name, found.base)
    end
    return paths
  end
  for _, folder in ipairs { found.train, found.test } do
    for _, name in ipairs(listing(folder, "%.h5$")) do paths[#paths + 1] = folder .. "/" .. name end
  end
  return paths
end

return M
