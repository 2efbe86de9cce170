--- Totals of boards and parts. A row: name, other names, part, lut, ff, dsp,
-- bram (blocks of 18 Kb), uram (288 Kb).
-- Sources: AMD's data sheets DS190 (Zynq-7000), DS891 (Zynq UltraScale+), DS889
-- (RFSoC), DS962, DS963, DS978 (Alveo), DS890 (UltraScale, UltraScale+): device
-- totals, not what a shell leaves free.
local words = require "nac.config.words"

local M = {}

M.list = {
  { name = "pynq-z2", part = "xc7z020clg400-1", lut = 53200, ff = 106400, dsp = 220, bram = 280, uram = 0 },
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

--- The row of a board.
-- @param name a name in any letter case, "zcu102", "Alveo-U200", "u200"
-- @return the row, or nil and a message that lists the boards
function M.find(name)
  local found, why = words.find(M.words, name)
  if not found then return nil, why end
  for _, board in ipairs(M.list) do
    if board.name == found then return board end
  end
end

return M
