--- Random streams that reproduce: each is derived from (seed, purpose, a, b),
-- usually the study's seed, what the numbers are for, the trial and the step.
-- Streams do not disturb each other, so what trial 7 draws never depends on
-- what trial 6 drew, in which order, or on which machine.
--
--     local r = nac.rng.stream(1, "sampler", 7)
--     r:uniform()         -- [0, 1), 53 random bits
--     r:uniform(lo, hi)   -- [lo, hi)
--     r:normal(mean, sd)  -- defaults 0, 1
--     r:int(lo, hi)       -- integer, both ends included
--     r:below(n)          -- integer 0 .. n-1
--     r:choice(list)      -- an entry and its position, equally likely
--     r:shuffle(list)     -- in place (Fisher & Yates); returns the list
--     r:u64()             -- 64 random bits as a Lua integer
--
-- The generator is xoshiro256** (Blackman & Vigna 2021), see src/core/rng.h.
local c = require "nac.c.rng"

local M = {}

--- The stream of (seed, purpose, a, b). Equal arguments give equal numbers.
-- @function stream
-- @param seed integer
-- @param purpose string: what the numbers are for ("sampler", "dropout", ...)
-- @param[opt=0] a integer, usually the trial
-- @param[opt=0] b integer, usually the step
-- @return a random stream
M.stream = c.stream

return M
