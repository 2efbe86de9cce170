--- What every data set can do. A data set is made from a *source*, which knows
-- how to read: `source.train()` and `source.test()` return x and y (y i32
-- classes from 0, or f32 targets) and `train` a table of facts, which become fields of
-- the set: `shape`, `groups` (i32 [N]: samples of one number, such as the jets of one
-- event, stay in one part), ...; `source.provenance()` where they come from, and
-- `source.check_test()`, if there is one, raises when the test files are plainly wrong;
-- `source.with(options)` gives a source of the same samples seen another way and a table with
-- their `shape` (the other facts, if they differ), for searches that choose a window of the data.
-- Nothing is read before it is needed; the test set is read by `test` alone.
local c_tensor = require "nac.c.tensor"
local fault = require "nac.util.fault"
local split = require "nac.dataset.split"

local M = {}

local Dataset = {}

-- Fields that only the data can tell (a user's loader): reading fills them.
local READ_FIRST = { shape = true, n_classes = true, task = true, output_shape = true, classes = true }
local PARTS = { fit = true, search = true, select = true }

Dataset.__index = function(ds, key)
  if PARTS[key] then return ds:parts()[key] end
  if READ_FIRST[key] and not rawget(ds, "_facts") then
    ds:_train()
    return rawget(ds, key)
  end
  return Dataset[key]
end

Dataset.__name = "nac.dataset"

--- The name and what one should know when reading a result: "qubit (the shipped sample, simulated)",
-- "mnist (the shipped sample: 12000 of the 20000 training images asked for)".
function Dataset:title()
  local facts = {}
  if self.sample then facts[1] = "the shipped sample" .. (self.sample_text and ": " .. self.sample_text or "") end
  if self.simulated then facts[#facts + 1] = "simulated" end
  return self.name .. (#facts > 0 and " (" .. table.concat(facts, ", ") .. ")" or "")
end

function Dataset:__tostring()
  local shape = rawget(self, "shape")
  return ("dataset %s%s"):format(self:title(), shape and ", samples of shape " .. table.concat(shape, "x") or "")
end

-- x, y and the classes that splits keep in proportion. They are let go once
-- split: a second splitting reads again.
function Dataset:_train()
  local all = self._all
  if not all then
    local x, y, facts = self._source.train()
    for key, value in pairs(facts or {}) do rawset(self, key, value) end
    local strata = y
    if rawget(self, "task") == "regression" then strata = c_tensor.zeros({ x:shape()[1] }, "i32") end
    all = { x = x, y = y, strata = strata }
    self._all, self._facts, self.n_train = all, true, x:shape()[1]
  end
  return all.x, all.y, all.strata
end

--- Reads the training set and glances at the test files now, so that what is
-- wrong with them (or with a user's loader) comes as a message before any work.
-- @return true; or nil and a message
function Dataset:load()
  local ok, message = pcall(function()
    if not self._parts and not self._folds then self:_train() end
    if self._source.check_test then self._source.check_test() end
  end)
  if not ok then return nil, fault.message(message) end
  return true
end

--- The three parts of the training set, made once: `fit` (80 %) is trained on,
-- `search` (10 %) stops training and is the objective, `select` (10 %) chooses
-- the winner. They are also the fields fit, search and select of the data set.
-- Raises a message that names the file when one cannot be read.
-- @return { fit = { x =, y = }, search = ..., select = ... }
function Dataset:parts()
  if not self._parts then
    local x, y, strata = self:_train()
    self._parts = split.parts(x, y, strata, self.seed, rawget(self, "groups"))
    self._all = nil
  end
  return self._parts
end

--- Stratified folds of the training set without `select`; the last ones made
-- are kept.
-- @param k number of folds; 1 gives the parts of `parts`
-- @param[opt] seed integer, by default the data set's own
-- @return list of { fit =, search = }, with the field `select`
function Dataset:folds(k, seed)
  if math.type(k) ~= "integer" or k < 1 or k > 256 then
    error(("folds: a number of folds from 1 to 256 expected, got %s"):format(tostring(k)), 2)
  end
  if k == 1 then
    local parts = self:parts()
    return { { fit = parts.fit, search = parts.search }, select = parts.select }
  end
  seed = seed or self.seed
  local last = self._folds
  if not last or #last ~= k or last.seed ~= seed then
    local x, y, strata = self:_train()
    last = split.folds(x, y, strata, k, seed, rawget(self, "groups"))
    last.seed = seed
    self._folds, self._all = last, nil
  end
  return last
end

--- The test set; read at the first call. It is for the one evaluation at the end.
-- @return { x =, y = }, or nil and a message when there is none or it cannot be read
function Dataset:test()
  if not self._test then
    local ok, x, y = pcall(self._source.test)
    if not ok then return nil, fault.message(x) end
    if not x then return nil, y or ("data set %s has no test set"):format(self.name) end
    self._test, self.n_test = { x = x, y = y }, x:shape()[1]
  end
  return self._test
end

--- The same data seen another way, such as through another window. The seed stays, so that the
-- parts and the test set hold the same samples.
-- @param options name -> value, keys of a configuration's section `dataset`
-- @return a data set; raises a text where this one has no such views
function Dataset:with(options)
  if not self._source.with then error(("data set %s has no %s that a trial could choose"):format(self.name, (next(options))), 0) end
  local source, fields = self._source.with(options)
  for _, key in ipairs { "name", "seed", "sample", "simulated", "task", "n_classes", "classes", "standardize", "augment" } do
    if fields[key] == nil then fields[key] = self[key] end
  end
  return M.new(fields, source)
end

--- Whether there are such views.
function Dataset:has_views() return self._source.with ~= nil end

--- Where the data come from, for the record of a result.
-- @return { name =, source =, sha256 = { file = sum }, n_train =, n_test =, sample = }
function Dataset:provenance()
  local record = self._source.provenance()
  record.name, record.sample, record.simulated, record.seed = self.name, self.sample or false, self.simulated, self.seed
  record.n_train, record.n_test = self.n_train, self.n_test
  return record
end

--- A data set over a source.
-- @param fields name, seed, sample, and shape, n_classes, task where they are known
-- @param source see the head of this file
-- @return the data set
function M.new(fields, source)
  fields._source = source
  fields.seed = fields.seed or 0
  return setmetatable(fields, Dataset)
end

--- Whether `value` is a data set.
function M.is(value) return getmetatable(value) == Dataset end

return M
