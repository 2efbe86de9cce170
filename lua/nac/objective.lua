--- The quantities that a search can optimise, each a row of one table. A user
-- adds a row with `register` and names it in `search.objective_names`.
local enum = require "nac.util.enum"
local metrics = require "nac.metrics"
local signal = require "nac.util.signal"
local train = require "nac.train"

local M = {}

local rows, order = {}, {}

--- Adds an objective, or replaces one of the same name.
-- @param row a table:
--   `name`, as configs, results files and the study call it;
--   `stage`: "cost" (from the architecture alone), "hardware" (from the
--   estimate of the firmware) or "training" (after training);
--   `maximize`: true where more is better;
--   `most`: of costs and hardware, trials above it end before training, as with the configuration's limits;
--   `refuses`: function(dataset) -> why it cannot be measured of such data, or nil;
--   `compute`: function(c) -> number. c has `description`, `arch`, `net` (the
--   described net), `config` (the trial's: with what it drew); from the hardware stage on `estimate`;
--   from training on `fits`, one a fold, as nac.train.fit returns them, `nets`, `folds` (a list of
--   { fit =, search = }) and `task`.
function M.register(row)
  if type(row) ~= "table" or type(row.name) ~= "string" or type(row.compute) ~= "function" then
    error("an objective is a table { name =, stage =, maximize =, compute = function }", 2)
  end
  enum.check(row.stage, { "cost", "hardware", "training" }, "stage of objective " .. row.name, 2)
  if not rows[row.name] then order[#order + 1] = row.name end
  rows[row.name] = row
end

--- The names of all objectives, in the order in which they were registered.
function M.names() return { table.unpack(order) } end

--- The row of an objective; raises for an unknown name.
-- @param name as registered; "accuracy" is another name of performance_metric
function M.get(name)
  if name == "accuracy" then name = "performance_metric" end
  return rows[enum.check(name, order, "objective", 2)]
end

-- Mean over the folds.
local function mean(c, field)
  local sum = 0
  for _, fit in ipairs(c.fits) do sum = sum + fit[field] end
  return sum / #c.fits
end

M.register {
  name = "performance_metric", stage = "training", maximize = true,
  -- Accuracy on the search part; where there are no classes, minus the loss, so
  -- that more is better in either case.
  compute = function(c)
    if c.task == "classification" then return mean(c, "val_accuracy") end
    return -mean(c, "val_loss")
  end,
}

-- Of numbers as answers: a loss on the search part.
local function error_of(name, loss, change)
  M.register {
    name = name, stage = "training", maximize = false,
    refuses = function(dataset) return dataset.task ~= "regression" and "is measured of numbers, the data have classes" or nil end,
    compute = function(c)
      local sum = 0
      for i, net in ipairs(c.nets) do sum = sum + train.evaluate(net, c.folds[i].search, { loss = loss }).loss end
      return change(sum / #c.nets)
    end,
  }
end

error_of("mae", "mae", function(x) return x end)
error_of("mse", "mse", function(x) return x end)
error_of("rmse", "mse", math.sqrt)

-- Loss on the search part, as it was minimised.
M.register { name = "loss", stage = "training", maximize = false, compute = function(c) return mean(c, "val_loss") end }

-- Mean over the classes of the area under the receiver operating characteristic.
M.register {
  name = "auc", stage = "training", maximize = true,
  refuses = function(dataset) return dataset.task ~= "classification" and "is measured of classes, the data have numbers" or nil end,
  compute = function(c)
    local sum = 0
    for i, net in ipairs(c.nets) do
      local part = c.folds[i].search
      if not part.x then error(signal.failed "auc is not measured of data that stay on disk (dataset.stream)", 0) end
      sum = sum + (metrics.auc(train.predict(net, part.x), part.y).mean or 0)
    end
    return sum / #c.nets
  end,
}

-- Mean distance between the predicted and the true position, in the data set's unit (pixels).
M.register {
  name = "distance", stage = "training", maximize = false,
  refuses = function(dataset) return not rawget(dataset, "positions") and "is measured of positions, the data have none" or nil end,
  compute = function(c)
    local sum = 0
    for i, net in ipairs(c.nets) do
      local part = c.folds[i].search
      sum = sum + metrics.distance(train.predict(net, part.x), part.y, { scale = c.positions.scale }).mean
    end
    return sum / #c.nets
  end,
}

M.register {
  name = "bops", stage = "cost", maximize = false,
  compute = function(c)
    local bops = require "nac.bops"
    return bops.count(c.description, bops.options(c.config))
  end,
}

M.register {
  name = "ebops", stage = "training", maximize = false,
  -- The bits that the trained weights really have, rounded to the width of `hls_config.model.precision`.
  compute = function(c)
    local bops, sum = require "nac.bops", 0
    for _, net in ipairs(c.nets) do
      sum = sum + bops.count(net, { definition = "ebops", weights = true, bits = c.bits, precision = c.config.hls_config.model.precision })
    end
    return sum / #c.nets
  end,
}

M.register {
  name = "params", stage = "cost", maximize = false,
  compute = function(c) return c.net:n_params() end,
}

local function hardware(name, field)
  M.register {
    name = name, stage = "hardware", maximize = false,
    compute = function(c) return c.estimate[field] end,
  }
end

hardware("avg_resource", "avg_resource")
hardware("clock_cycles", "clock_cycles")
for _, kind in ipairs { "lut", "ff", "dsp", "bram" } do
  hardware(kind, kind)
  hardware(kind .. "_percent", kind .. "_percent")
end

return M
