--- Sets of images in the four IDX files of MNIST's layout (train-images-...,
-- train-labels-..., t10k-...), plain or gzip. MNIST and Fashion-MNIST are rows
-- over this file.
local base = require "nac.dataset.base"
local file = require "nac.util.file"
local hash = require "nac.c.hash"
local idx = require "nac.c.idx"
local image = require "nac.c.image"
local read_options = require("nac.dataset.options").read

local M = {}

local FILES = {
  train = { "train-images-idx3-ubyte", "train-labels-idx1-ubyte" },
  test = { "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte" },
}
local OPTIONS = { "resize", "subset", "flatten", "one_hot", "normalize", "seed", "sample", "dir", "n_classes", "up_to" }

-- The folder that holds lua/ and data/.
local function root()
  local here = package.searchpath("nac.dataset.images", package.path)
  return here:match("^(.*)/lua/nac/dataset/images%.lua$") or "."
end

-- "dir/name" or "dir/name.gz", whichever is there; nil when neither is.
local function find_file(dir, name)
  local path = dir .. "/" .. name
  if file.exists(path) then return path end
  if file.exists(path .. ".gz") then return path .. ".gz" end
  return nil
end

local function hint_of(set) return set.hint and (" (%s)"):format(set.hint) or "" end

-- Which folder is read, and whether it is the shipped sample.
local function find_folder(set, options)
  if options.dir then
    if find_file(options.dir, FILES.train[1]) then return options.dir, false end
    return nil, ("%s: no %s (or .gz) in %s"):format(set.name, FILES.train[1], options.dir)
  end
  local sample = root() .. "/data/" .. set.name
  if not options.sample then
    for _, dir in ipairs { root() .. "/data/full/" .. set.name, "data/full/" .. set.name, set.system_dir } do
      if find_file(dir, FILES.train[1]) then return dir, false end
    end
  end
  if find_file(sample, FILES.train[1]) then return sample, true end
  return nil, ("%s: the data are not here, nor is the sample in %s; `make data` fetches them%s"):format(set.name, sample, hint_of(set))
end

local function need(value, message)
  if value == nil then error(message, 0) end
  return value
end

-- The two paths of a half.
local function paths_of(set, dir, names)
  local paths = {}
  for i, name in ipairs(names) do
    paths[i] = need(find_file(dir, name), ("%s: no %s (or .gz) in %s"):format(set.name, name, dir))
  end
  return paths
end

-- Whether two shapes are those of images and their labels.
local function check_shapes(paths, images, labels)
  local swapped = #images == 1 and #labels == 3 and "; are images and labels swapped?" or ""
  if #images ~= 3 then
    error(("%s: images (N,H,W) expected, found the shape %s%s"):format(paths[1], table.concat(images, "x"), swapped), 0)
  end
  if #labels ~= 1 then
    error(("%s: labels (N) expected, found the shape %s"):format(paths[2], table.concat(labels, "x")), 0)
  end
  if images[1] == 0 then error(("%s: it holds no images"):format(paths[1]), 0) end
end

local function check_counts(paths, n_images, n_labels)
  if n_images ~= n_labels then
    error(("%s holds %d images, but %s %d labels"):format(paths[1], n_images, paths[2], n_labels), 0)
  end
end

-- The headers of the test files alone.
local function check_test(set, dir)
  local paths = paths_of(set, dir, FILES.test)
  local images, labels = need(idx.shape(paths[1])), need(idx.shape(paths[2]))
  check_shapes(paths, images, labels)
  check_counts(paths, images[1], labels[1])
end

-- Images f32 [N, ...] and labels i32 [N] of one half of the set.
local function read_half(set, dir, names, options, rows)
  local paths = paths_of(set, dir, names)
  local images <close> = need(idx.read(paths[1], rows))
  local labels <close> = need(idx.read(paths[2], rows))
  local shape = images:shape()
  check_shapes(paths, shape, labels:shape())
  for i, t in ipairs { images, labels } do
    if t:dtype() ~= "u8" then error(("%s: elements of type u8 expected, found %s"):format(paths[i], t:dtype()), 0) end
  end
  if rows and shape[1] < rows then
    error(("%s: it holds %d images, %d were asked for%s"):format(paths[1], shape[1], rows,
      dir == options.dir and "" or "; `make data` fetches the full set"), 0)
  end
  check_counts(paths, shape[1], labels:numel())
  local y = labels:to("i32")
  local largest = y:max()
  if largest >= set.n_classes then
    error(("%s: a label is %d; they go from 0 to %d"):format(paths[2], largest, set.n_classes - 1), 0)
  end
  local h, w = options.height or shape[2], options.width or shape[3]
  local x = image.resize_area(images, h, w, options.normalize == false and 1 or 1 / 255)
  return x:reshape(options.flatten and { shape[1], h * w } or { shape[1], 1, h, w }), y, h, w
end

local function provenance(set, dir)
  local sums = {}
  for _, half in pairs(FILES) do
    for _, name in ipairs(half) do
      local path = find_file(dir, name)
      if path then sums[path:match("[^/]+$")] = hash.sha256_file(path) end
    end
  end
  return { source = dir, sha256 = sums, licence = set.licence, citation = set.citation }
end

--- Makes the data set `set` with the user's options; reads no file.
-- @param set { name =, n_classes =, height =, width =, sample_rows =, system_dir =, hint =, licence =, citation = },
--   with `classes` = their names where they have some
-- @param options see nac.dataset.mnist; `up_to`: where the sample holds fewer than `subset`, take all of it
-- @return the data set, or nil and a message
function M.make(set, options)
  local o, message = read_options(options, OPTIONS, set.name)
  if not o then return nil, message end
  if o.n_classes and o.n_classes ~= set.n_classes then
    return nil, ("%s has %d classes, not %d (num_classes)"):format(set.name, set.n_classes, o.n_classes)
  end
  local dir, sample = find_folder(set, o)
  if not dir then return nil, sample end
  local asked = sample and o.subset and o.subset > set.sample_rows and o.subset
  if asked and o.up_to then
    o.subset = set.sample_rows
  elseif asked then
    return nil, ("%s: the shipped sample holds %d training images, %d were asked for (subset); %s%s"):format(
      set.name, set.sample_rows, o.subset, o.sample and "leave `sample` out and fetch the full set with `make data`"
        or "`make data` fetches the full set, --sample takes what the sample has", hint_of(set))
  end
  if o.resize then
    o.height, o.width = o.resize, o.resize
    if type(o.resize) == "table" then o.height, o.width = o.resize[1], o.resize[2] end
  end
  local h, w = o.height or set.height, o.width or set.width
  return base.new({
    name = set.name, task = "classification", n_classes = set.n_classes, classes = set.classes, sample = sample, seed = o.seed,
    sample_text = sample and (asked and ("%d of the %d training images asked for"):format(set.sample_rows, asked)
      or ("%d training images"):format(o.subset or set.sample_rows)) or nil,
    shape = o.flatten and { h * w } or { 1, h, w },
  }, {
    train = function()
      local x, y, height, width = read_half(set, dir, FILES.train, o, o.subset)
      return x, y, { shape = o.flatten and { height * width } or { 1, height, width } }
    end,
    test = function() return read_half(set, dir, FILES.test, o) end,
    check_test = function() check_test(set, dir) end,
    provenance = function() return provenance(set, dir) end,
  })
end

return M
