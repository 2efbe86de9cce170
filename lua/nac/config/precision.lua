--- The keys of number formats in configurations: what `nac.quant.prepare` takes.
local spec = require "nac.quant.spec"
local words = require "nac.config.words"

local M = {}

local set = words.set

local bits = { min = 1, max = 64 }

--- Keys of a bare pair.
function M.pair()
  return {
    { key = "total_bits", kind = "integer", min = bits.min, max = bits.max, required = true, doc = "Width, in bits." },
    { key = "int_bits", kind = "integer", min = -bits.max, max = bits.max, required = true,
      doc = "Of these, integer bits with the sign." },
  }
end

--- What `int_bits` may be beside a number.
M.integer_words = { "auto", "learned" }

-- The keys of a number format, above `int_bits` as they stand in a pair.
local function format_keys()
  local keys = M.pair()
  keys[2].or_words = M.integer_words
  keys[2].doc = "Of these, integer bits with the sign; `auto` chooses them for each tensor from the data, `learned` trains each tensor's step, "
    .. "a power of two, with the weights (docs/quantisation.md)."
  for _, row in ipairs {
    { key = "int_bits_exclude_sign", kind = "boolean", doc = "`int_bits` counts bits beside the sign, as QKeras does." },
    { key = "signed", kind = "boolean", doc = "Whether there is a sign. Default: where numbers can be negative." },
    { key = "rounding", kind = "word", words = set("rounding", spec.roundings), doc = "AMD's rounding mode. Default: RND_CONV." },
    { key = "overflow", kind = "word", words = set("overflow mode", spec.overflows), doc = "AMD's overflow mode. Default: SAT." },
    { key = "method", kind = "word", words = set("calibration method", spec.methods), doc = "How `auto` chooses. Default: mse." },
    { key = "percentile", kind = "number", above = 0, max = 1, doc = "Part of the numbers that must be in range, for method percentile. Default: .999." },
    { key = "per", kind = "word", words = set("kind of format", spec.per), doc = "What has a format of its own among weights. Default: tensor." },
  } do
    keys[#keys + 1] = row
  end
  return keys
end

-- A format of a role, kind or layer: some of the keys, the others are those of the pair.
local function own_format(key, doc, more)
  local keys = format_keys()
  keys[1].required, keys[2].required = nil, nil
  table.move(more or {}, 1, #(more or {}), #keys + 1, keys)
  local flags = { [false] = true, text = " or false" }
  if key == "output" then flags = { [false] = true, [true] = true, text = " or true or false" } end
  return { key = key, kind = "section", keys = keys, optional = true, or_flags = flags, doc = doc,
    keys_text = "the keys above" .. (more and " and those of roles" or "") .. flags.text }
end

-- One key a role.
local function roles()
  local docs = {
    weights = "Of weights.", biases = "Of biases. Default: that of the sums they are added to.", activations = "Of values between layers.",
    input = "Of the input.", output = "Of the output; true: as values between layers. Default: not rounded.",
  }
  local keys = {}
  for i, role in ipairs(spec.roles) do keys[i] = own_format(role, docs[role] .. (i == 1 and " false: they stay float." or "")) end
  return keys
end

--- Keys of an entry of `precision_pairs`.
function M.keys()
  local keys = format_keys()
  table.move(roles(), 1, #spec.roles, #keys + 1, keys)
  for _, map in ipairs {
    { key = "kinds", by = "layer kind", doc = "Of layer kinds, as `{conv2d: {total_bits: 6}}`." },
    { key = "layers", by = "layer name", doc = "Of single layers, as `{dense1: {weights: {per: channel}}}`; the nearest word counts, key by key." },
  } do
    map.kind, map.of = "map", own_format(map.by, nil, roles())
    keys[#keys + 1] = map
  end
  return keys
end

return M
