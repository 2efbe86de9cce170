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

-- Minus the mean difference between what an integer graph gives and the answers.
local function minus_loss(graph, part, loss)
  local function of(x, y)
    local difference = graph:run(x):reshape(y:shape()) - y:to "f64"
    return -(loss == "mae" and difference:abs() or difference * difference):mean()
  end
  if not parts.is_stream(part) then return of(part.x, part.y) end
  local sum = 0
  for x, y in part:pieces(0) do sum = sum + of(x, y) * x:size(1) end
  return sum / part.rows
end

-- Accuracy where there are classes, minus the loss elsewhere: more is better.
local function metric(result) return result.accuracy or -result.loss end

--- The metric of a net.
-- @param net a net with weights
-- @param part `{ x =, y = }` or a stream
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
  local value = classes and graph:accuracy(part) or minus_loss(graph, part, loss)
  graph:close()
  return value
end

--- What always saying the same scores: the most frequent class, or the mean answer. Nil of an empty part.
-- @param part { x =, y = } or a stream
-- @param loss as of `of`
function M.constant_guess(part, loss)
  local y = parts.answers(part)
  if y:size(1) == 0 then return nil end
  if parts.task(part) ~= "classification" then
    y = y:to "f64"
    local difference = y - y:mean(1)
    return -(loss == "mae" and difference:abs() or difference * difference):mean()
  end
  local count, most = {}, 0
  for _, class in ipairs(y:totable()) do
    count[class] = (count[class] or 0) + 1
    most = math.max(most, count[class])
  end
  return most / y:numel()
end

return M
