--- Two networks compared on the same test samples, with what chance may have done taken into account.
--
-- Accuracies of networks differ for two reasons that have nothing to do with the architectures: the seed of the
-- training, and which samples happen to be in the test set. Both enter the interval.
local quant = require "nac.quant"
local tensor = require "nac.tensor"
local train = require "nac.train"

local M = {}

local Z = 1.959964 -- of the normal distribution at 97.5 %

-- Student's t at 97.5 %: Abramowitz & Stegun 1964, eq. 26.7.5; within .3 % from 4 degrees of freedom on.
local function student(df)
  local z = Z
  return z + (z ^ 3 + z) / (4 * df) + (5 * z ^ 5 + 16 * z ^ 3 + 3 * z) / (96 * df ^ 2)
    + (3 * z ^ 7 + 19 * z ^ 5 + 17 * z ^ 3 - 15 * z) / (384 * df ^ 3)
end

-- Outputs of a net: of a quantised one those of its integer network.
local function outputs(net, x, quantised)
  if not quantised then return train.predict(net, x) end
  local graph = quant.lower(net)
  local y = graph:run(x)
  graph:close()
  return y
end

--- What a net scores on each sample: more is better.
-- @param net a net with weights
-- @param part { x =, y = }: classes, or f32 positions
-- @param[opt] options `quantised`: the net has number formats, its integer network is scored; `scale` = 1: pixels (or whatever
-- the distances shall be in) a unit of the positions
-- @return f64 tensor (N): 1 where the class is right and 0 where not; of positions minus the distance
function M.scores(net, part, options)
  options = options or {}
  local y, truth = outputs(net, part.x, options.quantised):to "f64", part.y
  local n = truth:size(1)
  if truth:dtype() == "i32" then
    y = y:reshape { n, y:numel() // n }
    if y:size(2) == 1 then return y:reshape { n }:gt(0):to("i32"):eq(truth:reshape { n }):to "f64" end
    return (y:argmax(2) - 1):eq(truth:reshape { n }):to "f64"
  end
  local width = truth:numel() // n
  local d = (y:reshape { n, width } - truth:to("f64"):reshape { n, width }) * (options.scale or 1)
  return -(d * d):sum(2):sqrt():reshape { n }
end

local function mean_and_variance(list)
  local sum, square = 0, 0
  for _, v in ipairs(list) do sum = sum + v end
  local mean = sum / #list
  for _, v in ipairs(list) do square = square + (v - mean) ^ 2 end
  return mean, #list > 1 and square / (#list - 1) or 0
end

--- The difference between two architectures: candidate minus base, mean over seeds and samples, with a 95 % interval.
--
-- Scores are paired sample by sample; seed k of one is set against seed k of the other. The standard error is
-- sqrt(v_seeds / seeds + v_samples / samples): v_seeds is the variance over seeds of the mean difference, v_samples the
-- variance over samples of the difference's mean over seeds. Degrees of freedom after Satterthwaite 1946.
-- @param base list, one a seed, of tensors (N) of scores (`scores`)
-- @param candidate likewise
-- @return { difference =, low =, high =, base = mean, candidate = mean, seeds =, samples = }
function M.paired(base, candidate)
  if type(base) ~= "table" or type(candidate) ~= "table" or #base ~= #candidate or #base == 0 then
    error("compare.paired takes two lists of equally many seeds' scores", 2)
  end
  local n, sum, by_seed, total = base[1]:numel(), nil, {}, { 0, 0 }
  for k = 1, #base do
    if base[k]:numel() ~= n or candidate[k]:numel() ~= n then
      error(("compare.paired: seed %d has other samples: %d and %d scores, %d expected"):format(k, base[k]:numel(), candidate[k]:numel(), n), 2)
    end
    local difference = candidate[k]:to "f64" - base[k]:to "f64"
    by_seed[k] = difference:mean()
    sum = sum and sum + difference or difference
    total[1], total[2] = total[1] + base[k]:to("f64"):mean(), total[2] + candidate[k]:to("f64"):mean()
  end
  local mean, v_seeds = mean_and_variance(by_seed)
  local each = sum / #base - mean
  local seeds_part, samples_part = v_seeds / #base, n > 1 and (each * each):sum() / (n - 1) / n or 0
  local both = seeds_part + samples_part
  local df = both > 0 and both ^ 2 / ((#base > 1 and seeds_part ^ 2 / (#base - 1) or 0) + samples_part ^ 2 / math.max(1, n - 1)) or 1e9
  local half = student(df) * math.sqrt(both)
  return { difference = mean, low = mean - half, high = mean + half, base = total[1] / #base, candidate = total[2] / #base, seeds = #base, samples = n }
end

--- The mean score of one architecture over seeds and samples, with a 95 % interval (as `paired`, against nothing).
-- @param scores list, one a seed, of tensors (N)
-- @return { mean =, low =, high =, seeds =, samples = }
function M.mean(scores)
  local zeros = {}
  for k = 1, #scores do zeros[k] = tensor.zeros({ scores[1]:numel() }, "f64") end
  local r = M.paired(zeros, scores)
  return { mean = r.difference, low = r.low, high = r.high, seeds = r.seeds, samples = r.samples }
end

--- Whether a candidate is shown to be no worse than the base by more than a margin: the whole interval lies above -margin.
-- @param comparison of `paired`
-- @param margin at least 0
function M.no_worse(comparison, margin) return comparison.low >= -margin end

return M
