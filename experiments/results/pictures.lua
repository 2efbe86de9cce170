--- The pictures of docs/results.md, in docs/results/.
local file = require "nac.util.file"
local nac = require "nac"

local M = {}

local function sign(out) return out.metric == "accuracy" and 1 or -1 end

local function axis_of(out, what) return out.metric == "accuracy" and "accuracy" .. what or "mean distance (px)" .. what end

-- The points that no other beats, by rising cost.
local function front_of(points, maximize)
  table.sort(points, function(a, b) return a[1] < b[1] end)
  local list, best = {}, nil
  for _, p in ipairs(points) do
    if not best or maximize and p[2] > best or not maximize and p[2] < best then
      best = p[2]
      list[#list + 1] = p
    end
  end
  return list
end

-- Points worth an axis: distances beyond five times the baseline's would flatten the rest.
local function near(out, points)
  if out.metric == "accuracy" then return points end
  local kept, most = {}, -5 * out.search.baselines[1].retrained
  for _, p in ipairs(points) do kept[#kept + 1] = p[2] <= most and p or nil end
  return kept
end

-- All trials of the search under one definition, what was retrained, and others' trials beside.
local function panel(case, out, records, definition)
  local trials = {}
  for _, r in ipairs(records) do
    if r.state == "complete" then
      local path = ("%s/search/trial_yamls/trial_%d_arch.yaml"):format(case.dir, r.number)
      local description = nac.arch.load(path)
      local bops = definition == "exact" and r.attrs.bops or description and nac.bops.count(description, { definition = definition, bits = case.bits })
      local metric = out.metric == "accuracy" and r.attrs.performance_metric or r.values.distance
      if bops and metric then trials[#trials + 1] = { bops, metric } end
    end
  end
  local lines = {}
  trials = near(out, trials)
  local peers = case.peers and case.peers[definition]
  if peers then lines[#lines + 1] = { title = peers.title, points = near(out, peers.points), style = "points" } end
  lines[#lines + 1] = { title = "trials", points = trials, style = "points" }
  lines[#lines + 1] = { title = "their front", points = front_of({ table.unpack(trials) }, out.metric == "accuracy"), style = "lines" }
  local base = out.search.baselines[1]
  lines[#lines + 1] = { title = "baseline, retrained", points = { { base[definition], sign(out) * base.retrained } }, style = "points" }
  local retrained = {}
  for i, c in ipairs(out.search.candidates) do retrained[i] = { c[definition], sign(out) * c.retrained } end
  if #retrained > 0 then lines[#lines + 1] = { title = "front, retrained", points = retrained, style = "points" } end
  local from = out.metric == "accuracy" and base.retrained - .1 or nil -- what is near a guess would flatten the rest
  return { from = from, x = "bit operations (" .. definition .. ")", y = axis_of(out, ""), lines = lines, logarithmic = true }
end

local function compression_panel(out, cost, label)
  local lines = {}
  for _, which in ipairs { "base", "winner" } do
    local points = {}
    for _, r in ipairs(out.compression[which]) do
      if r[cost] > 0 then points[#points + 1] = { r[cost], sign(out) * r.accuracy } end
    end
    if #points > 0 then
      lines[#lines + 1] = { title = which == "base" and "baseline" or "winner", points = points, style = "points" }
      lines[#lines + 1] = { title = "its front", points = front_of({ table.unpack(points) }, out.metric == "accuracy"), style = "lines" }
    end
  end
  if #lines == 0 then return nil end
  local from = out.metric == "accuracy" and out.compression.float - .15 or nil
  return { from = from, x = label, y = axis_of(out, " on select"), lines = lines, logarithmic = true }
end

-- The winner's curves of accuracy against sparsity, one a precision, and others'.
local function sparsity_lines(out, others)
  local lines, by_label = {}, {}
  for _, r in ipairs(out.compression and out.compression.winner or {}) do
    local line = by_label[r.label]
    if not line then
      line = { title = "winner " .. r.label, points = {} }
      by_label[r.label], lines[#lines + 1] = line, line
    end
    line.points[#line.points + 1] = { r.sparsity, sign(out) * r.accuracy }
  end
  return table.move(others, 1, math.min(#others, 8 - #lines), #lines + 1, lines)
end

--- Draws a case's pictures and notes them in `out.pictures`.
-- @param case of the protocol
-- @param out its numbers
-- @param result of the search
-- @param dir where pictures go
function M.draw(case, out, result, dir)
  assert(file.make_directory(dir))
  out.pictures = {}
  local function add(panels, name, title)
    if #panels == 0 then return end
    assert(nac.plot.curves(panels, ("%s/%s_%s.png"):format(dir, case.name, name)))
    out.pictures[#out.pictures + 1] = { title = title, path = ("results/%s_%s.png"):format(case.name, name) }
  end
  local panels, records = {}, result.study:trials()
  for i, definition in ipairs(case.bops) do panels[i] = panel(case, out, records, definition) end
  add(panels, "front", "Trials of the search, their front, the baseline and the retrained networks"
    .. (out.metric == "accuracy" and "" or "; distances beyond five times the baseline's are left out"))
  if case.peer_curves and #case.peer_curves > 0 then
    add({ { x = "sparsity (part of the weights that is zero)", y = out.metric == "accuracy" and "accuracy" or "distance (px)",
      lines = sparsity_lines(out, case.peer_curves) } }, "sparsity", "Compression of the winner, and curves of NAC on other data")
  end
  if out.compression then
    add({ compression_panel(out, "ebops", "EBOPs"), compression_panel(out, "lut", "look-up tables (estimate)") }, "compression",
      "Baseline and winner after the same local search")
  end
end

return M
