--- From a compressed net to firmware that is proven: HLS project, C simulation, QONNX, estimate, one page.
--
--     local small = assert(nac.local_search.run(result, nil, config.local_search))
--     print(assert(nac.synthesis.run(small, config)))
--
-- docs/synthesis.md tells the rest.
local enum = require "nac.util.enum"
local estimate = require "nac.estimate"
local file = require "nac.util.file"
local hls = require "nac.hls"
local lower = require "nac.quant.lower"
local model = require "nac.model"
local proc = require "nac.c.proc"
local report = require "nac.synthesis.report"
local source = require "nac.synthesis.source"

local M = {}

local SAMPLES = 10000 -- of the test set
local TRACED = 100

local known = { "dir", "board", "clock_ns", "strategy", "reuse_factor", "layers", "input", "output", "threshold", "io", "name", "data", "samples",
  "total_bits", "int_bits", "force", "any_size", "csim", "qonnx", "trace", "picture" }

-- Settings of single layers, words in any letter case.
local function layers_of(given)
  if given == nil then return nil end
  if type(given) ~= "table" then return nil, "synthesis.layers: a table by layer expected, got " .. tostring(given) end
  local layers = {}
  for name, one in pairs(given) do
    if type(one) ~= "table" then return nil, ("synthesis.layers: { strategy =, reuse_factor = } expected of %s, got %s"):format(name, tostring(one)) end
    layers[name] = { strategy = type(one.strategy) == "string" and one.strategy:lower() or one.strategy }
    for key, value in pairs(one) do
      if key ~= "strategy" then layers[name][key] = value end
    end
  end
  return layers
end

-- What a configuration says, under the options' names.
local function from_config(config)
  local given = config and config.synthesis or {}
  local o = { total_bits = given.total_bits, int_bits = given.int_bits, dir = given.hls_output_dir }
  if not config then return o end
  local hardware, why
  o.layers, why = layers_of(given.layers)
  if why then return nil, why end
  hardware, why = estimate.options(config)
  if not hardware then return nil, why end
  o.board, o.clock_ns, o.strategy, o.reuse_factor = hardware.board, hardware.clock_ns, hardware.strategy, hardware.reuse_factor
  if hardware.estimator ~= "analytic" then o.estimator, o.weights = hardware.estimator, hardware.weights end
  return o
end

-- Options over configuration over defaults.
local function settings(config, options)
  local o, why = from_config(config)
  if not o then return nil, why end
  if options.board then o.estimator, o.weights = nil, nil end
  for key, value in pairs(options) do o[key] = value end
  if o.total_bits and not o.int_bits then o.int_bits = "auto" end
  o.clock_ns, o.strategy, o.reuse_factor = o.clock_ns or 5, (o.strategy or "latency"):lower(), o.reuse_factor or 1
  local board
  board, why = estimate.boards.find(o.board or "zcu102")
  if not board then return nil, why end
  o.board = board
  return o
end

local function is_net(what)
  local ok, layers = pcall(function() return what.layers and what.tensors and what.quantiser end)
  return ok and layers ~= nil and type(what) ~= "string"
end

-- Net, path and configuration of what was given.
local function find(what, config, options)
  if is_net(what) then return what, nil, config end
  local given = config and config.synthesis or {}
  local pair = { total_bits = options.total_bits or given.total_bits, int_bits = options.int_bits or given.int_bits }
  if pair.total_bits then pair.int_bits = pair.int_bits or "auto" end
  if type(what) == "string" and file.exists(what) ~= "directory" then pair = {} end -- a file is meant as it is
  local path, why = source.path(what, pair)
  if not path then return nil, why end
  local net
  net, why = source.net(path)
  if not net then return nil, why end
  local found
  found, why = source.config(config, path)
  if why then return nil, why end
  return net, path, found
end

local function default_dir(path)
  if not path then return "firmware" end
  return (path:gsub("best_model", "hls", 1):gsub("%.ya?ml$", "") .. (path:find("best_model", 1, true) and "" or "_hls"))
end

-- The estimate, and why the net does not fit the board.
local function cost_of(net, o, io)
  local result = estimate.resources(net, { board = o.board, clock_ns = o.clock_ns, strategy = o.strategy, reuse_factor = o.reuse_factor,
    layers = o.layers, estimator = o.estimator, weights = o.weights, at_once = io == "parallel" })
  local _, lacking = estimate.fits(result)
  return result, lacking
end

-- Ports, estimate, and why the net does not fit. Where nothing was asked for, all positions are computed at once if there is room,
-- else one after another, as streams.
local function place(net, o, result)
  result.io = o.io or "parallel"
  result.estimate, result.lacking = cost_of(net, o, result.io)
  if o.io or not result.lacking then return end
  local streamed, lacking = cost_of(net, o, "stream")
  if lacking and streamed.lut >= result.estimate.lut then return end -- nothing to gain
  result.notes[#result.notes + 1] = ("io = stream was chosen: with all positions at once (parallel) %s."):format(result.lacking)
  result.io, result.estimate, result.lacking = "stream", streamed, lacking
end

local function write_project(net, graph, o, samples, result)
  local project, why = hls.write(graph, result.dir, { name = o.name, part = o.board.part, clock_ns = o.clock_ns, strategy = o.strategy,
    reuse_factor = o.reuse_factor, layers = o.layers, data = samples and samples.x, output = o.output, threshold = o.threshold, io = result.io,
    force = o.force })
  if not project then return nil, why end
  result.reuse, result.operations, result.n_samples, result.name = project.reuse, project.operations, project.samples, project.name
  local ok
  ok, why = model.save(net, result.dir .. "/model.yaml") -- what the firmware was made of
  return ok and project or nil, why
end

local function write_qonnx(net, o, result)
  if o.qonnx == false then return end
  local path = ("%s/%s.onnx"):format(result.dir, result.name)
  local first = net:layers()[1]
  local standardized = first ~= nil and first.kind == "standardize"
  local ok, why = require("nac.qonnx").write(net, path, { standardized = standardized })
  if ok then result.qonnx = path else result.qonnx_fault = why end
  result.qonnx_standardized = ok and standardized or nil
end

local function prove(o, result)
  if o.csim == false then return end
  local begun = proc.clock()
  local said, why = hls.csim(result.dir)
  result.csim_seconds = proc.clock() - begun
  if said then result.csim = said:gsub("^csim: ", "") else result.csim_fault = why end
end

local function draw(o, result, kind, what)
  if o.picture == false then return end
  local path, note = require("nac.plot")[kind](what, ("%s/%s.png"):format(result.dir, kind))
  if not path then result.notes[#result.notes + 1] = note end
end

local function trace(net, graph, o, samples, result)
  if not o.trace then return true end
  if not samples then
    result.notes[#result.notes + 1] = "No trace: there are no samples; name some with `data`."
    return true
  end
  result.trace = hls.trace(net, samples.x:slice(1, 1, math.min(TRACED, samples.x:size(1))), { input = graph.input })
  draw(o, result, "trace", result.trace)
  return result.trace:save(result.dir .. "/trace.csv")
end

-- Everything from the net to the page.
local function work(net, path, o, samples)
  local result = { net = net, model = path, dir = o.dir or default_dir(path), board = o.board.name, clock_ns = o.clock_ns, strategy = o.strategy,
    reuse_factor = o.reuse_factor, notes = {}, data = samples and samples.what or "samples drawn over the input's range", n_data = samples and samples.of }
  place(net, o, result)
  if result.lacking and not o.any_size then
    return nil, ("the net does not fit: %s; nothing was written (any_size = true writes it all the same)"):format(result.lacking)
  end
  local graph <close> = lower.lower(net, { input = o.input or samples and "auto" or nil, data = samples and samples.x })
  if samples and samples.y then result.accuracy = graph:accuracy(samples) elseif samples then graph:run(samples.x) end
  for _, text in ipairs(graph:warnings()) do result.notes[#result.notes + 1] = text .. "." end -- an input type that is too narrow
  local ok, why = write_project(net, graph, o, samples, result)
  if not ok then return nil, why end
  write_qonnx(net, o, result)
  prove(o, result)
  ok, why = trace(net, graph, o, samples, result)
  draw(o, result, "cost", result.estimate)
  result.page = result.dir .. "/synthesis.md"
  if ok then ok, why = file.write(result.page, report.markdown(result)) end
  if not ok then return nil, why end
  return setmetatable(result, { __tostring = report.text })
end

--- Makes firmware of a net and proves it.
-- @param what result of nac.local_search.run; or its folder, a results folder, a model's file (nac.model.save); or a quantised net
-- @param[opt] config a configuration (nac.config): data set, section hls_config (board, clock_ns, strategy, reuse factor), section synthesis
-- (total_bits and int_bits: which net of the local search; hls_output_dir; layers). Default: that of the search which the net came from
-- @param[opt] options over it: `dir` (default: beside the model), `board`, `clock_ns`, `strategy`, `reuse_factor`, `layers`, `input`,
-- `output`, `threshold`, `name` (as nac.hls.write), `io` (default: "parallel" if the board has room for all positions at once, else
-- "stream"), `data` (a tensor, part, data set, .npz or .npy; default: the test set), `samples` = 10000 of it at most, `total_bits`,
-- `int_bits`, `csim` = true, `qonnx` = true, `trace` = false, `picture` = true, `force` = false (writes over a folder that exists),
-- `any_size` = false (writes a net that does not fit the board)
-- @return `dir`, `page`, `model`, `io`, `csim` (what it said; nil where it is not proven, then `csim_fault`), `accuracy` (of the integers on those
-- samples), `estimate`, `lacking` (what the board lacks), `qonnx` (path) or `qonnx_fault`, `trace`, `n_samples`, `reuse`, `notes`; tostring
-- gives the page as plain text. Or nil and a message when nothing was written
function M.run(what, config, options)
  options = options or {}
  for key in pairs(options) do enum.check(key, known, "option of synthesis.run", 2) end
  local called, net, path, found = pcall(find, what, config, options)
  if not called then error(net, 2) end
  if not net then return nil, path end
  local o, why = settings(found or config, options)
  if not o then return nil, why end
  local samples
  samples, why = source.samples(o.data, found, o.samples or SAMPLES)
  if why and not samples then return nil, why end
  local ok, result, message = pcall(work, net, path, o, samples)
  if ok then return result, message end
  if type(result) ~= "string" then error(result, 0) end -- Ctrl-C
  return nil, (result:gsub("^[^\n]-%.lua:%d+: ", ""))
end

return M
