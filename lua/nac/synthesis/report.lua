--- The page of a synthesis: what was written, whether it is proven, what it costs, layer by layer. As
-- Markdown for the folder and as plain text for the terminal.
local tables = require "nac.report.table"

local M = {}

local columns = {
  { title = "layer", align = "left" }, { title = "kind", align = "left" }, { title = "output", align = "left" },
  { title = "weights", align = "left" }, { title = "zeros" }, { title = "result", align = "left" },
  { title = "LUT" }, { title = "FF" }, { title = "DSP" }, { title = "BRAM" }, { title = "% of LUT" }, { title = "cycles" },
}

local function whole(x) return ("%.0f"):format(x) end

-- The format of a place in few letters.
local function type_at(net, place)
  local list = net:quantiser(place)
  if not list then return "exact" end
  return #list > 1 and #list .. " formats" or tostring(list[1]):match "^[%w_]+<%-?%d+,%-?%d+" .. ">"
end

-- Part of a layer's weights that is zero, as text.
local function zeros_of(net, name)
  local t = net:tensor(name)
  local zeros = t:eq(0):to("f64"):sum()
  return ("%.0f %%"):format(100 * zeros / t:numel())
end

-- One row a layer: cells by the order of the columns.
local function rows_of(s)
  local cost, own, rows = {}, {}, {}
  for _, row in ipairs(s.estimate.layers) do cost[row.layer] = row end
  for _, t in ipairs(s.net:tensors()) do own[t.name] = true end
  for i, layer in ipairs(s.net:layers()) do
    local e, weight = cost[layer.name] or {}, layer.name .. ".weight"
    local function number(key) return e[key] and whole(e[key]) or "" end
    rows[i] = { layer.name, layer.kind, table.concat(layer.output, "x"), own[weight] and type_at(s.net, weight) or "",
      own[weight] and zeros_of(s.net, weight) or "", type_at(s.net, i + 1), number "lut", number "ff", number "dsp", number "bram",
      e.lut and ("%.2f"):format(100 * e.lut / s.estimate.available.lut) or "", number "cycles" }
  end
  local e = s.estimate
  rows[#rows + 1] = { "total", "", "", "", "", "", whole(e.lut), whole(e.ff), whole(e.dsp), whole(e.bram), ("%.2f"):format(e.lut_percent),
    whole(e.clock_cycles) }
  return rows
end

local function markdown_table(rows)
  local titles, rule, lines = {}, {}, {}
  for i, c in ipairs(columns) do titles[i], rule[i] = c.title, c.align == "left" and "---" or "---:" end
  lines[1], lines[2] = "| " .. table.concat(titles, " | ") .. " |", "|" .. table.concat(rule, "|") .. "|"
  for i, row in ipairs(rows) do lines[i + 2] = "| " .. table.concat(row, " | ") .. " |" end
  return table.concat(lines, "\n") .. "\n"
end

-- What is to be said, one sentence a line.
local function sentences(s)
  local e, list = s.estimate, {}
  local function say(form, ...) list[#list + 1] = form:format(...) end
  if s.csim then
    say("Proven: %s (%s%s).", s.csim, s.data, s.n_data and s.n_data > s.n_samples and (", %d of %d samples"):format(s.n_samples, s.n_data) or "")
  else
    say("NOT PROVEN: %s", s.csim_fault or "C simulation was not asked for; run `make csim` in the folder.")
  end
  if s.accuracy then say("Accuracy of the integer network on these samples: %.4f.", s.accuracy) end
  say("Estimate for %s (%s), io %s, %s strategy, reuse factor %d: LUT %.2f %%, FF %.2f %%, DSP %.2f %%, BRAM %.2f %% of the board.", e.board, e.estimator, s.io,
    s.strategy, s.reuse_factor, e.lut_percent, e.ff_percent, e.dsp_percent, e.bram_percent)
  if e.csynth then say("HLS's own report is expected to say %d LUT and %d DSP, before logic synthesis.", e.csynth.lut, e.csynth.dsp) end
  if s.lacking then say("DOES NOT FIT: %s.", s.lacking) end
  say("Latency %.0f cycles, a new input every %s: %g ns at an assumed clock of %g ns; nothing has been placed or routed.", e.clock_cycles,
    e.interval == 1 and "cycle" or ("%.0f cycles"):format(e.interval), e.clock_cycles * s.clock_ns, s.clock_ns)
  if s.qonnx then
    say("QONNX: %s%s", s.qonnx, s.qonnx_standardized and ", for inputs that are standardised before" or "")
  elseif s.qonnx_fault then
    say("No QONNX: %s.", s.qonnx_fault)
  end
  for _, r in ipairs(s.reuse or {}) do say("Layer %s: reuse factor %d is not legal, %d was taken.", r.layer, r.wanted, r.taken) end
  for _, note in ipairs(e.notes) do
    if not note:find("is not legal", 1, true) then say("Estimate: %s.", (note:gsub("%.$", ""))) end -- said above
  end
  for _, note in ipairs(s.notes) do say("%s", note) end
  return list
end

--- Plain text.
-- @param s result of nac.synthesis.run
function M.text(s)
  return table.concat(sentences(s), "\n") .. "\n\n" .. tables.text(columns, rows_of(s)) .. ("\nproject: %s\n"):format(s.dir)
end

--- Markdown.
-- @param s result of nac.synthesis.run
function M.markdown(s)
  local lines = { ("# Firmware of %s\n"):format(s.model or "a network"),
    ("Written by nac-lua %s. `make csim` in this folder proves it again; README.md tells the interface.\n"):format(require("nac.c.sys").version) }
  for _, text in ipairs(sentences(s)) do lines[#lines + 1] = "- " .. text:gsub("%s*\n%s*", " ") end
  lines[#lines + 1] = "\n" .. markdown_table(rows_of(s))
  lines[#lines + 1] = "Estimates are of firmware before synthesis (docs/estimate.md). `result` is the format that a layer's result is rounded to; exact: "
    .. "it is kept as it is."
  return table.concat(lines, "\n") .. "\n"
end

return M
