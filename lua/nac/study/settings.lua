--- A study's options: checking them, and comparing them with what is stored.
local enum = require "nac.util.enum"
local json = require "nac.util.json"
local pruning = require "nac.study.pruning"
local sampling = require "nac.study.sampling"

local M = {}

local known = {
  "artifacts", "lag", "maximize", "minimize", "name", "population", "pruner", "resume", "sampler", "seed", "space", "storage", "sync",
}

local function names_of(list, what, level)
  if list == nil then return {} end
  if type(list) == "string" then list = { list } end
  if type(list) ~= "table" then error(what .. " takes a list of objective names, got " .. type(list), level + 1) end
  for _, name in ipairs(list) do
    if type(name) ~= "string" then error(what .. " takes a list of objective names, with a " .. type(name) .. " in it", level + 1) end
  end
  return list
end

local function integer(options, name, default, least, level)
  local value = options[name]
  if value == nil then return default end
  if not math.tointeger(value) or least and value < least then
    error(("%s must be an integer%s, got %s"):format(name, least and (" of %d or more"):format(least) or "", tostring(value)), level + 1)
  end
  return math.tointeger(value)
end

--- Checks a study's options.
-- @return the study's fields that follow from them
function M.check(options, level)
  level = (level or 1) + 1
  if type(options) ~= "table" then error("nac.study takes a table of options, got " .. type(options), level) end
  for key in pairs(options) do enum.check(key, known, "option of nac.study", level) end
  local self = { objectives = {} }
  local seen = {}
  for _, direction in ipairs { "maximize", "minimize" } do
    for _, name in ipairs(names_of(options[direction], direction, level)) do
      if seen[name] then error(("objective '%s' is named twice"):format(name), level) end
      seen[name] = true
      table.insert(self.objectives, { name = name, direction = direction })
    end
  end
  if #self.objectives == 0 then error("a study needs objectives: maximize = {names} and/or minimize = {names}", level) end
  self.sampler, self.sampler_name, self.sampler_options =
    sampling.load(options.sampler or (#self.objectives > 1 and "nsga2" or "random"), level)
  self.pruner, self.pruner_name, self.pruner_options = pruning.load(options.pruner, level)
  self.seed = integer(options, "seed", 1, nil, level)
  self.population = integer(options, "population", self.sampler_options.population, 2, level)
  self.sampler_options.population = nil
  self.lag = integer(options, "lag", self.sampler.lag or 7, 0, level)
  self.sync = options.sync ~= false
  self.name = options.name or "nac"
  if type(self.name) ~= "string" then error("name must be a string, got " .. type(self.name), level) end
  local path = type(options.storage) == "string" and options.storage:gsub("%.[%w]+$", "")
  self.artifact_dir = options.artifacts or path and path .. "_artifacts"
  return self
end

-- What stood beside the name of a sampler or pruner, as JSON; nil where nothing did.
local function own_options(options)
  local own = {}
  for key, value in pairs(options) do
    if key ~= "population" then own[key] = value end
  end
  return next(own) and json.encode(own) or nil
end

--- What a storage keeps about the study itself.
function M.meta(self)
  return {
    name = self.name, objectives = self.objectives,
    settings = {
      seed = self.seed, sampler = self.sampler_name, sampler_options = own_options(self.sampler_options),
      pruner = self.pruner_name, pruner_options = own_options(self.pruner_options),
      population = self.population, lag = self.lag, sync = self.sync,
    },
  }
end

local function storage_of(given, level)
  if not given then return require("nac.storage.memory").new() end
  if type(given) == "string" then
    local storage, message = require("nac.storage.sqlite").new(given)
    if not storage then error(message, level + 1) end
    return storage
  end
  for _, verb in ipairs { "open", "create", "begin", "finish", "close" } do
    if type(given) ~= "table" or type(given[verb]) ~= "function" then
      error(("a storage is the path of a database or a table with a function %s"):format(verb), level + 1)
    end
  end
  return given
end

local function objectives_text(objectives)
  local parts = {}
  for i, o in ipairs(objectives) do parts[i] = o.direction .. " " .. o.name end
  return table.concat(parts, ", ")
end

-- Refuses to go on with anything that would change the results.
local function compare(self, options, stored)
  local function differ(what, was, is)
    error(("study '%s' was made with %s %s, now %s: go on with the same, or take another name"):format(
      self.name, what, tostring(was), tostring(is)), 0)
  end
  local was, is = objectives_text(stored.meta.objectives), objectives_text(self.objectives)
  if was ~= is then differ("objectives", was, is) end
  local settings = stored.meta.settings
  if not settings then
    error(("study '%s' was not made by this engine (it records no seed): it can be read, not continued"):format(self.name), 0)
  end
  if settings.seed ~= self.seed then differ("seed", settings.seed, self.seed) end
  if settings.sampler ~= self.sampler_name then differ("sampler", settings.sampler, self.sampler_name) end
  local pruner = settings.pruner or "none"
  if pruner ~= self.pruner_name then differ("pruner", pruner, self.pruner_name) end
  for _, what in ipairs { "sampler", "pruner" } do
    local had, has = settings[what .. "_options"], own_options(self[what .. "_options"])
    if had ~= has then differ(what .. " options", had or "none", has or "none") end
  end
  for _, key in ipairs { "population", "lag", "sync" } do
    if options[key] ~= nil and options[key] ~= settings[key] then differ(key, settings[key], options[key]) end
    self[key] = settings[key]
  end
end

--- Opens the storage; fills `self.storage`.
-- @return what is stored under this name, or nil
function M.open(self, options, level)
  level = (level or 1) + 1
  self.storage = storage_of(options.storage, level)
  local stored, message = self.storage:open { name = self.name }
  if stored == nil then error(message, level) end
  if not stored then return nil end
  if not options.resume then
    self.storage:close()
    error(("the study '%s' exists already with %d trials: resume = true continues it, another name begins a new one")
      :format(self.name, #stored.records), level)
  end
  local ok, e = pcall(compare, self, options, stored)
  if not ok then
    self.storage:close()
    error(e, level)
  end
  return stored
end

--- Checks a final state given by hand.
function M.check_state(state, level) enum.check(state, { "complete", "pruned", "failed" }, "state", level) end

return M
