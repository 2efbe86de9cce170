--- What the benches share: the machine, a wall clock, medians, a peer process.
local M = {}

local function first_line(command)
  local pipe = io.popen(command .. " 2>/dev/null")
  local line = pipe and pipe:read("l")
  if pipe then pipe:close() end
  return line or "?"
end

--- Prints what a number depends on: machine, versions, seed.
-- @param title what is measured
-- @param seed the seed of the run
function M.header(title, seed)
  print("== " .. title)
  local cpu = require "nac.c.cpu"
  local info, blas = cpu.info(), cpu.blas()
  print(("machine: %s, %d CPUs, kernels for %s, %s, %s"):format(info.model, info.cores, info.isa,
    blas and ("%s as %s"):format(blas.library, blas.core) or "no BLAS", first_line("uname -sr")))
  print(("nac-lua %s, %s, seed %d, %s"):format(require("nac").version, "gcc " .. first_line("gcc -dumpfullversion"), seed,
    os.date("!%Y-%m-%d %H:%M UTC")))
end

--- Seconds of a clock that only goes forward.
M.clock = require("nac.c.proc").clock

--- Median, least and largest of a list of numbers.
function M.summary(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local n = #sorted
  local median = n % 2 == 1 and sorted[n // 2 + 1] or (sorted[n // 2] + sorted[n // 2 + 1]) / 2
  return { median = median, min = sorted[1], max = sorted[n] }
end

--- A peer that answers one line for each line it is sent, so that two programs
-- can take turns.
-- @param command a shell command
-- @return ask = function(line) -> answer (which is tell, then hear), close = function()
function M.peer(command)
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(os.execute("mkfifo " .. fifo))
  local send = assert(io.popen(command .. " >" .. fifo, "w"))
  local receive = assert(io.open(fifo, "r"))
  local peer = {}
  function peer.tell(line)
    send:write(line, "\n")
    send:flush()
  end
  function peer.hear() return (assert(receive:read("l"), "the peer ended")) end
  function peer.ask(line)
    if line then peer.tell(line) end
    return peer.hear()
  end
  function peer.close()
    send:close()
    receive:close()
    os.remove(fifo)
  end
  return peer
end

return M
