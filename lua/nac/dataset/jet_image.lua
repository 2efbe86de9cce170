--- Pictures of jets, to be looked at: how their pT lies around the axis.
local c_tensor = require "nac.c.tensor"

local M = {}

local CELLS, REACH = 16, 0.8 -- cells a side, of eta and phi from the axis up to REACH
local FLOOR = 0.01 -- GeV, below which a cell is black

-- The cell of a distance from the axis, 1 to CELLS.
local function cell(distance)
  return math.min(CELLS, math.max(1, math.floor((distance + REACH) / (2 * REACH) * CELLS) + 1))
end

--- The mean jet of each class: log10 of the mean pT in GeV a cell of 0.1 x 0.1.
-- @param ds a set of `nac.dataset.jets` whose files are in GeV
-- @param part a part of it
-- @param[opt=5000] most jets that are looked at
-- @return a part for nac.plot.samples: x (classes, 16, 16), rows of falling eta; y = classes
function M.means(ds, part, most)
  local shape = part.x:shape()
  local n = math.min(shape[1], most or 5000)
  local x = part.x:slice(1, 1, n):contiguous():reshape { n, -1, 3 }
  local scaled = ds.normalization
  if scaled then x = x / scaled.scale + scaled.offset end
  local sums, counts = {}, {}
  for class = 1, ds.n_classes do
    sums[class], counts[class] = {}, 0
    for row = 1, CELLS do
      sums[class][row] = {}
      for column = 1, CELLS do sums[class][row][column] = 0 end
    end
  end
  local classes = part.y:totable()
  for i, jet in ipairs(x:totable()) do
    local sum = sums[classes[i] + 1]
    counts[classes[i] + 1] = counts[classes[i] + 1] + 1
    for _, constituent in ipairs(jet) do
      local pt, eta, phi = table.unpack(constituent)
      if pt > 0 then
        local row = sum[CELLS + 1 - cell(eta)]
        row[cell(phi)] = row[cell(phi)] + pt
      end
    end
  end
  local y = {}
  for class, rows in ipairs(sums) do
    y[class] = class - 1
    for _, row in ipairs(rows) do
      for column, pt in ipairs(row) do row[column] = math.log(math.max(FLOOR, pt / math.max(1, counts[class])), 10) end
    end
  end
  return { x = c_tensor.new(sums, "f32"), y = c_tensor.new(y, "i32") }
end

return M
