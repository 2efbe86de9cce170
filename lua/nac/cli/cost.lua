--- `nac-lua cost arch.yaml`: what an architecture or a trained model costs, layer by layer.
local arch = require "nac.arch"
local bops = require "nac.bops"
local estimate = require "nac.estimate"
local model = require "nac.model"
local json = require "dkjson"
local text_table = require "nac.report.table"

local M = { name = "cost", summary = "Counts parameters, MACs, BOPs and FPGA resources of an architecture or a model." }

--- Declares the arguments on an argparse command.
function M.configure(cmd)
  cmd:argument("arch", "Architecture file (YAML or JSON) as a search writes it, or a model (best_model.yaml) with its weights.")
  cmd:option("--example", "Which model of a file of NAC's model descriptions.")
  cmd:option("--decode", "Lists that the indices in such a file mean: 2024 (default), those it was written for, or 2025.")
    :choices { "2024", "2025" }
  cmd:option("--bits", "Width for BOPs, in bits. Default: that of --precision, or the definition's own."):convert(math.tointeger)
  cmd:option("--bops", "Definition of BOPs: " .. table.concat(bops.definitions(), ", ") .. "."):default("exact")
    :choices(bops.definitions())
  cmd:option("--sparsity", "Part of the weights that is zero, 0 to 1."):default("0"):convert(tonumber)
  cmd:option("--board", "Board, or a YAML file with the totals of your own."):default("zcu102")
  cmd:option("--precision", "Type of weights and activations; in a model, of those that have no format. Default: ap_fixed<8,3>, or that of a model's weights.")
  cmd:option("--reuse", "Reuse factor."):default("1"):convert(math.tointeger)
  cmd:option("--strategy", "latency or resource."):default("latency")
  cmd:option("--clock", "Clock period, in ns."):default("5"):convert(tonumber)
  cmd:option("--estimator", "Estimator of resources and cycles: " .. table.concat(estimate.names(), ", ") .. "."):default("analytic")
    :choices(estimate.names())
  cmd:option("--weights", "For rule4ml: your own copy of its weights, a wheel or a folder.")
  cmd:flag("--json", "Print JSON instead of a table.")
end

local function shape_text(shape) return table.concat(shape, "x") end

local function macs_of(term)
  if term.op == "matmul_const" then return term.positions * term.weights end
  return term.op == "matmul_values" and term.positions * term.fan_in * term.fan_out or 0
end

-- One row a layer of the net, with what each counter says about it.
local function layer_rows(net, counted, estimated)
  local rows, by_layer, macs = {}, {}, 0
  for _, layer in ipairs(net:layers()) do
    local row = {
      layer = layer.name, kind = layer.kind, group = layer.group, input = layer.input, output = layer.output,
      params = layer.params, macs = 0, bops = 0,
    }
    rows[#rows + 1], by_layer[layer.name] = row, row
  end
  for _, term in ipairs(net:cost()) do
    local row = by_layer[term.layer]
    row.macs = row.macs + macs_of(term)
    macs = macs + macs_of(term)
  end
  for _, each in ipairs(estimated.layers) do
    local row = not each.whole and by_layer[each.layer] or {}
    row.lut, row.ff, row.dsp, row.bram, row.cycles = each.lut, each.ff, each.dsp, each.bram, each.cycles
  end
  -- Definitions on a description count rows of their own.
  local own = false
  for _, each in ipairs(counted.rows) do
    local row = by_layer[each.layer]
    if row then row.bops = row.bops + each.bops else own = true end
  end
  return rows, macs, own
end

-- Everything that is known about a description or a model. `net` is nil where the engine
-- cannot build a description, then `fault` says why.
local function measure(what, o, net, fault)
  local counted = bops.table(what, { definition = o.bops, bits = o.bits, sparsity = o.sparsity, precision = o.precision })
  local out = {
    params = json.null, macs = json.null, bops = counted.total, estimate = json.null, layers = json.null,
    definition = counted.definition, weight_bits = counted.weight_bits, act_bits = counted.act_bits,
    bops_rows = counted.rows, notes = { table.unpack(counted.notes) },
  }
  if not net then
    out.notes[#out.notes + 1] = fault .. "; BOPs only"
    return out
  end
  local estimated = estimate.resources(net, {
    estimator = o.estimator, board = o.board, precision = o.precision, reuse_factor = o.reuse, strategy = o.strategy,
    clock_ns = o.clock, sparsity = o.sparsity, weights = o.weights, weights_known = o.model,
  })
  local own
  out.layers, out.macs, own = layer_rows(net, counted, estimated)
  if not own then out.bops_rows = nil end
  out.params, out.estimate, out.weights, out.zeros = net:n_params(), estimated, o.weights_in_all, o.zeros
  for _, note in ipairs(estimated.notes) do out.notes[#out.notes + 1] = note end
  local fits, why = estimate.fits(estimated)
  if not fits then out.notes[#out.notes + 1] = "it does not fit: " .. why end
  return out
end

-- Columns by title: the first two hold words, the others numbers.
local function print_table(titles, rows)
  local columns = {}
  for i, title in ipairs(titles) do columns[i] = { title = title, align = i <= 2 and "left" or "right" } end
  io.write(text_table.text(columns, rows))
end

local function count(n) return n and ("%.0f"):format(n) or "" end

local function print_layers(result)
  local rows = {}
  for i, row in ipairs(result.layers) do
    rows[i] = {
      row.layer, row.kind, shape_text(row.input), shape_text(row.output), count(row.params), count(row.macs),
      result.bops_rows and "" or count(row.bops), count(row.lut), count(row.ff), count(row.dsp), count(row.bram), count(row.cycles),
    }
  end
  local e = result.estimate
  rows[#rows + 1] = {
    "total", "", "", "", count(result.params), count(result.macs), count(result.bops), count(e.lut), count(e.ff), count(e.dsp),
    count(e.bram), count(e.clock_cycles),
  }
  print_table({ "layer", "kind", "input", "output", "params", "MACs", "BOPs", "LUT", "FF", "DSP", "BRAM", "cycles" }, rows)
end

local function print_result(result, o)
  if result.layers ~= json.null then print_layers(result) end
  if result.bops_rows then
    if result.layers ~= json.null then print() end
    local rows = {}
    for i, row in ipairs(result.bops_rows) do rows[i] = { row.layer, row.kind, count(row.bops) } end
    rows[#rows + 1] = { "total", "", count(result.bops) }
    print_table({ "layer", "kind", "BOPs" }, rows)
  end
  print(("\nBOPs: %s, weights of %d and activations of %d bits"):format(result.definition, result.weight_bits, result.act_bits))
  if result.zeros then print(("weights: %d of %d are zero"):format(result.zeros, result.weights)) end
  local e = result.estimate
  if e ~= json.null then
    print(("%s, %s, reuse factor %d, %s strategy, %g ns, %s estimate:"):format(
      e.board, o.shown_precision or o.precision, o.reuse, o.strategy:lower(), o.clock, e.estimator))
    print(("  LUT %.2f %%, FF %.2f %%, DSP %.2f %%, BRAM %.2f %%, mean %.4f %%"):format(
      e.lut_percent, e.ff_percent, e.dsp_percent, e.bram_percent, e.avg_resource))
    if e.csynth then
      print(("  HLS itself would report about %d LUT and %d DSP, before logic synthesis"):format(e.csynth.lut, e.csynth.dsp))
    end
    local interval = ("%.0f"):format(e.interval)
    print(("  latency %.0f cycles = %.4g ns, a new input every %s"):format(
      e.clock_cycles, e.latency_ns, interval == "1" and "cycle" or interval .. " cycles"))
  end
  for _, note in ipairs(result.notes) do print("note: " .. note) end
end

-- A model: what has no format has that of its weights, unless another one is asked for.
local function load_model(o)
  local net, why = model.load(o.arch)
  if not net then return nil, why end
  o.model, o.zeros, o.weights_in_all = true, 0, 0
  for _, term in ipairs(net:cost()) do
    if term.op == "matmul_const" then
      o.weights_in_all, o.zeros = o.weights_in_all + term.weights, o.zeros + term.weights - term.nonzero
      local formats, scale = net:quantiser(term.weight)
      if formats and scale == 0 and not o.shown_precision then
        o.shown_precision = ("the model's formats (%d bits)%s"):format(formats[1].width, o.precision and ", elsewhere " .. o.precision or "")
        o.precision = o.precision or ("ap_fixed<%d,%d>"):format(formats[1].width, formats[1].integer)
      end
    end
  end
  return net
end

-- What the file holds: a description or a net with weights; the net to estimate, or nil and why there is none.
local function load(o)
  if model.is(o.arch) then
    local net, why = load_model(o)
    return net, why, net
  end
  local desc, about = arch.load(o.arch, { example = o.example, decode = o.decode })
  if not desc then return nil, about end
  local fine, net = pcall(function() return arch.to_nn(desc, { head = true }):net() end)
  if fine then return desc, about, net end
  local fault = tostring(net):gsub("^nac.arch.to_nn: ", "")
  if not bops.info(o.bops).describes then return nil, ("%s: %s"):format(o.arch, fault) end
  return desc, about, nil, fault
end

-- Options that only make sense together.
local function check(o)
  local needed = estimate.needs_weights(o.estimator)
  if needed and not o.weights then return ("--estimator %s needs --weights PATH, your own copy (docs/estimate.md)"):format(o.estimator) end
  if o.weights and not needed then return ("--weights: the estimator %s has none; rule4ml has"):format(o.estimator) end
end

--- Runs the command.
-- @param o the parsed arguments
-- @return the exit status: 0, 1 for a file or a network that cannot be counted, 2 for wrong options
function M.run(o)
  local function fail(text, status)
    io.stderr:write("nac-lua cost: ", text, "\n")
    return status
  end
  local wrong = check(o)
  if wrong then return fail(wrong, 2) end
  local what, about, net, fault = load(o)
  if not what then return fail(about, 1) end
  if o.model and o.sparsity ~= 0 then return fail("--sparsity: a model's own zeros are counted; leave it out", 2) end
  o.precision = o.precision or "ap_fixed<8,3>"
  -- Definitions of the engine count at the precision; the predecessors' at their own width.
  if not o.bits and not bops.info(o.bops).fixed_bits then o.bits = math.tointeger(tonumber(o.precision:match "<(%d+)")) end
  local ok, result = pcall(measure, what, o, net, fault)
  if not ok then return fail((tostring(result):gsub("^[^%s:]+:%d+: ", "")), 2) end
  for _, note in ipairs(about and type(about.notes) == "table" and about.notes or {}) do
    result.notes[#result.notes + 1] = tostring(note)
  end
  if o.json then
    print(json.encode(result, { keyorder = { "params", "macs", "bops", "definition", "estimate" } }))
  else
    print_result(result, o)
  end
  return 0
end

return M
