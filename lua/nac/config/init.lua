--- Configurations: a YAML file checked against one schema.
local check = require "nac.config.check"
local file = require "nac.util.file"
local rules = require "nac.config.rules"
local schema = require "nac.config.schema"
local space_file = require "nac.config.space_file"
local yaml = require "nac.util.yaml"

local M = {}

local Config = {}
Config.__index = Config

--- Where a file named in the configuration is: against the configuration's
-- folder first, then the current one.
-- @param path as written in the configuration
-- @return the first that exists; the one in the configuration's folder if neither does
function Config:resolve(path)
  return file.find(path, self.dir, "file") or path:sub(1, 1) == "/" and path or self.dir .. "/" .. path
end

--- Where a key stands, for messages: "t1.yaml:17".
-- @param key dotted, "search.epochs"
-- @return "path:line" of the key, of the section around it, or the path
function Config:where(key)
  while key do
    if self.lines[key] then return self.lines[key] end
    key = key:match "^(.*)%.[^.]*$"
  end
  return self.path
end

--- Whether the file has the key (rather than its default).
-- @param key dotted, "search.seed"
function Config:given(key) return self.lines[key] ~= nil end

-- nil until the engine has the hash; provenance then records it.
local function sha256(text)
  local ok, hash = pcall(require, "nac.c.hash")
  return ok and hash.sha256 and hash.sha256(text) or nil
end

local function finish(value, doc, text, path)
  local cfg, lines = check.check(schema, value, doc)
  if not cfg then return nil, lines end
  setmetatable(cfg, Config)
  cfg.path, cfg.text, cfg.lines = path, text, lines
  cfg.dir = path:match "^(.*)/[^/]*$" or "."
  if cfg.dir == "" then cfg.dir = "/" end
  if type(cfg.search_space) == "string" then
    local space, places, beside = space_file.load(cfg:resolve(cfg.search_space))
    if not space then return nil, ("%s: search_space: %s"):format(cfg:where("search_space"), places) end
    cfg.search_space = space
    for name, section in pairs(beside) do -- what the configuration itself says counts
      for key, item in pairs(section) do
        if lines[name .. "." .. key] then places[name .. "." .. key] = nil else cfg[name][key] = item end
      end
    end
    for key, where in pairs(places) do lines[key] = where end
  end
  local key, message = rules.apply(cfg)
  if key then return nil, ("%s: %s: %s"):format(cfg:where(key), key, message) end
  cfg.sha256 = sha256(text)
  return cfg
end

--- Reads and checks a configuration.
-- @param path a YAML file
-- @return the configuration: its sections (`nac.config.schema`) with defaults filled in; path, dir, text,
-- sha256; methods resolve, where, given. Or nil and "t1.yaml:14: what is wrong"
function M.load(path)
  local value, doc, text = yaml.load(path)
  if value == nil then return nil, doc end
  return finish(value, doc, text, path)
end

--- Checks a configuration given as text.
-- @param text YAML
-- @param[opt="config"] name what to call it in messages; its folder resolves paths
-- @return as `load`
function M.parse(text, name)
  name = name or "config"
  local value, doc = yaml.parse(text, name)
  if value == nil then return nil, doc end
  return finish(value, doc, text, name)
end

return M
