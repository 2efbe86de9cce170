--- The options of nac.hls.write: checked, defaults filled in.
local boards = require "nac.estimate.boards"
local enum = require "nac.util.enum"
local head = require "nac.hls.head"

local M = {}

local keys = { "name", "board", "part", "clock_ns", "strategy", "reuse_factor", "layers", "data", "force", "input", "output", "threshold", "io" }
local layer_keys = { "strategy", "reuse_factor" }
local strategies = { "latency", "resource" }
local ios = { "parallel", "stream" }

-- Names that a top function cannot have: files and types of the firmware, words of C++.
local taken = {}
for word in ([[defines parameters input output input_t result_t input_token result_token main sample operations compare fail hls std
  auto bool break case catch char class const continue default delete do double else enum explicit extern false float for friend goto if
  inline int long mutable namespace new operator private protected public register return short signed sizeof static struct switch
  template this throw true try typedef union unsigned using virtual void volatile while]]):gmatch "%S+" do taken[word] = true end

-- Arrays, values and configurations of the firmware have one of these before their number.
local numbered = {}
for word in ("layer config w b x y root table exps logs reciprocal"):gmatch "%S+" do numbered[word] = true end

local NOWHERE = -1 -- level of errors without a line: nac.hls.write adds that of its caller

local function fail(form, ...) error(form:format(...), 0) end

local function check_keys(t, allowed, what)
  if type(t) ~= "table" then fail("%s: a table expected, got %s", what, type(t)) end
  for key in pairs(t) do enum.check(key, allowed, what, NOWHERE) end
end

local function check_reuse(x, where)
  if math.type(x) ~= "integer" or x < 1 then fail("%s: a whole number from 1 on expected, got %s", where, tostring(x)) end
end

--- Checks them.
-- @param options the user's table, or nil
-- @return a table with all of them; raises on what it does not know
function M.check(options)
  local o = {}
  check_keys(options or {}, keys, "option of hls.write")
  for key, value in pairs(options or {}) do o[key] = value end
  o.name = o.name or "myproject"
  if type(o.name) ~= "string" or not o.name:match "^%a[%w_]*$" then
    fail("name: a name in C expected (letters, digits, _), got '%s'", tostring(o.name))
  end
  if taken[o.name] or o.name:find "^nac" or numbered[o.name:match "^(%a+)%d+$"] then
    fail("name: '%s' is taken in the firmware or in C++; choose another one for the top function", o.name)
  end
  if o.part then
    o.board = nil
  else
    o.board = o.board or "zcu102"
    local board, why = boards.find(o.board)
    if not board then error(why, NOWHERE) end
    o.part = board.part
  end
  o.clock_ns = o.clock_ns or 5
  if type(o.clock_ns) ~= "number" or not (o.clock_ns > 0 and o.clock_ns < math.huge) then
    fail("clock_ns: nanoseconds above 0 expected, got %s", tostring(o.clock_ns))
  end
  o.strategy = enum.check(o.strategy or "latency", strategies, "strategy", NOWHERE)
  o.reuse_factor = o.reuse_factor or 1
  check_reuse(o.reuse_factor, "reuse_factor")
  o.io = enum.check(o.io or "parallel", ios, "io", NOWHERE)
  o.output = enum.check(o.output or "logits", head.names, "output", NOWHERE)
  if o.threshold ~= nil and o.output ~= "threshold" then fail("threshold: goes with output = \"threshold\", got output = \"%s\"", o.output) end
  o.threshold = o.threshold or 0
  if type(o.threshold) ~= "number" or o.threshold ~= o.threshold then fail("threshold: a number expected, got %s", tostring(o.threshold)) end
  o.layers = o.layers or {}
  for layer, own in pairs(o.layers) do
    check_keys(own, layer_keys, "option of layer " .. tostring(layer))
    if own.strategy then enum.check(own.strategy, strategies, "strategy of layer " .. tostring(layer), NOWHERE) end
    if own.reuse_factor then check_reuse(own.reuse_factor, "reuse_factor of layer " .. tostring(layer)) end
  end
  return o
end

--- Gives each operation its strategy and reuse factor.
function M.apply(o, ops)
  local known = {}
  for _, op in ipairs(ops) do
    local own = o.layers[op.layer] or {}
    known[op.layer] = true
    op.strategy, op.reuse_factor = own.strategy or o.strategy, own.reuse_factor or o.reuse_factor
  end
  for layer in pairs(o.layers) do
    if not known[layer] then fail("layers: the net has no layer '%s'", tostring(layer)) end
  end
end

return M
