--- The files of the Bragg peaks: frames [F, H, W] and a table of labels, as NAC's pair of
-- HDF5 files or as npy and npz.
local c_tensor = require "nac.c.tensor"
local crops = require "nac.dataset.crops"
local file = require "nac.util.file"
local hdf5 = require "nac.hdf5"
local npz = require "nac.npz"

local M = {}

local FIELDS = { "deviations", "npeaks", "peak_fidx", "peak_row", "peak_col" }
local PIECE_BYTES = 64 << 20 -- of frames at once

local function need(value, message)
  if value == nil then error(message, 0) end
  return value
end

-- frames-0.npy.gz, frames-1.npy.gz, ...
local function npy_files(dir)
  local list = {}
  while true do
    local path = ("%s/frames-%d.npy"):format(dir, #list)
    if not file.exists(path) then path = path .. ".gz" end
    if not file.exists(path) then return list end
    list[#list + 1] = path
  end
end

--- Which files lie in a folder.
-- @return { frames = list of paths, labels = path, paths = all of them, hdf5 =, simulated =, licence = }, or nil
function M.layout(dir)
  local frames, labels = dir .. "/frames-exp4train.hdf5", dir .. "/peaks-exp4train-psz11.hdf5"
  if file.exists(frames) and file.exists(labels) then
    return { frames = { frames }, labels = labels, paths = { frames, labels }, hdf5 = true, licence = "CC BY-NC 4.0" }
  end
  frames, labels = npy_files(dir), dir .. "/peaks.npz"
  if #frames == 0 or not file.exists(labels) then return nil end
  local paths = { table.unpack(frames) }
  paths[#paths + 1] = labels
  return { frames = frames, labels = labels, paths = paths, simulated = true, licence = "Apache-2.0" }
end

--- The labels: those peaks that count, in the order of the file.
-- @return { path =, total = peaks of the file, kept = their numbers, fidx =, row =, col = lists }
function M.labels(dir)
  local layout = need(M.layout(dir), ("bragg: no frames and labels in %s"):format(dir))
  local columns, all = {}, not layout.hdf5 and need(npz.read(layout.labels))
  for _, name in ipairs(FIELDS) do
    local t = all and all[name] or layout.hdf5 and need(hdf5.read(layout.labels, name))
    if not t then error(("%s: no array '%s'"):format(layout.labels, name), 0) end
    columns[name] = t:reshape({ -1 }):to("f64"):totable()
    if #columns[name] ~= #columns.deviations then
      error(("%s: %s has %d entries, deviations %d"):format(layout.labels, name, #columns[name], #columns.deviations), 0)
    end
  end
  local labels = { path = layout.labels, layout = layout, total = #columns.npeaks, kept = {}, fidx = {}, row = {}, col = {} }
  for i = 1, labels.total do
    local deviation = columns.deviations[i]
    if columns.npeaks[i] == 1 and deviation >= 0 and deviation < 1 then
      local k = #labels.kept + 1
      labels.kept[k], labels.fidx[k] = i, math.floor(columns.peak_fidx[i])
      labels.row[k], labels.col[k] = columns.peak_row[i], columns.peak_col[i]
    end
  end
  return labels
end

-- An iterator over pieces of frames: number of the first, i32 [n, H, W].
local function pieces(layout, first, last)
  if not layout.hdf5 then
    local i, at = 0, 0
    return function()
      i = i + 1
      if not layout.frames[i] then return nil end
      local t = need(npz.read_npy(layout.frames[i]))
      local from = at
      at = at + t:size(1)
      return from, t, layout.frames[i]
    end
  end
  local path = layout.frames[1]
  local shape = need(hdf5.look(path, "frames"))
  if #shape ~= 3 then error(("%s: frames [F, H, W] expected, found the shape %s"):format(path, table.concat(shape, "x")), 0) end
  local at_once = math.max(1, PIECE_BYTES // (4 * shape[2] * shape[3]))
  local at = math.min(first, shape[1])
  last = math.min(last, shape[1] - 1)
  return function()
    if at > last then return nil end
    local from, count = at, math.min(at_once, last - at + 1)
    at = at + count
    return from, need(hdf5.read(path, "frames", from + 1, count)), path
  end
end

-- Copies a wide patch; what lies outside of the frame stays 0.
local function copy_patch(frame, into, top, left, side)
  local shape = frame:shape()
  local r1, r2 = math.max(0, top), math.min(shape[1] - 1, top + side - 1)
  local c1, c2 = math.max(0, left), math.min(shape[2] - 1, left + side - 1)
  into:slice(1, r1 - top + 1, r2 - top + 1):slice(2, c1 - left + 1, c2 - left + 1):copy(
    frame:slice(1, r1 + 1, r2 + 1):slice(2, c1 + 1, c2 + 1))
end

-- Refuses labels of other frames: in most patches the brightest pixel must be near the label.
local function check_match(labels, wide, place)
  local n, side = wide:size(1), wide:size(2)
  local brightest, places = wide:reshape({ n, side * side }):argmax(2):totable(), place:totable()
  local near = 0
  for i = 1, n do
    local row, col = (brightest[i] - 1) // side, (brightest[i] - 1) % side
    if (row - places[i][1]) ^ 2 + (col - places[i][2]) ^ 2 < 9 then near = near + 1 end
  end
  if near < 0.6 * n then
    error(("%s does not match %s: only %d of %d labels lie within 3 pixels of the brightest pixel around them"):format(
      labels.path, labels.layout.frames[1], near, n), 0)
  end
end

--- Wide patches around some of the peaks.
-- @param dir the folder
-- @param labels of `labels`
-- @param wanted list of places in labels.kept
-- @param shift pixels around a patch of 11 x 11
-- @return f32 [N, 11 + 2 shift, 11 + 2 shift]; f32 [N, 2]: row and column of the peak in there
function M.patches(dir, labels, wanted, shift)
  local side, half = crops.SIDE + 2 * shift, crops.SIDE // 2 + shift
  local by_frame, first, last = {}, math.huge, -1
  for i, k in ipairs(wanted) do
    local f = labels.fidx[k]
    by_frame[f] = by_frame[f] or {}
    table.insert(by_frame[f], i)
    first, last = math.min(first, f), math.max(last, f)
  end
  local wide, places, done = c_tensor.zeros({ #wanted, side, side }, "f32"), {}, 0
  for from, t in pieces(labels.layout, first, last) do
    local shape = t:shape()
    for f = from, from + shape[1] - 1 do
      for _, i in ipairs(by_frame[f] or {}) do
        local row, col = labels.row[wanted[i]], labels.col[wanted[i]]
        if not (row >= 0 and col >= 0 and row < shape[2] and col < shape[3]) then
          error(("%s does not match the frames in %s: peak %d lies at row %g, column %g, the frames have %d x %d pixels"):format(
            labels.path, dir, labels.kept[wanted[i]], row, col, shape[2], shape[3]), 0)
        end
        local top, left = math.floor(row) - half, math.floor(col) - half
        copy_patch(t:select(1, f - from + 1), wide:select(1, i), top, left, side)
        places[i], done = { row - top, col - left }, done + 1
      end
    end
    t:close()
  end
  if done < #wanted then
    error(("%s does not match the frames in %s: it speaks of frame %d, counted from 0, which is not there"):format(labels.path, dir, last), 0)
  end
  local place = c_tensor.new(places, "f32")
  check_match(labels, wide, place)
  return wide, place
end

return M
