--- Baselines of the position of a Bragg peak. Each takes a part { x, y } of the data set
-- `bragg` and gives positions like its y: column and row in sides of a patch.
local pseudo_voigt = require "nac.baseline.pseudo_voigt"
local metrics = require "nac.metrics"
local tensor = require "nac.tensor"

local M = {}

local SIDE = require("nac.dataset.crops").SIDE

local function images(part) return part.x:reshape { part.x:size(1), SIDE * SIDE } end

--- Always the mean of the training positions.
-- @param part to guess
-- @param fit part that the mean is taken of (a stream, or tensors)
function M.constant(part, fit)
  local y = fit.y
  if not y then
    local _
    _, y = fit:pieces(0)()
  end
  return y:mean(1, { keep = true }):expand(part.y:shape()):contiguous()
end

--- The brightest pixel's centre.
function M.brightest(part)
  local at = images(part):argmax(2):to "f32" - 1
  local row = (at / SIDE):floor()
  return tensor.stack({ at - row * SIDE, row }, 2) / SIDE
end

--- The centre of intensity.
function M.centre_of_mass(part)
  local x = images(part)
  local cols, rows = {}, {}
  for i = 0, SIDE * SIDE - 1 do cols[i + 1], rows[i + 1] = { i % SIDE }, { i // SIDE } end
  local sum = x:sum(2, { keep = true }):maximum(1e-12)
  return tensor.concat({ x:matmul(tensor.new(cols, "f32")) / sum, x:matmul(tensor.new(rows, "f32")) / sum }, 2) / SIDE
end

--- The centre of a pseudo-Voigt peak fitted by least squares, a few milliseconds a patch.
function M.pseudo_voigt(part)
  local positions = {}
  for i, patch in ipairs(images(part):totable()) do
    local col, row = pseudo_voigt.fit(patch, SIDE)
    positions[i] = { col / SIDE, row / SIDE }
  end
  return tensor.new(positions, "f32")
end

--- All baselines, scored on one part.
-- @param ds the data set
-- @param[opt] test part to score on; default: the test set
-- @return list of { name =, mean =, quantiles = as nac.metrics.distance, in pixels, predicted = positions }
function M.rows(ds, test)
  test = test or assert(ds:test())
  local rows = {}
  for _, row in ipairs {
    { "constant guess", M.constant(test, ds:parts().fit) }, { "brightest pixel", M.brightest(test) },
    { "centre of mass", M.centre_of_mass(test) }, { "pseudo-Voigt fit", M.pseudo_voigt(test) },
  } do
    local d = metrics.distance(row[2], test.y, { scale = SIDE })
    rows[#rows + 1] = { name = row[1], predicted = row[2], mean = d.mean, quantiles = d.quantiles }
  end
  return rows
end

return M
