--- Scaling the inputs of a built-in set before they reach any net, with numbers from
-- its training samples. (`standardize` is the other way: a layer of the net.)
local c_scaling = require "nac.c.scaling"
local c_tensor = require "nac.c.tensor"

local M = {}

--- Numbers that scale the features of the last axis: y = (x - offset) scale.
-- @param x f32 tensor [N, ..., F]
-- @param kind "mean_std", or "median_quantile" for (x - median) / (q95 - q5)
-- @return { offset = f32 tensor [F], scale = f32 tensor [F] }
function M.fit(x, kind)
  local shape = x:shape()
  local offset, scale = c_tensor.zeros { shape[#shape] }, c_tensor.zeros { shape[#shape] }
  c_scaling.fit(x, -1, kind, offset, scale)
  return { offset = offset, scale = scale }
end

--- Scales in place.
-- @param x f32 tensor [N, ..., F]
-- @param numbers of `fit`
-- @return x
function M.apply(x, numbers) return x:sub_(numbers.offset):mul_(numbers.scale) end

return M
