--- Parzen estimators over points of mixed kinds: the two densities of TPE.
--
-- A point is a list with one entry a dimension: a place in the unit interval for
-- a number (`to_unit` of its distribution, so log, step and integers are dealt
-- with), the position in the list for a choice. The density is a weighted sum of
-- product kernels, one a point, and of one uniform kernel, the prior:
-- - continuous numbers: a Gaussian cut to [0, 1] (Watanabe 2023,
--   arXiv:2304.11127, equation 18 and section 3.3.3);
-- - ranges of few values: the mass of that Gaussian over the value's cell;
-- - choices: the observed one with weight 1, smoothed by a part of the rest
--   (Aitchison & Aitken 1976).
local M = {}

local Mixture = {}
Mixture.__index = Mixture

local FEW = 64 -- values, above which a stepped range counts as continuous
local TINY = 1e-12

local exp, log, floor = math.exp, math.log, math.floor
local HALF_LOG_2PI = .5 * log(2 * math.pi)

-- The normal distribution function, absolute error below 1.5e-7 (Abramowitz &
-- Stegun, Handbook of Mathematical Functions, 7.1.26).
local function phi(z)
  local x = (z < 0 and -z or z) * .70710678118654752
  local t = 1 / (1 + .3275911 * x)
  local tail = .5 * exp(-x * x) *
    t * (.254829592 + t * (-.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return z < 0 and tail or 1 - tail
end

-- The edges of the cells of a range of few values, and their centres.
local function cells_of(d)
  local n = d.kind == "int" and (d.high - d.low) // d.step + 1 or floor((d.high - d.low) / d.step + 1.5)
  if n > FEW then return nil end
  local edges, n_edges = { 0 }, 1
  for i = 1, n do
    local upper = i / n
    if d.log then upper = log((d.low + i - .5) / (d.low - .5)) / log((d.high + .5) / (d.low - .5)) end
    n_edges = n_edges + 1
    edges[n_edges] = upper
  end
  return edges, n
end

--- A dimension of a distribution.
-- @param d a `nac.distribution`
-- @return `{kind = "choice", n =}`, `{kind = "cells", n =, edges =}` or
--   `{kind = "number"}`, with the distribution
function M.dimension(d)
  if d.kind == "choice" then return { kind = "choice", n = #d.choices, distribution = d } end
  if d.kind == "int" or d.step then
    local edges, n = cells_of(d)
    if edges then return { kind = "cells", n = n, edges = edges, distribution = d } end
  end
  return { kind = "number", distribution = d }
end

--- The entry of a point that stands for a value.
function M.entry(d, value)
  if d.kind == "choice" then return d.index[value] end
  return d:to_unit(value)
end

--- The value that an entry stands for.
function M.value(d, entry)
  if d.kind == "choice" then return d.choices[entry] end
  return d:from_unit(entry)
end

-- The number, from 1, of the cell in which a place lies.
local function cell_at(dimension, u)
  local edges, low, high = dimension.edges, 1, dimension.n
  while low < high do
    local middle = (low + high) // 2
    if u < edges[middle + 1] then high = middle else low = middle + 1 end
  end
  return low
end

-- log of the mass of a cut Gaussian around u over each cell, by the cell of u.
local function cell_table(dimension, sigma)
  local tables, edges, n = {}, dimension.edges, dimension.n
  return function(cell)
    local row = tables[cell]
    if not row then
      row = {}
      local u = .5 * (edges[cell] + edges[cell + 1])
      local before = phi((edges[1] - u) / sigma)
      local all = phi((edges[n + 1] - u) / sigma) - before
      for i = 1, n do
        local after = phi((edges[i + 1] - u) / sigma)
        row[i] = log((after > before and after - before or 0) / all + TINY) - log(edges[i + 1] - edges[i])
        before = after
      end
      tables[cell] = row
    end
    return row
  end
end

--- A mixture.
-- @param dimensions list of `M.dimension`
-- @param points list of points
-- @param weights list of their weights, positive
-- @param prior weight of the uniform kernel
-- @param sigmas list: width of the Gaussian in each dimension
-- @param smooth weight that each choice not observed gets beside the 1 of the
--   observed one
-- @return the mixture
function M.new(dimensions, points, weights, prior, sigmas, smooth)
  local total, n, nd = prior, #points, #dimensions
  for i = 1, n do total = total + weights[i] end
  local self = setmetatable({
    dimensions = dimensions, points = points, weights = weights, prior = prior, total = total, sigmas = sigmas, smooth = smooth,
    constants = {}, columns = {}, inverse = {},
  }, Mixture)
  local constants = self.constants
  for i = 1, n do constants[i] = log(weights[i] / total) end
  for k = 1, nd do
    local dimension, sigma, column = dimensions[k], sigmas[k], {}
    if dimension.kind == "number" then
      for i = 1, n do
        local u = points[i][k]
        column[i] = u
        constants[i] = constants[i] - HALF_LOG_2PI - log(sigma * (phi((1 - u) / sigma) - phi(-u / sigma)))
      end
      self.inverse[k] = .70710678118654752 / sigma
    elseif dimension.kind == "cells" then
      local row_of = cell_table(dimension, sigma)
      for i = 1, n do column[i] = row_of(cell_at(dimension, points[i][k])) end
    else
      -- densities relative to the uniform one, as in the other kinds
      local rows = {}
      for c = 1, dimension.n do
        rows[c] = {}
        for other = 1, dimension.n do
          rows[c][other] = log(((c == other and 1 or 0) + smooth) / (1 + dimension.n * smooth) * dimension.n)
        end
      end
      for i = 1, n do column[i] = rows[points[i][k]] end
    end
    self.columns[k] = column
  end
  return self
end

--- log of the density at a point, relative to the uniform one.
function Mixture:log(point)
  local n, sums = #self.points, {}
  for i = 1, n do sums[i] = self.constants[i] end
  for k, dimension in ipairs(self.dimensions) do
    local column, x = self.columns[k], point[k]
    if dimension.kind == "number" then
      local inverse = self.inverse[k]
      for i = 1, n do
        local z = (x - column[i]) * inverse
        sums[i] = sums[i] - z * z
      end
    else
      local c = dimension.kind == "cells" and cell_at(dimension, x) or x
      for i = 1, n do sums[i] = sums[i] + column[i][c] end
    end
  end
  local density = self.prior / self.total
  for i = 1, n do density = density + exp(sums[i]) end
  return log(density)
end

local function draw_number(u, sigma, rng)
  while true do
    local x = rng:normal(u, sigma)
    if x >= 0 and x <= 1 then return x end
  end
end

--- A random point of the mixture, such that it stands for values that can be drawn.
-- @param rng random stream
function Mixture:draw(rng)
  local pick, from = rng:uniform() * self.total - self.prior, nil
  if pick >= 0 then
    for i = 1, #self.points do
      from = self.points[i]
      pick = pick - self.weights[i]
      if pick < 0 then break end
    end
  end
  local point = {}
  for k, dimension in ipairs(self.dimensions) do
    local x
    if dimension.kind == "choice" then
      local rest = dimension.n * self.smooth / (1 + dimension.n * self.smooth)
      x = (not from or rng:uniform() < rest) and rng:below(dimension.n) + 1 or from[k]
    else
      local d = dimension.distribution
      x = from and draw_number(from[k], self.sigmas[k], rng) or rng:uniform()
      x = d:to_unit(d:from_unit(x))
    end
    point[k] = x
  end
  return point
end

return M
