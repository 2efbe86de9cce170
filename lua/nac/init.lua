--- nac: an engine for neural architecture codesign.
-- `require "nac"` returns a table whose fields are the public modules, loaded
-- when first used, so that a script pays only for what it touches.

-- One line a public module.
local modules = {
  "arch", "baseline", "blocks", "bops", "compare", "config", "dataset", "distribution", "estimate", "global_search",
  "hdf5", "hls", "hypervolume", "local_search", "metrics", "model", "nn", "npz", "onnx", "pareto", "plot", "prune", "qonnx", "quant", "report",
  "rng", "safetensors", "space", "synthesis", "tensor", "train", "tune",
}

-- Modules that are one function: nac.study{...}.
local callable = { study = "nac.study" }

local names = {}
for _, name in ipairs(modules) do names[name] = "nac." .. name end
for name, path in pairs(callable) do names[name] = path end

local M = { version = require("nac.c.sys").version }

return setmetatable(M, {
  __names = names, -- for completion, which must not load every module
  __index = function(t, name)
    local path = names[name]
    if not path then return nil end
    local module = require(path)
    rawset(t, name, module)
    return module
  end,
  -- pairs(nac) lists every public module, loaded or not (completion, docs).
  __pairs = function(t)
    for name in pairs(names) do local _ = t[name] end
    return next, t, nil
  end,
})
