--- NAC's own log of a search, `global_search.txt`, one line a trial:
--
--     Trial 7, Mean Distance: 0.2009, BOPs: 46382260224.0, Inference time: 0.119, Validation Loss: 0.0004,
--     Param Count: 29498, Hyperparams: {'Proj_outchannel': 0, 'b0': 'Conv', 'b0_Conv_norms_0': None, ...}
--
-- (on one line), with Accuracy in place of Mean Distance for jets.
local M = {}

-- Names of NAC -> ours, and whether they are objectives.
local names = {
  ["mean distance"] = { "mean_distance", "minimize" }, accuracy = { "performance_metric", "maximize" }, bops = { "bops", "minimize" },
  ["inference time"] = { "inference_time" }, ["validation loss"] = { "val_loss" }, ["param count"] = { "params" },
}

-- The hyper-parameters of a line, a dictionary as Python prints it; nil where it has no end.
local function params_of(text)
  local body = text:match "^%s*{(.*)}%s*$"
  if not body then return nil end
  local params = {}
  for key, value in body:gmatch "['\"]([^'\"]+)['\"]%s*:%s*([^,]+)" do
    local word = value:match "^%s*['\"](.-)['\"]%s*$"
    value = value:match "^%s*(.-)%s*$"
    if word then params[key] = word
    elseif value == "None" then params[key] = "none"
    elseif value == "True" or value == "False" then params[key] = value == "True"
    else params[key] = math.tointeger(tonumber(value)) or tonumber(value) end
  end
  return params
end

-- One line: the record and the names of its objectives; nil and what is wrong.
local function record_of(line)
  local number, rest = line:match "^Trial%s+(%d+)%s*,%s*(.*)$"
  if not number then return nil, "a line 'Trial N, Mean Distance: ...' or 'Trial N, Accuracy: ...' expected" end
  local record = { number = math.tointeger(tonumber(number)), values = {}, attrs = {}, params = {}, state = "complete" }
  local head, dictionary = rest:match "^(.-),%s*[Hh]yper%s?[Pp]arams:%s*(.*)$"
  if head then
    local params = params_of(dictionary)
    if not params then return nil, "the hyper-parameters have no end" end
    record.params = params
  end
  local objectives = {}
  for name, value in (head or rest):gmatch "([%a][%a ]-)%s*:%s*([^,]+)" do
    local known, number_of = names[name:lower()], tonumber((value:match "^%s*(.-)%s*$"))
    if known and known[2] then
      objectives[#objectives + 1] = { name = known[1], direction = known[2] }
      record.values[known[1]] = number_of
      -- nan and inf, as Python prints them, are no values
      if not number_of then record.state = "failed" end
    elseif known then
      record.attrs[known[1]] = number_of
    end
  end
  if #objectives < 2 then return nil, "a metric (Mean Distance or Accuracy) and BOPs expected" end
  return record, objectives
end

--- Whether a text looks like such a log.
function M.is(text) return text:find "^%s*Trial%s+%d+%s*," ~= nil end

--- Reads it.
-- @param text of the file
-- @return a list of searches, one a metric (NAC's own file has those of both tasks): { records = in the order of their
--   numbers, objectives = list of { name =, direction = } }; or nil and "line N: what is wrong". Of trials that stand
--   twice (a log that was continued) the later one counts
function M.decode(text)
  local searches, by_metric, at = {}, {}, 0
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    at = at + 1
    if line:find "%S" then
      local record, objectives = record_of(line:gsub("\r$", ""))
      if not record then return nil, ("line %d: %s"):format(at, objectives) end
      local metric = objectives[1].name
      local search = by_metric[metric]
      if not search then
        search = { objectives = objectives, by_number = {}, records = {} }
        searches[#searches + 1], by_metric[metric] = search, search
      end
      search.by_number[record.number] = record
    end
  end
  for _, search in ipairs(searches) do
    for _, record in pairs(search.by_number) do search.records[#search.records + 1] = record end
    table.sort(search.records, function(a, b) return a.number < b.number end)
    search.by_number = nil
  end
  return searches
end

return M
