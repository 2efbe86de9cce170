--- The record of a trial: plain data that a study keeps, storages write and
-- samplers read. A running trial changes it only through messages
-- (`M.apply`), which are the same whether the trial runs in this process or
-- sends them through a pipe: what was drawn before a crash is therefore known.
--
-- Fields: `number` (from 0), `state` ("waiting", "running", "complete",
-- "pruned", "failed"), `reason` (of pruned and failed), `params` (name ->
-- value), `order` (names as drawn), `distributions`, `fixed` (values set by
-- `study:enqueue`), `proposals` (those that the sampler asked for), `values` (objective -> number; complete trials only),
-- `attrs`, `reports` (list of `{step=, values=}`), `violations` (name ->
-- relative amount by which a required bound is missed), `artifacts` (file
-- names), `seed`, `started`, `finished` (seconds since 1970), `seconds`.
local distribution = require "nac.distribution"
local json = require "nac.util.json"

local M = {}

--- A new record.
-- @param number the trial's number, from 0
-- @param state "waiting" or "running"
-- @param seed the trial's seed
function M.new(number, state, seed)
  return M.clear { number = number, state = state, seed = seed }
end

--- Forgets everything that a trial added, before it is run (again).
function M.clear(record)
  record.params, record.order, record.distributions = {}, {}, {}
  record.attrs, record.reports, record.violations, record.artifacts = {}, {}, {}, {}
  record.values, record.reason, record.finished, record.seconds = nil, nil, nil, nil
  return record
end

--- Whether the trial is over.
function M.finished(record)
  local s = record.state
  return s == "complete" or s == "pruned" or s == "failed"
end

--- The records that have a finite value of every objective: complete ones, also rows of a table that have no state.
function M.valued(records, objectives)
  local out = {}
  for _, r in ipairs(records) do
    local fine = r.values ~= nil and (r.state == nil or r.state == "complete")
    for _, objective in ipairs(objectives) do
      local value = fine and r.values[objective.name]
      fine = fine and value and value == value and math.abs(value) < math.huge
    end
    if fine then out[#out + 1] = r end
  end
  return out
end

local apply = {}

function apply.param(record, name, value, d)
  if record.params[name] == nil then record.order[#record.order + 1] = name end
  record.params[name] = d:normal(value)
  record.distributions[name] = d
end

function apply.attr(record, key, value) record.attrs[key] = value end

function apply.report(record, step, values)
  local entry = { step = step, values = {} }
  for name, v in pairs(values) do entry.values[name] = json.number(v) end
  local list = record.reports
  for i = #list, 1, -1 do -- a step reported again replaces the first report
    if list[i].step == step then
      list[i] = entry
      return
    end
  end
  list[#list + 1] = entry
end

function apply.violation(record, name, amount) record.violations[name] = json.number(amount) end

function apply.artifact(record, name)
  for _, known in ipairs(record.artifacts) do
    if known == name then return end
  end
  record.artifacts[#record.artifacts + 1] = name
end

--- Carries out a message `{verb, ...}` of a trial.
function M.apply(record, message)
  apply[message[1]](record, table.unpack(message, 2, 4))
end

-- How a drawn value travels: it is the most frequent message, so it is packed
-- instead of written as JSON (which begins with "[", never with "p").
local formats = { integer = "<s4s4i8", float = "<s4s4d", string = "<s4s4s4", boolean = "<s4s4B" }
local tags = { integer = "i", float = "f", string = "s", boolean = "b" }
local of_tag = {}
for kind, tag in pairs(tags) do of_tag[tag] = kind end

--- The text of the message that parameter `name` was drawn.
function M.pack_param(name, value, d)
  local kind = math.type(value) or type(value)
  if kind == "boolean" then value = value and 1 or 0 end
  return "p" .. tags[kind] .. string.pack(formats[kind], name, d:to_json(), value)
end

--- Carries out the text of a message.
-- @return the message if it is not one for a record ("end"); nil and why it
--   cannot be read
function M.apply_text(record, text)
  if text:sub(1, 1) == "p" then
    local kind = of_tag[text:sub(2, 2)]
    local name, d, value = string.unpack(formats[kind], text, 3)
    if kind == "boolean" then value = value == 1 end
    apply.param(record, name, value, assert(distribution.from_json(d)))
    return true
  end
  local message, why = json.decode(text)
  if not message then return nil, why end
  if not apply[message[1]] then return message end
  M.apply(record, message)
  return true
end

--- The objective's answer as values, or why it is none.
-- @param answer what the objective returned
-- @param objectives list of `{name=, direction=}`
-- @return values by name and the rest of the answer's named fields, or nil
--   and a reason
function M.check_values(answer, objectives)
  if type(answer) == "number" and #objectives == 1 then answer = { [objectives[1].name] = answer } end
  if type(answer) ~= "table" then
    return nil, ("the objective returned %s; a table with %s expected"):format(
      answer == nil and "nothing" or "a " .. type(answer), M.objective_names(objectives))
  end
  local values, rest = {}, {}
  for _, o in ipairs(objectives) do
    local v = answer[o.name]
    if v == nil then return nil, "the objective returned no " .. o.name end
    if type(v) ~= "number" then
      return nil, ("objective %s is a %s; a number expected"):format(o.name, type(v))
    end
    if v ~= v or v == math.huge or v == -math.huge then
      return nil, ("objective %s is %s"):format(o.name, v ~= v and "nan" or v > 0 and "inf" or "-inf")
    end
    values[o.name] = v
  end
  for k, v in pairs(answer) do
    if values[k] == nil and type(k) == "string" then rest[k] = v end
  end
  return values, rest
end

--- "accuracy, bops"
function M.objective_names(objectives)
  local names = {}
  for i, o in ipairs(objectives) do names[i] = o.name end
  return table.concat(names, ", ")
end

--- The values as a list to be minimised, in the order of the objectives.
-- @param values name -> number
-- @param objectives list of `{name=, direction=}`
function M.losses(values, objectives)
  local losses = {}
  for i, o in ipairs(objectives) do
    losses[i] = o.direction == "maximize" and -values[o.name] or values[o.name]
  end
  return losses
end

return M
