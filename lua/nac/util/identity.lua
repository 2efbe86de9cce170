--- What the results of a run depend on, so that only the same run is gone on with: a flat
-- table of names ("search.epochs") and texts, and its hash.
local hash = require "nac.c.hash"
local json = require "nac.util.json"
local parts = require "nac.train.part"
local tensor = require "nac.tensor"

local M = {}

local SHOWN = 3 -- differences in a message

-- A leaf as text. Of functions nothing is known but that there is one.
local function text_of(value)
  if type(value) == "string" then return value end
  local ok, text = pcall(json.encode, value)
  return ok and text or type(value)
end

local function flatten(value, name, into)
  if type(value) ~= "table" or #value > 0 or next(value) == nil then
    into[name] = text_of(value)
    return
  end
  for key, item in pairs(value) do flatten(item, name == "" and tostring(key) or name .. "." .. tostring(key), into) end
end

--- The flat table of what a run depends on.
-- @param facts name -> value; tables by name are gone into, lists are values
-- @return name -> text
function M.of(facts)
  local flat = {}
  flatten(facts, "", flat)
  return flat
end

--- Its hash: equal tables have equal ones.
function M.hash(flat) return hash.sha256(json.encode(flat)) end

--- The hash of a part of data; of one that comes in pieces, of its first piece and the number of rows.
-- @param part see nac.train.part; nil gives nil
function M.data(part)
  if not part then return nil end
  local x, y = part.x, part.y
  if parts.is_stream(part) then
    local next_piece, state, first = part:pieces(0)
    x, y = next_piece(state, first)
  end
  return hash.sha256(("%d %s %s"):format(parts.rows(part), hash.sha256(x), hash.sha256(y)))
end

--- The hash of a net: its layers and all numbers of its state.
-- @param net with weights
function M.net(net)
  local layers, state = {}, tensor.zeros { net:state_size() }
  for i, layer in ipairs(net:layers()) do
    layers[i] = text_of { layer.name, layer.kind, layer.share or "", layer.inputs, layer.attrs }
  end
  net:save_state(state)
  return hash.sha256(table.concat(layers, "\n") .. hash.sha256(state))
end

--- A sampler or pruner, as a study takes it: of a file what is in it counts.
-- @param what a name, the path of a Lua file, a table of one of these and options, or one with functions
-- @return a value for `of`
function M.named(what)
  if type(what) == "string" then return what:find "%.lua$" and { file = hash.sha256_file(what) } or { name = what } end
  if type(what) ~= "table" or what.ask or what.should_prune then return { name = what and what.name or "user" } end
  local facts = M.named(what[1])
  for key, value in pairs(what) do
    if key ~= 1 then facts[key] = value end
  end
  return facts
end

--- What differs, in words.
-- @param was flat table of the earlier run, or nil where none is known
-- @param is that of this one
-- @return "training.batch was 128, is 64; ..."
function M.differences(was, is)
  if type(was) ~= "table" then return "it was begun by another version of nac-lua" end
  local names, seen = {}, {}
  for _, flat in ipairs { was, is } do
    for name in pairs(flat) do
      if was[name] ~= is[name] and not seen[name] then seen[name], names[#names + 1] = true, name end
    end
  end
  table.sort(names)
  local texts = {}
  for i = 1, math.min(SHOWN, #names) do
    local name = names[i]
    local old, new = was[name] or "not set", is[name] or "not set"
    texts[i] = old:find "^%x+$" and #old == 64 and ("%s is another"):format(name) or ("%s was %s, is %s"):format(name, old, new)
  end
  if #names > SHOWN then texts[SHOWN + 1] = ("and %d more"):format(#names - SHOWN) end
  return table.concat(texts, "; ")
end

return M
