--- Parts of data as training sees them: tensors { x =, y = }, or a stream { rows =,
-- most =, task =, pieces = function(part, epoch) } whose iterator gives x and y of
-- one piece after the other, at most `most` rows each (nac.dataset.stream).
local tensor = require "nac.tensor"

local M = {}

--- Whether a part comes in pieces.
function M.is_stream(part) return type(part) == "table" and type(part.pieces) == "function" end

--- Samples of a part.
function M.rows(part) return M.is_stream(part) and part.rows or part.x:size(1) end

--- Most rows that come at once.
function M.most(part) return M.is_stream(part) and part.most or part.x:size(1) end

--- "classification" or "regression", by the answers.
function M.task(part)
  if M.is_stream(part) then return part.task end
  return part.y:dtype() == "f32" and "regression" or "classification"
end

--- Some samples, to compute their scale from: all of them, or the first piece of a stream.
function M.some(part)
  if not M.is_stream(part) then return part.x end
  local next_piece, state, first = part:pieces(0)
  return (next_piece(state, first))
end

--- Training steps of an epoch.
function M.steps(part, trainer)
  if not M.is_stream(part) then return trainer:steps(part.x:size(1)) end
  local steps = 0
  for _, rows in ipairs(part:sizes()) do steps = steps + trainer:steps(rows) end
  return steps
end

-- Adds the scores of pieces up.
local function sum(total, score)
  local weight = score.weight or score.n
  total.n, total.weight = total.n + score.n, total.weight + weight
  total.loss = total.loss + score.loss * weight
  if score.accuracy then total.accuracy = (total.accuracy or 0) + score.accuracy * score.n end
end

local function mean(total)
  return { loss = total.weight > 0 and total.loss / total.weight or 0, n = total.n,
           accuracy = total.accuracy and total.accuracy / total.n }
end

-- The rates of the next steps out of those of an epoch.
local function some_rates(rates, first, count)
  if type(rates) == "number" then return rates end
  return rates:slice(1, first, first + count - 1):contiguous()
end

-- The samples as a user's function changes them, of the same shape.
local function changed(augment, x, epoch)
  if not augment then return x end
  local new = augment(x, epoch)
  if not tensor.is(new) or new:dtype() ~= "f32" or table.concat(new:shape(), "x") ~= table.concat(x:shape(), "x") then
    error(("augment must return an f32 tensor of shape %s, as it got, not %s"):format(table.concat(x:shape(), "x"),
      tensor.is(new) and new:dtype() .. " " .. table.concat(new:shape(), "x") or type(new)), 0)
  end
  return new:contiguous()
end

-- What a trainer raises is answered like what it returns, so that it shows the user's line.
local function answer(ok, score, ...)
  if ok then return score, ... end
  return nil, score, "invalid"
end

--- Trains one epoch on a part.
-- @param part tensors or a stream
-- @param trainer of nac.c.train
-- @param epoch number, from 1
-- @param rates a number, or an f64 tensor with one a step
-- @param[opt] augment function(x, epoch) -> x, called for each piece
-- @return score; or nil, message, reason, as trainer:epoch
function M.epoch(part, trainer, epoch, rates, augment)
  if not M.is_stream(part) then return answer(pcall(trainer.epoch, trainer, changed(augment, part.x, epoch), part.y, epoch, rates)) end
  local total, piece, step = { n = 0, weight = 0, loss = 0 }, 0, 1
  for x, y in part:pieces(epoch) do
    local count = trainer:steps(x:size(1))
    local score, message, why =
      answer(pcall(trainer.epoch, trainer, changed(augment, x, epoch), y, epoch, some_rates(rates, step, count), piece))
    if not score then return nil, message, why end
    sum(total, score)
    piece, step = piece + 1, step + count
  end
  return mean(total)
end

--- Scores a part.
-- @param part tensors or a stream
-- @param trainer of nac.c.train
-- @return score; or nil, message, reason
function M.evaluate(part, trainer)
  if not M.is_stream(part) then return answer(pcall(trainer.evaluate, trainer, part.x, part.y)) end
  local total = { n = 0, weight = 0, loss = 0 }
  for x, y in part:pieces(0) do
    local score, message, why = answer(pcall(trainer.evaluate, trainer, x, y))
    if not score then return nil, message, why end
    sum(total, score)
  end
  return mean(total)
end

return M
