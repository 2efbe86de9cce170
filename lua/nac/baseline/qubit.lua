--- Baselines of qubit readout. Each reduces a trace to one number and compares it
-- with a threshold; all is taken from the traces that are fitted on.
local tensor = require "nac.tensor"

local M = {}

local function flat(part) return part.x:reshape { part.x:size(1), -1 } end

-- Numbers of the rows of one class.
local function rows_of(y, class)
  local list = {}
  for i, label in ipairs(y:totable()) do
    if label == class then list[#list + 1] = i end
  end
  if #list == 0 then error(("there are no traces of class %d to fit a baseline on"):format(class), 3) end
  return tensor.new(list, "i32")
end

--- The mean traces of the two classes.
-- @param part { x =, y = }
-- @return f32 tensors of class 0 and 1, a number for each column of x
function M.means(part)
  local x = flat(part)
  return x:rows(rows_of(part.y, 0)):mean(1), x:rows(rows_of(part.y, 1)):mean(1)
end

--- The threshold that assigns most scores rightly, class 1 above it.
-- @param scores list of numbers
-- @param labels list of 0 and 1
-- @return threshold, share that is right
function M.threshold(scores, labels)
  local order, right = {}, 0
  for i = 1, #scores do
    order[i] = i
    right = right + labels[i] -- threshold below all: all are class 1
  end
  table.sort(order, function(a, b) return scores[a] < scores[b] or scores[a] == scores[b] and a < b end)
  local best, at = right, #order > 0 and scores[order[1]] - 1 or 0
  for k, i in ipairs(order) do
    right = right + (labels[i] == 0 and 1 or -1)
    local following = order[k + 1]
    if right > best and (not following or scores[following] > scores[i]) then
      best, at = right, following and (scores[i] + scores[following]) / 2 or scores[i]
    end
  end
  return at, best / #scores
end

-- A classifier from a direction in the space of traces: { weights =, threshold = }.
local function along(part, weights)
  local scores = flat(part):matmul(weights:reshape { -1, 1 }):reshape { -1 }:totable()
  return { weights = weights, threshold = (M.threshold(scores, part.y:totable())) }
end

--- Integrates I and Q over the window and cuts the plane between the two clouds.
-- @param part to fit on
-- @return { weights =, threshold = }
function M.integrated(part)
  local ground, excited = M.means(part)
  local difference = (excited - ground):reshape { -1, 2 }
  return along(part, difference:mean(1, { keep = true }):expand(difference:shape()):contiguous())
end

--- Weights each sample by how far the mean traces are apart there: the best linear
-- filter in white noise (Turin, IRE Trans. Inform. Theory 6, 311, 1960).
-- @param part to fit on
-- @return { weights =, threshold = }
function M.matched_filter(part)
  local ground, excited = M.means(part)
  return along(part, excited - ground)
end

--- What a classifier says.
-- @param classifier of the functions above
-- @param x f32 tensor of traces
-- @return i32 tensor [N] of 0 and 1
function M.assign(classifier, x)
  return flat({ x = x }):matmul(classifier.weights:reshape { -1, 1 }):reshape({ -1 }):gt(classifier.threshold):to "i32"
end

--- The share of traces that a classifier assigns rightly.
function M.accuracy(classifier, part) return M.assign(classifier, part.x):eq(part.y):to("f32"):mean() end

--- All baselines, fitted on one part and scored on another.
-- @param ds a data set
-- @param[opt] test part to score on; default: the test set of ds
-- @return list of { name =, accuracy =, classifier = }
function M.rows(ds, test)
  local fit = ds:parts().fit
  test = test or assert(ds:test())
  local rows = {}
  for _, row in ipairs { { "threshold on integrated I and Q", M.integrated }, { "matched filter", M.matched_filter } } do
    local classifier = row[2](fit)
    rows[#rows + 1] = { name = row[1], classifier = classifier, accuracy = M.accuracy(classifier, test) }
  end
  return rows
end

return M
