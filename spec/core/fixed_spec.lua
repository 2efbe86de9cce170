-- Integer graphs: every layer kind, exactly, against fake quantisation and against plain Lua integers.
local cnet = require "nac.c.net"
local cplan = require "nac.c.plan"
local core_twin = require "spec.support.core_twin"
local layer_cases = require "spec.support.layer_cases"
local lower = require("nac.quant.lower").lower
local nac = require "nac"
local quant = require "nac.c.quant"
local random_net = require "spec.support.random_net"

local roundings = { "TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV" }
local overflows = { "SAT", "SAT", "SAT_SYM", "WRAP", "SAT_ZERO" }

local function random_format(r, widest)
  return quant.format { width = r:int(2, widest), integer = r:int(-2, 4), signed = r:uniform() < .8, rounding = r:choice(roundings),
    overflow = r:choice(overflows) }
end

-- Names of parameters that can have formats: all but a batchnorm's.
local function formattable(net)
  local norm, list = {}, {}
  for _, layer in ipairs(net:layers()) do
    if layer.kind == "batchnorm" then norm[layer.name] = true end
  end
  for _, t in ipairs(net:tensors()) do
    if t.role == "parameter" and not norm[t.name:match "^(.*)%.%w+$"] then list[#list + 1] = t end
  end
  return list
end

local function random_formats(r, n, widest)
  local list = {}
  for i = 1, n do list[i] = random_format(r, widest) end
  return list
end

-- Random formats on the input, on every parameter but batchnorm's, and on most values (all with `full`): one for all, one a
-- channel, one an element.
local function quantise(net, r, widest, full)
  for _, t in ipairs(formattable(net)) do
    local how = r:uniform()
    if how < .2 then
      net:quantise(t.name, random_formats(r, t.tensor:numel(), widest), { axis = 0 })
    else
      net:quantise(t.name, how < .6 and random_formats(r, t.tensor:size(1), widest) or random_format(r, widest), { axis = 1 })
    end
  end
  net:quantise(1, random_format(r, widest))
  for i, layer in ipairs(net:layers()) do
    local n = 1
    for _, d in ipairs(layer.output) do n = n * d end
    local how = r:uniform()
    if how < .1 and full then
      net:quantise(i + 1, random_formats(r, n, widest), { axis = 0 })
    elseif how < .2 and full then
      net:quantise(i + 1, random_formats(r, layer.output[#layer.output], widest), { axis = #layer.output })
    elseif full or how < .7 then
      net:quantise(i + 1, random_format(r, widest))
    end
  end
end

local function net_of(case, seed)
  local net = cnet.new(case.shape)
  for _, layer in ipairs(case.layers) do net:add(layer) end
  net:init(seed)
  return net
end

local function kinds_text(net)
  local words = {}
  for i, layer in ipairs(net:layers()) do words[i] = layer.kind end
  return table.concat(words, " > ")
end

-- What the graph's operations have in common: exact in float, in double, but for tables.
local function exactness(graph)
  local e = { float = true, double = true, tables = true }
  for _, op in ipairs(graph:ops()) do
    e.float = e.float and op.exact_in_float
    e.double = e.double and op.exact_in_double
    e.tables = e.tables and (op.exact_in_double or op.op == "table" and op.sum_bits < 50)
  end
  return e
end

local function forward(net, x, reference)
  local plan <close> = cplan.new(net, { batch = x:size(1), reference = reference })
  return plan:forward(x):to "f64"
end

-- Whether the graph gives logits: a head without a format is left out.
local function gives_logits(net)
  local layers = net:layers()
  local last = layers[#layers].kind
  return (last == "softmax" or last == "log_softmax" or last == "sigmoid") and not net:quantiser(#layers + 1)
end

-- The graph's outputs equal those of fake quantisation wherever they must. Returns where they did.
local function agree(net, x)
  local ok, graph = pcall(lower, net)
  if not ok then
    local why = tostring(graph)
    assert(why:find("number format", 1, true) or why:find("output formats; a table has one", 1, true), why)
    return {}
  end
  local y = graph:run(x)
  local e = exactness(graph)
  if gives_logits(net) then return {} end
  if e.tables then assert(y:equal(forward(net, x, 64)), "double: " .. kinds_text(net) .. "\n" .. graph:report()) end
  if e.float then assert(y:equal(forward(net, x, 0)), "float: " .. kinds_text(net) .. "\n" .. graph:report()) end
  graph:close()
  return e
end

describe("integer graphs", function()
  it("give what fake quantisation gives, for every layer kind", function()
    local seen = {}
    layer_cases.each(function(kind, case)
      for seed = 1, 3 do
        local net = net_of(case, seed)
        local r = nac.rng.stream(seed, "formats " .. layer_cases.text(case))
        quantise(net, r, seed == 3 and 16 or 8, seed == 1)
        if kind ~= "opaque" then
          local x = nac.tensor.randn({ 19, table.unpack(case.shape) }, { seed = seed }) * 2
          if agree(net, x).tables then seen[kind] = true end
        end
      end
    end)
    local never = {}
    for kind in pairs(layer_cases.cases) do
      if not seen[kind] then never[#never + 1] = kind end
    end
    table.sort(never)
    assert.same({ "batchnorm", "layernorm", "log_softmax", "opaque", "shared batchnorm", "softmax", "standardize" }, never)
  end)

  it("exist for every layer kind but a user's own function", function()
    local refused, kinds = {}, {}
    layer_cases.each(function(_, case)
      local net = net_of(case, 1)
      for _, t in ipairs(formattable(net)) do net:quantise(t.name, quant.format { width = 5, integer = 2 }) end
      for value = 1, #net:layers() + 1 do net:quantise(value, quant.format { width = 7, integer = 3 }) end
      local ok, why = pcall(lower, net)
      for _, layer in ipairs(net:layers()) do kinds[layer.kind] = true end
      if not ok then refused[#refused + 1] = tostring(why) end
    end)
    for _, kind in ipairs(cnet.kinds()) do assert.is_true(kinds[kind], kind) end
    for _, why in ipairs(refused) do assert.matches("opaque has no integer form", why, nil, true) end
    assert.is_true(#refused > 0)
  end)

  it("give the same with the kernels of every instruction set, for single samples and for many", function()
    local layers = {
      { { 37 }, { kind = "dense", units = 9 }, { kind = "relu" }, { kind = "dense", units = 5 } },
      { { 4, 6, 5 }, { kind = "conv2d", channels = 6, kernel = 3, padding = 1, groups = 2 }, { kind = "relu" },
        { kind = "conv2d", channels = 5, kernel = 2, stride = 2 } },
    }
    for seed = 1, 30 do
      local spec = layers[seed % 2 + 1]
      local net = net_of({ shape = spec[1], layers = { table.unpack(spec, 2) } }, seed)
      quantise(net, nac.rng.stream(seed, "isa"), 8, true)
      local x = nac.tensor.randn({ 33, table.unpack(spec[1]) }, { seed = seed }) * 4
      local flat = x:reshape { -1 }
      for i, special in ipairs { 0 / 0, 1 / 0, -1 / 0, 1e30, -1e-30, 1e-30, -0.0 } do flat[7 * i] = special end
      local graph = lower(net)
      local want, counts
      for row = 1, 33 do
        local y = graph:run(x:slice(1, row, row))
        want = want and nac.tensor.concat({ want, y }, 1) or y
      end
      counts = graph:stats()
      core_twin.each_isa(function()
        graph:reset()
        assert.is_true(graph:run(x):equal(want), "seed " .. seed)
        assert.same(counts, graph:stats())
      end)
    end
  end)

  it("do so for random nets", function()
    local equal = 0
    for seed = 1, 150 do
      local net = random_net.draw(seed, { bends = true, graph = true })
      quantise(net, nac.rng.stream(seed, "formats"), 8, seed % 2 == 0)
      local ok, why = pcall(function()
        if agree(net, nac.tensor.randn({ 5, table.unpack(net:input_shape()) }, { seed = seed })).tables then equal = equal + 1 end
      end)
      if not ok and not tostring(why):find "no integer form" then error(why, 0) end
    end
    assert(equal >= 30, equal)
  end)
end)
