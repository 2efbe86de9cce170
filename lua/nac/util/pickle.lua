--- Python's pickle format, as far as a PyTorch state_dict needs it: protocol 2, plain
-- values, and the calls that the caller admits. Pickle is a program; here it can call
-- nothing but the functions in a table, and everything else is refused by name.
-- (Opcodes: the comments of Python's Lib/pickletools.py.)
local M = {}

--- Python's None, as nil cannot stand in a tuple.
M.none = setmetatable({}, { __tostring = function() return "None" end })

local Machine = {}
Machine.__index = Machine

local function refuse(fmt, ...) error({ pickle = fmt:format(...) }, 0) end

local function shown(v)
  if type(v) == "table" then return v == M.none and "None" or v.global or v.kind or "an object" end
  return type(v) == "string" and ("'%s'"):format(v:sub(1, 60)) or tostring(v)
end

function Machine:take(n)
  local text = self.text:sub(self.at, self.at + n - 1)
  if #text < n then refuse("truncated: it stops in the middle") end
  self.at = self.at + n
  return text
end

function Machine:unpack(form, n) return (string.unpack(form, self:take(n))) end

function Machine:line()
  local stop = self.text:find("\n", self.at, true)
  if not stop then refuse("truncated: it stops in the middle") end
  local text = self.text:sub(self.at, stop - 1)
  self.at = stop + 1
  return text
end

function Machine:push(v) self.stack[#self.stack + 1] = v end

-- Nothing below the last mark can be taken.
function Machine:pop()
  local top = #self.stack
  if top <= (self.marks[#self.marks] or 0) then refuse("damaged: its stack is empty") end
  local v = self.stack[top]
  self.stack[top] = nil
  return v
end

-- The values above the last mark, as a tuple.
function Machine:above_mark()
  local mark = table.remove(self.marks)
  if not mark then refuse("damaged: a mark is missing") end
  local items = table.move(self.stack, mark + 1, #self.stack, 1, { kind = "tuple" })
  for i = #self.stack, mark + 1, -1 do self.stack[i] = nil end
  return items
end

function Machine:tuple(n)
  local items = { kind = "tuple" }
  for i = n, 1, -1 do items[i] = self:pop() end
  self:push(items)
end

local function new_dict(ordered) return { kind = "dict", keys = {}, values = {}, ordered = ordered } end

local function set(dict, key, value)
  if type(dict) ~= "table" or dict.kind ~= "dict" then refuse("damaged: an item is put into %s, which is no dictionary", shown(dict)) end
  if type(key) ~= "string" then refuse("a key of a dictionary is %s; only texts are expected", shown(key)) end
  if dict.values[key] == nil then dict.keys[#dict.keys + 1] = key end
  dict.values[key] = value
end

-- One function an opcode.
local op = {}

op["\x80"] = function(m)
  local version = m:unpack("B", 1)
  if version ~= 2 then refuse("it has protocol %d; protocol 2 is expected, which torch.save writes", version) end
end
op["("] = function(m) m.marks[#m.marks + 1] = #m.stack end
op["c"] = function(m)
  local name = m:line() .. "." .. m:line()
  if not m.calls[name] then refuse("it asks for '%s', which has no place in a state_dict", name:sub(1, 100)) end
  m:push { kind = "global", global = name }
end
op[")"] = function(m) m:push { kind = "tuple" } end
op["t"] = function(m) m:push(m:above_mark()) end
op["\x85"] = function(m) m:tuple(1) end
op["\x86"] = function(m) m:tuple(2) end
op["\x87"] = function(m) m:tuple(3) end
op["}"] = function(m) m:push(new_dict(false)) end
op["N"] = function(m) m:push(M.none) end
op["\x88"] = function(m) m:push(true) end
op["\x89"] = function(m) m:push(false) end
op["K"] = function(m) m:push(m:unpack("B", 1)) end
op["M"] = function(m) m:push(m:unpack("<I2", 2)) end
op["J"] = function(m) m:push(m:unpack("<i4", 4)) end
op["\x8a"] = function(m)
  local n = m:unpack("B", 1)
  if n > 8 then refuse("it holds an integer of %d bytes", n) end
  m:push(n == 0 and 0 or m:unpack("<i" .. n, n))
end
op["X"] = function(m) m:push(m:take(m:unpack("<I4", 4))) end
op["q"] = function(m) m.memo[m:unpack("B", 1)] = m.stack[#m.stack] end
op["r"] = function(m) m.memo[m:unpack("<I4", 4)] = m.stack[#m.stack] end

local function get(m, index)
  local v = m.memo[index]
  if v == nil then refuse("damaged: it refers to value %d, which it has not set", index) end
  m:push(v)
end
op["h"] = function(m) get(m, m:unpack("B", 1)) end
op["j"] = function(m) get(m, m:unpack("<I4", 4)) end

op["s"] = function(m)
  local value, key = m:pop(), m:pop()
  set(m.stack[#m.stack], key, value)
end
op["u"] = function(m)
  local items = m:above_mark()
  if #items % 2 == 1 then refuse("damaged: a key without a value") end
  for i = 1, #items, 2 do set(m.stack[#m.stack], items[i], items[i + 1]) end
end

op["R"] = function(m)
  local args, f = m:pop(), m:pop()
  if type(f) ~= "table" or f.kind ~= "global" then refuse("it calls %s, which is no function", shown(f)) end
  if type(args) ~= "table" or args.kind ~= "tuple" then refuse("damaged: it calls '%s' without a tuple", f.global) end
  local result, why = m.calls[f.global](args, refuse)
  if result == nil then refuse("%s: %s", f.global, why or "it cannot be called") end
  m:push(result)
end

op["Q"] = function(m)
  local id = m:pop()
  local result, why = m.calls.persistent(id)
  if result == nil then refuse("%s", why) end
  m:push(result)
end

-- The state that PyTorch hangs on an ordered dictionary (its `_metadata`) says nothing about the tensors.
op["b"] = function(m)
  local state, object = m:pop(), m.stack[#m.stack]
  if type(object) ~= "table" or not object.ordered or type(state) ~= "table" or state.kind ~= "dict" then
    refuse("it sets the state of %s; only an ordered dictionary can have one", shown(object))
  end
end

--- Runs a pickle.
-- @param text its bytes
-- @param calls { ["module.name"] = function(args) -> value, or nil and why; persistent = function(id) -> value, or nil and why }
-- "collections.OrderedDict" is there already
-- @return the value (dictionaries: {keys = {in order}, values = {}}; tuples: lists), or nil and a message
function M.load(text, calls)
  local known = { ["collections.OrderedDict"] = function(args)
    if #args > 0 then return nil, "an empty one is expected" end
    return new_dict(true)
  end }
  for name, f in pairs(calls) do known[name] = f end
  local m = setmetatable({ text = text, at = 1, stack = {}, marks = {}, memo = {}, calls = known }, Machine)
  local ok, result = pcall(function()
    while true do
      local code = m:take(1)
      if code == "." then return m:pop() end
      local run = op[code]
      if not run then refuse("opcode 0x%02x at byte %d has no place in a state_dict", code:byte(), m.at - 2) end
      run(m)
    end
  end)
  if ok then return result end
  if type(result) == "table" and result.pickle then return nil, result.pickle end
  error(result, 0)
end

return M
