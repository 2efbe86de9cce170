--- Tables of text with aligned columns.

local M = {}

--- Formats a table.
-- @param columns list of { title =, align = "left" | "right" (default) }
-- @param rows list of lists of strings
-- @return lines of text, ending with a line break
function M.text(columns, rows)
  local width = {}
  for i, column in ipairs(columns) do
    width[i] = utf8.len(column.title)
    for _, row in ipairs(rows) do width[i] = math.max(width[i], utf8.len(row[i]) or #row[i]) end
  end
  local function line(cells)
    local out = {}
    for i, column in ipairs(columns) do
      local text = cells[i]
      local space = (" "):rep(width[i] - (utf8.len(text) or #text))
      out[i] = column.align == "left" and text .. space or space .. text
    end
    return (table.concat(out, "  "):gsub("%s+$", ""))
  end
  local titles, rules = {}, {}
  for i, column in ipairs(columns) do titles[i], rules[i] = column.title, ("-"):rep(width[i]) end
  local lines = { line(titles), line(rules) }
  for _, row in ipairs(rows) do lines[#lines + 1] = line(row) end
  return table.concat(lines, "\n") .. "\n"
end

return M
