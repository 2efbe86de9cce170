-- Wall clock and memory of t1's global search (3 trials, 2 epochs, 10 000
-- images, hardware metrics), from process start to the last picture, beside the
-- figure that was recorded for the predecessor.
-- usage: nac-lua bench/t1_search.lua
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"

local SEED, TURNS = 1, 5
-- SNAC-Pack's t1, recorded on 2026-11-21 on 2 virtual cores (Cascade Lake 2.5
-- GHz): 10 s of imports and 25 s of global search. Not measured in this run.
local RECORDED = 35

local self = require("lfs").symlinkattributes("/proc/self/exe", "target")
local folder = os.tmpname()
os.remove(folder)

-- Seconds, and the resident megabytes of the largest process.
local function search(options)
  local command = ("/usr/bin/time -o %s.time -f %%M '%s' search experiments/t1.yaml --trials 3 --epochs 2 --seed %d "
    .. "--sample --quiet --results %s %s"):format(folder, self, SEED, folder, options)
  local start = bench.clock()
  assert(os.execute(command), "the search failed: " .. command)
  local seconds = bench.clock() - start
  local file <close> = assert(io.open(folder .. ".time"))
  local megabytes = file:read("n") / 1024
  os.execute("rm -rf " .. folder .. " " .. folder .. ".time")
  return seconds, megabytes
end

local function measure(name, options)
  local times, peak = {}, 0
  for turn = 1, TURNS do
    local megabytes
    times[turn], megabytes = search(options)
    peak = math.max(peak, megabytes)
  end
  local s = bench.summary(times)
  print(("%-18s %.3f s (%.3f to %.3f over %d runs), peak %.0f MB; the recorded %d s are %.0f times as long"):format(
    name, s.median, s.min, s.max, TURNS, peak, RECORDED, RECORDED / s.median))
end

-- Milliseconds from process start to the start of the first trial: until its end
-- is reported, less the seconds that it took.
local function first_trial()
  local times = {}
  for turn = 1, TURNS do
    local start = bench.clock()
    local pipe = assert(io.popen(("'%s' search experiments/t1.yaml --trials 3 --epochs 2 --seed %d --workers 1 --sample "
      .. "--log json --no-pictures --results %s"):format(self, SEED, folder)))
    for line in pipe:lines() do
      if not times[turn] and line:find('"event":"trial"', 1, true) then
        times[turn] = 1e3 * (bench.clock() - start - tonumber(line:match('"seconds":([%d.e-]+)')))
      end
    end
    pipe:close()
    os.execute("rm -rf " .. folder)
  end
  local s = bench.summary(times)
  print(("start to first trial %.0f ms (%.0f to %.0f over %d runs)"):format(s.median, s.min, s.max, TURNS))
end

bench.header("t1's global search: 3 trials, 2 epochs, 10 000 images, hardware metrics", SEED)
print("predecessor: a recorded figure, from another machine of this size (2 virtual cores), not part of this run")
measure("with pictures", "")
measure("without pictures", "--no-pictures")
first_trial()
