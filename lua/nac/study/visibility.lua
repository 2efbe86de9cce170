--- Which results trial n may see. A trial is a function of (seed, n, the
-- results visible to n), never of the order in which workers finish:
-- - a sampler that works in generations of P: trial n belongs to generation
--   n div P and sees the trials of earlier generations, 0 .. (n div P) P - 1;
-- - any other: trial n sees 0 .. n - 1 - lag. A fixed lag lets up to lag + 1
--   trials run at once whatever the number of workers.
-- With `sync = false` a trial sees whatever has finished when it starts: no
-- waiting, and results that depend on timing.
local M = {}

--- How many trials (0 .. count - 1) trial `n` sees.
-- @param n the trial's number
-- @param rule `{generation = P}` or `{lag = L}`
function M.count(n, rule)
  if rule.generation then return n // rule.generation * rule.generation end
  return math.max(0, n - rule.lag)
end

--- Default population: a sixth of the trials, between 4 and 50; 20 when the
-- number of trials is not known beforehand (ask and tell).
function M.population(trials)
  if not trials then return 20 end
  return math.max(4, math.min(50, trials // 6))
end

return M
