-- Firmware of random nets against the exact executor, number by number: kinds, formats, masks, strategies, streams,
-- inputs and outputs are drawn from the seed.
-- usage: nac-lua bench/hls_random.lua [nets, default 200] [first seed, default 1001]
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"
local csim = require "spec.support.csim"
local random_firmware = require "spec.support.random_firmware"

local TOGETHER = 10 -- nets a translation unit

local count, seed = tonumber(arg[1] or 200), tonumber(arg[2] or 1001)
local start = bench.clock()
bench.header(("C simulation of %d random nets"):format(count), seed)
local nets, numbers, wrong = 0, 0, 0
while nets < count do
  local dirs, words
  dirs, words, seed = random_firmware.write(seed, math.min(TOGETHER, count - nets))
  for i, text in ipairs(csim.run(dirs)) do
    local compared, mismatches = text:match "(%d+) numbers compared, (%d+) mismatches"
    nets, numbers = nets + 1, numbers + tonumber(compared or 0)
    if mismatches ~= "0" then
      wrong = wrong + 1
      print(words[i] .. "\n" .. text)
    end
  end
  csim.clean()
end
print(("%d nets, %d numbers compared, %d nets with mismatches; %.0f s"):format(nets, numbers, wrong, bench.clock() - start))
os.exit(wrong == 0, true)
