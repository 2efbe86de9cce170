--- Picture of a tuning: the loss of each trial and the best so far, and the
-- score against the learning rate.
local gnuplot = require "nac.plot.gnuplot"

local M = {}

local colours = gnuplot.colours
-- Colour and mark: two dots of different colours are one in grey.
local of_optimizer = { adam = { colours.blue, 7 }, adamw = { colours.sky, 11 }, sgd = { colours.vermilion, 4 }, rmsprop = { colours.green, 9 } }

local function finite(x) return type(x) == "number" and x == x and math.abs(x) < math.huge end

-- The lowest search loss that a trial reached: its result, or of a pruned one its reports.
local function loss_of(record)
  if record.state == "complete" then return record.values.loss or record.attrs.loss end
  local least
  for _, report in ipairs(record.reports) do
    local loss = report.values.loss
    if finite(loss) and (not least or loss < least) then least = loss end
  end
  return least
end

-- Marks of a logarithmic axis: 1, 2 and 5 of each decade; of many decades some.
local function marks(from, to)
  local list, first, last = {}, math.floor(math.log(from, 10)), math.ceil(math.log(to, 10))
  for decade = first, last, math.max(1, (last - first) // 8) do
    for _, digit in ipairs(last - first > 3 and { 1 } or { 1, 2, 5 }) do
      local value = digit * 10.0 ^ decade
      if value >= from and value <= to then list[#list + 1] = ("%.9g"):format(value) end
    end
  end
  return "(" .. table.concat(list, ", ") .. ")"
end

-- The vertical axis. Losses of a training that went astray would flatten the
-- rest: logarithmic where they span decades.
local function vertical(rows, quantity)
  local least, most = math.huge, -math.huge
  for _, row in ipairs(rows) do least, most = math.min(least, row[2]), math.max(most, row[2]) end
  local from, to
  local logarithmic = quantity == "loss" and least > 0 and most >= 10 * least
  if logarithmic then
    from, to = least / 1.15, most * 1.15
  else
    local margin = most > least and .06 * (most - least) or math.max(.1 * math.abs(most), 1e-6)
    from, to = least - margin, most + margin
  end
  return ("%s logscale y\nset yrange [%.9g:%.9g]\nset ytics %s\nset ylabel '%s on the search part'\n"):format(
    logarithmic and "set" or "unset", from, to, logarithmic and marks(from, to) or "autofreq", quantity)
end

local function history(records)
  local complete, ended, best, all, least = {}, {}, {}, {}, nil
  for _, record in ipairs(records) do
    local loss = loss_of(record)
    if finite(loss) then
      local row = { record.number, loss }
      all[#all + 1] = row
      if record.state == "complete" then
        complete[#complete + 1] = row
        least = math.min(least or loss, loss)
      else
        ended[#ended + 1] = row
      end
    end
    if least then best[#best + 1] = { record.number, least } end
  end
  local out, plots = { vertical(all, "loss") }, {}
  local function add(name, rows, style, title)
    if #rows == 0 then return end -- a block without points is an error to gnuplot
    out[#out + 1] = gnuplot.data(name, rows)
    plots[#plots + 1] = ("$%s using 1:2 with %s title '%s'"):format(name, style, title)
  end
  add("ended", ended, ("points pt 6 ps 0.9 lc rgb '%s'"):format(colours.grey), "ended early")
  add("complete", complete, ("points pt 7 ps 0.9 lc rgb '%s'"):format(colours.blue), "trial")
  add("best", best, ("steps lw 2 lc rgb '%s'"):format(colours.vermilion), "best so far")
  out[#out + 1] = "set xlabel 'trial'\nset format y '%.4g'\nplot " .. table.concat(plots, ", ") .. "\n"
  return table.concat(out)
end

local function against_rate(records, score, settings_of)
  local groups, order, all = {}, {}, {}
  for _, record in ipairs(records) do
    if record.state == "complete" and finite(record.values[score]) then
      local settings = settings_of(record)
      local kind = settings.optimizer
      if not groups[kind] then
        groups[kind] = {}
        order[#order + 1] = kind
      end
      local row = { settings.learning_rate, record.values[score] }
      all[#all + 1] = row
      table.insert(groups[kind], row)
    end
  end
  table.sort(order)
  local out, plots = {}, {}
  for _, kind in ipairs(order) do
    out[#out + 1] = gnuplot.data(kind, groups[kind])
    plots[#plots + 1] = ("$%s using 1:2 with points pt %d ps 0.9 lc rgb '%s' title '%s'"):format(kind, of_optimizer[kind][2],
      of_optimizer[kind][1], kind)
  end
  out[#out + 1] = vertical(all, score)
  out[#out + 1] = "set logscale x\nset format x '%g'\nset xlabel 'learning rate'\nplot " .. table.concat(plots, ", ") .. "\n"
  return table.concat(out)
end

--- Starts drawing.
-- @param records of the study
-- @param score "accuracy" or "loss": the study's objective
-- @param settings_of function(record) -> name -> value
-- @param path of the picture
-- @return a job (nac.plot.gnuplot); or nil and a message
function M.start(records, score, settings_of, path)
  local any = false
  for _, record in ipairs(records) do any = any or record.state == "complete" end
  if not any then return nil, "no picture: no trial is complete" end
  return gnuplot.start(path, 1000, 480, table.concat {
    gnuplot.STYLE, "set key tmargin center horizontal maxrows 1 samplen 1.5\nset multiplot layout 1,2\n",
    history(records), against_rate(records, score, settings_of), "unset multiplot",
  })
end

return M
