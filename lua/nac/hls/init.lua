--- Firmware: a quantised net as C++ for Vitis HLS, proven with g++ on this machine.
--
--     local q = nac.quant.prepare(net, { total_bits = 8, int_bits = "auto", data = data.fit })
--     assert(nac.hls.write(q, "firmware_t1", { board = "zcu102", clock_ns = 5, data = data.search }))
--     assert(nac.hls.csim "firmware_t1")
--
-- docs/hls.md says what is written and how the numbers are kept.
local bench = require "nac.hls.bench"
local dataflow = require "nac.hls.dataflow"
local enum = require "nac.util.enum"
local estimate = require "nac.estimate"
local file = require "nac.util.file"
local firmware = require "nac.hls.firmware"
local graphs = require "nac.hls.graph"
local head = require "nac.hls.head"
local home = require "nac.util.home"
local lower = require "nac.quant.lower"
local options_of = require "nac.hls.options"
local project = require "nac.hls.project"
local stream = require "nac.hls.stream"
local reuse = require "nac.hls.reuse"
local tensor = require "nac.tensor"

local M = {}

-- The net's integer graph, and whether it is ours to close.
local function lowered(net, options)
  if type(net) == "table" and net.ops and net.c then
    if options.input ~= nil then error("hls: input: the graph is lowered already: nac.quant.lower(net, { input = ... }) decides it", 3) end
    return net, false
  end
  local known, tensors = pcall(function() return net.tensors end)
  if not known or not tensors then error("hls: a quantised net or its integer graph expected, got " .. type(net), 3) end
  for _, t in ipairs(net:tensors()) do
    if not t.tensor:isfinite() then error(("hls: '%s' holds numbers that are not finite"):format(t.name), 3) end
  end
  local data = options.data
  if type(data) == "table" and not tensor.is(data) then data = data.x end
  local done, graph = pcall(lower.lower, net, { input = options.input or "auto", data = tensor.is(data) and data or nil })
  if not done then error("hls: " .. tostring(graph), 3) end
  return graph, true
end

-- A header of src/hls and what it includes of our own, into `list`.
local function add_header(list, header)
  if list["firmware/" .. header] then return end
  list["firmware/" .. header] = header
  for name in assert(file.read(home.path("src/hls/" .. header))):gmatch '#include "(nac_[%w_]+%.h)"' do add_header(list, name) end
end

-- What is copied from src/hls: path in the project, path below src/hls.
local function copies(out, name)
  local list = { ["firmware/nac_raw.h"] = "nac_raw.h", ["firmware/nac_trace.h"] = "nac_trace.h",
    ["firmware/ap_shim/ap_fixed.h"] = "ap_shim/ap_fixed.h", ["firmware/ap_shim/ap_int.h"] = "ap_shim/ap_int.h",
    [name .. "_test.cpp"] = "bench.cpp" }
  for header in pairs(out.headers) do add_header(list, header) end
  if list["firmware/nac_stream.h"] then list["firmware/ap_shim/hls_stream.h"] = "ap_shim/hls_stream.h" end
  return list
end

-- The test bench's inputs, checked by running one of them.
local function samples(data, op, graph)
  local x = data
  if data == nil then x = bench.random(op) end
  if type(x) == "table" and not tensor.is(x) then x = x.x end
  if not tensor.is(x) or x:numel() == 0 then error("data: a tensor of samples or a part { x =, y = } expected", 0) end
  x = x:contiguous()
  if not x:isfinite() then error("data: holds numbers that are not finite", 0) end
  local ok, message = pcall(graph.c.run, graph.c, x:slice(1, 1, 1))
  if not ok then error("data: " .. tostring(message), 0) end
  return x
end

-- What the user should know before synthesis, in sentences: other reuse factors than asked for, a net that is larger than
-- its board by the estimate of nac.estimate.
local function notes_of(net, o, out)
  local notes = {}
  for i, r in ipairs(out.reuse) do notes[i] = ("Layer %s: reuse factor %d is not legal, %d was taken"):format(r.layer, r.wanted, r.taken) end
  if o.board and net then
    local hw = { board = o.board, clock_ns = o.clock_ns, strategy = o.strategy, reuse_factor = o.reuse_factor, layers = o.layers,
      at_once = o.io == "parallel" }
    local known, estimated = pcall(estimate.resources, net, hw)
    if not known then
      notes[#notes + 1] = "No estimate of its size: " .. tostring(estimated):gsub("^.-:%d+: ", "")
    else
      local fits, why = estimate.fits(estimated)
      if not fits then notes[#notes + 1] = "It is estimated not to fit: " .. why end
    end
  end
  return notes
end

-- Everything that can be wrong with net or options is found here: a description of the project.
local function plan(graph, options, net)
  local o = options_of.check(options)
  local ops, output = graphs.read(graph)
  options_of.apply(o, ops)
  output = head.add(ops, output, o)
  if o.io == "stream" then stream.plan(ops, output) end
  local x = samples(o.data, ops[1], graph)
  local out = firmware.emit(ops)
  if o.io == "stream" then out.headers["nac_stream.h"] = true end
  return { o = o, ops = ops, output = output, x = x, out = out, notes = notes_of(net, o, out), is_raw = graph.input ~= nil }
end

-- The project's files by their paths.
local function texts(p)
  local name, ops, output, out = p.o.name, p.ops, p.output, p.out
  local is_stream = p.o.io == "stream"
  local top = is_stream and dataflow or firmware
  local files = project.files { name = name, part = p.o.part, clock_ns = p.o.clock_ns, ops = ops, output = output, notes = p.notes,
    is_raw = p.is_raw, is_stream = is_stream,
    declaration = top.declaration(name) }
  files["firmware/parameters.h"] = firmware.parameters(ops, out)
  files["firmware/defines.h"] = firmware.defines(ops, output, is_stream and dataflow.types(ops, output))
  files["firmware/" .. name .. ".h"] = firmware.header(name, top.declaration(name))
  files["firmware/" .. name .. ".cpp"] = top.top(name, ops, output)
  files["tb_operations.h"] = bench.operations(ops, output, name, is_stream)
  for _, array in ipairs(out.arrays) do
    files["firmware/weights/" .. array.name .. ".h"] = array.text
    files["firmware/weights/" .. array.name .. ".txt"] = array.numbers
  end
  for path, from in pairs(copies(out, name)) do
    files[path] = bench.source(assert(file.read(home.path("src/hls/" .. from))), name)
  end
  return files
end

local function store(p, graph, dir)
  for _, sub in ipairs { "firmware/weights", "firmware/ap_shim", "tb_data/trace" } do assert(file.make_directory(dir .. "/" .. sub)) end
  local function write(path, text) assert(file.write(dir .. "/" .. path, text)) end
  for path, text in pairs(texts(p)) do write(path, text) end
  bench.data(write, dir, graph, p.ops, p.output, p.x)
  return { dir = dir, name = p.o.name, operations = p.ops, samples = p.x:size(1), reuse = p.out.reuse, notes = p.notes,
    input = p.ops[1].type_text, output = p.output.type_text }
end

--- Writes a project for Vitis HLS.
-- @param net a quantised net (`nac.quant.prepare`), or its graph (`nac.quant.lower`)
-- @param dir the folder, made here; one that exists is left as it is unless `force` is set
-- @param options `name` = "myproject" (top function), `board` = "zcu102" or `part`, `clock_ns` = 5, `strategy` = "latency" or
-- "resource", `reuse_factor` = 1, `layers` = { [layer] = { strategy =, reuse_factor = } }, `data` = samples for the test
-- bench (tensor or part; default 256 drawn over the input's range), `force` = false, `input` = the type that raw inputs
-- arrive in, "ap_int<16>" and the like (default "auto" and others: see nac.quant.lower), `output` = "logits" | "argmax" |
-- "threshold", `threshold` = 0, `io` = "parallel" | "stream"
-- @return { dir =, name =, operations = list, samples =, input = and output = types of the ports, reuse = { { layer =, wanted =, taken = },
-- ... }, notes = sentences (reuse factors taken; a net that its board has no room for, by nac.estimate) }, or nil and a
-- message when the folder exists or cannot be written
function M.write(net, dir, options)
  if type(dir) ~= "string" or dir == "" then error("dir: the folder to write expected, got " .. tostring(dir), 2) end
  if options ~= nil and type(options) ~= "table" then error("options: a table expected, got " .. type(options), 2) end
  if file.exists(dir) and not (options or {}).force then
    return nil, ("%s exists and is left as it is; force = true writes over it"):format(dir)
  end
  local graph, ours = lowered(net, options or {})
  local planned, result = pcall(plan, graph, options, ours and net or nil)
  local stored = false
  if planned then stored, result = pcall(store, result, graph, dir) end
  if ours then graph:close() end
  if stored then return result end
  if planned and type(result) == "string" then return nil, result end
  error(type(result) == "string" and "hls: " .. result or result, 2)
end

--- Compiles a project with g++ and compares every operation on every sample with the exact executor.
-- @param dir a project's folder
-- @return its last line, "csim: 1000 samples, ... 0 mismatches"; or nil and what went wrong: g++ missing, or operation,
-- element, sample and both values
function M.csim(dir)
  local compiler = (os.getenv "CXX" or "g++"):match "%S+" or "g++"
  if not file.program(compiler) and not file.exists(compiler) then
    return nil, compiler .. " is missing: C simulation needs a C++ compiler (Debian: apt-get install g++)"
  end
  local pipe = assert(io.popen(("make -s -C %s csim 2>&1"):format(file.quote(dir))))
  local said = pipe:read "a"
  if not pipe:close() then return nil, said end
  return said:match "(csim: [^\n]*)" or said
end

--- What every layer gives in float, rounded and in firmware's integers; see nac.hls.trace.
-- @function trace
-- @param net quantised
-- @param x f32 tensor of samples
-- @param[opt] options `input` = type of raw inputs
-- @return the trace: `layers`, tostring, `save(path)`
function M.trace(net, x, options) return require("nac.hls.trace")(net, x, options) end

--- The reuse factors that a layer can have: how many products a multiplier serves.
--     nac.hls.legal_reuse(q, "conv2d1")
--     nac.hls.legal_reuse(64, 32)         -- a dense layer of 64 inputs and 32 outputs
-- @param net a quantised net or its integer graph; or inputs of a dense layer
-- @param layer name of a layer; or its outputs
-- @return list, rising from 1
function M.legal_reuse(net, layer)
  if math.type(net) == "integer" and math.type(layer) == "integer" and net > 0 and layer > 0 then return reuse.of_constants(net, layer) end
  if type(layer) ~= "string" then error("hls: the name of a layer expected, got " .. type(layer), 2) end
  local graph, ours = lowered(net, {})
  local names, list = {}, nil
  for _, op in ipairs((graphs.read(graph))) do
    if reuse.has(op) then
      names[#names + 1] = op.layer
      if op.layer == layer then list = list or reuse.legal(op) end
    end
  end
  if ours then graph:close() end
  if not list then enum.check(layer, names, "layer with multipliers to share", 2) end
  return list
end

--- The legal reuse factor nearest to a wanted one.
-- @function nearest_reuse
-- @param n_in inputs of the layer
-- @param n_out its outputs
-- @param wanted reuse factor
-- @return the one that is taken
M.nearest_reuse = reuse.nearest

return M
