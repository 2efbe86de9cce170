-- Firmware projects of random nets: kinds, formats, masks, strategies, streams, inputs and outputs drawn from a seed.
local csim = require "spec.support.csim"
local nac = require "nac"
local quant = require "nac.c.quant"
local random_net = require "spec.support.random_net"

local M = {}

local roundings = { "TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV" }
local overflows = { "SAT", "SAT", "SAT_SYM", "WRAP", "SAT_ZERO" }

--- A number format.
function M.format(r)
  return quant.format { width = r:int(2, 8), integer = r:int(-2, 4), signed = r:uniform() < .8, rounding = r:choice(roundings),
    overflow = r:choice(overflows) }
end

-- Formats on input, parameters (often by channel) and values; a third of the weights taken away.
local function quantise(net, r)
  for _, t in ipairs(net:tensors()) do
    if t.role == "parameter" and not t.name:find "batchnorm" then
      local list = {}
      for i = 1, t.tensor:size(1) do list[i] = M.format(r) end
      net:quantise(t.name, r:uniform() < .5 and list or list[1], { axis = 1 })
      if t.name:find "weight$" then
        local keep = {}
        for i = 1, t.tensor:numel() do keep[i] = r:uniform() < .33 and 0 or 1 end
        net:set_mask(t.name, nac.tensor.new(keep, "u8"):reshape(t.tensor:shape()))
      end
    end
  end
  net:quantise(1, M.format(r))
  for i in ipairs(net:layers()) do net:quantise(i + 1, M.format(r)) end
end

-- Options of nac.hls.write.
local function random_options(r)
  local o = { strategy = r:choice { "latency", "resource" }, reuse_factor = r:int(1, 30), io = r:choice { "parallel", "stream" },
    output = r:choice { "logits", "logits", "argmax", "threshold" } }
  if o.output == "threshold" then o.threshold = r:int(-8, 8) / 4 end
  return o
end

--- Writes projects; nets without an integer form or with numbers that firmware is too narrow for are passed over.
-- @param seed of the first net
-- @param count of projects
-- @return folders, what each holds, the next seed
function M.write(seed, count)
  local dirs, words = {}, {}
  while #dirs < count do
    local r = nac.rng.stream(seed, "firmware")
    local net, text = random_net.draw(seed, { graph = true, bends = true })
    quantise(net, r)
    local o = random_options(r)
    local input = r:uniform() < .3 and r:choice { "ap_int<6>", "ap_ufixed<7, 3>", "ap_fixed<9, 4, AP_TRN, AP_WRAP>" } or nil
    local has_form, graph = pcall(nac.quant.lower, net, { input = input })
    if has_form then
      local dir = csim.folder()
      local fits, why = pcall(nac.hls.write, graph, dir, o)
      if fits then
        dirs[#dirs + 1] = dir
        words[#words + 1] = ("%d: %s; %s, %s, %s, %s"):format(seed, text, o.io, o.strategy, input or "own input", o.output)
      elseif not tostring(why):find("needs %d+ bits, firmware has at most 64") then
        error(("%d: %s: %s"):format(seed, text, why), 0)
      end
      graph:close()
    end
    seed = seed + 1
  end
  return dirs, words, seed
end

return M
