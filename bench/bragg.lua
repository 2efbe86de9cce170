--- BraggNN and OpenHLS, as NAC published them, and smaller networks of the same space, all
-- trained alike on the shipped frames and scored on shifted test patches.
--     nac-lua bench/bragg.lua [seed [epochs [network ...]]]     seed 1, 50 epochs, all networks
local nac = require "nac"

local M = {}

-- NAC's examples by name; else channels of 3 x 3 convolutions, then the widths of dense layers.
M.networks = {
  BraggNN = { example = "braggnn" }, OpenHLS = { example = "openhls" },
  ["conv 16-16-16, dense 32"] = { 16, 16, 16, dense = 32 }, ["conv 12-12-8, dense 32"] = { 12, 12, 8, dense = 32 },
  ["conv 8-8-4, dense 16"] = { 8, 8, 4, dense = 16 },
}
M.order = { "BraggNN", "OpenHLS", "conv 16-16-16, dense 32", "conv 12-12-8, dense 32", "conv 8-8-4, dense 16" }

--- The arch of one of these.
function M.arch(name)
  local n = M.networks[name]
  if n.example then
    return nac.arch.to_nn(assert(nac.arch.load("spec/golden/config/bragg_model_example_configs.yaml", { example = n.example })))
  end
  local arch = nac.nn.sequential { input = { 1, 11, 11 } }
  for _, channels in ipairs(n) do arch:add(nac.nn.conv2d { channels = channels, kernel = 3 }):add(nac.nn.relu {}) end
  return arch:add(nac.nn.flatten {}):add(nac.nn.dense { units = n.dense }):add(nac.nn.relu {}):add(nac.nn.dense { units = 2 })
end

--- Trains a network and scores it.
-- @return the row of a table: { name =, params =, bops = (exact, 16 bits), mean =, quantiles =, net = }
function M.row(name, data, seed, epochs)
  local arch = M.arch(name)
  local net, test = arch:build { seed = seed }, data:test()
  nac.train.fit(net, data, { epochs = epochs, batch = 64, optimizer = { kind = "adam", lr = 2e-3 }, schedule = { kind = "cosine" }, patience = false,
    seed = seed })
  local d = nac.metrics.distance(nac.train.predict(net, test.x), test.y, { scale = 11 })
  return { name = name, params = net:n_params(), bops = nac.bops.count(net, { bits = 16 }), mean = d.mean, quantiles = d.quantiles, net = net }
end

if arg and arg[0] and arg[0]:find "bragg%.lua$" then
  local seed, epochs = math.tointeger(arg[1] or 1), math.tointeger(arg[2] or 50)
  local data = nac.dataset.bragg { sample = true }
  print(("%s, shift 1, seed %d, %d epochs, batch 64, Adam .002 with a cosine; distance in pixels"):format(data:title(), seed, epochs))
  print("                            parameters  BOPs (16 bits)   mean  median   75 %   95 %")
  for _, name in ipairs(arg[3] and { table.unpack(arg, 3) } or M.order) do
    local r = M.row(name, data, seed, epochs)
    print(("  %-26s %9d %15.0f  %.3f   %.3f  %.3f  %.3f"):format(name, r.params, r.bops, r.mean, r.quantiles[1].distance,
      r.quantiles[2].distance, r.quantiles[3].distance))
  end
end

return M
