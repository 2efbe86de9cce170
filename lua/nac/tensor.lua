--- Tensors: arrays of numbers with a shape, kept outside of Lua's heap.
--
--     local t = nac.tensor { { 1, 2, 3 }, { 4, 5, 6 } }   -- 2x3, f32
--     t[2][3]                                             -- 6
--     (t - t:mean(1)) / t:std(1)                          -- broadcast over rows
--
-- **Element types** are "f32" (the working type), "f64", "i32" (labels,
-- indices) and "u8" (images).
--
-- **Indices and dimensions** count from 1; negative ones from the end.
--
-- **Views** (`t[i]`, slice, select, transpose, expand, and reshape where it can
-- be) share their elements with the tensor they come from. A name that ends in
-- `_` works in place and returns the tensor; all else makes a new one.
--
-- **Broadcasting**: shapes are aligned at the last dimension; sizes must be
-- equal or 1. Numbers go with everything.
--
-- **Types of results**: u8 counts as i32 in arithmetic; i32 < f32 < f64 and the
-- higher wins. A Lua number does not raise the type of a tensor, except that a
-- float (2.5, also 2.0) beside an integer tensor gives f32. `/`, `^`, mean,
-- var, std and exp, log, sqrt, tanh, sigmoid give floats. Comparisons give u8
-- (1 or 0). Integer results that do not fit are errors, they never wrap. f32 is
-- computed in f32, all else in double; sums are added up in double.
--
-- **Memory** goes with Lua's collector, which is told the real bytes;
-- `t:close()` or `local t <close> = ...` gives it back at once. A closed tensor
-- raises when used; views of it stay valid.
--
-- Methods, beside the functions below (`u` is a tensor or a number):
--
--     t:shape() t:size(dim) t:rank() t:numel() t:dtype() #t   what it is
--     t[i]  t[i] = v  t:get(i, j, ..)  t:set(v, i, j, ..)      elements, rows
--     t:item() t:totable()                                    as Lua values
--     t:slice(dim, first=1, last=-1)   t:select(dim, i)        views
--     t:transpose(d1=1, d2=2)  t:reshape(shape)  t:expand(shape)
--     t:contiguous() t:is_contiguous()
--     t:clone() t:to(dtype) t:rows(index)                      copies
--     t:copy(u) t:fill(v)                                      overwrite
--     + - * / // % ^ and add sub mul div idiv mod pow maximum minimum, add_ ...
--     gt lt ge le eq ne                                        u8 of 0 and 1
--     neg abs sign floor ceil round exp log sqrt tanh sigmoid relu, neg_ ...
--     clamp(lo, hi) clamp_(lo, hi)                             nil: no bound
--     sum mean var std max min argmax argmin                   () -> number
--           (dim, {keep=false, correction=0}) -> tensor; keep leaves the
--           dimension with size 1; var and std divide by n - correction
--     t:matmul(u)                                              [b,]m,k x [b,]k,n
--     t:equal(u) t:allclose(u, rtol=1e-5, atol=1e-8) t:isfinite()   booleans
--     t:close()
--
-- `==` compares identity; use `equal` for the numbers. argmax and argmin give
-- positions from 1, as `rows` takes them: class labels from 0 are argmax - 1.
local c = require "nac.c.tensor"

local M = {}

--- A tensor with the numbers of a nested table, of one number, or of another
-- tensor. `nac.tensor{...}` is the same.
-- @function new
-- @param numbers nested table of equal lengths, number, or tensor
-- @param[opt="f32"] dtype
M.new = c.new

--- A tensor of zeros.
-- @function zeros
-- @param shape list of sizes, or one integer; {} is a scalar
-- @param[opt="f32"] dtype
M.zeros = c.zeros

--- A tensor of ones; as `zeros`.
-- @function ones
M.ones = c.ones

--- A tensor filled with a number.
-- @function full
-- @param shape list of sizes, or one integer
-- @param value number
-- @param[opt="f32"] dtype
M.full = c.full

--- The numbers that `for i = first, last, step` counts, as a vector.
-- `arange(n)` is 1..n. i32 if first and step are integers, else f32.
-- @function arange
-- @param[opt=1] first
-- @param last included when hit
-- @param[opt=1] step
-- @param[opt] dtype
M.arange = c.arange

--- Uniform random numbers.
-- @function rand
-- @param shape list of sizes, or one integer
-- @param[opt] options table: `seed` and `purpose` ("rand") name the stream, or
-- `rng` is one (nac.rng.stream); without, the seed comes from math.random,
-- which is seeded in every trial. `lo` (0), `hi` (1), `dtype` ("f32").
M.rand = c.rand

--- Normal random numbers.
-- @function randn
-- @param shape list of sizes, or one integer
-- @param[opt] options as in `rand`, with `mean` (0) and `sd` (1)
M.randn = c.randn

--- Joins tensors along a dimension that they have; other sizes must agree.
-- @function concat
-- @param list list of tensors
-- @param[opt=1] dim
M.concat = c.concat

--- Joins tensors of equal shape along a new dimension.
-- @function stack
-- @param list list of tensors
-- @param[opt=1] dim of the result that counts the list's entries
M.stack = c.stack

--- The matrix product, f32 or f64 (integers become f32): [m,k] x [k,n], batches
-- [b,m,k] x [b,k,n] or [k,n]; a vector is a row on the left, a column on the
-- right.
-- @param a tensor
-- @param b tensor
M.matmul = c.methods.matmul

--- Whether a value is a tensor (also a closed one).
-- @function is
-- @param value anything
M.is = c.is

-- A tail call, so that errors show the caller's line.
return setmetatable(M, { __call = function(_, ...) return c.new(...) end })
