--- The estimator rule4ml against golden predictions of rule4ml 0.2.0 itself.
-- usage: nac-lua bench/rule4ml.lua WHEEL_OR_FOLDER CSV
-- The CSV: columns network_json, board, precision, reuse_factor, strategy,
-- hls4ml_version, vivado_version, BRAM ... INTERVAL (graph network), mlp_BRAM ... (MLP).
local csv = require "nac.util.csv"
local features = require "nac.estimate.rule4ml.features"
local json = require "nac.util.json"
local nac = require "nac"
local rule4ml = require "nac.estimate.rule4ml"
local support = require "bench.support"

local LIMIT = 1e-4

-- The network of a row, and which of its relus are a layer `ReLU`.
local function network(description)
  local arch, relu_class, relus = nac.nn.sequential { input = { description.input } }, {}, 0
  local function activation(name, own_class)
    if name == "linear" then return end
    arch:add(nac.nn[name] {})
    if name == "relu" then
      relus = relus + 1
      relu_class["relu" .. relus] = own_class
    end
  end
  for _, layer in ipairs(description.layers) do
    if layer.class == "Dense" then
      arch:add(nac.nn.dense { units = layer.units, bias = layer.use_bias })
      if layer.activation then activation(layer.activation) end
    elseif layer.class == "BatchNormalization" then
      arch:add(nac.nn.batchnorm {})
    elseif layer.class == "ReLU" then
      activation("relu", true)
    else
      activation(layer.activation)
    end
  end
  return arch:net(), { functional = description.api == "functional", relu_class = relu_class }
end

support.header("rule4ml: our computation against its own predictions", 0)
local rows = assert(csv.read(arg[2]))
local failed = false
for _, kind in ipairs { "gnn", "mlp" } do
  local start = support.clock()
  local weights = assert(rule4ml.load(arg[1], kind))
  local loading = support.clock() - start
  local worst, beyond, count, seconds = {}, 0, 0, 0
  for _, row in ipairs(rows) do
    local net, keras = network(json.decode(row.network_json))
    start = support.clock()
    local p = rule4ml.predict(weights, features.layers(net, math.tointeger(tonumber(row.reuse_factor)), keras), {
      bits = tonumber(row.precision:match "<(%d+)"), strategy = row.strategy:lower(), board = row.board,
      hls4ml_version = row.hls4ml_version, vivado_version = row.vivado_version,
    })
    seconds, count = seconds + support.clock() - start, count + 1
    local bad = false
    for _, target in ipairs(rule4ml.TARGETS) do
      local wanted = tonumber(row[(kind == "mlp" and "mlp_" or "") .. target])
      local off = wanted == p[target] and 0 or math.abs(p[target] - wanted) / math.abs(wanted)
      worst[target] = math.max(worst[target] or 0, off)
      bad = bad or not (off <= LIMIT)
    end
    if bad then beyond = beyond + 1 end
  end
  local cells = {}
  for i, target in ipairs(rule4ml.TARGETS) do cells[i] = ("%s %.1e"):format(target, worst[target]) end
  print(("%s: %d networks, %d beyond %.0e; worst relative difference: %s; loading %.0f ms, a network %.2f ms"):format(
    kind, count, beyond, LIMIT, table.concat(cells, ", "), loading * 1000, seconds / count * 1000))
  failed = failed or beyond > 0
end
os.exit(not failed, true)
