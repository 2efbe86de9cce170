--- What every layer gives three times over: in float, with rounded numbers (fake quantisation, as it
-- was trained) and in firmware's integers. Shows where a net loses accuracy, and to which format.
--
--     local t = nac.hls.trace(q, data.test.x:slice(1, 1, 100))
--     print(t)                       -- a line a layer
--     t:save "trace.csv"
--     nac.plot.trace(t, "trace.png") -- boxes of the numbers against what each format can hold
local csv = require "nac.util.csv"
local formats = require "nac.quant.formats"
local lower = require "nac.quant.lower"
local rebuild = require "nac.quant.rebuild"
local tables = require "nac.report.table"
local tensor = require "nac.tensor"
local train = require "nac.train"

local Trace = {}
Trace.__index = Trace

-- The same weights without number formats.
local function unrounded(net)
  local copy = rebuild.copy(net)
  for _, entry in ipairs(formats.list(net)) do copy:quantise(entry.of, nil) end
  return copy
end

-- What the i-th layer gives.
local function value_after(net, i, x)
  local head <close> = rebuild.copy(net, i)
  return train.predict(head, x)
end

-- The format of a value, where it has one for all, and its text.
local function type_at(net, value)
  local list = net:quantiser(value)
  if not list then return nil, "exact" end
  return #list == 1 and list[1] or nil, #list == 1 and tostring(list[1]) or ("%d formats"):format(#list)
end

local PARTS = { .01, .25, .5, .75, .99 }

-- What 1, 25, 50, 75 and 99 % of the magnitudes stay below, without zeros; nil where all are zero.
local function quantiles_of(t)
  local numbers = {}
  for _, x in ipairs(t:contiguous():reshape({ t:numel() }):totable()) do
    if x ~= 0 and x == x then numbers[#numbers + 1] = math.abs(x) end
  end
  if #numbers == 0 then return nil end
  table.sort(numbers)
  local found = {}
  for i, part in ipairs(PARTS) do found[i] = numbers[math.floor(part * (#numbers - 1) + .5) + 1] end
  return found
end

-- Mean and greatest of |a - b|.
local function distance(a, b)
  local d <close> = (a:to "f64" - b:to "f64"):abs()
  return d:mean(), d:max()
end

local function row_of(net, float, graph, layer, i, x)
  local row = { layer = layer.name, kind = layer.kind }
  row.format, row.type = type_at(net, i + 1)
  row.float, row.fake = value_after(float, i, x), value_after(net, i, x)
  row.min, row.max, row.quantiles = row.float:min(), row.float:max(), quantiles_of(row.float)
  row.mean_error, row.max_error = distance(row.fake, row.float)
  local known, number, raw, fraction = pcall(graph.at, graph, x, layer.name)
  if known then -- scaling on the way in and a last softmax are not in the firmware
    row.firmware, row.raw, row.fraction = number:reshape(row.fake:shape()), raw, fraction
    local _, most = distance(row.firmware, row.fake)
    row.differ, row.max_difference = ((row.firmware - row.fake:to "f64"):abs():gt(0)):to("f64"):sum() // 1 | 0, most
  end
  return row
end

local columns = {
  { title = "layer", align = "left" }, { title = "kind", align = "left" }, { title = "type", align = "left" }, { title = "float min" },
  { title = "max" }, { title = "rounding: mean error" }, { title = "max" }, { title = "firmware differs" }, { title = "max" },
}

local function short(x) return x and ("%.4g"):format(x) or "" end

function Trace:__tostring()
  local rows = {}
  for i, r in ipairs(self.layers) do
    rows[i] = { r.layer, r.kind, r.type, short(r.min), short(r.max), short(r.mean_error), short(r.max_error),
      r.differ and ("%d of %d"):format(r.differ, r.fake:numel()) or "not in firmware", short(r.max_difference) }
  end
  return tables.text(columns, rows) .. ("%d samples; error: rounded against float; firmware differs: from the rounded numbers of training\n"):format(
    self.samples)
end

--- Writes the table as CSV, a row a layer.
-- @param path of the file
-- @return true; or nil and a message
function Trace:save(path)
  local names = { "layer", "kind", "type", "min", "max", "mean_error", "max_error", "differ", "max_difference", "numbers" }
  local rows = {}
  for i, r in ipairs(self.layers) do
    rows[i] = {}
    for _, name in ipairs(names) do rows[i][name] = name == "numbers" and r.fake:numel() or r[name] end
    for k, part in ipairs(PARTS) do rows[i][("p%.0f"):format(100 * part)] = r.quantiles and r.quantiles[k] end
  end
  for _, part in ipairs(PARTS) do names[#names + 1] = ("p%.0f"):format(100 * part) end
  return csv.write(path, names, rows)
end

--- Runs samples through a quantised net in all three ways.
-- @param net quantised (`nac.quant.prepare`)
-- @param x f32 tensor (N, shape of a sample)
-- @param[opt] options `input` = type of raw inputs, as nac.quant.lower takes it; default "auto", chosen from x
-- @return `layers` = list of { layer, kind, format, type (its number format, or "exact"), quantiles (of |float| without
-- zeros: 1, 25, 50, 75, 99 %), float, fake, firmware (tensors; firmware nil where
-- the layer is not part of it), raw and fraction (its integers: number = raw 2^-fraction), min, max (of float), mean_error, max_error (of
-- fake against float), differ, max_difference (numbers of firmware that are not those of fake) }, `samples`; tostring gives
-- a table, `save(path)` writes it as CSV
return function(net, x, options)
  if not tensor.is(x) then error("hls.trace takes a tensor of samples, got " .. type(x), 2) end
  local float <close> = unrounded(net)
  local graph <close> = lower.lower(net, { input = options and options.input or "auto", data = x })
  local rows = {}
  for i, layer in ipairs(net:layers()) do rows[i] = row_of(net, float, graph, layer, i, x) end
  return setmetatable({ layers = rows, samples = x:size(1) }, Trace)
end
