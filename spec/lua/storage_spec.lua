local contract = require "spec.contract.storage"
local json = require "nac.util.json"
local memory = require "nac.storage.memory"
local nac = require "nac"
local proc = require "nac.c.proc"
local sqlite = require "nac.storage.sqlite"

local path = os.tmpname()
local function clean()
  for _, ending in ipairs { "", "-wal", "-shm", ".lock" } do os.remove(path .. ending) end
end

local in_memory
contract(function(fresh)
  if fresh then in_memory = memory.new() end
  return in_memory
end, { name = "memory" })

contract(function(fresh)
  if fresh then clean() end
  return assert(sqlite.new(path))
end, { name = "sqlite", persistent = true })

local function write(text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

local function run_sql(...)
  local connection = assert(require("DBI").Connect("SQLite3", path))
  connection:autocommit(true)
  local rows = {}
  for _, sql in ipairs { ... } do
    local statement = assert(connection:prepare(sql))
    assert(statement:execute())
    rows = {}
    if sql:find "^SELECT" or sql:find "^PRAGMA" then
      for row in statement:rows(true) do rows[#rows + 1] = row end
    end
    statement:close()
  end
  connection:close()
  return rows
end

describe("the SQLite storage", function()
  before_each(clean)
  after_each(clean)

  it("has the tables, columns and version that Optuna makes", function()
    assert(sqlite.new(path)):close()
    for line in io.lines "spec/golden/optuna_schema.txt" do
      local name, columns = line:match "^(%w+%w*[%w_]*): (.*)$"
      if name then
        local got = {}
        for i, row in ipairs(run_sql(("PRAGMA table_info(%s)"):format(name))) do
          got[i] = row.name .. " " .. row.type .. (row.notnull == 1 and " not null" or "")
        end
        assert.equal(columns, table.concat(got, ", "), name)
      end
    end
    assert.equal("v3.2.0.a", run_sql("SELECT version_num FROM alembic_version")[1].version_num)
    assert.equal(12, run_sql("SELECT schema_version FROM version_info")[1].schema_version)
  end)

  it("reads a study that Optuna wrote", function()
    local file <close> = assert(io.open "spec/golden/optuna_study.sql")
    local statements = {}
    for statement in file:read("a"):gsub("%-%-[^\n]*\n", ""):gmatch "%s*(.-);\n" do statements[#statements + 1] = statement end
    run_sql(table.unpack(statements))
    local storage <close> = setmetatable({}, { __close = function(s) s[1]:close() end })
    storage[1] = assert(sqlite.new(path))
    local stored = assert(storage[1]:open { name = "a" })
    assert.same({ { name = "acc", direction = "maximize" }, { name = "bops", direction = "minimize" } }, stored.meta.objectives)
    assert.equal(4, #stored.records)
    assert.same({ "x", "y", "c", "z" }, stored.records[1].order)
    assert.same({ x = 1.5, y = 2, c = true, z = 0.0 }, stored.records[1].params)
    assert.same({ acc = 1.5, bops = 2.0 }, stored.records[1].values)
    assert.same({ u = { a = 1 } }, stored.records[1].attrs)
    assert.same({ x = 1.5 }, stored.records[1].fixed)
    assert.equal("pruned", stored.records[3].state)
  end)

  it("stores a distribution as JSON with integers as integers and reals as reals", function()
    local study = nac.study { maximize = { "a" }, storage = path, sampler = "random" }
    study:optimize(function(t)
      t:choice("c", { 1, 2.0, true, "x" })
      return t:int("n", 1, 4) + t:float("x", 0, 2)
    end, { trials = 1 })
    study:close()
    local rows = run_sql "SELECT distribution_json AS d FROM trial_params ORDER BY param_id"
    assert.equal('{"attributes":{"choices":[1,2.0,true,"x"]},"name":"CategoricalDistribution"}', rows[1].d)
    assert.equal('{"attributes":{"high":4,"log":false,"low":1,"step":1},"name":"IntDistribution"}', rows[2].d)
    assert.equal('{"attributes":{"high":2.0,"log":false,"low":0.0},"name":"FloatDistribution"}', rows[3].d)
  end)

  it("refuses files of other programs, damaged ones and folders that are not there", function()
    write("not a database at all, but long enough to look at")
    local storage, message = sqlite.new(path)
    assert.is_nil(storage)
    assert.equal(path .. " is not an SQLite database", message)

    write("SQLite format 3\0" .. ("\255"):rep(5000))
    storage, message = sqlite.new(path)
    assert.is_nil(storage)
    assert.matches(path, message, 1, true)

    clean()
    run_sql "CREATE TABLE songs (title TEXT)"
    storage, message = sqlite.new(path)
    assert.is_nil(storage)
    assert.matches("of another program (its first table is 'songs')", message, 1, true)

    storage, message = sqlite.new "/nowhere/at/all/study.db"
    assert.is_nil(storage)
    assert.matches("/nowhere/at/all/study.db", message, 1, true)
  end)

  it("names the schema version that it does not know", function()
    assert(sqlite.new(path)):close()
    run_sql "UPDATE alembic_version SET version_num = 'v9.9'"
    local storage, message = sqlite.new(path)
    assert.is_nil(storage)
    assert.matches("schema version v9.9", message, 1, true)
  end)

  it("says which process holds the file", function()
    local r, w = proc.pipe()
    local pid = proc.fork()
    if pid == 0 then
      pcall(function()
        assert(sqlite.new(path))
        proc.send(w, "open")
        proc.sleep(60)
      end)
      proc.exit(0)
    end
    proc.read(r)
    local storage, message = sqlite.new(path)
    proc.kill(pid, "SIGKILL")
    proc.wait(pid, true)
    proc.close(r)
    proc.close(w)
    assert.is_nil(storage)
    assert.matches("in use by process " .. pid, message, 1, true)
    assert(sqlite.new(path)):close() -- free again: the holder is gone
  end)
end)

describe("JSON", function()
  it("keeps integers, reals and their last bit", function()
    for _, x in ipairs { 1, 1.0, .1, .1 + .2, 1 / 3, 1e300, -0.0, 2 ^ 53, math.mininteger, 5e-324 } do
      local y = json.decode(json.encode { x })[1]
      assert.equal(x, y)
      assert.equal(math.type(x), math.type(y))
    end
  end)

  it("writes values that JSON lacks as words and reads them back where numbers are due", function()
    assert.equal('["inf","-inf","nan"]', json.encode { 1 / 0, -1 / 0, 0 / 0 })
    assert.equal(math.huge, json.number "inf")
    assert.is_nil(json.number "about 3")
  end)

  it("refuses functions, cycles and text that is no JSON", function()
    assert.error_matches(function() json.encode { f = print } end, "no JSON form for a function")
    local t = {}
    t.t = t
    assert.error_matches(function() json.encode(t) end, "contains itself")
    assert.is_nil((json.decode "{"))
    assert.is_nil((json.decode "1 2"))
  end)
end)
