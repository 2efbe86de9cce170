--- Comma-separated values: written as RFC 4180 says, read with the tolerance
-- that older results need.
local file = require "nac.util.file"

local M = {}

local function encode_cell(value)
  if value == nil then return "" end
  local text = tostring(value)
  if math.type(value) == "float" then
    text = ("%.10g"):format(value)
    if value ~= value then text = "nan" end
  end
  if text:find('[",\r\n]') then return '"' .. text:gsub('"', '""') .. '"' end
  return text
end

--- Rows as text.
-- @param columns the names, in order
-- @param rows a list of tables { [column] = value }; an absent value is an empty cell
-- @return the text, with a header line
function M.encode(columns, rows)
  local lines = {}
  local header = {}
  for i, name in ipairs(columns) do header[i] = encode_cell(name) end
  lines[1] = table.concat(header, ",")
  for _, row in ipairs(rows) do
    local cells = {}
    for i, name in ipairs(columns) do cells[i] = encode_cell(row[name]) end
    lines[#lines + 1] = table.concat(cells, ",")
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Writes rows to a file.
-- @return true, or nil and a message
function M.write(path, columns, rows) return file.write(path, M.encode(columns, rows)) end

-- One cell from position `at`: its text and the position behind it. A comma
-- between angle brackets, as in an unquoted ap_fixed<16,6>, does not end it.
local function cell(text, at)
  if text:sub(at, at) ~= '"' then
    local stop = at
    while true do
      local found, last = text:find("^[^,<\r\n]*", stop)
      stop = (last or found - 1) + 1
      local _, bracket = text:find("^<%d+,[%w_,%s]*>", stop)
      if bracket then
        stop = bracket + 1
      elseif text:sub(stop, stop) == "<" then
        stop = stop + 1
      else
        return text:sub(at, stop - 1), stop
      end
    end
  end
  local parts = {}
  local from = at + 1
  while true do
    local quote = text:find('"', from, true)
    if not quote then return nil, "a quoted cell has no end" end
    parts[#parts + 1] = text:sub(from, quote - 1)
    if text:sub(quote + 1, quote + 1) ~= '"' then return table.concat(parts, '"'), quote + 1 end
    from = quote + 2
  end
end

--- Reads text: the first line names the columns.
-- @param text the content of a file
-- @return list of rows { [column] = text }, and the list of columns; or nil and
-- a message with the line
function M.decode(text)
  text = text:gsub("^\239\187\191", "")
  local rows, columns, record = {}, nil, {}
  local at, line = 1, 1
  while at <= #text do
    local value, stop = cell(text, at)
    if not value then return nil, ("line %d: %s"):format(line, stop) end
    local _, breaks = value:gsub("\n", "")
    record[#record + 1] = value
    local separator = text:match("^\r?\n", stop)
    if text:sub(stop, stop) == "," then
      at = stop + 1
      if at > #text then record[#record + 1] = "" end
    elseif separator or stop > #text then
      at = stop + #(separator or "")
    else
      return nil, ("line %d: a comma or the end of the line expected after a quoted cell"):format(line)
    end
    if separator or at > #text then
      if not columns then
        columns = record
      elseif #record > #columns then
        return nil, ("line %d: %d cells, but %d columns"):format(line, #record, #columns)
      elseif #record > 1 or record[1] ~= "" then
        local row = {}
        for i, name in ipairs(columns) do row[name] = record[i] or "" end
        rows[#rows + 1] = row
      end
      record = {}
      line = line + 1
    end
    line = line + breaks
  end
  if not columns then return nil, "the file is empty" end
  return rows, columns
end

--- Reads a file.
-- @return as `decode`, the message beginning with the path
function M.read(path)
  local text, message = file.read(path)
  if not text then return nil, message end
  local rows, columns = M.decode(text)
  if not rows then return nil, path .. ": " .. columns end
  return rows, columns
end

return M
