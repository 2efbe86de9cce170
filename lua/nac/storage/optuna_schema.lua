--- Optuna's relational schema (schema version 12, alembic v3.2.0.a: Optuna 3.2 to
-- 5.0), so that its dashboard and Python's `optuna.load_study` open a study.
-- The tables are Optuna's definition; they are the file format here.
local M = { alembic = "v3.2.0.a", version = 12, library = "4.0.0" }

--- The table that tells such a database from any other.
M.marker = "studies"

local function attributes(table_name, id, owner, owner_table)
  return ([[CREATE TABLE %s (
    %s INTEGER NOT NULL, %s INTEGER, "key" VARCHAR(512), value_json TEXT,
    PRIMARY KEY (%s), UNIQUE (%s, "key"), FOREIGN KEY(%s) REFERENCES %s (%s))]]):format(
    table_name, id, owner, id, owner, owner, owner_table, owner)
end

--- The statements that make an empty database.
M.statements = {
  [[CREATE TABLE studies (
    study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id))]],
  [[CREATE TABLE version_info (
    version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
    PRIMARY KEY (version_info_id), CHECK (version_info_id=1))]],
  [[CREATE TABLE study_directions (
    study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL, study_id INTEGER NOT NULL, objective INTEGER NOT NULL,
    PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective), FOREIGN KEY(study_id) REFERENCES studies (study_id))]],
  attributes("study_user_attributes", "study_user_attribute_id", "study_id", "studies"),
  attributes("study_system_attributes", "study_system_attribute_id", "study_id", "studies"),
  [[CREATE TABLE trials (
    trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL,
    datetime_start DATETIME, datetime_complete DATETIME,
    PRIMARY KEY (trial_id), FOREIGN KEY(study_id) REFERENCES studies (study_id))]],
  attributes("trial_user_attributes", "trial_user_attribute_id", "trial_id", "trials"),
  attributes("trial_system_attributes", "trial_system_attribute_id", "trial_id", "trials"),
  [[CREATE TABLE trial_params (
    param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT, distribution_json TEXT,
    PRIMARY KEY (param_id), UNIQUE (trial_id, param_name), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))]],
  [[CREATE TABLE trial_values (
    trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL, value FLOAT, value_type VARCHAR(7) NOT NULL,
    PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))]],
  [[CREATE TABLE trial_intermediate_values (
    trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, step INTEGER NOT NULL,
    intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL,
    PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))]],
  [[CREATE TABLE trial_heartbeats (
    trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, heartbeat DATETIME NOT NULL,
    PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))]],
  [[CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))]],
  [[CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)]],
  [[CREATE INDEX ix_trials_study_id ON trials (study_id)]],
  ([[INSERT INTO version_info VALUES (1, %d, '%s')]]):format(M.version, M.library),
  ([[INSERT INTO alembic_version VALUES ('%s')]]):format(M.alembic),
}

--- Our states and the schema's.
M.states = { waiting = "WAITING", running = "RUNNING", complete = "COMPLETE", pruned = "PRUNED", failed = "FAIL" }

--- A number as the schema's (value, type) pair.
function M.typed(x)
  if x ~= x then return nil, "NAN" end
  if x == math.huge then return nil, "INF_POS" end
  if x == -math.huge then return nil, "INF_NEG" end
  return x, "FINITE"
end

local special = { NAN = 0 / 0, INF_POS = math.huge, INF_NEG = -math.huge }

--- The number of such a pair.
function M.untyped(value, kind) return special[kind] or value end

--- A time as the schema's text, UTC with microseconds.
function M.datetime(seconds)
  if not seconds then return nil end
  local whole = math.floor(seconds)
  return os.date("!%Y-%m-%d %H:%M:%S", whole) .. (".%06d"):format(math.floor((seconds - whole) * 1e6))
end

return M
