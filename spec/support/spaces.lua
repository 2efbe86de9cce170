--- The spaces of the predecessors' files, and one training step of what they draw.
local config = require "nac.config"
local nac = require "nac"

local M = {}

-- name, search.model_type and file under spec/golden/config, what the data looks like.
local rows = {
  { "t1", nil, "t1_config.yaml", { input_shape = { 64 } } },
  { "t2", nil, "t2_config.yaml", { input_shape = { 16, 16, 1 } } },
  { "t3", nil, "t3_config.yaml", { input_shape = { 800 } } },
  { "block", "block", "block_search_space.yaml", { input_shape = { 11, 11, 1 } } },
  { "braggnn", "braggnn", "braggnn_search_space.yaml", { input_shape = { 11, 11, 1 } } },
  { "deepsets", "deepsets", "deepsets_search_space.yaml", { input_shape = { 8, 3 }, output_dim = 5 } },
  { "qubit", "block", "qubit_search_space.yaml", { input_shape = { 800 } } },
  { "mnist", "mlp", "mnist_search_spaces.yaml", { input_shape = { 64 }, output_dim = 10 } },
}

--- All of them: list of {name=, space=}.
function M.all()
  local list = {}
  for i, row in ipairs(rows) do
    local cfg
    if row[2] then
      local text = ("dataset: {name: mnist}\nsearch: {model_type: %s}\nsearch_space: %s"):format(row[2], row[3])
      cfg = assert(config.parse(text, "spec/golden/config/" .. row[1] .. ".yaml"))
    else
      cfg = assert(config.load("spec/golden/config/" .. row[3]))
    end
    list[i] = { name = row[1], space = assert(nac.space.from_config(cfg, row[4])) }
  end
  return list
end

--- What is done with every architecture, in this order.
M.stages = { "train", "prepare", "lower", "onnx", "qonnx", "firmware", "estimate" }

-- Writes a net with `format` (nac.onnx or nac.qonnx) and reads it again; true, or false and why it cannot be written.
local function there_and_back(format, net, path, same)
  local written, why = format.write(net, path)
  if not written then return false, why end
  local again = assert(format.read(path))
  assert(same(again), "what is read again computes something else")
  again:close()
  return true
end

-- Whether two tensors of one shape differ by at most `bound` of the largest number.
local function near(a, b, bound) return (a - b):abs():max() <= bound * (1 + b:abs():max()) end

--- Takes a description through all that may become of it: it is built and trained for
-- one step on `n` samples at random, prepared for 8 bits, lowered to integers and run,
-- written as ONNX and, where that can hold it, as QONNX (both are read again and compared),
-- written as firmware (not compiled), and its cost estimated.
-- @param desc a description
-- @param n samples
-- @param[opt] folder for the files, overwritten; without one none are written
-- @param[opt] last stage that is wanted; all by default
-- @return {loss =, params =, stage = the last one reached, seconds = of the processor, by stage, no_qonnx = why QONNX
--   cannot hold it}; and, where a stage fails, its message
function M.prove(desc, n, folder, last)
  local shape = require("nac.blocks").engine_shape(desc.input_shape)
  local part = {
    x = nac.tensor.randn({ n, table.unpack(shape) }, { seed = 1 }), y = nac.tensor.zeros({ n }, "i32"),
  }
  local out, net, quantised, graph = { seconds = {} }, nil, nil, nil
  local steps = {
    train = function()
      net = require("nac.arch").to_nn(desc):build { seed = 1 }
      local loss = desc.output_dim == 1 and "bce_with_logits" or "cross_entropy"
      local fit = nac.train.fit(net, { fit = part, search = part }, { epochs = 1, batch = n, loss = loss, patience = 0 })
      assert(fit.loss == fit.loss and math.abs(fit.loss) < math.huge, "the loss is " .. tostring(fit.loss))
      out.loss, out.params = fit.loss, net:n_params()
    end,
    prepare = function() quantised = nac.quant.prepare(net, { total_bits = 8, int_bits = "auto", data = part, quiet = true }) end,
    lower = function()
      graph = nac.quant.lower(quantised)
      assert(graph:run(part.x:slice(1, 1, 2):contiguous()):isfinite(), "the integer network gives numbers that are not finite")
    end,
    onnx = function()
      if not folder then return end
      local samples = part.x:slice(1, 1, 2):contiguous()
      local wanted = nac.train.predict(net, samples)
      assert(there_and_back(nac.onnx, net, folder .. ".onnx", function(again)
        return near(nac.train.predict(again, samples), wanted, 1e-5)
      end))
    end,
    qonnx = function()
      if not folder then return end
      local samples = part.x:slice(1, 1, 2):contiguous()
      local wanted, _ = graph:run(samples)
      _, out.no_qonnx = there_and_back(nac.qonnx, quantised, folder .. ".onnx", function(again)
        local other <close> = nac.quant.lower(again)
        return near(other:run(samples), wanted, 0)
      end)
    end,
    firmware = function()
      if folder then assert(nac.hls.write(quantised, folder, { data = part.x:slice(1, 1, 2):contiguous(), force = true })) end
    end,
    estimate = function()
      local e = nac.estimate.resources(desc, { board = "zcu102", precision = "ap_fixed<8,3>" })
      assert(e.lut > 0 and e.clock_cycles > 0, "nothing is estimated")
    end,
  }
  local message
  for _, stage in ipairs(M.stages) do
    local begun = os.clock()
    local ok, why = pcall(steps[stage])
    out.stage, out.seconds[stage] = stage, os.clock() - begun
    if not ok then
      message = stage .. ": " .. tostring(why)
      break
    end
    if stage == last then break end
  end
  if graph then graph:close() end
  if quantised and quantised ~= net then quantised:close() end
  if net then net:close() end
  if folder then os.remove(folder .. ".onnx") end
  return out, message
end

return M
