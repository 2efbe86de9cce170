--- A whole net in two files: m.yaml describes it (layers, attributes, how they are
-- wired) and carries the sha256 of m.npz, which holds the arrays. Nothing in them
-- is code. docs/formats.md has the form.
local cnet = require "nac.c.net"
local file = require "nac.util.file"
local formats = require "nac.quant.formats"
local hash = require "nac.c.hash"
local npz = require "nac.c.npz"
local sys = require "nac.c.sys"
local weights = require "nac.model.weights"
local yaml = require "nac.util.yaml"

local M = {}

local FORMAT, VERSION = "nac-lua model", 1
local ORDER = {
  "format", "version", "written_by", "input", "output", "layers", "formats", "weights", "of", "axis", "scale", "learned", "name", "kind", "group", "share",
  "inputs", "attributes", "file", "sha256",
}

local function describe(net)
  local layers = {}
  for i, layer in ipairs(net:layers()) do
    layers[i] = {
      name = layer.name, kind = layer.kind, group = layer.group, share = layer.share, inputs = layer.inputs,
      attributes = next(layer.attrs) and layer.attrs or nil, output = layer.output,
    }
  end
  return layers
end

--- Writes a net: the arrays first, then the description that names them.
-- @param net a net with weights
-- @param path ends in .yaml or .yml; the arrays go beside it, ending in .npz
-- @return true; or nil and a message
function M.save(net, path)
  local arrays = path:gsub("%.ya?ml$", "") .. ".npz"
  for _, layer in ipairs(net:layers()) do
    if layer.kind == "opaque" then
      return nil, ("layer '%s' is a Lua function, which no file holds; save the weights alone: model.save(net, \"x.npz\")"):format(layer.name)
    end
  end
  local layers = describe(net)
  local ok, message = weights.save(net, arrays)
  if not ok then return nil, message end
  local sum
  sum, message = hash.sha256_file(arrays)
  if not sum then return nil, message end
  local list = formats.list(net)
  return file.write(path, yaml.dump({
    formats = #list > 0 and list or nil,
    format = FORMAT, version = VERSION, written_by = "nac-lua " .. sys.version, input = net:input_shape(),
    output = net:output_shape(), layers = layers, weights = { file = arrays:match("[^/]+$"), sha256 = sum },
  }, { order = ORDER }))
end

-- Raises a refusal that load turns into nil, message.
local function refuse(where, form, ...) error({ refusal = where .. ": " .. form:format(...) }, 0) end

local function take(doc, tbl, key, kind)
  local value = tbl[key]
  if kind == "integer" and math.type(value) == "integer" or kind ~= "integer" and type(value) == kind then return value end
  refuse(doc:where(tbl, value ~= nil and key or nil), "%s is %s; a %s is expected", key,
    value == nil and "missing" or "of the wrong kind", kind == "table" and "list or mapping" or kind)
end

local function shape_of(doc, tbl, key)
  local shape = take(doc, tbl, key, "table")
  for i = 1, #shape do
    if math.type(shape[i]) ~= "integer" then refuse(doc:where(tbl, key), "%s must hold integers", key) end
  end
  if #shape == 0 or #shape > 8 then refuse(doc:where(tbl, key), "%s must hold 1 to 8 sizes", key) end
  return shape
end

local function check_version(doc, top)
  if take(doc, top, "format", "string") ~= FORMAT then
    refuse(doc:where(top, "format"), "this is no model file: its format is '%s', not '%s'", top.format:sub(1, 60), FORMAT)
  end
  local version = take(doc, top, "version", "integer")
  if version > VERSION or version < 1 then
    refuse(doc:where(top, "version"), "version %d of the format; this program reads up to %d", version, VERSION)
  end
end

-- Plain tables without the document's own marks.
local function plain(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

local RESERVED = { kind = true, name = true, group = true, share = true, inputs = true }

local function add_layer(doc, net, layers, i)
  local layer = take(doc, layers, i, "table")
  local made = { kind = take(doc, layer, "kind", "string"), inputs = plain(take(doc, layer, "inputs", "table")) }
  for key, value in pairs(layer.attributes ~= nil and take(doc, layer, "attributes", "table") or {}) do
    if RESERVED[key] or type(key) ~= "string" then refuse(doc:where(layer, "attributes"), "'%s' is no attribute", tostring(key)) end
    made[key] = plain(value)
  end
  made.group = layer.group ~= nil and take(doc, layer, "group", "string") or nil
  made.share = layer.share ~= nil and take(doc, layer, "share", "string") or nil
  made.name = take(doc, layer, "name", "string")
  local ok, message = pcall(net.add, net, made)
  if not ok then refuse(doc:where(layer), "%s", tostring(message)) end
end

local function same(a, b)
  return table.concat(a, "x") == table.concat(b, "x")
end

-- The described net, without memory for its weights.
local function read_net(doc, top)
  local ok, net = pcall(cnet.new, shape_of(doc, top, "input"))
  if not ok then refuse(doc:where(top, "input"), "%s", tostring(net)) end
  local layers = take(doc, top, "layers", "table")
  for i = 1, #layers do add_layer(doc, net, layers, i) end
  if not same(net:output_shape(), shape_of(doc, top, "output")) then
    refuse(doc:where(top, "output"), "the layers give %s, not %s", table.concat(net:output_shape(), "x"),
      table.concat(top.output, "x"))
  end
  return net
end

-- The arrays, whose file must be the one that was saved.
local function read_arrays(doc, top, path)
  local section = take(doc, top, "weights", "table")
  local name, wanted = take(doc, section, "file", "string"), take(doc, section, "sha256", "string")
  if name:find("/", 1, true) or name:find("\0", 1, true) or name == "" then
    refuse(doc:where(section, "file"), "the file of the weights lies beside this one: a name without folders is expected")
  end
  local arrays_path = (path:match("^(.*/)[^/]*$") or "") .. name
  local sum, message = hash.sha256_file(arrays_path)
  if not sum then error({ refusal = message }, 0) end
  if sum ~= wanted then
    error({ refusal = ("%s: it is not the file that was saved with %s: its sha256 is %s, not %s"):format(arrays_path, path, sum,
      wanted:sub(1, 80)) }, 0)
  end
  local arrays, names = npz.read(arrays_path)
  if not arrays then error({ refusal = names }, 0) end
  return arrays, names, arrays_path
end

-- The number formats of a quantised net, checked: list as nac.quant.formats has it, and each entry's place in the file.
local function read_formats(doc, top)
  local made = {}
  if top.formats == nil then return made end
  local list = take(doc, top, "formats", "table")
  for i = 1, #list do
    local entry = take(doc, list, i, "table")
    if math.type(entry.of) ~= "integer" then take(doc, entry, "of", "string") end
    local texts = take(doc, entry, "formats", "table")
    for k = 1, #texts do take(doc, texts, k, "string") end
    if entry.axis ~= nil then take(doc, entry, "axis", "integer") end
    if type(entry.scale) == "table" then
      for k = 1, #entry.scale do take(doc, entry.scale, k, "number") end
    elseif entry.scale ~= nil then
      take(doc, entry, "scale", "number")
    end
    if entry.learned ~= nil then take(doc, entry, "learned", "string") end
    made[i] = { entry = plain(entry), where = doc:where(entry) }
  end
  return made
end

-- Calls formats.declare or formats.set for each.
local function each_format(list, net, f)
  for _, item in ipairs(list) do
    local ok, message = pcall(f, net, { item.entry })
    if not ok then refuse(item.where, "%s", (tostring(message):gsub("^[^\n]-%.lua:%d+: ", ""))) end
  end
end

--- Reads a net that `save` wrote: the same layers, the same bits.
-- @param path of the description
-- @return the net; or nil and a message
function M.load(path)
  local top, doc = yaml.load(path)
  if top == nil then return nil, doc end
  local ok, result = pcall(function()
    if type(top) ~= "table" then refuse(path, "this is no model file") end
    check_version(doc, top)
    local net = read_net(doc, top)
    local list = read_formats(doc, top)
    each_format(list, net, formats.declare)
    local arrays, names, arrays_path = read_arrays(doc, top, path)
    local count = 0
    for name, array in pairs(arrays) do
      if not name:find("%.mask$") then count = count + array:numel() end
    end
    if count ~= net:n_params() + net:n_buffers() then -- before memory is taken for what the description claims
      error({ refusal = ("%s: the layers have %d parameters and buffers, the arrays of %s %d"):format(path,
        net:n_params() + net:n_buffers(), arrays_path, count) }, 0)
    end
    net:init(1)
    local fits, message = weights.put(net, arrays, names, arrays_path)
    if not fits then error({ refusal = message }, 0) end
    each_format(list, net, formats.set)
    return net
  end)
  if ok then return result end
  if type(result) == "table" and result.refusal then return nil, result.refusal end
  error(result, 0)
end

return M
