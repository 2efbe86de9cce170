--- What a user says about number formats, checked and looked up by role and layer.
local cquant = require "nac.c.quant"
local enum = require "nac.util.enum"

local M = {}

--- Where formats sit.
M.roles = { "weights", "biases", "activations", "input", "output" }

local pair_keys = { "total_bits", "int_bits", "int_bits_exclude_sign", "signed", "rounding", "overflow", "method", "percentile", "per", "steps" }
local top_keys = { "kinds", "layers", "data", "quiet" }

--- What a table for `nac.quant.prepare` may say of number formats.
M.keys = { "kinds", "layers" }
table.move(pair_keys, 1, #pair_keys, 3, M.keys)
table.move(M.roles, 1, #M.roles, #M.keys + 1, M.keys)

--- What has a format of its own.
M.per = { "tensor", "channel", "element" }

--- What learned steps can be: rounded to powers of two in every forward pass, or any number.
M.steps = { "powers", "free" }

--- AMD's rounding and overflow modes.
M.roundings = { "TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV" }
M.overflows = { "WRAP", "SAT", "SAT_ZERO", "SAT_SYM" }

--- How `int_bits = "auto"` chooses.
M.methods = { "mse", "minmax", "percentile" }

local function is_role(key)
  for _, role in ipairs(M.roles) do
    if key == role then return true end
  end
  return false
end

local function refuse(where, form, ...) error(("%s: %s"):format(where, form:format(...)), 0) end

local function check_pair(entry, where, role)
  local total, int = entry.total_bits, entry.int_bits
  if total ~= nil and (math.type(total) ~= "integer" or total < 1 or total > 64) then
    refuse(where, "total_bits must be an integer from 1 to 64, got %s", tostring(total))
  end
  if int ~= nil and int ~= "auto" and int ~= "learned" and math.type(int) ~= "integer" then
    refuse(where, "int_bits must be an integer, \"auto\" or \"learned\", got %s", tostring(int))
  end
  if int == "learned" and role == "biases" then refuse(where, "biases have no learned steps: they take the binary point of the products") end
  if entry.rounding ~= nil then enum.check(entry.rounding, M.roundings, "rounding", 0) end
  if entry.overflow ~= nil then enum.check(entry.overflow, M.overflows, "overflow mode", 0) end
  if entry.steps ~= nil then enum.check(entry.steps, M.steps, "kind of learned steps", 0) end
  if entry.method ~= nil then enum.check(entry.method, M.methods, "calibration method", 0) end
  if entry.per ~= nil then
    enum.check(entry.per, M.per, "kind of format for per", 0)
    if role and role ~= "weights" and role ~= "biases" then refuse(where, "per is for weights and biases; a value has one format") end
  end
  local p = entry.percentile
  if p ~= nil and not (type(p) == "number" and p > 0 and p <= 1) then
    refuse(where, "percentile must be a part above 0 and at most 1, got %s", tostring(p))
  end
end

-- An entry is `false` (stays float) or a table of pair keys and, above roles, entries of roles.
local function check_entry(entry, where, with_roles, extra, role)
  if entry == false then return end
  if type(entry) ~= "table" then refuse(where, "{ total_bits =, int_bits = } or false expected, got %s", type(entry)) end
  local known = { table.unpack(pair_keys) }
  if with_roles then table.move(M.roles, 1, #M.roles, #known + 1, known) end
  table.move(extra or {}, 1, #(extra or {}), #known + 1, known)
  for key, value in pairs(entry) do
    enum.check(key, known, "key of " .. where, 0)
    if with_roles and is_role(key) and not (key == "output" and value == true) then check_entry(value, where .. "." .. key, false, nil, key) end
  end
  check_pair(entry, where, role)
end

local function check_named(list, names, what, where)
  if list == nil then return end
  if type(list) ~= "table" then refuse(where, "a table by %s expected, got %s", what, type(list)) end
  for name, entry in pairs(list) do
    if names then enum.check(name, names, what, 0) end
    check_entry(entry, ("%s.%s"):format(where, name), true)
  end
end

--- Checks a spec, against a net if there is one.
-- @param spec as in `nac.quant.prepare`
-- @param[opt] layers of the net
-- @return nothing; raises a text without a position
function M.check(spec, layers)
  if type(spec) ~= "table" then error("quant.prepare takes a table { total_bits =, int_bits =, ... }, got " .. type(spec), 0) end
  check_entry(spec, "the spec", true, top_keys)
  local kinds, names, seen = layers and {}, layers and {}, {}
  for _, layer in ipairs(layers or {}) do
    names[#names + 1] = layer.name
    if not seen[layer.kind] then kinds[#kinds + 1] = layer.kind end
    seen[layer.kind] = true
  end
  check_named(spec.kinds, kinds, "layer kind of this net", "kinds")
  check_named(spec.layers, names, "layer of this net", "layers")
end

-- Biases and the output have sizes of their own: of entries that do not name them only the modes count.
local modes = { "int_bits_exclude_sign", "rounding", "overflow" }

-- Takes over what an entry says of a role; nil where it says that the role stays float.
local function take(into, entry, role)
  if entry == nil then return into end
  local own = entry and entry[role]
  if entry == false or own == false then return nil end
  into = into or {}
  for _, key in ipairs((role == "biases" or role == "output") and modes or pair_keys) do
    if entry[key] ~= nil then into[key] = entry[key] end
  end
  if own == nil then return into end
  for _, key in ipairs(own ~= true and pair_keys or {}) do
    if own[key] ~= nil then into[key] = own[key] end
  end
  into.given = true
  return into
end

--- What the spec says for a role of a layer: the layer's entry over the kind's over the net's.
-- @param spec checked
-- @param role one of `roles`
-- @param[opt] layer a layer of the net
-- @return table of pair keys (`given`: the role itself was named); or nil: it stays float
function M.find(spec, role, layer)
  local found = take({}, spec, role)
  if layer then
    if spec.kinds then found = take(found, spec.kinds[layer.kind], role) end
    if spec.layers then found = take(found, spec.layers[layer.name], role) end
  end
  return found
end

--- What the spec says for a value: as `find`; an output without bits of its own has those of activations.
-- @param spec checked
-- @param entry of `places.values`
-- @return table of pair keys, or nil: it stays float
function M.find_value(spec, entry)
  local pair = M.find(spec, entry.role, entry.layer)
  if entry.role ~= "output" or not pair then return pair end
  if not pair.given then return nil end
  return pair.total_bits and pair or M.find(spec, "activations", entry.layer)
end

--- The format of a pair.
-- @param pair of `find`, with total_bits
-- @param integer bits before the point, the sign among them
-- @param signed whether it has a sign
-- @return a format
function M.format(pair, integer, signed)
  return cquant.format {
    width = pair.total_bits, integer = integer, signed = signed, rounding = pair.rounding or "RND_CONV", overflow = pair.overflow or "SAT",
  }
end

--- The integer bits that a pair states, the sign among them where there is one.
-- @param where for the message
function M.integer_bits(pair, signed, where)
  local int = pair.int_bits
  if pair.int_bits_exclude_sign and signed then int = int + 1 end
  if int > pair.total_bits then refuse(where, "%d integer bits of %d", int, pair.total_bits) end
  return int
end

--- Raises unless the pair has both of its numbers.
function M.complete(pair, where)
  if not pair.total_bits then refuse(where, "total_bits is missing") end
  if not pair.int_bits then refuse(where, "int_bits is missing; a number or \"auto\"") end
end

return M
