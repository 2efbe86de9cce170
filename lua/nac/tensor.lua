--- Tensors: arrays of numbers with a shape, kept outside of Lua.
local c = require "nac.c.tensor"

local M = {}

--- A tensor with the numbers of a nested table.
M.new = c.new
M.zeros = c.zeros
M.ones = c.ones
M.full = c.full

return setmetatable(M, { __call = function(_, ...) return c.new(...) end })
