--- Files of torch.save that hold a state_dict: a zip archive of data.pkl, which names
-- tensors, and one member a storage. Nothing in them is run: `nac.util.pickle`.
local pickle = require "nac.util.pickle"
local tensor = require "nac.c.tensor"
local zip = require "nac.c.zip"

local M = {}

-- No single member of the files that this is for comes near this.
local LARGEST = 256 << 20

-- Storage class -> form for string.unpack, bytes of an element, type of the tensor
local STORAGES = {
  ["torch.FloatStorage"] = { "<f", 4, "f32" }, ["torch.DoubleStorage"] = { "<d", 8, "f64" },
  ["torch.IntStorage"] = { "<i4", 4, "i32" }, ["torch.LongStorage"] = { "<i8", 8, "i32" },
}

local function whole(v) return math.type(v) == "integer" and v >= 0 end

-- Shape and strides of a tensor without gaps; its number of elements, or nil and why.
local function elements(size, stride)
  if type(size) ~= "table" or type(stride) ~= "table" or #size ~= #stride or #size > 8 then return nil, "its shape is not possible" end
  local n = 1
  for i = #size, 1, -1 do
    if not whole(size[i]) or not whole(stride[i]) then return nil, "its shape is not possible" end
    if size[i] > 1 and stride[i] ~= n then return nil, "it is a view with strides; save a contiguous copy" end
    if size[i] > 0 and n > LARGEST // size[i] then return nil, "its shape is not possible" end
    n = n * size[i]
  end
  return n
end

-- The numbers of a piece of a storage.
local function numbers(bytes, form, width, first, n)
  local list = {}
  for i = 1, n do list[i] = string.unpack(form, bytes, (first + i - 1) * width + 1) end
  return list
end

-- What the pickle may call. A storage is read when the first tensor asks for it.
local function calls_for(path, folder)
  local calls, storages = {}, {}
  for name in pairs(STORAGES) do calls[name] = function() return nil, "a storage is not made by a call" end end
  function calls.persistent(id)
    if type(id) ~= "table" or id[1] ~= "storage" or type(id[2]) ~= "table" or type(id[3]) ~= "string" then
      return nil, "damaged: a storage is described in another way than torch.save does"
    end
    local class = STORAGES[id[2].global]
    if not class then return nil, ("'%s' is no storage"):format(tostring(id[2].global)) end
    local key = id[3]
    if not storages[key] then
      local bytes, why = zip.read(path, folder .. "data/" .. key, LARGEST)
      if not bytes then return nil, why:sub(#path + 3) end -- the path stands in front of all messages
      storages[key] = bytes
    end
    return { kind = "storage", bytes = storages[key], class = class }
  end
  calls["torch._utils._rebuild_tensor_v2"] = function(args)
    local storage, first, size, stride = args[1], args[2], args[3], args[4]
    if type(storage) ~= "table" or storage.kind ~= "storage" or not whole(first) then return nil, "it needs a storage" end
    local n, why = elements(size, stride)
    if not n then return nil, why end
    local form, width, dtype = table.unpack(storage.class)
    if first > #storage.bytes or n > #storage.bytes // width - first then
      return nil, ("it needs %d elements, its storage has %d"):format(first + n, #storage.bytes // width)
    end
    local shape = table.move(size, 1, #size, 1, {})
    if n == 0 then return { kind = "tensor", tensor = tensor.zeros(shape, dtype) } end
    local ok, flat = pcall(tensor.new, numbers(storage.bytes, form, width, first, n), dtype)
    if not ok then return nil, tostring(flat) end
    return { kind = "tensor", tensor = flat:reshape(shape) }
  end
  return calls
end

--- Reads the tensors of a state_dict: f32, f64, i32 and i64 (the last as i32).
-- @param path of a file that torch.save(model.state_dict(), ...) wrote (PyTorch 1.6 or later)
-- @return { name = tensor } and the names in the file's order; or nil and a message
function M.read(path)
  local members, why = zip.names(path)
  if not members then return nil, why end
  local folder, order
  for _, name in ipairs(members) do
    folder = folder or name:match "^(.*/)data%.pkl$"
    order = order or name:match "^.*/byteorder$"
  end
  if not folder then return nil, path .. ": it has no data.pkl: torch.save did not write it" end
  if order then
    local text = zip.read(path, order, 64)
    if text ~= "little" then return nil, ("%s: its numbers are %s-endian; little is expected"):format(path, (text or "?"):sub(1, 10)) end
  end
  local program
  program, why = zip.read(path, folder .. "data.pkl", 64 << 20)
  if not program then return nil, why end
  local value
  value, why = pickle.load(program, calls_for(path, folder))
  if not value then return nil, ("%s: %s"):format(path, why) end
  if type(value) ~= "table" or value.kind ~= "dict" then return nil, path .. ": it holds no state_dict" end
  local tensors, names = {}, {}
  for _, name in ipairs(value.keys) do
    local item = value.values[name]
    if type(item) ~= "table" or item.kind ~= "tensor" then return nil, ("%s: '%s' is no tensor"):format(path, name:sub(1, 100)) end
    tensors[name], names[#names + 1] = item.tensor, name
  end
  return tensors, names
end

return M
