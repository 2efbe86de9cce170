--- Makes a net ready for quantisation-aware training: batchnorms folded, number
-- formats on weights, biases and values. docs/quantisation.md has the rules.
local calibrate = require "nac.quant.calibrate"
local places = require "nac.quant.places"
local rebuild = require "nac.quant.rebuild"
local specs = require "nac.quant.spec"
local steps = require "nac.quant.steps"
local tensor = require "nac.tensor"
local train = require "nac.train"


local ROWS = 1024 -- of the data that calibration looks at
local EXACT = 24 -- bits that a float holds exactly
local MANY = 1e-3 -- part of the activations out of range that is worth a warning

local function fail(form, ...) error(form:format(...), 0) end

-- Up to ROWS rows of the user's data, or nil where there are none.
local function rows_of(data)
  if data == nil then return nil end
  local x = data
  if type(data) == "table" then
    local part = data.fit or data
    x = require("nac.train.part").is_stream(part) and require("nac.train.part").some(part) or part.x
  end
  if not tensor.is(x) then fail("data must be a tensor or a part { x =, y = }, got %s", type(data)) end
  if x:numel() == 0 or x:size(1) == 0 then fail("calibration needs data: the part is empty") end
  return x:slice(1, 1, math.min(ROWS, x:size(1)))
end

-- A format for numbers x (nil: they are not known), by the pair. Of automatic bits there is a list with o.per (not "tensor"),
-- for each index of the first dimension or each element, and with o.most_fraction so many after the point at most.
local function choose(pair, x, signed, where, o)
  specs.complete(pair, where)
  if pair.signed ~= nil then signed = pair.signed end
  if pair.int_bits ~= "auto" then return specs.format(pair, specs.integer_bits(pair, signed, where), signed) end
  if not x then fail("%s: int_bits = \"auto\" needs data to calibrate with: data = part", where) end
  local options = { total_bits = pair.total_bits, signed = signed, method = pair.method, percentile = pair.percentile,
    rounding = pair.rounding, overflow = pair.overflow }
  if not o.per or o.per == "tensor" then
    local integer = calibrate.integer_bits(x, options)
    return specs.format(pair, o.most_fraction and math.max(integer, pair.total_bits - o.most_fraction) or integer, signed)
  end
  local list = calibrate.each(x, options, o.per)
  for i, integer in ipairs(list) do list[i] = specs.format(pair, integer, signed) end
  return list
end

-- Whether choose gave a list.
local function is_list(format) return type(format) == "table" end

-- Puts a format on a place, or a list of them, for the numbers x that it holds (nil: they are not known).
local function place_format(net, place, pair, x, signed, where, most_fraction)
  if steps.wanted(pair) then
    specs.complete(pair, where)
    if not x then fail("%s: int_bits = \"learned\" needs data, from which steps start: data = part", where) end
    if not x:isfinite() then fail("%s: learned steps need finite numbers to start from; there are infinities or NaNs", where) end
    if pair.signed ~= nil then signed = pair.signed end
    return steps.start(net, place, pair, x, signed)
  end
  local format = choose(pair, x, signed, where, { per = type(place) == "string" and pair.per, most_fraction = most_fraction }) -- a value has one
  net:quantise(place, format, is_list(format) and { axis = pair.per == "element" and 0 or 1 } or nil)
  return format
end

-- How many numbers of x are out of range of a format, or of their own one in a list.
local function count_over(format, x)
  if not is_list(format) then
    local rounded <close>, over = format:apply(x)
    return rounded and over
  end
  local over, flat = 0, x:contiguous():reshape { #format, -1 }
  for i, own in ipairs(format) do over = over + count_over(own, flat[i]) end
  return over
end

-- Notes a format, and a warning where too much of x is out of its range.
local function note(report, row, x, allowed)
  report.formats[#report.formats + 1] = row
  if is_list(row.format) then row.format, row.list = row.format[1], row.format end
  if not x then return end
  local over = count_over(row.list or row.format, x)
  row.out_of_range, row.n = over, x:numel()
  if over > allowed * row.n then
    report.warnings[#report.warnings + 1] = ("%s of %s: %d of %d numbers (%.1f %%) are out of the range of %s%s"):format(
      row.role, row.layer, over, row.n, 100 * over / row.n, tostring(row.format), row.list and (" and %d more"):format(#row.list - 1) or "")
  end
end

local function set_weights(net, spec, report)
  local own = {}
  for _, entry in ipairs(net:tensors()) do
    if entry.role == "parameter" then own[entry.name] = entry.tensor end
  end
  for _, layer in ipairs(net:layers()) do
    local name = layer.name .. ".weight"
    local pair = own[name] and specs.find(spec, "weights", layer)
    if pair then
      local format = place_format(net, name, pair, own[name], true, "weights of " .. layer.name)
      note(report, { role = "weights", layer = layer.name, place = name, format = format }, own[name], 0)
    end
  end
end

-- The numbers that a value holds, of the net as it is formatted so far.
local function numbers(net, value, x)
  if value == 1 then return x end
  local head <close> = rebuild.copy(net, value - 1)
  return train.predict(head, x)
end

-- Values in the net that are what float leaves of 0 (a bottleneck of one unit behind a layernorm) would have formats far below
-- the point, and firmware sums of more than 64 bits. So many bits after the point, or 8 more than there are, must do.
local MOST_FRACTION = 32

local function set_values(net, spec, x, report)
  for _, entry in ipairs(places.values(net:layers())) do
    local pair = specs.find_value(spec, entry)
    if pair then
      local where = entry.layer and entry.role .. " of " .. entry.layer.name or "the input"
      local have = x and numbers(net, entry.value, x)
      local signed = not entry.unsigned
      -- an input that is never negative in the data needs no sign, where the data decide anyway
      if entry.value == 1 and math.type(pair.int_bits) ~= "integer" and have and have:min() >= 0 then signed = false end
      local most = entry.most_fraction or entry.value > 1 and math.max(MOST_FRACTION, (pair.total_bits or 0) + 8) or nil
      local format = place_format(net, entry.value, pair, have, signed, where, most)
      note(report, { role = entry.role, layer = entry.layer and entry.layer.name or "the net", place = entry.value, format = format }, have, MANY)
      if have and have:abs():max() > 0 and have:abs():max() < format.step / 2 then
        report.warnings[#report.warnings + 1] = ("%s: all numbers are 0 in %s"):format(where, tostring(format))
      end
    end
  end
end

-- The format with the most bits after the point.
local function finest(list)
  local best = list[1]
  for _, format in ipairs(list) do
    if format.fraction > best.fraction then best = format end
  end
  return best
end

-- The products' own format, so that the bias is added to their sum without loss. Where
-- that takes more than EXACT bits the integer bits go down to what the bias needs and one
-- more, then low bits go.
local function bias_format(net, layer, bias, weights, layers, pair)
  weights = finest(weights)
  local source = places.is_product(layer) and net:quantiser(places.source(layer.inputs[1], layers))
  local input = source and source[1] or weights
  local fraction = weights.fraction + input.fraction
  local needed = 1 + calibrate.integer_bits(bias, { total_bits = EXACT, signed = true, method = "minmax" })
  local integer = math.max(needed, math.min(weights.integer + input.integer, EXACT - fraction))
  local width = math.max(2, math.min(EXACT, integer + fraction))
  return specs.format({ total_bits = width, rounding = pair.rounding, overflow = pair.overflow }, integer, true)
end

local function set_biases(net, spec, report)
  local layers = net:layers()
  for _, layer in ipairs(layers) do
    local name = layer.name .. ".bias"
    local weights = places.has_bias(layer) and not layer.share and net:quantiser(layer.name .. ".weight")
    if weights then
      local pair = specs.find(spec, "biases", layer)
      local bias = net:tensor(name)
      if pair then
        local format
        if pair.total_bits then
          format = place_format(net, name, pair, bias, true, "biases of " .. layer.name)
        else
          format = bias_format(net, layer, bias, weights, layers, pair)
          net:quantise(name, format)
        end
        note(report, { role = "biases", layer = layer.name, place = name, format = format }, bias, 0)
      end
    end
  end
end

local function prepare(net, spec)
  if not net:built() then fail("the net has no weights; arch:build makes one that has") end
  specs.check(spec, net:layers())
  local x = rows_of(spec.data)
  local new, factors = rebuild.fold(net, function(made, weights) steps.declare(made, spec, weights) end)
  local report = { formats = {}, warnings = {}, factors = factors }
  set_weights(new, spec, report)
  set_values(new, spec, x, report)
  set_biases(new, spec, report)
  return new, report
end

--- A net with number formats: the same layers and weights, batchnorms folded into
-- the products before them (others fixed), statistics frozen. Train it with
-- `nac.train.fit`: the forward pass then computes with rounded numbers.
-- @param net a net with weights; it is not changed
-- @param spec a table:
--
-- * `total_bits` (1 to 64), `int_bits` (the sign among them, "auto", or "learned": the step is trained) of weights, input
--   and activations
-- * `weights`, `biases`, `activations`, `input`, `output`: a pair of their own, or false: they stay float. Biases
--   by default have the products' format, of at most 24 bits; the output (logits) has none
-- * `kinds`, `layers`: the same by layer kind and by layer name; the nearest word counts
-- * in every pair also `rounding` = "RND_CONV", `overflow` = "SAT", `signed`, `int_bits_exclude_sign` = false,
--   and for "auto" `method` = "mse" | "minmax" | "percentile", `percentile` = .999
-- * `per` = "tensor" | "channel" | "element": what of weights (and of biases, where they have a pair) has automatic
--   bits of its own; channels are outputs of dense layers and convolutions, elements of normalisations
-- * `steps` = "powers" | "free": learned steps are rounded to powers of two, or may be any number (for training only)
-- * `data`: a part or tensor; its first 1024 rows choose the automatic bits of values and show
--   what is out of range
-- * `quiet`: no warnings on stderr
-- @return the new net; a report: `formats` (list of { role, layer, place, format, `list` = all of them where there are more,
-- out_of_range, n }), `warnings` (texts),
-- `factors` (parameter -> what its rows were multiplied with by folding, for nac.prune)
return function(net, spec)
  local ok, new, report = pcall(prepare, net, spec)
  if not ok then error(tostring(new):gsub("^[^\n]-%.lua:%d+: ", ""), 2) end -- where in here it was is no news to the user
  if not spec.quiet then
    for _, text in ipairs(report.warnings) do io.stderr:write("nac.quant.prepare: ", text, "\n") end
  end
  return new, report
end
