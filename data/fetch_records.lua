--- Data sets that are too large or too rarely needed for `make data`: fetched only when named.
--     build/nac-lua data/fetch.lua jets jets16
-- The archives say where a file lies and its md5; neither is written down here.
local json = require "nac.util.json"

local M = {}

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

-- A small answer of a server, as a table.
local function ask(tools, url, name)
  local path = tools.downloads .. "/" .. name
  os.remove(path)
  local ok, why = tools.download(url, path)
  if not ok then return nil, why end
  local answer = json.decode(read(path))
  return answer, not answer and url .. " did not answer in JSON" or nil
end

-- Downloads a file and compares its md5, where the archive tells one.
local function checked(tools, url, path, md5)
  local ok, why = tools.download(url, path)
  if not ok or not md5 then return ok, why end
  local pipe <close> = assert(io.popen("md5sum < " .. quote(path)))
  if pipe:read("l"):match("^%x+") == md5:lower() then return true end
  os.remove(path)
  return nil, "the md5 of " .. path .. " is wrong"
end

-- The hls4ml LHC jets with 150 constituents, about 4 GB packed: train/*.h5 and val/*.h5.
local function jets(tools, folder)
  local record, why = ask(tools, "https://zenodo.org/api/records/3602260", "zenodo_3602260.json")
  if not record then return nil, why end
  for _, part in ipairs { "train", "val" } do
    local name = ("hls4ml_LHCjet_150p_%s.tar.gz"):format(part)
    local entry
    for _, file in ipairs(record.files or {}) do
      if file.key == name then entry = file end
    end
    if not entry then return nil, ("Zenodo's record 3602260 has no %s"):format(name) end
    local path = tools.downloads .. "/" .. name
    local ok
    ok, why = checked(tools, entry.links.self, path, (entry.checksum or ""):match("^md5:(%x+)$"))
    if not ok then return nil, why end
    if not tools.run(("tar -xzf %s -C %s"):format(quote(path), quote(folder))) then return nil, path .. ": cannot be unpacked" end
  end
  return true
end

-- OpenML's hls4ml_lhc_jets_hlf: sixteen features of 830 000 jets.
local function jets16(tools, folder)
  local answer, why = ask(tools, "https://www.openml.org/api/v1/json/data/42468", "openml_42468.json")
  local set = answer and answer.data_set_description
  if not set then return nil, why or "OpenML does not know its set 42468" end
  if set.name ~= "hls4ml_lhc_jets_hlf" then return nil, ("OpenML's set 42468 is %s"):format(tostring(set.name)) end
  local path = tools.downloads .. "/hls4ml_lhc_jets_hlf.arff"
  local ok
  ok, why = checked(tools, set.url, path, set.md5_checksum)
  if not ok then return nil, why end
  return os.rename(path, folder .. "/hls4ml_lhc_jets_hlf.arff")
end

--- The sets: name -> { fetch = function(tools, folder) -> true or nil, message; ready = name or
-- pattern of what is in the folder then }.
M.sets = {
  jets = { fetch = jets, ready = { "train", "val" }, place = "Zenodo 3602260" },
  jets16 = { fetch = jets16, ready = { "hls4ml_lhc_jets_hlf.arff" }, place = "OpenML 42468" },
}

return M
