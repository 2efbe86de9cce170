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

--- Some samples: all of them, or the first piece of a stream.
-- @return x, y
function M.some(part)
  if not M.is_stream(part) then return part.x, part.y end
  local next_piece, state, first = part:pieces(0)
  return next_piece(state, first)
end

--- The answers of all samples.
function M.answers(part)
  if not M.is_stream(part) then return part.y end
  local list = {}
  for _, y in part:pieces(0) do list[#list + 1] = y:clone() end
  return #list > 0 and tensor.concat(list, 1) or tensor.zeros { 0 }
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

-- Trains one piece, whose first step is number `before` + 1 of the epoch, and pauses where asked.
local function train_piece(trainer, x, y, at, total)
  local pauses, steps = at.pauses, trainer:steps(x:size(1))
  local rates = some_rates(at.rates, at.before + 1, steps)
  local function train(first, count)
    if count == 0 then return true end
    local score, message, why = answer(pcall(trainer.epoch, trainer, x, y, at.epoch, rates, at.piece, first, count))
    if not score then return nil, message, why end
    sum(total, score)
    return true
  end
  local done = 0
  for _, stop in ipairs(pauses and pauses.steps or {}) do
    local step = stop - at.before
    if step <= steps and (step > 0 or stop == 0 and at.piece == 0) then
      local ok, message, why = train(done, step - done)
      if not ok then return nil, message, why end
      done = step
      pauses.call(stop)
    end
  end
  local ok, message, why = train(done, steps - done)
  at.before, at.piece = at.before + steps, at.piece + 1
  return ok, message, why
end

--- Trains one epoch on a part.
-- @param part tensors or a stream
-- @param trainer of nac.c.train
-- @param epoch number, from 1
-- @param rates a number, or an f64 tensor with one a step
-- @param[opt] augment function(x, epoch) -> x, called for each piece
-- @param[opt] pauses `{ steps = ascending list, call = function(step) }`: called after so many steps of the epoch
-- @return score; or nil, message, reason, as trainer:epoch
function M.epoch(part, trainer, epoch, rates, augment, pauses)
  if not M.is_stream(part) and not pauses then
    return answer(pcall(trainer.epoch, trainer, changed(augment, part.x, epoch), part.y, epoch, rates))
  end
  local total = { n = 0, weight = 0, loss = 0 }
  local at = { epoch = epoch, rates = rates, pauses = pauses, before = 0, piece = 0 }
  if not M.is_stream(part) then
    local ok, message, why = train_piece(trainer, changed(augment, part.x, epoch), part.y, at, total)
    if not ok then return nil, message, why end
    return mean(total)
  end
  for x, y in part:pieces(epoch) do
    local ok, message, why = train_piece(trainer, changed(augment, x, epoch), y, at, total)
    if not ok then return nil, message, why end
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
