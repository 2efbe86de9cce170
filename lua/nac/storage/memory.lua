--- Storage that keeps nothing beyond the process. What a storage must do:
--
-- - `storage:open(meta)` -> what is stored under `meta.name`: `{meta=, records=}`
--   (records in the order of their numbers), or false when there is nothing
--   yet, or nil, message;
-- - `storage:create(meta)`: a new study. `meta`: `name`, `objectives` (list of
--   `{name=, direction=}`) and `settings` (a table of strings, numbers and
--   booleans);
-- - `storage:begin(record)`: a trial is waiting or running now; called again
--   when it is run again;
-- - `storage:finish(record)`: a trial is over; everything of it is stored in one
--   transaction;
-- - `storage:close()`.
--
-- All return true, or nil and a message. spec/contract/storage.lua checks a storage.
local M = {}

local Memory = {}
Memory.__index = Memory

--- A new storage.
function M.new() return setmetatable({ studies = {} }, Memory) end

function Memory:open(meta)
  local study = self.studies[meta.name]
  if not study then return false end
  self.current = study
  local records = {}
  for number, record in pairs(study.records) do records[number + 1] = record end
  return { meta = study.meta, records = records }
end

function Memory:create(meta)
  if self.studies[meta.name] then return nil, ("the study '%s' exists already"):format(meta.name) end
  self.current = { meta = meta, records = {} }
  self.studies[meta.name] = self.current
  return true
end

function Memory:begin(record)
  self.current.records[record.number] = record
  return true
end

Memory.finish = Memory.begin

function Memory:close() return self and true end

return M
