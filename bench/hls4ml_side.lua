-- Firmware of 16-64-32-32-5 at 8 bits: how long it takes to write, to compile and to simulate 1000 samples,
-- beside hls4ml (Vitis back end: convert; write and compile, one call; predict) where a Python with it is given. Both compare nothing but
-- wall time here; spec/interop shows that their logits are equal. Turns alternate; a number is the median of them.
-- usage: nac-lua bench/hls4ml_side.lua [python] [--turns=3]
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"
local file = require "nac.util.file"
local nac = require "nac"
local nn = nac.nn

local SEED, SAMPLES = 1, 1000
local turns, python = 3, nil
for _, word in ipairs(arg) do
  if word:find "^%-%-turns=" then turns = math.tointeger(tonumber(word:match "=(.*)")) else python = word end
end

local folder = os.tmpname()
os.remove(folder)
assert(file.make_directory(folder))

local arch = nn.sequential { input = { 16 }, nn.dense { units = 64 }, nn.relu {}, nn.dense { units = 32 }, nn.relu {}, nn.dense { units = 32 },
  nn.relu {}, nn.dense { units = 5 } }
local x = nac.tensor.randn({ SAMPLES, 16 }, { seed = SEED })
local q = nac.quant.prepare(arch:build { seed = SEED }, { total_bits = 8, int_bits = "auto", data = x, quiet = true })
local on_grid = q:quantiser(1)[1]:apply(x)
assert(nac.qonnx.write(q, folder .. "/net.onnx"))
assert(nac.npz.write(folder .. "/net.npz", { { name = "x", tensor = on_grid }, { name = "y", tensor = (nac.quant.lower(q):run(on_grid)) } }))

local function timed(f)
  local begun = bench.clock()
  f()
  return bench.clock() - begun
end

local function shell(command) assert(os.execute(command .. " >/dev/null"), command) end

-- Seconds to write, compile and run our project.
local function ours(turn)
  local dir = ("%s/ours%d"):format(folder, turn)
  local steps = {}
  steps[1] = timed(function() assert(nac.hls.write(q, dir, { part = "xcvu13p-flga2577-2-e", data = on_grid })) end)
  steps[2] = timed(function() shell(("make -s -C '%s' build/csim"):format(dir)) end)
  local said
  steps[3] = timed(function() said = assert(nac.hls.csim(dir)) end)
  assert(said:find(" 0 mismatches", 1, true), said)
  return steps
end

local function medians(list)
  local out = {}
  for step = 1, 3 do
    local numbers = {}
    for i, steps in ipairs(list) do numbers[i] = steps[step] end
    out[step] = bench.summary(numbers).median
  end
  out[4] = out[1] + out[2] + out[3]
  return out
end

bench.header("firmware of 16-64-32-32-5, 8 bit, 1000 samples: seconds", SEED)
local mine, theirs = {}, {}
local peer = python and bench.peer(("'%s' bench/peers/hls_convert.py '%s' 2>/dev/null"):format(python, folder))
local version = peer and peer.ask()
for turn = 1, turns do
  mine[turn] = ours(turn)
  if peer then
    local words = {}
    for word in peer.ask(tostring(turn)):gmatch "%S+" do words[#words + 1] = tonumber(word) or error("the peer says " .. word) end
    theirs[turn] = words
  end
end
local function line(name, steps) print(("%-14s  write %6.3f  compile %6.2f  simulate %6.3f  in all %6.2f"):format(name, table.unpack(steps))) end
local m = medians(mine)
line("nac-lua", m)
if peer then
  peer.close()
  local t = medians(theirs)
  line(version, t)
  print(("in all, theirs / ours: %.2f (>= 1 %s)"):format(t[4] / m[4], t[4] >= m[4] and "ok" or "MISSED"))
end
shell("rm -rf '" .. folder .. "'")
