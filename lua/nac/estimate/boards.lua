--- Totals of boards and parts. A row: name, other names, part, lut, ff, dsp,
-- bram (blocks of 18 Kb), uram (288 Kb).
-- Sources: AMD's data sheets DS190 (Zynq-7000), DS891 (Zynq UltraScale+), DS889
-- (RFSoC), DS962, DS963, DS978 (Alveo), DS890 (UltraScale, UltraScale+): device
-- totals, not what a shell leaves free.
local check = require "nac.config.check"
local words = require "nac.config.words"
local yaml = require "nac.util.yaml"

local M = {}

-- A level of additions on 28 nm parts, as HLS schedules it (fit, docs/estimate.md); the others are as UltraScale+.
local SERIES_7_NS = 2.2

M.list = {
  { name = "pynq-z2", part = "xc7z020clg400-1", lut = 53200, ff = 106400, dsp = 220, bram = 280, uram = 0,
    level_ns = SERIES_7_NS },
  { name = "zcu102", part = "xczu9eg-ffvb1156-2-e", lut = 274080, ff = 548160, dsp = 2520, bram = 1824, uram = 0 },
  { name = "zcu111", part = "xczu28dr-ffvg1517-2-e", lut = 425280, ff = 850560, dsp = 4272, bram = 2160, uram = 80 },
  { name = "zcu216", part = "xczu49dr-ffvf1760-2-e", lut = 425280, ff = 850560, dsp = 4272, bram = 2160, uram = 80 },
  { name = "alveo-u200", aliases = { "u200" }, part = "xcu200-fsgd2104-2-e",
    lut = 1182240, ff = 2364480, dsp = 6840, bram = 4320, uram = 960 },
  { name = "alveo-u250", aliases = { "u250" }, part = "xcu250-figd2104-2L-e",
    lut = 1728000, ff = 3456000, dsp = 12288, bram = 5376, uram = 1280 },
  { name = "alveo-u280", aliases = { "u280" }, part = "xcu280-fsvh2892-2L-e",
    lut = 1303680, ff = 2607360, dsp = 9024, bram = 4032, uram = 960 },
  { name = "alveo-u55c", aliases = { "u55c" }, part = "xcu55c-fsvh2892-2L-e",
    lut = 1303680, ff = 2607360, dsp = 9024, bram = 4032, uram = 960 },
  { name = "vu13p", aliases = { "xcvu13p" }, part = "xcvu13p-flga2577-2-e",
    lut = 1728000, ff = 3456000, dsp = 12288, bram = 5376, uram = 1280 },
  { name = "ku115", aliases = { "xcku115" }, part = "xcku115-flvb2104-2-i",
    lut = 663360, ff = 1326720, dsp = 5520, bram = 4320, uram = 0 },
}

--- The board names and their other spellings, as `nac.config.words` wants them.
M.words = { what = "board" }
for i, board in ipairs(M.list) do
  M.words[i] = { board.name, table.unpack(board.aliases or {}) }
end

-- What a board file says.
local function total(key, doc) return { key = key, kind = "integer", min = 1, max = 100000000, required = true, doc = doc } end
local schema = {
  { key = "name", kind = "string", doc = "What reports call it. Default: the name of the file." },
  { key = "part", kind = "string", required = true, doc = "Part number with package and speed grade, as Vivado wants it." },
  total("lut", "Look-up tables."), total("ff", "Flip-flops."), total("dsp", "DSP slices."),
  total("bram", "Block RAMs of 18 Kb: two for each of 36 Kb."),
  { key = "uram", kind = "integer", min = 0, max = 1000000, default = 0, doc = "UltraRAMs (288 Kb)." },
  { key = "level_ns", kind = "number", min = 0.1, max = 20, doc = "Time of a level of additions with routing, in ns. Default: 1.4 (UltraScale+)." },
}

--- Reads a board of a user's own.
-- @param path a YAML file with the keys name, part, lut, ff, dsp, bram (18 Kb), uram
-- @return a row, as in `list`; or nil and "my_board.yaml:3: what is wrong"
function M.load(path)
  local value, doc = yaml.load(path)
  if value == nil then return nil, doc end
  local row, why = check.check(schema, value, doc)
  if not row then return nil, why end
  row.name = row.name or path:match "([^/]+)%.[^./]*$" or path
  return row
end

--- The row of a board.
-- @param name a name in any letter case, "zcu102", "Alveo-U200", "u200"; the path of a
-- board file (it ends in .yaml or .yml, or has a slash); or a row, which is handed back
-- @return the row, or nil and a message that lists the boards or says what the file lacks
function M.find(name)
  if type(name) == "table" then return name end
  if type(name) == "string" and (name:find "%.ya?ml$" or name:find("/", 1, true)) then return M.load(name) end
  local found, why = words.find(M.words, name)
  if not found then return nil, why .. "; or a board file of your own (.yaml)" end
  for _, board in ipairs(M.list) do
    if board.name == found then return board end
  end
end

return M
