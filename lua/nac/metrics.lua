--- Measures of how well the outputs of a net fit the answers.
--
-- Scores are what `nac.train.predict` gives: an f32 tensor (N, outputs) of logits
-- or probabilities. Answers `y` are i32 labels (N) from 0, or one-hot or
-- probabilities (N, outputs), whose largest entry counts. A single output tells
-- two classes apart: it is the score of class 1, and class 1 is predicted above
-- the threshold (0, that of logits; pass .5 for probabilities).
local c = require "nac.c.metrics"
local guard = require "nac.train.guard"
local tensor = require "nac.tensor"

local M = {}

local function rows(scores, level)
  if not tensor.is(scores) then error("scores must be a tensor, got " .. type(scores), level + 1) end
  if scores:numel() == 0 then error("scores of at least one row are needed", level + 1) end
  return scores:size(1), scores:reshape { scores:size(1), -1 }:contiguous()
end

-- Scores (N, outputs) and labels (N).
local function both(scores, y)
  local n, flat = rows(scores, 3)
  if not tensor.is(y) then error("answers must be a tensor, got " .. type(y), 3) end
  if y:dtype() == "i32" and #y:shape() == 1 then return flat, y:contiguous() end
  if y:size(1) == n and y:numel() == flat:numel() then
    local answers = y:to("f32"):reshape { n, -1 }
    if flat:size(2) > 1 then return flat, answers:argmax(2) - 1 end
    local labels = {}
    for i = 1, n do labels[i] = answers:get(i, 1) > .5 and 1 or 0 end
    return flat, tensor.new(labels, "i32")
  end
  error("answers must be i32 labels (N), or as many numbers as there are scores", 3)
end

--- Probabilities from logits: softmax over the outputs, sigmoid of a single one.
-- @param logits (N, outputs)
-- @return f32 tensor (N, outputs)
function M.probabilities(logits)
  local n, x = rows(logits, 2)
  if x:size(2) == 1 then return x:sigmoid() end
  local e = (x - x:max(2):reshape { n, 1 }):exp()
  return e / e:sum(2):reshape { n, 1 }
end

--- Share of rows whose class is predicted.
-- @param scores (N, outputs)
-- @param y answers
-- @param[opt=0] threshold of a single output
function M.accuracy(scores, y, threshold)
  local x, labels = both(scores, y)
  local counts, right = guard.call(2, c.confusion, x, labels, threshold), 0
  for i = 1, counts:size(1) do right = right + counts:get(i, i) end
  return right / x:size(1)
end

--- Share of rows whose class is among those with the k largest scores; of equal
-- scores the lower class comes first.
-- @param scores (N, classes), at least two
-- @param y answers
-- @param k 1 to the number of classes
function M.top_k(scores, y, k)
  local x, labels = both(scores, y)
  return (guard.call(2, c.top_k, x, labels, k)) -- no tail call: errors show the caller's line
end

--- How many rows of each class were predicted to be each class.
-- @param scores (N, outputs)
-- @param y answers
-- @param[opt=0] threshold of a single output
-- @return i32 tensor (classes, classes): first index the true class, second the predicted one
function M.confusion(scores, y, threshold)
  local x, labels = both(scores, y)
  return (guard.call(2, c.confusion, x, labels, threshold)) -- no tail call: errors show the caller's line
end

--- The receiver operating characteristic of one class against the rest.
-- @param scores (N, outputs); the curve of a class depends on whether they are logits or probabilities
--   (`probabilities`), except for a single output
-- @param y answers
-- @param[opt=1] class from 0
-- @return `{ false_positive_rate =, true_positive_rate =, threshold =, area = }`: f64 tensors of one point for each
--   different score, from (0, 0) at threshold infinity to (1, 1); `area` as in `auc`
function M.roc(scores, y, class)
  local x, labels = both(scores, y)
  local area, fpr, tpr, threshold, points = guard.call(2, c.roc, x, labels, class or 1)
  return { false_positive_rate = fpr:slice(1, 1, points), true_positive_rate = tpr:slice(1, 1, points),
           threshold = threshold:slice(1, 1, points), area = area }
end

--- The area under that curve for each class: the probability that a row of the
-- class scores higher than a row of the others, ties counting half (Mann &
-- Whitney 1947).
-- @param scores (N, outputs), probabilities or logits as in `roc`
-- @param y answers
-- @return list of areas by class + 1 (false where the class, or the rest, has no rows); with the field
--   `mean` of those that exist. A single output has one area, that of class 1.
function M.auc(scores, y)
  local x, labels = both(scores, y)
  local areas, sum, n = {}, 0, 0
  local classes = x:size(2)
  for class = classes == 1 and 1 or 0, classes == 1 and 1 or classes - 1 do
    local area = guard.call(2, c.roc, x, labels, class)
    areas[#areas + 1] = area
    if area then sum, n = sum + area, n + 1 end
  end
  areas.mean = n > 0 and sum / n or nil
  return areas
end

--- Euclidean distances between predicted and true positions.
-- @param predicted f32 tensor (N, dimensions)
-- @param target likewise
-- @param[opt] options `scale` = 1: pixels (or whatever the distances shall be in) a unit of the positions, a number
--   or a list by dimension; `quantiles` = { .5, .75, .95 }
-- @return `{ mean =, max =, n =, quantiles = { { share =, distance = }, ... } }`; a quantile lies at place
--   share (N - 1) of the sorted distances, between the two nearest
function M.distance(predicted, target, options)
  options = options or {}
  local n, a = rows(predicted, 2)
  local _, b = rows(target, 2)
  local scale, shares = options.scale or 1, options.quantiles or { .5, .75, .95 }
  if type(scale) == "number" then
    local list = {}
    for d = 1, a:size(2) do list[d] = scale end
    scale = list
  end
  local distances = guard.call(2, c.distances, a, b, scale)
  if not distances:isfinite() then error("positions must be finite", 2) end
  local values = guard.call(2, c.quantiles, distances, shares)
  local quantiles = {}
  for i, share in ipairs(shares) do quantiles[i] = { share = share, distance = values[i] } end
  return { mean = distances:mean(), max = distances:max(), n = n, quantiles = quantiles }
end

--- Assignment of two states, as in the readout of a qubit. What is called
-- fidelity is used for two different numbers; here both have their own name.
-- @param scores (N, 1) or (N, 2)
-- @param y answers
-- @param[opt=0] threshold of a single output
-- @return `{ assignment_accuracy = a, fidelity_2a_minus_1 = 2 a - 1, predicted_1_of_0 =, predicted_0_of_1 = }`: the share
--   of rows assigned rightly, and the shares of the rows of one state assigned to the other (false without such rows)
function M.binary(scores, y, threshold)
  local x, labels = both(scores, y)
  if x:size(2) > 2 then error(("two states have one or two scores, got %d"):format(x:size(2)), 2) end
  local counts = guard.call(2, c.confusion, x, labels, threshold)
  local function share(truth)
    local wrong, right = counts:get(truth + 1, 2 - truth), counts:get(truth + 1, truth + 1)
    return wrong + right > 0 and wrong / (wrong + right)
  end
  local a = (counts:get(1, 1) + counts:get(2, 2)) / x:size(1)
  return { assignment_accuracy = a, fidelity_2a_minus_1 = 2 * a - 1, predicted_1_of_0 = share(0), predicted_0_of_1 = share(1) }
end

return M
