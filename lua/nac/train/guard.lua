--- What training checks of its arguments, and how the engine's failures are
-- passed on. `level` is whose line an error shows, as in `error`.
local parts = require "nac.train.part"
local signal = require "nac.util.signal"

local M = {}

--- Turns a failed call of the trainer into what ends a trial.
-- @return the score
function M.score(level, score, message, why)
  if score then return score end
  if why == "interrupted" then error(signal.interrupted(), 0) end
  if why == "nan" then error(signal.failed(message), 0) end
  error(message, level + 1)
end

--- Runs f(...); an error of the engine shows the user's line.
-- @return its results
function M.call(level, f, ...)
  local results = table.pack(pcall(f, ...))
  local message = results[2]
  if not results[1] then error(type(message) == "string" and message:gsub("^[^:\n]+:%d+: ", "") or message, level + 1) end
  return table.unpack(results, 2, results.n)
end

--- Checks that a part is { x = tensor, y = tensor }.
function M.part(level, part, name)
  if parts.is_stream(part) then return end
  if type(part) ~= "table" or type(part.x) ~= "userdata" or type(part.y) ~= "userdata" then
    error(("the part %s must be { x = tensor, y = tensor }"):format(name), level + 1)
  end
end

--- The parts of a data set or of a table of parts.
-- @return { fit =, search = or nil }, "classification" or "regression"
function M.parts(level, data)
  if type(data) ~= "table" then error("data must be a data set or { fit =, search = }, got " .. type(data), level + 1) end
  local found = data.fit and data or (type(data.parts) == "function" and data:parts())
  if not found or not found.fit then error("data has neither :parts() nor a part called fit", level + 1) end
  M.part(level + 1, found.fit, "fit")
  if found.search then M.part(level + 1, found.search, "search") end
  return found, data.task or parts.task(found.fit)
end

--- The loss where none is named: numbers by their squares; classes by cross-entropy, of one logit the binary one.
function M.loss(net, task)
  if task == "regression" then return "mse" end
  local outputs = 1
  for _, size in ipairs(net:output_shape()) do outputs = outputs * size end
  return outputs == 1 and "bce_with_logits" or "cross_entropy"
end

--- Checks an integer of 0 or more.
function M.count(level, value, name)
  if math.type(value) ~= "integer" or value < 0 then
    error(("%s must be an integer of 0 or more, got %s"):format(name, tostring(value)), level + 1)
  end
  return value
end

return M
