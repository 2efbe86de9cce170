--- Prints docs/config.md from the schema:
-- `nac-lua -e 'io.write(require("nac.config.doc").markdown())' > docs/config.md`
local schema = require "nac.config.schema"
local words = require "nac.config.words"

local M = {}

local function choices(rule)
  local set = type(rule.words) == "function" and rule.words() or rule.words
  local text = table.concat(words.list(set), ", ")
  return rule.files and ("%s, or a .%s file"):format(text, rule.files) or text
end

local function range_text(rule)
  local text = ""
  if rule.above then text = (" above %s"):format(rule.above) end
  if rule.min then text = (" from %s"):format(rule.min) end
  if rule.max then text = text .. (" to %s"):format(rule.max) end
  return text
end

local kinds = {
  integer = function(rule) return "integer" .. range_text(rule) .. (rule.or_words and ", or " .. table.concat(rule.or_words, " or ") or "") end,
  number = function(rule) return "number" .. range_text(rule) end,
  boolean = function() return "true, false" end,
  string = function() return "text" end,
  path = function() return "path" end,
  any = function() return "anything" end,
  precision = function() return "ap_fixed<W,I>" end,
  section = function(rule) return rule.keys_text or "keys below" end,
  word = choices,
}

local function kind_text(rule)
  if rule.kind == "values" then
    local range = (rule.of.kind == "number" or rule.of.kind == "integer") and "; {min, max, log}" or ""
    return ("list of: %s%s"):format(kind_text(rule.of), range)
  end
  if rule.kind == "map" then return ("by %s: %s"):format(rule.by, kind_text(rule.of)) end
  if rule.kind ~= "list" then return kinds[rule.kind](rule) end
  if rule.most then return ("list of %d: %s"):format(rule.most, kind_text(rule.of)) end
  return "list of: " .. kind_text(rule.of)
end

local function default_text(rule)
  if rule.required then return "needed" end
  local value = rule.default
  if type(value) == "function" then value = value() end
  if value == nil then return "" end
  if type(value) ~= "table" then return "`" .. tostring(value) .. "`" end
  local items = {}
  for i, item in ipairs(value) do
    items[i] = type(item) == "table" and ("{total_bits: %d, int_bits: %d}"):format(item.total_bits, item.int_bits) or tostring(item)
  end
  return "`[" .. table.concat(items, ", ") .. "]`"
end

local function cell(text) return (text:gsub("|", "\\|"):gsub("<", "&lt;")) end

local function rows(out, keys, prefix)
  for _, rule in ipairs(keys) do
    local name = prefix .. rule.key
    local doc = rule.doc or ""
    if rule.also then doc = ("%s Also called %s."):format(doc, table.concat(rule.also, ", ")) end
    out[#out + 1] = ("| `%s` | %s | %s | %s |"):format(name, cell(kind_text(rule)), default_text(rule), cell(doc))
    local inner = rule.kind == "section" and not rule.keys_text and rule.keys or rule.kind == "list" and rule.of.kind == "section" and rule.of.keys
    if inner then rows(out, inner, name .. (rule.kind == "list" and "[]." or ".")) end
  end
end

local head = [[
# Configuration files

Printed from `lua/nac/config/schema.lua` by `lua/nac/config/doc.lua`; edit there.

A configuration is one YAML file of the sections below. What is checked before anything runs: unknown keys, wrong types and
impossible values are refused with file, line, key and the nearest valid one. A key without a value (null) counts as left out.

- Spelling: letter case, `_` and `-` do not count in words (`ReLU`, `LeakyReLU`, `Latency`); `Identity` and `linear` are the same;
  in `norm_space`, `null` is no normalisation.
- Numbers: `1e-3` is a number here, although YAML 1.1 readers such as PyYAML take it for a text; write `1.0e-3` for both. Numbers with
  leading zeros (`010`) and with colons (`1:30`) are taken for texts and so refused where a number is expected.
- Anchors, aliases and merge keys (`<<`) work. A key may stand once. One document a file, at most 4 MiB, 64 levels, 100 000 values.
- Paths of files that are read resolve against the configuration's folder first, then the current one; results are written below the
  current folder.
- Section `local_search` is run by `nac-lua local` (docs/local_search.md), `tuning` by `nac-lua tune`, `synthesis` by `nac-lua synth` (docs/synthesis.md).
]]

--- The text of docs/config.md.
function M.markdown()
  local out = { head }
  for _, section in ipairs(schema) do
    out[#out + 1] = ("## %s\n\n%s%s\n"):format(section.key, section.doc, section.required and " Needed." or "")
    out[#out + 1] = "| key | value | default | meaning |\n|---|---|---|---|"
    rows(out, section.keys, "")
    out[#out + 1] = ""
  end
  return table.concat(out, "\n")
end

return M
