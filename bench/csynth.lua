--- What HLS does with the constants of trained layers, from public synthesis projects:
-- multipliers and LUTs of each dense layer, computed from its weights, beside its csynth report.
-- usage: nac-lua bench/csynth.lua CHECKOUT
-- CHECKOUT: of github.com/ArgyKokk/hls4ml_MLP_estimator (commit 72e2e22), folder HLS_MLPs;
-- trained 8-bit networks of six data sets, Vitis HLS 2021.1, xc7z007s-clg225-2.
local digits = require "nac.estimate.digits"
local file = require "nac.util.file"
local lfs = require "lfs"
local support = require "bench.support"

local function tag(text, name) return math.tointeger(tonumber(text:match("<" .. name .. ">([^<]*)</"))) end

-- Multipliers, products that are not zero, of a matrix in hls4ml's order (inputs x outputs).
local function count(values, n_out)
  local multipliers, nonzero, seen = 0, 0, {}
  for e, v in ipairs(values) do
    local key = (e - 1) // n_out .. " " .. v
    if v ~= 0 then nonzero = nonzero + 1 end
    if digits.multiplied(v) and not seen[key] then
      seen[key], multipliers = true, multipliers + 1
    end
  end
  return multipliers, nonzero
end

local function weights(project, id, fraction)
  local list = {}
  for number in assert(file.read(("%s/firmware/weights/w%s.h"):format(project, id))):match("{(.*)}"):gmatch "[^,%s]+" do
    list[#list + 1] = math.tointeger(math.floor(tonumber(number) * 2.0 ^ fraction + 0.5))
  end
  return list
end

support.header("multipliers that HLS takes for constant products, layer by layer", 0)
local layers, exact, off = 0, 0, {}
for _, set in ipairs { "ARRYTHMIA", "Breast_cancer", "CARDIO", "HAR", "jet_tagging", "mnist" } do
  local project = ("%s/HLS_MLPs/%s/hls4ml_prj/DSP_reuse1"):format(assert(arg[1], "the folder of the checkout"), set)
  local reports = project .. "/myproject_prj/solution1/syn/report/"
  local defines, parameters = assert(file.read(project .. "/firmware/defines.h")), assert(file.read(project .. "/firmware/parameters.h"))
  for id, body in parameters:gmatch "struct config(%d+) : nnet::dense_config (%b{})" do
    local n_out = body:match "n_out = ([%w_]+);"
    n_out = math.tointeger(tonumber(n_out) or tonumber(defines:match("#define " .. n_out .. " (%d+)")))
    local width, whole = defines:match("<(%d+),(%d+)> weight" .. id .. "_t")
    for name in lfs.dir(reports) do
      if name:find("^dense_latency.*config" .. id .. "_s_csynth%.xml$") then
        local report = assert(file.read(reports .. name))
        local resources = report:match "<Resources>.*</Resources>"
        local multipliers, nonzero = count(weights(project, id, width - whole), n_out)
        local dsp, lut = tag(resources, "DSP"), tag(resources, "LUT")
        layers, exact = layers + 1, exact + (multipliers == dsp and 1 or 0)
        local estimate = 1.43 * 16 * nonzero
        off[#off + 1] = math.abs(math.log(estimate / lut))
        print(("%-14s layer %-3s %5d products  DSP %4d / %4d  LUT %7.0f / %7d"):format(set, id, nonzero, multipliers, dsp, estimate, lut))
      end
    end
  end
end
print(("DSP exact in %d of %d layers; LUT: median factor off %.2f"):format(exact, layers, math.exp(support.summary(off).median)))
