--- Least-squares fit of a two-dimensional pseudo-Voigt peak,
--     b + h (m / (1 + q) + (1 - m) exp(-ln2 q)),  q = (dx/wx)^2 + (dy/wy)^2,
-- by Levenberg and Marquardt (Marquardt, J. SIAM 11, 431, 1963).
local M = {}

local LN2, N = math.log(2), 7 -- x, y, wx, wy, height, background, m
local exp, abs, max, min = math.exp, math.abs, math.max, math.min

-- Sum of squares; fills the normal equations A (N x N, flat) and g where they are given.
local function squares(v, side, p, A, g)
  local x0, y0, wx, wy, h, b, m = p[1], p[2], p[3], p[4], p[5], p[6], p[7]
  local ix, iy, sum, d = 1 / wx, 1 / wy, 0, {}
  if A then
    for i = 1, N * N do A[i] = 0 end
    for i = 1, N do g[i] = 0 end
  end
  for row = 0, side - 1 do
    local dy = (row - y0) * iy
    for col = 0, side - 1 do
      local dx = (col - x0) * ix
      local q = dx * dx + dy * dy
      local lorentz, gauss = 1 / (1 + q), exp(-LN2 * q)
      local shape = m * lorentz + (1 - m) * gauss
      local r = v[row * side + col + 1] - b - h * shape
      sum = sum + r * r
      if A then
        local slope = 2 * h * (m * lorentz * lorentz + (1 - m) * LN2 * gauss) -- - d value / d q, twice
        d[1], d[2], d[3], d[4] = slope * dx * ix, slope * dy * iy, slope * dx * dx * ix, slope * dy * dy * iy
        d[5], d[6], d[7] = shape, 1, h * (lorentz - gauss)
        for i = 1, N do
          local di, at = d[i], (i - 1) * N
          g[i] = g[i] + di * r
          for j = 1, i do A[at + j] = A[at + j] + di * d[j] end
        end
      end
    end
  end
  return sum
end

-- Solves (A + damping diag A) s = g by Cholesky; nil where it is singular.
local function solve(A, g, damping)
  local L, s = {}, {}
  for i = 1, N do
    for j = 1, i do
      local sum = A[(i - 1) * N + j]
      if i == j then sum = sum * (1 + damping) + 1e-12 end
      for k = 1, j - 1 do sum = sum - L[(i - 1) * N + k] * L[(j - 1) * N + k] end
      if i == j then
        if sum <= 0 then return nil end
        L[(i - 1) * N + i] = sum ^ 0.5
      else
        L[(i - 1) * N + j] = sum / L[(j - 1) * N + j]
      end
    end
  end
  for i = 1, N do
    local sum = g[i]
    for k = 1, i - 1 do sum = sum - L[(i - 1) * N + k] * s[k] end
    s[i] = sum / L[(i - 1) * N + i]
  end
  for i = N, 1, -1 do
    local sum = s[i]
    for k = i + 1, N do sum = sum - L[(k - 1) * N + i] * s[k] end
    s[i] = sum / L[(i - 1) * N + i]
  end
  return s
end

local function start(v, side)
  local most, least, at = -math.huge, math.huge, 1
  for i = 1, side * side do
    if v[i] > most then most, at = v[i], i end
    least = min(least, v[i])
  end
  return { (at - 1) % side, (at - 1) // side, 1.2, 1.2, max(most - least, 1e-6), least, 0.3 }
end

--- Fits one patch, from its brightest pixel.
-- @param v list of side x side numbers, row by row
-- @param side of the patch
-- @return column and row of the centre, from 0, within the patch
function M.fit(v, side)
  local p, A, g, damping = start(v, side), {}, {}, 1e-2
  local best = squares(v, side, p, A, g)
  for _ = 1, 30 do
    local s = solve(A, g, damping)
    local trial = {}
    for i = 1, N do trial[i] = p[i] + (s and s[i] or 0) end
    trial[3], trial[4] = min(max(abs(trial[3]), 0.3), side), min(max(abs(trial[4]), 0.3), side)
    trial[7] = min(max(trial[7], 0), 1)
    local sum = s and squares(v, side, trial) or math.huge
    if sum < best then
      local gain = (best - sum) / best
      p, damping = trial, damping / 5
      best = squares(v, side, p, A, g)
      if gain < 1e-6 then break end
    else
      damping = damping * 5
      if damping > 1e6 then break end
    end
  end
  return min(max(p[1], 0), side - 1), min(max(p[2], 0), side - 1)
end

return M
