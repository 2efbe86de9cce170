--- Learned step sizes (Esser et al. 2020, arXiv:1902.08153): where they are declared, how they start, how they
-- end as ordinary number formats.
local cquant = require "nac.c.quant"
local formats = require "nac.quant.formats"
local places = require "nac.quant.places"
local rebuild = require "nac.quant.rebuild"
local specs = require "nac.quant.spec"

local M = {}

--- Whether a pair asks for a learned step.
function M.wanted(pair) return pair and pair.int_bits == "learned" or false end

--- The parameter that holds the steps of a place.
-- @param place a parameter's name, or a value's number
-- @param layers of the net
function M.parameter(place, layers)
  if type(place) == "string" then return place .. ".step" end
  return place == 1 and "input.step" or layers[place - 1].name .. ".output.step"
end

--- Declares the steps that a spec asks for.
-- @param net without weights yet
-- @param spec checked
-- @param weights tensors of these names and shapes
function M.declare(net, spec, weights)
  local layers = net:layers()
  for _, layer in ipairs(layers) do
    local name = layer.name .. ".weight"
    local pair = weights[name] and layer.kind ~= "standardize" and specs.find(spec, "weights", layer)
    if M.wanted(pair) then
      local n = 1
      for i, d in ipairs(weights[name]:shape()) do
        if pair.per == "element" or pair.per == "channel" and i == 1 then n = n * d end
      end
      net:add_step(name, n)
    end
  end
  for _, entry in ipairs(places.values(layers)) do
    if M.wanted(specs.find_value(spec, entry)) then net:add_step(entry.value, 1) end
  end
end

-- 2 mean |x| / sqrt(greatest integer), section 2.1 of the paper; 1 where all is zero.
local function initial(x, most)
  local mean = x:abs():mean()
  return mean > 0 and 2 * mean / math.sqrt(math.max(most, 1)) or 1
end

--- Puts a format with learned steps on a place.
-- @param net with weights, and the steps declared
-- @param place a parameter's name, or a value's number
-- @param pair of `specs.find`
-- @param x f32 tensor: the numbers that the place holds
-- @param signed whether they can be negative
-- @return the format that the first step amounts to, or a list of them
function M.start(net, place, pair, x, signed)
  local step = net:tensor(M.parameter(place, net:layers()))
  local n = step:numel()
  local format = cquant.format { width = pair.total_bits, integer = 0, signed = signed, rounding = pair.rounding or "RND_CONV",
    overflow = pair.overflow or "SAT" }
  local most = format.max / format.step
  local list, parts = {}, n > 1 and x:contiguous():reshape { n, -1 }
  for i = 1, n do
    step:set(initial(parts and parts[i] or x, most), i)
    list[i] = format
  end
  local options = { learned = pair.steps or "powers", axis = pair.per == "element" and 0 or 1 }
  net:quantise(place, n > 1 and list or format, n > 1 and options or { learned = options.learned })
  local made = net:quantiser(place)
  return n > 1 and made or made[1]
end

--- A copy of a net whose learned steps have become number formats, each by the nearest power of two. Nothing changes
-- where they were powers of two already (`steps = "powers"`); free steps want some more training.
-- @param net a net with weights
-- @return a net of its own
function M.settle(net)
  local list = formats.list(net)
  for _, entry in ipairs(list) do entry.learned = nil end
  return rebuild.copy(net, nil, list)
end

return M
