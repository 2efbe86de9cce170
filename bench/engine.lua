-- The engine's table: training and inference of the networks of bench/nets.lua,
-- one process and one thread, beside PyTorch (eager, fused Adam, inference_mode,
-- batches sliced from memory) where a Python with it is given. Both sides are
-- processes that take turns in one run; a number is the median of the turns, and
-- a share is of the machine's product of 1024 x 1024 matrices in the same turn.
-- usage: nac-lua bench/engine.lua [python] [name ...] [--compile] [--turns=5] [--seconds=.3]
package.path = "./?.lua;" .. package.path
local json = require "dkjson"
local bench = require "bench.support"
local nets = require "bench.nets"

local options, chosen, python = { turns = 5, seconds = .3 }, {}, nil
for _, word in ipairs(arg) do
  local key, value = word:match("^%-%-(%w+)=?(.*)$")
  if key then
    options[key] = tonumber(value) or true
  elseif word:find("/") then
    python = word
  else
    chosen[#chosen + 1] = nets.find(word)
  end
end
if #chosen == 0 then chosen = nets.list end

local self = require("lfs").symlinkattributes("/proc/self/exe", "target")
local OURS = ("OMP_NUM_THREADS=1 '%s' bench/side.lua"):format(self)
local THEIRS = python and ("OMP_NUM_THREADS=1 '%s' bench/peers/engine.py 2>/dev/null"):format(python)
local missed = {} -- floors that were not reached

local function start(command)
  local side = bench.peer(command)
  side.version = side.ask()
  return side
end

local function number(answer)
  return tonumber(answer) or error(answer, 0)
end

-- One measurement by our side or (with the whole network) by PyTorch's.
local function measure(side, what, net, compiled)
  return number(side.ask(json.encode { what = what, net = side.peer and net or net.name, seconds = options.seconds,
    compiled = compiled }))
end

local function push(list, value) list[#list + 1] = value end

local function short(rate) return rate >= 1e6 and ("%.2f M"):format(rate / 1e6) or ("%.1f k"):format(rate / 1e3) end

-- Prints how a number stands to its floor.
local function verdict(what, reached, floor, format)
  if not floor then return "" end
  local ok = reached >= floor
  if not ok then missed[#missed + 1] = what end
  return (" (>= " .. format .. " %s)"):format(floor, ok and "ok" or "MISSED")
end

local function sgemm(side) return number(side.ask '{"what":"sgemm"}') end

-- Turns of both sides on one network; medians of samples/s, of the ratios, and of our share of sgemm.
local function turns(what, net, flop, ours, theirs)
  local us, them, ratio, compiled, share = {}, {}, {}, {}, {}
  for _ = 1, options.turns do
    local before = sgemm(ours)
    push(us, measure(ours, what, net))
    push(share, us[#us] * flop / 1e9 / ((before + sgemm(ours)) / 2))
    if theirs then
      push(them, measure(theirs, what, net))
      push(ratio, us[#us] / them[#them])
    end
  end
  if theirs and options.compile then -- a minute or two of compiling a network
    for _ = 1, options.turns do push(compiled, measure(theirs, what, net, true)) end
  end
  local function median(list) return list[1] and bench.summary(list).median end
  return { us = median(us), them = median(them), ratio = ratio[1] and bench.summary(ratio), compiled = median(compiled),
           share = median(share) }
end

local function row(what, net, ours, theirs)
  local flop = what == "train" and net.flop or nets.inference_flop(net)
  local ok, r = pcall(turns, what, net, flop, ours, theirs)
  local name = ("%-42s %5d"):format(net.title, net.batch)
  if not ok then
    print(name .. "  " .. tostring(r))
    missed[#missed + 1] = ("%s of %s %d"):format(what, net.title, net.batch)
    return
  end
  local line = ("%s %9s %7.1f %5.0f %%"):format(name, short(r.us), r.us * flop / 1e9, 100 * r.share)
  local label = ("%s %s %d"):format(what, net.title, net.batch)
  if what == "train" and net.share then line = line .. verdict(label .. ": share of sgemm", 100 * r.share, 100 * net.share, "%.0f %%") end
  if r.them then
    line = line .. (" %9s %6.2f x [%.2f to %.2f]"):format(short(r.them), r.ratio.median, r.ratio.min, r.ratio.max)
    if what == "train" then
      line = line .. verdict(label .. ": times PyTorch", r.ratio.median, net.floor, "%g x")
    else -- 3 times PyTorch or 65 % of sgemm, whichever is lower
      line = line .. verdict(label, math.max(r.ratio.median / 3, r.share / .65), 1, "%g of the floor")
    end
  end
  if r.compiled then line = line .. (" compiled %s"):format(short(r.compiled)) end
  print(line)
end

-- The largest size of a process that trains, and by how much its largest batch
-- made it grow. Growth counts as missed only where it is more than small change:
-- a process's heap keeps room of its own.
local function memory(net)
  local function size(command, named)
    local side = start(command)
    local total, growth = side.ask(json.encode { what = "memory", net = named }):match("^(%d+) (%-?%d+)$")
    side.close()
    return tonumber(total) / 1e6, tonumber(growth) / 1e6
  end
  local us, growth = size(OURS, net.name)
  local line = ("%-42s %5d %9.1f %9.1f"):format(net.title, net.batch, us, growth)
  if THEIRS then
    local them, their_growth = size(THEIRS, net)
    line = line .. ("   %9.1f %9.1f%s"):format(them, their_growth, verdict("memory of " .. net.title .. " " .. net.batch,
      math.min(them / us, growth > 8 and their_growth / growth or 1), 1, "%g x"))
  end
  print(line)
end

-- Two processes at once against one alone, in turns; and how sgemm itself fares so,
-- which is the most that this machine's two CPUs give at the moment.
local function two_workers(net)
  local a, b, ratio, bound = start(OURS), start(OURS), {}, {}
  local line = json.encode { what = "train", net = net.name, seconds = options.seconds * 2 }
  local function together(ask, list)
    local alone = number(a.ask(ask))
    a.tell(ask)
    b.tell(ask)
    push(list, (number(a.hear()) + number(b.hear())) / alone)
  end
  a.ask(line)
  b.ask(line)
  for _ = 1, options.turns do
    together(line, ratio)
    together('{"what":"sgemm"}', bound)
  end
  a.close()
  b.close()
  local s = bench.summary(ratio)
  print(("%-42s %5d %6.2f x [%.2f to %.2f]%s; two sgemm %.2f x"):format(net.title, net.batch, s.median, s.min, s.max,
    verdict(("two workers on %s %d"):format(net.title, net.batch), s.median, 1.8, "%g x"), bench.summary(bound).median))
end

bench.header("the engine, one process and thread a side", 1)
local ours, theirs = start(OURS), THEIRS and start(THEIRS)
if theirs then
  theirs.peer = true
  print(("beside %s, one thread; medians of %d turns of at least %.1f s [least to most]"):format(
    theirs.version, options.turns, options.seconds))
else
  print("no Python with PyTorch given: its columns are left out (make bench-peers)")
end
for _, what in ipairs { "train", "infer" } do
  print(("\n%-42s %5s %9s %7s %7s %s"):format(what == "train" and "training step, Adam" or "inference", "batch", "samples/s",
    "GFLOP/s", "of sgemm", theirs and "   PyTorch   ratio" or ""))
  for _, net in ipairs(chosen) do row(what, net, ours, theirs) end
end
ours.close()
if theirs then theirs.close() end
print(("\n%-42s %5s %9s %9s%s"):format("peak memory, MB", "batch", "process", "growth", THEIRS and "     PyTorch    growth" or ""))
for _, net in ipairs(chosen) do
  local ok, message = pcall(memory, net)
  if not ok then print(("%-42s %5d  %s"):format(net.title, net.batch, message)) end
end
print("\ntwo processes at once against one")
for _, net in ipairs(chosen) do
  local ok, message = pcall(two_workers, net)
  if not ok then print(("%-42s %5d  %s"):format(net.title, net.batch, message)) end
end
print(#missed == 0 and "\nevery floor is reached" or "\nnot reached:\n  " .. table.concat(missed, "\n  "))
