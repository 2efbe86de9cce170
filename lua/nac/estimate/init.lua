--- Estimates of FPGA resources and latency before any synthesis.
local arch = require "nac.arch"
local boards = require "nac.estimate.boards"
local enum = require "nac.util.enum"
local words = require "nac.config.words"

local M = { boards = boards }

local RESOURCES = { "lut", "ff", "dsp", "bram" }

local estimators, order = {}, {}

--- Adds an estimator.
-- @param name the word for `estimator`
-- @param layers function(terms, hw, net) -> list of rows {layer=, kind=, lut=, ff=,
-- dsp=, bram=, cycles=, interval=}: `terms` are a net's cost terms, `hw` the
-- checked options (board, bits, int_bits, precision, reuse_factor, strategy,
-- clock_ns, sparsity, layers). A row may have `notes` (texts). A single row with `whole = true`
-- stands for all layers; it is not rounded to whole numbers.
-- @param[opt] load function(path) -> weights, or nil and a message: for an estimator that works
-- from a file of weights (option `weights`); `hw.weights` is then what it returned
function M.register(name, layers, load)
  if type(name) ~= "string" or type(layers) ~= "function" or load and type(load) ~= "function" then
    error("nac.estimate.register: a name and a function are expected", 2)
  end
  if not estimators[name] then order[#order + 1] = name end
  estimators[name] = { layers = layers, load = load }
end

M.register("analytic", require("nac.estimate.analytic").layers)

-- Loaded when first asked for.
for name, kind in pairs { rule4ml = "gnn", ["rule4ml-mlp"] = "mlp" } do
  M.register(name, function(...) return require("nac.estimate.rule4ml").estimator(kind)(...) end,
    function(path) return require("nac.estimate.rule4ml").load(path, kind) end)
end
table.sort(order)

--- Whether an estimator works from a file of weights.
-- @param name of an estimator
function M.needs_weights(name) return estimators[name] ~= nil and estimators[name].load ~= nil end

--- The names of all estimators.
function M.names() return { table.unpack(order) } end

local function refuse(fmt, ...) error("nac.estimate.resources: " .. fmt:format(...), 4) end

-- The width and integer bits of "ap_fixed<8,3>".
local function precision_of(text)
  local bits, whole = tostring(text):match "^ap_u?fixed%s*<%s*(%d+)%s*,%s*(-?%d+)"
  bits, whole = math.tointeger(tonumber(bits)), math.tointeger(tonumber(whole))
  if not bits or bits < 1 or bits > 64 or whole < -64 or whole > 64 then
    refuse("precision such as ap_fixed<8,3> with 1 to 64 bits is expected, not '%s'", tostring(text))
  end
  return bits, whole
end

-- Options of one layer or of the whole network.
local function settings(given, into)
  if given.precision then into.precision, into.bits, into.int_bits = given.precision, precision_of(given.precision) end
  if given.strategy then
    local strategy, why = words.find(words.strategy, given.strategy)
    into.strategy = strategy or refuse("%s", why)
  end
  if given.reuse_factor then
    local rf = math.tointeger(given.reuse_factor)
    if not rf or rf < 1 or rf > 1000000 then
      refuse("reuse_factor must be an integer from 1 to 1000000, not %s", tostring(given.reuse_factor))
    end
    into.reuse_factor = rf
  end
  if given.sparsity then
    if type(given.sparsity) ~= "number" or not (given.sparsity >= 0 and given.sparsity <= 1) then
      refuse("sparsity must be from 0 to 1, not %s", tostring(given.sparsity))
    end
    into.sparsity = given.sparsity
  end
  return into
end

local function positive(value, what)
  if type(value) ~= "number" or not (value > 0 and value < math.huge) then
    refuse("%s must be a number above 0, not %s", what, tostring(value))
  end
  return value
end

local function checked(given)
  local hw = settings({ precision = "ap_fixed<8,3>", strategy = "latency", reuse_factor = 1, sparsity = 0 }, {})
  settings(given, hw)
  local board, why = boards.find(given.board or "zcu102")
  hw.board = board or refuse("%s", why)
  hw.clock_ns = positive(given.clock_ns or 5, "clock_ns")
  if given.layers then
    hw.layers = {}
    for name, own in pairs(given.layers) do hw.layers[name] = settings(own, {}) end
  end
  hw.weights_known, hw.at_once = given.weights_known, given.at_once
  local name = given.estimator or "analytic"
  enum.check(name, order, "estimator", 4)
  local estimator = estimators[name]
  hw.weights = given.weights
  if estimator.load and type(hw.weights) ~= "table" then
    if type(hw.weights) ~= "string" then
      refuse("estimator %s needs `weights`, the path of your own copy (docs/estimate.md)", name)
    end
    hw.weights, why = estimator.load(hw.weights)
    if not hw.weights then refuse("%s", why) end
  end
  return hw, estimator.layers, name
end

-- The net behind what was given, and its cost terms.
local function terms_of(what)
  if type(what) == "table" and what.components then what = arch.to_nn(what, { head = true }) end
  local ok, net = pcall(function() return what.cost and what or what:net() end)
  if not ok or not net then
    error(("nac.estimate.resources: an architecture, a net or a description is expected, not a %s"):format(type(what)), 3)
  end
  return net:cost(), net
end

-- Options of a layer that the net does not have are a slip.
local function check_layers(layers, terms)
  local names = {}
  for _, term in ipairs(terms) do
    if names[#names] ~= term.layer then names[#names + 1] = term.layer end
  end
  for name in pairs(layers or {}) do enum.check(name, names, "layer of hw.layers", 4) end
end

--- Resources and latency of a network on a board.
-- @param what an `nn` arch, a net, or a description (with its output activation)
-- @param[opt] hw {estimator = "analytic", board = "zcu102" (or a board file, a row of `boards`), precision =
-- "ap_fixed<8,3>", reuse_factor = 1, strategy = "latency"|"resource",
-- clock_ns = 5, sparsity = 0, layers = {name = {precision=, reuse_factor=, strategy=,
-- sparsity=}}, weights = path (estimators that need some), weights_known = false: the weights of a built net
-- count as they are (those of a net with number formats always do), at_once = false: all positions of convolutions, sets and
-- products of two values have hardware of their own instead of following one another}
-- @return {lut=, ff=, dsp=, bram= (counts), lut_percent=, ff_percent=,
-- dsp_percent=, bram_percent= (of the board), available = {lut=, ff=, dsp=, bram=}, avg_resource = their mean in
-- percent, unrounded, clock_cycles = latency, interval = cycles between inputs,
-- latency_ns=, csynth = {lut=, dsp=} (what HLS itself reports, before logic synthesis, where it differs),
-- board=, estimator=, layers = {rows}, notes = {text}}
function M.resources(what, hw)
  local terms, net = terms_of(what)
  local options, estimate, name = checked(hw or {})
  check_layers(options.layers, terms)
  local sum = { lut = 0, ff = 0, dsp = 0, bram = 0 }
  local cycles, interval, notes = 0, 1, {}
  local csynth, reported = { lut = 0, dsp = 0 }, false
  local rows = estimate(terms, options, net)
  for _, row in ipairs(rows) do
    for key in pairs(sum) do
      if not row.whole then row[key] = math.ceil(row[key]) end
      sum[key] = sum[key] + row[key]
    end
    reported = reported or row.csynth ~= nil
    for key in pairs(csynth) do csynth[key] = csynth[key] + math.ceil(row.csynth and row.csynth[key] or row[key]) end
    cycles, interval = cycles + row.cycles, math.max(interval, row.interval)
    for _, note in ipairs(row.notes or {}) do notes[#notes + 1] = note end
    local own = options.layers and options.layers[row.layer]
    local wanted = own and own.reuse_factor or options.reuse_factor
    if row.reuse_factor and row.reuse_factor ~= wanted then
      notes[#notes + 1] = ("layer '%s': reuse factor %d is not legal, %d is used"):format(row.layer, wanted, row.reuse_factor)
    end
  end
  local board, percents = options.board, 0
  local out = {
    estimator = name, board = board.name,
    available = { lut = board.lut, ff = board.ff, dsp = board.dsp, bram = board.bram }, clock_cycles = cycles, interval = interval,
    latency_ns = cycles * options.clock_ns, csynth = reported and csynth or nil, layers = rows, notes = notes,
  }
  -- A fixed order: the order of pairs differs from process to process, and with it
  -- the last bit of the sum, which a resumed search would notice.
  for _, key in ipairs(RESOURCES) do
    out[key], out[key .. "_percent"] = sum[key], 100 * sum[key] / board[key]
    percents = percents + out[key .. "_percent"]
  end
  out.avg_resource = percents / 4
  return out
end

--- Whether a network fits its board.
-- @param result of `resources`
-- @return true; or false, a sentence with the numbers, and the list of what is lacking:
-- {resource = "dsp", needed =, available =, percent =}
function M.fits(result)
  local lacking, words_of = {}, {}
  for _, key in ipairs(RESOURCES) do
    local needed, available = result[key], result.available[key]
    if needed > available then
      lacking[#lacking + 1] = { resource = key, needed = needed, available = available, percent = 100 * needed / available }
      words_of[#words_of + 1] = ("%d %s of %d (%.0f %%)"):format(needed, key:upper(), available, 100 * needed / available)
    end
  end
  if #lacking == 0 then return true end
  return false, ("it needs %s: more than %s has"):format(table.concat(words_of, ", "), result.board), lacking
end

--- The options that a configuration asks for.
-- @param cfg a configuration (`nac.config`)
-- @return options for `resources`; or nil and "t1.yaml:12: what is wrong" with its board file or weights
function M.options(cfg)
  local hls = cfg.hls_config
  local weights
  if M.needs_weights(hls.estimator) then
    local loaded, fault = estimators[hls.estimator].load(cfg:resolve(hls.estimator_weights))
    if not loaded then return nil, ("%s: hls_config.estimator_weights: %s"):format(cfg:where "hls_config.estimator_weights", fault) end
    weights = loaded
  end
  local file = hls.board:find "%.yaml$"
  local board, why = boards.find(file and cfg:resolve(hls.board) or hls.board)
  if not board then return nil, ("%s: hls_config.board: %s"):format(cfg:where "hls_config.board", why) end
  return {
    estimator = hls.estimator, board = board, clock_ns = hls.clock_ns, precision = hls.model.precision,
    reuse_factor = hls.model.reuse_factor, strategy = hls.model.strategy, weights = weights,
  }
end

return M
