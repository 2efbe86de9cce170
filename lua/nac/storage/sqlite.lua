--- Storage in an SQLite file in Optuna's schema (`nac.storage.optuna_schema`).
-- The contract of a storage is told in `nac.storage.memory`.
--
-- What the schema has no column for (reason, seed, seconds, reports of several
-- quantities, missed bounds, kept files) lies in the system attribute "nac" of
-- study and trial; the reason also in the user attribute "nac:reason", where
-- a dashboard shows it.
--
-- Journal: WAL with synchronous = NORMAL. A commit then appends to one file
-- without waiting for the disk, readers never block the search, and a process
-- killed at any point loses nothing that it committed; a power cut can lose the
-- last commits, never the database. WAL needs a local disk: on a network share
-- SQLite falls back to its rollback journal by itself or reports the error.
--
-- One process writes a file: the lock file PATH.lock says who.
local distribution = require "nac.distribution"
local json = require "nac.util.json"
local proc = require "nac.c.proc"
local record = require "nac.study.record"
local schema = require "nac.storage.optuna_schema"

local M = {}

local Sqlite = {}
Sqlite.__index = Sqlite

local WAIT = 5000 -- ms to wait for another program that locks the database

-- Locks of this process, by path: it may open a file several times.
local locks = {}

--- The storages that are open. Held here so that no collection closes a connection
-- in a forked worker, which must not touch the database; the end of the process does.
M.open = {}

local function lock(path)
  local held = locks[path]
  if not held then
    local fd, message, owner = proc.lock(path .. ".lock")
    if not fd then
      if owner and owner > 0 then
        return nil, ("%s is in use by process %d: wait for it, or take another file"):format(path, owner)
      end
      return nil, "cannot open " .. message:gsub("%.lock:", ":", 1)
    end
    held = { fd = fd, count = 0 }
    locks[path] = held
  end
  held.count = held.count + 1
  return true
end

local function unlock(path)
  local held = locks[path]
  held.count = held.count - 1
  if held.count == 0 then
    locks[path] = nil
    os.remove(path .. ".lock")
    proc.close(held.fd)
  end
end

--- Keeps other processes from writing a database, for what is done to the
-- files around it before it is opened.
-- @param path of the database, which need not be there
-- @return a value to be closed (`local hold <close> = ...`), or nil and a message
function M.hold(path)
  local ok, message = lock(path)
  if not ok then return nil, message end
  return setmetatable({}, { __close = function() unlock(path) end })
end

-- What SQLite says, with the path and what can be done.
local function explained(path, text)
  text = tostring(text):gsub("^Error %a+ statement handle: ", ""):gsub("^Execute failed ", "")
    :gsub("^Failed to connect to database: ", "")
  local hint = text:find "locked" and ": another program writes to it; close that or try again"
    or text:find "not a database" and ": this file holds something else"
    or text:find "malformed" and ": the file is damaged; restore a copy, or begin a new one"
    or (text:find "full" or text:find "I/O") and ": is the disk full?"
    or text:find "unable to open" and ": is the folder there, and may you write to it?"
    or text:find "readonly" and ": no permission to write there"
    or ""
  return ("%s: %s%s"):format(path, text, hint)
end

-- Runs a statement; raises a string on failure.
function Sqlite:run(sql, ...)
  local statement = self.statements[sql]
  if not statement then
    local message
    statement, message = self.connection:prepare(sql)
    if not statement then error(message, 0) end
    self.statements[sql] = statement
  end
  local ok, why = statement:execute(...)
  if not ok then error(why, 0) end
  return statement
end

function Sqlite:rows(sql, ...)
  local list = {}
  for row in self:run(sql, ...):rows(true) do list[#list + 1] = row end
  return list
end

-- Does `work` in one transaction: all of it or nothing.
function Sqlite:transaction(work, ...)
  local ok, message = pcall(function(...)
    self:run "BEGIN IMMEDIATE"
    work(self, ...)
    self:run "COMMIT"
  end, ...)
  if ok then return true end
  pcall(self.run, self, "ROLLBACK")
  return nil, explained(self.path, message)
end

local function prepare(self)
  self:rows("PRAGMA busy_timeout = " .. WAIT)
  local tables = self:rows "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
  local ours = #tables == 0
  for _, t in ipairs(tables) do ours = ours or t.name == schema.marker end
  if not ours then
    error(("an SQLite database of another program (its first table is '%s')"):format(tables[1].name), 0)
  end
  self:rows "PRAGMA journal_mode = WAL"
  self:rows "PRAGMA synchronous = NORMAL"
  if #tables == 0 then
    self:run "BEGIN IMMEDIATE"
    for _, sql in ipairs(schema.statements) do self:run(sql) end
    self:run "COMMIT"
    return
  end
  local found = self:rows "SELECT version_num AS v FROM alembic_version"
  local version = found[1] and found[1].v
  if version ~= schema.alembic then
    error(("schema version %s; this engine knows %s (`optuna storage upgrade` brings an old file up)"):format(
      tostring(version), schema.alembic), 0)
  end
end

-- SQLite looks at the file when it is first read; this gives the clear message.
local function check_header(path)
  local file, message = io.open(path, "rb")
  if not file then return message:find "No such file" and true or nil, message end
  local head = file:read(16)
  file:close()
  if head and head ~= "SQLite format 3\0" then
    return nil, path .. " is not an SQLite database"
  end
  return true
end

--- Opens a database, made when it is not there.
-- @param path of the file
-- @return the storage, or nil and a message
function M.new(path)
  local ok, message = check_header(path)
  if ok then ok, message = lock(path) end
  if not ok then return nil, message end
  local connection, why = require("DBI").Connect("SQLite3", path)
  if not connection then
    unlock(path)
    return nil, explained(path, why)
  end
  connection:autocommit(true)
  local self = setmetatable({ path = path, connection = connection, statements = {}, ids = {} }, Sqlite)
  self.owner = proc.pid()
  ok, message = pcall(prepare, self)
  M.open[self] = ok or nil
  if not ok then
    self.connection = nil
    for _, statement in pairs(self.statements) do statement:close() end
    connection:close()
    unlock(path)
    return nil, explained(path, message)
  end
  return self
end

-- The study's own columns and attributes.
local function load_meta(self, name)
  local found = self:rows("SELECT study_id FROM studies WHERE study_name = ?", name)[1]
  if not found then return nil end
  self.study_id = found.study_id
  local meta, attributes = { name = name, objectives = {} }, {}
  for _, row in ipairs(self:rows('SELECT "key" AS k, value_json AS v FROM study_system_attributes WHERE study_id = ?', self.study_id)) do
    attributes[row.k] = json.decode(row.v)
  end
  local names = attributes["study:metric_names"] or {}
  for i, row in ipairs(self:rows("SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective", self.study_id)) do
    meta.objectives[i] = { name = names[i] or "value" .. i, direction = row.direction:lower() }
  end
  meta.settings = attributes.nac
  return meta
end

local state_of = {}
for ours, theirs in pairs(schema.states) do state_of[theirs] = ours end

-- The rows of one table of all trials of the study, each given to `take(record, row)`.
local function each(self, columns, from, order, records, take)
  local sql = ("SELECT t.trial_id AS id, %s FROM %s x JOIN trials t ON t.trial_id = x.trial_id WHERE t.study_id = ? ORDER BY %s")
    :format(columns, from, order)
  for row in self:run(sql, self.study_id):rows(true) do take(records[row.id], row) end
end

local function take_own(r, own)
  r.reason, r.seed, r.seconds, r.started, r.finished = own.reason, own.seed, own.seconds, own.started, own.finished
  r.violations, r.artifacts = own.violations or {}, own.artifacts or {}
  for name, amount in pairs(r.violations) do r.violations[name] = json.number(amount) end
  for _, entry in ipairs(own.reports or {}) do record.apply(r, { "report", entry.step, entry.values }) end
end

local function load_records(self, meta)
  local by_id, list = {}, {}
  local sql = "SELECT trial_id AS id, number AS n, state AS s FROM trials WHERE study_id = ? ORDER BY number"
  for _, row in ipairs(self:rows(sql, self.study_id)) do
    local r = record.new(row.n, state_of[row.s])
    by_id[row.id], list[row.n + 1], self.ids[row.n] = r, r, row.id
  end
  each(self, "x.param_name AS name, x.param_value AS value, x.distribution_json AS d", "trial_params", "x.param_id", by_id, function(r, row)
    local d = assert(distribution.from_json(row.d))
    record.apply(r, { "param", row.name, d:from_number(row.value), d })
  end)
  each(self, "x.objective AS objective, x.value AS value, x.value_type AS kind", "trial_values", "x.objective", by_id, function(r, row)
    r.values = r.values or {}
    r.values[meta.objectives[row.objective + 1].name] = schema.untyped(row.value, row.kind)
  end)
  each(self, "x.key AS k, x.value_json AS v", "trial_user_attributes", "x.trial_user_attribute_id", by_id, function(r, row)
    if row.k ~= "nac:reason" then r.attrs[row.k] = json.decode(row.v) end
  end)
  each(self, "x.key AS k, x.value_json AS v", "trial_system_attributes", "x.trial_system_attribute_id", by_id, function(r, row)
    if row.k == "nac" then take_own(r, json.decode(row.v)) end
    if row.k == "fixed_params" then r.fixed = json.decode(row.v) end
    if row.k == "nac:proposals" then r.proposals = json.decode(row.v) end
  end)
  return list
end

--- The names of the studies in the database, the oldest first.
-- @return a list; or nil and a message
function Sqlite:names()
  local ok, result = pcall(function()
    local names = {}
    for i, row in ipairs(self:rows "SELECT study_name AS name FROM studies ORDER BY study_id") do names[i] = row.name end
    return names
  end)
  if ok then return result end
  return nil, explained(self.path, result)
end

function Sqlite:open(meta)
  self.ids = {}
  local ok, result = pcall(function()
    self.meta = load_meta(self, meta.name)
    return self.meta and { meta = self.meta, records = load_records(self, self.meta) } or false
  end)
  if ok then return result end
  return nil, explained(self.path, result)
end

function Sqlite:create(meta)
  return self:transaction(function()
    self:run("INSERT INTO studies (study_name) VALUES (?)", meta.name)
    self.study_id, self.meta = self.connection:last_id(), meta
    local names = {}
    for i, o in ipairs(meta.objectives) do
      names[i] = o.name
      self:run("INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)",
        o.direction:upper(), self.study_id, i - 1)
    end
    for key, value in pairs { ["study:metric_names"] = names, nac = meta.settings } do
      self:run('INSERT INTO study_system_attributes (study_id, "key", value_json) VALUES (?, ?, ?)',
        self.study_id, key, json.encode(value))
    end
  end)
end

local parts = { "trial_params", "trial_values", "trial_intermediate_values", "trial_user_attributes", "trial_system_attributes" }

local function system_attribute(self, id, key, value)
  self:run('INSERT OR REPLACE INTO trial_system_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)',
    id, key, json.encode(value))
end

-- The trial's row, in the state that the record has; its old parts forgotten.
local function place(self, r)
  local id, state = self.ids[r.number], schema.states[r.state]
  if id then
    for _, name in ipairs(parts) do self:run(("DELETE FROM %s WHERE trial_id = ?"):format(name), id) end
    self:run("UPDATE trials SET state = ?, datetime_start = ? WHERE trial_id = ?", state, schema.datetime(r.started), id)
  else
    self:run("INSERT INTO trials (number, study_id, state, datetime_start) VALUES (?, ?, ?, ?)",
      r.number, self.study_id, state, schema.datetime(r.started))
    id = self.connection:last_id()
  end
  if r.fixed then system_attribute(self, id, "fixed_params", r.fixed) end
  if r.proposals and next(r.proposals) then system_attribute(self, id, "nac:proposals", r.proposals) end
  return id
end

function Sqlite:begin(r)
  local id
  local ok, message = self:transaction(function() id = place(self, r) end)
  if ok then self.ids[r.number] = id end
  return ok, message
end

-- The one number a step that the schema has room for.
local function main_value(self, values)
  for _, name in ipairs { self.meta.objectives[1].name, "loss", "value" } do
    if values[name] then return values[name] end
  end
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  return values[names[1]]
end

local function store(self, r, id)
  for _, name in ipairs(r.order) do
    local d = r.distributions[name]
    self:run("INSERT OR REPLACE INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)",
      id, name, d:to_number(r.params[name]), d:to_json())
  end
  for i, o in ipairs(self.meta.objectives) do
    if r.values then
      local value, kind = schema.typed(r.values[o.name])
      self:run("INSERT OR REPLACE INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, ?)",
        id, i - 1, value, kind)
    end
  end
  for _, entry in ipairs(r.reports) do
    local main = main_value(self, entry.values)
    if main then
      local value, kind = schema.typed(main)
      self:run([[INSERT OR REPLACE INTO trial_intermediate_values
        (trial_id, step, intermediate_value, intermediate_value_type) VALUES (?, ?, ?, ?)]], id, entry.step, value, kind)
    end
  end
  local attributes, keys = { ["nac:reason"] = r.reason }, {}
  for key, value in pairs(r.attrs) do attributes[key] = value end
  for key in pairs(attributes) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    self:run('INSERT OR REPLACE INTO trial_user_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)',
      id, key, json.encode(attributes[key]))
  end
  system_attribute(self, id, "nac", {
    reason = r.reason, seed = r.seed, seconds = r.seconds, started = r.started, finished = r.finished,
    violations = next(r.violations) and r.violations, artifacts = next(r.artifacts) and r.artifacts,
    reports = next(r.reports) and r.reports,
  })
  self:run("UPDATE trials SET state = ?, datetime_start = ?, datetime_complete = ? WHERE trial_id = ?",
    schema.states[r.state], schema.datetime(r.started), schema.datetime(r.finished), id)
end

function Sqlite:finish(r)
  local id = self.ids[r.number]
  local ok, message = self:transaction(function()
    id = id or place(self, r) -- its begin could not be stored
    store(self, r, id)
  end)
  if ok then self.ids[r.number] = id end
  return ok, message
end

function Sqlite:close()
  if not self.connection or self.owner ~= proc.pid() then return true end
  M.open[self] = nil
  for _, statement in pairs(self.statements) do statement:close() end
  self.statements = {}
  self.connection:close()
  self.connection = nil
  unlock(self.path)
  return true
end
Sqlite.__gc = Sqlite.close
Sqlite.__close = Sqlite.close

return M
