-- Our side of bench/engine.lua: a process that answers a line with a number, as
-- bench/peers/engine.py does, so that both can take turns on one machine.
-- A line is a JSON object: what = "train" | "infer" | "memory" | "sgemm", net =
-- a network's name (ours) or all of it (the peer's), seconds = how long at least.
-- Answers: samples a second; two numbers of bytes; GFLOP/s; or "error ...".
package.path = "./?.lua;" .. package.path
local json = require "dkjson"
local nac = require "nac"
local nets = require "bench.nets"
local ctrain = require "nac.c.train"
local cplan = require "nac.c.plan"
local clock = require("nac.c.proc").clock

local SEED = 1
local answers, ready = {}, {}

local function trainer_of(net, built, rows, batch)
  return ctrain.new(built, { batch = batch, max_rows = rows, optimizer = "adam", seed = SEED,
    loss = net.task == "regression" and "mse" or "cross_entropy" })
end

-- The network with its data and trainer; the last one is kept.
local function prepared(name)
  if ready.name ~= name then
    local net = nets.find(name)
    local built, rows = nets.build(net, SEED), net.batch * net.batches
    local x, y = nets.data(net, rows, SEED)
    if ready.trainer then ready.trainer:close() end
    if ready.plan then ready.plan:close() end
    ready = { name = name, net = net, built = built, rows = rows, x = x, y = y, epoch = 0 }
    collectgarbage()
  end
  return ready
end

-- Samples a second of f, which passes over `rows`, called for at least `seconds`.
local function rate(f, rows, seconds)
  f()
  local start, n = clock(), 0
  repeat
    f()
    n = n + rows
  until clock() - start >= seconds
  return n / (clock() - start)
end

function answers.train(ask)
  local r = prepared(ask.net)
  r.trainer = r.trainer or trainer_of(r.net, r.built, r.rows, r.net.batch)
  return rate(function()
    r.epoch = r.epoch + 1
    assert(r.trainer:epoch(r.x, r.y, r.epoch, 1e-3))
  end, r.rows, ask.seconds)
end

function answers.infer(ask)
  local r = prepared(ask.net)
  r.plan = r.plan or cplan.new(r.built, { batch = r.net.batch })
  return rate(function()
    for first = 1, r.rows, r.net.batch do
      r.plan:forward(r.x:slice(1, first, first + r.net.batch - 1)):close()
    end
  end, r.rows, ask.seconds)
end

local function status(field)
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^" .. field .. ":%s*(%d+)")
    if kilobytes then return 1024 * tonumber(kilobytes) end
  end
end

-- Bytes of the process at its largest, and by which it grows when it trains on one
-- batch, weights, data and a step on 16 samples (code, libraries) not counted.
function answers.memory(ask)
  local net = nets.find(ask.net)
  local built = nets.build(net, SEED)
  local x, y = nets.data(net, net.batch, SEED)
  local warm <close> = trainer_of(net, built, net.batch, 16)
  assert(warm:epoch(x:slice(1, 1, 16), y:slice(1, 1, 16), 1, 1e-3))
  local clear <close> = assert(io.open("/proc/self/clear_refs", "w"))
  clear:write("5")
  clear:close()
  local before = status "VmRSS"
  local trainer <close> = trainer_of(net, built, net.batch, net.batch)
  for epoch = 1, 3 do assert(trainer:epoch(x, y, epoch, 1e-3)) end
  local peak = status "VmHWM"
  return ("%d %d"):format(peak, peak - before)
end

function answers.sgemm() return (require("nac.c.cpu").sgemm_gflops(1024)) or 0 end

io.stdout:setvbuf("line")
print("nac-lua " .. nac.version)
for line in io.lines() do
  local ask = json.decode(line)
  local ok, result = pcall(answers[ask.what], ask)
  print(ok and result or "error " .. tostring(result):gsub("\n.*", ""))
end
