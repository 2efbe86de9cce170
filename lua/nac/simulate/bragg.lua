--- Simulated frames of a detector in high-energy X-ray diffraction: Bragg peaks of
-- many grains on rings, each peak one to three pseudo-Voigt spots close together
-- (a grain is never one perfect crystal), longer along the ring than across it,
-- on a background, with counting and read noise, cut below a threshold.
local c_tensor = require "nac.c.tensor"
local npy_rows = require "nac.util.npy_rows"
local npz = require "nac.npz"
local rng = require "nac.rng"
local tensor = require "nac.tensor"

local M = {}

--- The experiment. Lengths in pixels, intensities in counts.
M.parameters = {
  side = 512, peaks = 54,         -- of a frame
  rings = { 70, 98, 124, 150, 171, 192, 213, 236, 258, 281, 304, 327 },
  ring_width = 1.5,
  across = { 0.75, 1.15 },        -- least and greatest half width of a spot across the ring ...
  along = { 1.0, 2.1 },           -- ... and how much longer it is along it
  lorentz = { 0.05, 0.6 },        -- share of the Lorentzian in a pseudo-Voigt
  spread = 1.15,                  -- standard deviation of a spot's place in its peak
  height = { 60, 700 },           -- of a peak, uniform in its logarithm
  background = 12, read_noise = 3, threshold = 36,
  reach = 12,                     -- a spot is drawn so far from its centre
  overlap = 6.5,                  -- two peaks nearer than that count as one with two maxima
}

local function between(stream, range) return range[1] + (range[2] - range[1]) * stream:uniform() end

-- One peak: spots, and the place of its centre of intensity (pixel centres are integers).
local function draw_peak(p, stream)
  local centre = (p.side - 1) / 2
  local row, col, angle
  repeat
    local radius = p.rings[stream:below(#p.rings) + 1] + p.ring_width * stream:normal()
    angle = 2 * math.pi * stream:uniform()
    row, col = centre + radius * math.sin(angle), centre + radius * math.cos(angle)
  until row >= 8 and col >= 8 and row < p.side - 8 and col < p.side - 8
  local low, high = math.log(p.height[1]), math.log(p.height[2])
  local height = math.exp(low + (high - low) * stream:uniform())
  local spots, weight, sum_row, sum_col = {}, 0, 0, 0
  local n = ({ 1, 1, 2, 2, 3 })[stream:below(5) + 1]
  for i = 1, n do
    local across = between(stream, p.across)
    local spot = {
      row = row + (n > 1 and p.spread * stream:normal() or 0), col = col + (n > 1 and p.spread * stream:normal() or 0),
      height = height * (i == 1 and 1 or between(stream, { 0.2, 0.9 })), across = across,
      along = across * between(stream, p.along), lorentz = between(stream, p.lorentz),
      cos = math.cos(angle), sin = math.sin(angle),
    }
    local volume = spot.height * spot.across * spot.along
    weight, sum_row, sum_col = weight + volume, sum_row + volume * spot.row, sum_col + volume * spot.col
    spots[i] = spot
  end
  return { spots = spots, row = sum_row / weight, col = sum_col / weight }
end

local exp, floor = math.exp, math.floor

-- Adds a spot to the frame, a flat list of rows.
local function add_spot(p, frame, spot)
  local side, r0, c0 = p.side, floor(spot.row + 0.5), floor(spot.col + 0.5)
  local ca, cl = 1 / spot.across, 1 / spot.along
  for r = math.max(0, r0 - p.reach), math.min(side - 1, r0 + p.reach) do
    for c = math.max(0, c0 - p.reach), math.min(side - 1, c0 + p.reach) do
      local dr, dc = r - spot.row, c - spot.col
      local u = (dc * spot.cos + dr * spot.sin) * ca  -- across the ring, in half widths
      local v = (dr * spot.cos - dc * spot.sin) * cl  -- along it
      local q = u * u + v * v
      local value = spot.lorentz / (1 + q) + (1 - spot.lorentz) * exp(-0.6931472 * q)
      local at = r * side + c + 1
      frame[at] = frame[at] + spot.height * value
    end
  end
end

-- Counts, u16 as i32 [side, side], of the expected intensities. The counting noise is that of
-- (sqrt(m) + z/2)^2, z normal, whose mean and variance are those of Poisson's within a quarter.
local function expose(p, frame, seed, number)
  local shape = { p.side, p.side }
  local mean = c_tensor.new(frame, "f32"):reshape(shape) + p.background
  local z = tensor.randn(shape, { seed = seed, purpose = "counts " .. number })
  local counted = mean:sqrt() + z * 0.5
  counted = counted * counted - 0.25
  counted = (counted + tensor.randn(shape, { seed = seed, purpose = "read noise " .. number, sd = p.read_noise })):round()
  return (counted * counted:ge(p.threshold):to "f32"):clamp(0, 65535):to "i32"
end

--- One frame.
-- @param number of the frame, from 0
-- @param[opt] options `seed` = 1, `parameters` as M.parameters
-- @return counts, i32 [side, side]; list of peaks { row =, col =, npeaks =, deviation = }
function M.frame(number, options)
  options = options or {}
  local p, seed = options.parameters or M.parameters, options.seed or 1
  local stream = rng.stream(seed, "peaks", number)
  local peaks, frame = {}, {}
  for i = 1, p.side * p.side do frame[i] = 0 end
  for i = 1, p.peaks do
    peaks[i] = draw_peak(p, stream)
    for _, spot in ipairs(peaks[i].spots) do add_spot(p, frame, spot) end
  end
  for _, peak in ipairs(peaks) do
    peak.npeaks = 0
    for _, other in ipairs(peaks) do
      local dr, dc = peak.row - other.row, peak.col - other.col
      if dr * dr + dc * dc < p.overlap * p.overlap then peak.npeaks = peak.npeaks + 1 end
    end
    -- in the real file the residual of a fit; negative where it failed
    peak.deviation = stream:uniform() < 0.02 and -1 or 0.35 * math.exp(0.5 * stream:normal())
  end
  return expose(p, frame, seed, number), peaks
end

--- Writes frames and labels: frames-0.npy.gz, ..., uint16 [per_file, side, side], and peaks.npz
-- with the arrays of the real set's label file.
-- @param dir folder that is there
-- @param[opt] options `frames` = 300, `per_file` = 50, and as of `frame`
function M.write(dir, options)
  options = options or {}
  local p, frames, per_file = options.parameters or M.parameters, options.frames or 300, options.per_file or 50
  local labels = { deviations = {}, npeaks = {}, peak_fidx = {}, peak_row = {}, peak_col = {} }
  for first = 0, frames - 1, per_file do
    local count = math.min(per_file, frames - first)
    local out = npy_rows.open(("%s/frames-%d.npy.gz"):format(dir, first // per_file), "uint16", { count, p.side, p.side })
    for number = first, first + count - 1 do
      local counts, peaks = M.frame(number, options)
      out:put(counts)
      for _, peak in ipairs(peaks) do
        local i = #labels.npeaks + 1
        labels.deviations[i], labels.npeaks[i], labels.peak_fidx[i] = peak.deviation, peak.npeaks, number
        labels.peak_row[i], labels.peak_col[i] = peak.row, peak.col
      end
    end
    out:close()
  end
  local arrays = {}
  for name, list in pairs(labels) do
    arrays[name] = c_tensor.new(list, (name == "npeaks" or name == "peak_fidx") and "i32" or "f32")
  end
  assert(npz.write(dir .. "/peaks.npz", arrays, { deflate = true }))
end

return M
