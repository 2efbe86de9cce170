--- What a net scores on a part of the data: of a quantised one, its integer network.
local parts = require "nac.train.part"
local quant = require "nac.quant"
local quantity = require "nac.report.quantity"
local train = require "nac.train"

local M = {}

-- What is scored where there are no classes.
local function loss_of(loss) return loss == "mae" and loss or "mse" end

--- What the metric is called (nac.report.quantity).
-- @param part that is scored
-- @param loss that the net was trained with
-- @return "accuracy", "mse" or "mae"
function M.name(part, loss) return quantity.metric(parts.task(part), loss_of(loss)) end

-- Accuracy where there are classes, minus the loss elsewhere: more is better.
local function metric(result) return result.accuracy or -result.loss end

--- The metric of a net.
-- @param net a net with weights
-- @param part `{ x =, y = }`
-- @param[opt] quantised whether it has number formats: then the integer network is scored
-- @param[opt] loss that the net was trained with: mae is scored by absolute differences, anything else by squares
-- @return a number, more is better; a text where the net has no integer form and
-- its fake-quantised form was scored instead
function M.of(net, part, quantised, loss)
  local classes = parts.task(part) == "classification"
  if not classes then loss = loss_of(loss) end
  if not quantised then return metric(train.evaluate(net, part, { loss = loss })) end
  local ok, graph = pcall(quant.lower, net)
  if not ok then return metric(train.evaluate(net, part, { loss = loss })), tostring(graph) end
  local value
  if classes then
    value = graph:accuracy(part)
  else
    local difference = graph:run(part.x):reshape(part.y:shape()) - part.y:to "f64"
    value = -(loss == "mae" and difference:abs() or difference * difference):mean()
  end
  graph:close()
  return value
end

--- What always saying the same scores: the most frequent class, or the mean answer. Nil of an empty part.
-- @param part { x =, y = }
-- @param loss as of `of`
function M.constant_guess(part, loss)
  if part.y:size(1) == 0 then return nil end
  if parts.task(part) ~= "classification" then
    local y = part.y:to "f64"
    local difference = y - y:mean(1)
    return -(loss == "mae" and difference:abs() or difference * difference):mean()
  end
  local count, most = {}, 0
  for _, class in ipairs(part.y:totable()) do
    count[class] = (count[class] or 0) + 1
    most = math.max(most, count[class])
  end
  return most / part.y:numel()
end

return M
