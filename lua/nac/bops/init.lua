--- Bit operations (BOPs) under several published definitions; docs/bops.md has
-- each with its formula, source and an example.
-- A definition is one file of this folder, or a row added with `bops.register`.
local arch = require "nac.arch"
local enum = require "nac.util.enum"
local widths = require "nac.bops.widths"

local M = {}

local rows, order = {}, {}

--- Adds a definition.
-- @param name the word for `definition`
-- @param row a table with
--   bits      default width, in bits
--   fixed_bits  true where the width is part of the definition
--   term(term, o) -> BOPs of one cost term of a net (docs/formats.md), or
--   describe(desc, o) -> list of {layer=, kind=, bops=}, list of notes:
--     for definitions that are given on an architecture description
--   `o` holds weight_bits, act_bits, sparsity (0..1), and the caller's options
function M.register(name, row)
  if type(name) ~= "string" or type(row) ~= "table" or not (row.term or row.describe) then
    error("nac.bops.register: a name and a table with term or describe are expected", 2)
  end
  if not rows[name] then order[#order + 1] = name end
  rows[name] = row
end

for _, name in ipairs { "exact", "hawks2021", "ebops", "snac-pack", "nac", "nac-2024" } do
  M.register(name, require("nac.bops." .. name:gsub("-", "_")))
end

--- The names of all definitions.
function M.definitions() return { table.unpack(order) } end

local function positive_bits(value, what)
  if math.type(value) ~= "integer" or value < 1 or value > 64 then
    error(("nac.bops: %s must be an integer from 1 to 64, not %s"):format(what, tostring(value)), 4)
  end
  return value
end

-- Checked options with defaults.
local function options_of(given)
  given = given or {}
  local name = given.definition or "exact"
  enum.check(name, order, "BOPs definition", 4)
  local row = rows[name]
  local bits = positive_bits(given.bits or row.bits or 8, "bits")
  local sparsity = given.sparsity or 0
  if type(sparsity) ~= "number" or not (sparsity >= 0 and sparsity <= 1) then
    error(("nac.bops: sparsity must be from 0 to 1, not %s"):format(tostring(sparsity)), 4)
  end
  local o = setmetatable({
    definition = name, sparsity = sparsity, given_bits = (given.bits or given.weight_bits or given.act_bits) ~= nil,
    weight_bits = positive_bits(given.weight_bits or bits, "weight_bits"),
    act_bits = positive_bits(given.act_bits or bits, "act_bits"),
  }, { __index = given })
  return o, row
end

--- What is known about a definition.
-- @param name the word for `definition`
-- @return {bits = default width, fixed_bits = whether that width is its own,
-- whatever the firmware's, describes = whether it counts descriptions, not nets}
function M.info(name)
  local row = rows[enum.check(name, order, "BOPs definition", 2)]
  return { bits = row.bits or 8, fixed_bits = row.fixed_bits or false, describes = row.describe ~= nil }
end

-- "description", "arch" or "net", by what it can do.
local function kind_of(what)
  if type(what) == "table" and what.components then return "description" end
  local ok, is_net = pcall(function() return what.cost ~= nil end)
  if ok and is_net then return "net" end
  local fine, is_arch = pcall(function() return what.net ~= nil end)
  if fine and is_arch then return "arch" end
  error(("nac.bops: an architecture, a net or a description is expected, not a %s"):format(type(what)), 4)
end

-- A net's dense layers as components, for definitions on descriptions.
local function described(net, name)
  local desc = { components = {}, built = true }
  for _, term in ipairs(net:cost()) do
    if term.op == "matmul_const" then
      if term.kind ~= "dense" or term.positions ~= 1 then
        error(("nac.bops: '%s' counts an architecture description; layer '%s' of a net is beyond it"):format(name, term.layer), 4)
      end
      desc.input_shape = desc.input_shape or { term.fan_in }
      table.insert(desc.components, {
        block_type = "MLP", name = term.layer, params = { widths = { term.fan_in, term.weights // term.fan_in } },
      })
    end
  end
  return desc
end

--- BOPs layer by layer.
-- @param what an `nn` arch, a net, or a description (`nac.arch`)
-- @param[opt] options {definition = "exact", bits = 8 (or weight_bits, act_bits; by default those of a quantised net's formats),
-- sparsity = 0 (part of the weights that is zero), model_type (snac-pack),
-- precision = "ap_fixed<8,3>" (ebops of a net with weights)}
-- @return {definition=, weight_bits=, act_bits=, total=, rows={{layer=, kind=,
-- bops=}}, notes={text}}
function M.table(what, options)
  local o, row = options_of(options)
  local kind = kind_of(what)
  local out = { definition = o.definition, weight_bits = o.weight_bits, act_bits = o.act_bits, total = 0, notes = {} }
  if row.describe then
    local desc = what
    if kind ~= "description" then desc = described(kind == "arch" and what:net() or what, o.definition) end
    local notes
    out.rows, notes = row.describe(desc, o)
    out.notes = notes or out.notes
  else
    if kind == "description" then what, kind = arch.to_nn(what, { head = true }), "arch" end
    local net = kind == "arch" and what:net() or what
    o.net = net
    out.rows = {}
    local own = widths.of(net, o)
    for i, term in ipairs(net:cost()) do
      out.rows[i] = { layer = term.layer, kind = term.kind, bops = row.term(term, own and own(term) or o) }
    end
  end
  for _, each in ipairs(out.rows) do out.total = out.total + each.bops end
  return out
end

--- BOPs of a whole network for one input; arguments as `table`.
-- @return the number
function M.count(what, options) return M.table(what, options).total end

--- The options that a configuration asks for: `search.bops` at the width of
-- `hls_config.model.precision`; definitions of the predecessors at their own width.
-- @param cfg a configuration (`nac.config`)
-- @return options for `count` and `table`
function M.options(cfg)
  local name = cfg.search.bops
  local width = math.tointeger(tonumber(cfg.hls_config.model.precision:match "<(%d+)"))
  return {
    definition = name, bits = not rows[name].fixed_bits and width or nil,
    precision = cfg.hls_config.model.precision, model_type = cfg.search.model_type,
  }
end

return M
