--- A data set that stays on disk: samples are read in pieces while they are
-- trained on. The rows of the file are cut into blocks of neighbours; whole blocks
-- are dealt to test, fit, search and select, and a piece is made of sixteen blocks
-- from all over the part, drawn anew each epoch, whose rows training shuffles.
-- Nothing but one piece and the answers of one block is in memory.
local base = require "nac.dataset.base"
local c_tensor = require "nac.c.tensor"
local check = require "nac.dataset.check"
local hash = require "nac.c.hash"
local rng = require "nac.c.rng"
local split = require "nac.c.split"

local M = {}

local BLOCKS = 16 -- blocks a piece
local PIECE_BYTES = 64 << 20
local MOST_ROWS = 1 << 20
local TENTHS = 10

local function need(value, message)
  if value == nil then error(message, 0) end
  return value
end

-- Arrays that can be read by rows: { shape =, read = function(first, count) -> tensor }
local arrays = {}

function arrays.npy(path)
  local npz = require "nac.npz"
  local shape = need(npz.npy_shape(path))
  return { name = path, shape = shape, read = function(first, count) return need(npz.read_npy_rows(path, first, count)) end }
end

function arrays.hdf5(path, name)
  local hdf5 = require "nac.hdf5"
  local shape = need(hdf5.look(path, name))
  return { name = path .. ": " .. name, shape = shape, read = function(first, count) return need(hdf5.read(path, name, first, count)) end }
end

-- x and y of the file (or the test file) as such arrays.
local function open(o, format, path, label, x_name)
  local x, y
  if format == "npy" then
    x, y = arrays.npy(path), arrays.npy(label)
  else
    x, y = arrays.hdf5(path, x_name), arrays.hdf5(path, label)
  end
  if #x.shape < 2 then error(("%s: samples must have the shape (N, ...)"):format(x.name), 0) end
  if #y.shape < 1 or y.shape[1] ~= x.shape[1] then
    error(("%s holds %d samples, but %s %d"):format(x.name, x.shape[1], y.name, y.shape[1] or 1), 0)
  end
  return { x = x, y = y, rows = x.shape[1], task = o.task, n_classes = o.n_classes }
end

-- Rows first ... of a source, as training takes them.
local function read(source, first, count)
  local function names(array) return ("%s, rows %d to %d"):format(array.name, first, first + count - 1) end
  local x, y = source.x.read(first, count), source.y.read(first, count)
  local shape = y:shape()
  if source.task == "classification" and #shape == 2 and shape[2] == 1 then y = y:reshape { count } end
  local a, b = check.half(x, y, { names(source.x), names(source.y) }, source.task)
  if not a then error(b, 0) end
  if source.n_classes and b:max() >= source.n_classes then
    error(("%s: class %d, but there are %d classes"):format(names(source.y), b:max(), source.n_classes), 0)
  end
  if a ~= x then x:close() end
  if b ~= y then y:close() end
  return a, b
end

local Part = {}
Part.__index = Part

-- Numbers of the blocks in the order of an epoch; 0 is the order of the file. A
-- short block, the last of the file, stays last: so pieces have the same sizes
-- in every epoch.
local function order_of(part, epoch)
  local list = table.move(part.blocks, 1, #part.blocks, 1, {})
  if epoch == 0 then return list end
  local short = part.source.rows % part.block_rows > 0 and list[#list] * part.block_rows > part.source.rows and table.remove(list)
  rng.stream(part.seed, "order of blocks", epoch):shuffle(list)
  if short then list[#list + 1] = short end
  return list
end

local function rows_of(part, block)
  local first = (block - 1) * part.block_rows + 1
  return first, math.min(part.block_rows, part.source.rows - first + 1)
end

-- Calls f(blocks of a piece), pieces of equal numbers of blocks.
local function each_piece(order, f)
  local n = math.max(1, (#order + BLOCKS - 1) // BLOCKS)
  for i = 1, n do f(table.move(order, (i - 1) * #order // n + 1, i * #order // n, 1, {})) end
end

--- Rows of each piece, the same in every epoch.
function Part:sizes()
  local sizes = {}
  each_piece(order_of(self, 0), function(blocks)
    local rows = 0
    for _, block in ipairs(blocks) do rows = rows + select(2, rows_of(self, block)) end
    sizes[#sizes + 1] = rows
  end)
  return sizes
end

local function new_buffers(part, x, y)
  local function like(t)
    local shape = t:shape()
    shape[1] = part.most
    return c_tensor.zeros(shape, t:dtype())
  end
  return like(x), like(y)
end

--- The samples of an epoch, a piece after the other: an iterator over x, y, which
-- are overwritten by the next piece.
-- @param epoch its number; 0 for the order of the file
function Part:pieces(epoch)
  local pieces = {}
  each_piece(order_of(self, epoch), function(blocks) pieces[#pieces + 1] = blocks end)
  local i, all_x, all_y = 0, nil, nil
  return function()
    i = i + 1
    if not pieces[i] then
      if all_x then
        all_x:close()
        all_y:close()
      end
      return nil
    end
    local at = 0
    for _, block in ipairs(pieces[i]) do
      local first, count = rows_of(self, block)
      local x, y = read(self.source, first, count)
      if not all_x then all_x, all_y = new_buffers(self, x, y) end
      all_x:slice(1, at + 1, at + count):copy(x)
      all_y:slice(1, at + 1, at + count):copy(y)
      x:close()
      y:close()
      at = at + count
    end
    return all_x:slice(1, 1, at), all_y:slice(1, 1, at)
  end
end

local function new_part(source, blocks, block_rows, seed)
  local part = setmetatable({ source = source, blocks = blocks, block_rows = block_rows, seed = seed, task = source.task }, Part)
  part.rows = 0
  for _, block in ipairs(blocks) do part.rows = part.rows + select(2, rows_of(part, block)) end
  part.most = math.min(BLOCKS * block_rows, part.rows)
  return part
end

-- Block numbers by pile: blocks are dealt like samples without classes.
local function deal(blocks, piles, seed, round)
  local zeros <close> = c_tensor.zeros({ #blocks }, "i32")
  local dealt = split.deal(zeros, seed, round, piles):totable()
  local list = {}
  for pile = 0, piles - 1 do list[pile] = {} end
  for i, block in ipairs(blocks) do table.insert(list[dealt[i]], block) end
  return list
end

local function join(piles, first, last)
  local list = {}
  for pile = first, last do table.move(piles[pile], 1, #piles[pile], #list + 1, list) end
  table.sort(list)
  return list
end

-- Blocks of fit, search, select, and test where the file has to give them too.
local function parts_of(source, o, with_test)
  local sample = 4
  for i = 2, #source.x.shape do sample = sample * source.x.shape[i] end
  local piece_rows = o.chunk_rows or math.max(BLOCKS, math.min(MOST_ROWS, PIECE_BYTES // sample))
  local block_rows = math.max(1, piece_rows // BLOCKS)
  local n = (source.rows + block_rows - 1) // block_rows
  if n < 2 * TENTHS then -- a small file: smaller blocks, so that every part gets some
    block_rows = math.max(1, source.rows // (4 * TENTHS))
    n = (source.rows + block_rows - 1) // block_rows
  end
  local blocks = {}
  for i = 1, n do blocks[i] = i end
  if n < 2 * TENTHS then error(("%s: %d samples are too few to be dealt"):format(source.x.name, source.rows), 0) end
  local seed, test = o.seed or 0, nil
  if with_test then
    local k = math.max(1, math.floor((o.test_fraction or 0.2) * 20 + 0.5))
    local piles = deal(blocks, 20, seed, 1000)
    test, blocks = join(piles, 0, k - 1), join(piles, k, 19)
  end
  local piles = deal(blocks, TENTHS, seed, 0)
  return {
    search = new_part(source, piles[0], block_rows, seed), select = new_part(source, piles[1], block_rows, seed),
    fit = new_part(source, join(piles, 2, TENTHS - 1), block_rows, seed),
    test = test and new_part(source, test, block_rows, seed),
  }
end

-- The number of classes, from all answers.
local function count_classes(source)
  local largest = -1
  for first = 1, source.rows, MOST_ROWS do
    local count = math.min(MOST_ROWS, source.rows - first + 1)
    local y <close> = source.y.read(first, count)
    if y:dtype():sub(1, 1) ~= "f" then largest = math.max(largest, y:max()) else largest = math.max(largest, math.floor(y:max())) end
  end
  return math.max(2, math.tointeger(largest) + 1)
end

-- Which arrays of an HDF5 file: named, or those that one would guess.
local function choose(o, path)
  if o.x and type(o.label) == "string" then return { o.x, o.label, o.x_test, o.label_test } end
  local set = {}
  for _, name in ipairs(need(require("nac.hdf5").names(path))) do set[name] = true end
  if set.x_train and set.y_train then return { "x_train", "y_train", set.x_test and "x_test", set.y_test and "y_test" } end
  if set.x and set.y then return { "x", "y" } end
  error(("%s: say which arrays are meant with x and label"):format(path), 0)
end

local function open_all(o, format)
  local names = format == "hdf5" and choose(o, o.path) or {}
  local source = open(o, format, o.path, names[2] or o.label_path, names[1])
  if source.task == "classification" then source.n_classes = o.n_classes or count_classes(source) end
  local test
  if o.test_path or names[3] then
    test = open(o, format, o.test_path or o.path, names[3] and names[4] or o.test_label_path or names[2], names[3] or names[1])
    test.n_classes = source.n_classes
  end
  local parts = parts_of(source, o, test == nil)
  if test then
    local blocks = {}
    local rows = parts.fit.block_rows
    for i = 1, (test.rows + rows - 1) // rows do blocks[i] = i end
    parts.test = new_part(test, blocks, rows, parts.fit.seed)
  end
  return source, parts
end

--- Makes the data set.
-- @param o options of nac.dataset.file, checked, with `path`, `label_path`, ...
-- @param format "npy" or "hdf5"
-- @param paths list of the files, for the provenance
-- @return the data set, or nil and a message
function M.make(o, format, paths)
  if not arrays[format] then
    return nil, ("%s: npy and HDF5 files can be streamed, %s files cannot"):format(o.path, format)
  end
  if o.features then return nil, o.path .. ": features cannot be chosen from a file that is streamed" end
  if format == "npy" and type(o.label) ~= "string" then
    return nil, o.path .. ": label must be the npy file with the answers where a file is streamed"
  end
  local ds = base.new({ name = o.path:match("([^/]+)%.%w+$") or o.path, seed = o.seed, task = o.task, stream = true }, {
    provenance = function()
      local sums = {}
      for _, path in ipairs(paths) do sums[path:match("[^/]+$")] = hash.sha256_file(path) end
      return { source = o.path, sha256 = sums }
    end,
  })
  local parts
  ds._train = function()
    if parts then return end
    local source
    source, parts = open_all(o, format)
    ds._facts = true
    rawset(ds, "shape", { table.unpack(source.x.shape, 2) })
    rawset(ds, "n_classes", source.n_classes)
    if source.task == "regression" then rawset(ds, "output_shape", { table.unpack(source.y.shape, 2) }) end
    if ds.output_shape and #ds.output_shape == 0 then ds.output_shape[1] = 1 end
    ds.n_train, ds.n_test = parts.fit.rows + parts.search.rows + parts.select.rows, parts.test.rows
  end
  ds.parts = function()
    ds:_train()
    return { fit = parts.fit, search = parts.search, select = parts.select }
  end
  ds.folds = function(_, k)
    if k ~= 1 then error(o.path .. ": a file that is streamed has no folds; n_folds: 1", 0) end
    local p = ds:parts()
    return { { fit = p.fit, search = p.search }, select = p.select }
  end
  ds.test = function()
    ds:_train()
    return parts.test
  end
  return ds
end

return M
