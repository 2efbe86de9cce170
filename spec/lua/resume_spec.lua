local proc = require "nac.c.proc"

local TRIALS, KILLS = 24, 4

-- The search, as a script of its own: logs each trial that it starts, and prints the
-- values at the end.
local script = [[
local nac, proc = require "nac", require "nac.c.proc"
local storage, log, pause, workers, sampler = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4]), arg[5]
local study = nac.study {
  maximize = { "gain" }, minimize = { "price" }, sampler = sampler == "tpe" and { "tpe", startup = 4 } or sampler, seed = 7,
  population = 5, lag = 5,
  storage = storage ~= "none" and storage or nil, resume = true, artifacts = log .. "_files",
}
study:optimize(function(t)
  local x, n, c = t:float("x", 0, 1), t:int("n", 1, 9), t:choice("c", { "a", "b" })
  local f <close> = assert(io.open(log, "a"))
  f:write(t.number, "\n")
  f:flush()
  proc.sleep(pause)
  t:keep(function(path)
    for _, ending in ipairs { ".half", "" } do
      local file <close> = assert(io.open(path .. ending, "w"))
      file:write(t.number)
      file:flush()
      proc.sleep(pause / 4)
    end
    os.remove(path .. ".half")
  end)
  if n == 9 then error "nine" end
  return { gain = x * (c == "a" and 1 or 2), price = n + x }
end, { trials = 24, workers = workers })
for _, r in ipairs(study:trials()) do
  local v = r.values or {}
  print(r.number, r.state, ("%.17g %d %s"):format(r.params.x, r.params.n, r.params.c), v.gain, v.price, r.seed)
end
study:close()
local kept, front = {}, {}
for _, r in ipairs(study:front()) do front[#front + 1] = ("trial_%d.npz"):format(r.number) end
for name in require("lfs").dir(log .. "_files") do
  if name ~= "." and name ~= ".." then
    kept[#kept + 1] = name
    os.remove(log .. "_files/" .. name)
  end
end
table.sort(kept)
table.sort(front)
assert(table.concat(kept, " ") == table.concat(front, " "))
os.remove(log .. "_files")
print(table.concat(kept, " "))
]]

local base = os.tmpname()
local interpreter = require("lfs").symlinkattributes("/proc/self/exe", "target")

local function lines_of(path)
  local n = 0
  local file = io.open(path)
  for _ in file and file:lines() or function() end do n = n + 1 end
  if file then file:close() end
  return n
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function command(sampler, storage, log, pause, workers, output)
  return ("exec %s %s %s %s %s %d %s >%s 2>&1"):format(interpreter, base .. ".lua", storage, log, pause, workers, sampler, output)
end

describe("a study on SQLite", function()
  after_each(function()
    for _, ending in ipairs { "", ".lua", ".db", ".db-wal", ".db-shm", ".db.lock", ".log", ".log0", ".out", ".out0" } do
      os.remove(base .. ending)
    end
  end)

  for _, sampler in ipairs { "nsga2", "tpe" } do
    it("with sampler " .. sampler .. " killed four times and resumed equals an undisturbed run, each trial once", function()
      local file = assert(io.open(base .. ".lua", "w"))
      file:write(script)
      file:close()
      assert(os.execute(command(sampler, "none", base .. ".log0", 0, 0, base .. ".out0")))

      local database, log, output = base .. ".db", base .. ".log", base .. ".out"
      for kill = 1, KILLS do
        local goal = kill * 5
        local pipe = assert(io.popen(("exec sh -c 'echo $$; %s'"):format(command(sampler, database, log, ".015", 2, output))))
        local pid = assert(pipe:read "n")
        local begun = proc.clock()
        while lines_of(log) < goal and proc.clock() - begun < 30 do proc.sleep(.002) end
        assert.is_true(proc.kill(pid, "SIGKILL"))
        pipe:close()
      end
      assert(os.execute(command(sampler, database, log, 0, 2, output)), output)
      assert.equal(read(base .. ".out0"), read(output))
      assert.is_true(lines_of(log) > TRIALS) -- some did run again
      assert.is_nil(io.open(database .. ".lock"))

      local connection = assert(require("DBI").Connect("SQLite3", database))
      local statement = assert(connection:prepare "SELECT number, state FROM trials ORDER BY number")
      assert(statement:execute())
      local n = 0
      for row in statement:rows(true) do
        assert.equal(n, row.number)
        assert.is_true(row.state == "COMPLETE" or row.state == "FAIL")
        n = n + 1
      end
      statement:close()
      connection:close()
      assert.equal(TRIALS, n)
    end)
  end

  it("refuses to go on with another seed, sampler or objective, naming both", function()
    local nac = require "nac"
    local database = base .. ".db"
    local function open(options)
      options.storage = database
      return nac.study(options)
    end
    local s = open { minimize = { "loss" }, seed = 3, lag = 2 }
    s:optimize(function(t) return t:float("x", 0, 1) end, { trials = 2 })
    s:close()
    assert.error_matches(function() open { minimize = { "loss" }, seed = 3 } end, "exists already with 2 trials: resume = true")
    assert.error_matches(function() open { minimize = { "loss" }, seed = 4, resume = true } end, "made with seed 3, now 4")
    assert.error_matches(function() open { minimize = { "loss" }, seed = 3, sampler = "nsga2", resume = true } end,
      "sampler random, now nsga2")
    assert.error_matches(function() open { maximize = { "loss" }, seed = 3, resume = true } end,
      "objectives minimize loss, now maximize loss")
    assert.error_matches(function() open { minimize = { "loss" }, seed = 3, lag = 5, resume = true } end, "lag 2, now 5")
    assert.error_matches(function() open { minimize = { "loss" }, seed = 3, sampler = { "random", power = 2 }, resume = true } end,
      'sampler options none, now {"power":2}', 1, true)
    s = open { minimize = { "loss" }, seed = 3, resume = true } -- the lag is taken from the file
    assert.equal(2, s.lag)
    assert.equal(2, #s:trials())
    s:close()
  end)

  it("makes a new study where there is nothing to resume", function()
    local s = require "nac".study { minimize = { "loss" }, storage = base .. ".db", resume = true }
    s:optimize(function(t) return t:float("x", 0, 1) end, { trials = 1 })
    assert.equal(1, #s:trials())
    s:close()
  end)
end)
