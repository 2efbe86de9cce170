--- `nac-lua plot`: the pictures of a search, from its results folder or from a table of results, also an older one.
local file = require "nac.util.file"

-- The kinds, with the least number of objectives, what the file is called and whether it needs the trials' parameters.
local kinds = {
  { "front2d", 2, "pareto_fronts_2d" }, { "front3d", 3, "pareto_front_3d" }, { "hypervolume", 2, "hypervolume" },
  { "parallel", 1, "parallel_coordinates", true }, { "importance", 1, "importance", true },
  { "animation", 2, "search", ending = ".gif" }, { "turning", 3, "pareto_front_3d", ending = ".gif" },
}

local function fail(text, ...)
  io.stderr:write("nac-lua plot: ", text:format(...), "\n")
  return 1
end

-- The kinds that are asked for, or all; nil and a message.
local function wanted(options)
  local names, by_name = {}, {}
  for i, kind in ipairs(kinds) do names[i], by_name[kind[1]] = kind[1], kind end
  if not options.kind then return options.all and kinds or { kinds[1], kinds[2] } end
  local list = {}
  for i, name in ipairs(options.kind) do
    local ok, message = pcall(require("nac.util.enum").check, name, names, "kind of picture", -1)
    if not ok then return nil, message end
    list[i] = by_name[name]
  end
  return list
end

-- The table of a local search: accuracy against sparsity and bit operations, a line each precision. Of numbers its column
-- Accuracy is minus the loss.
local function curves(source, options)
  if options.kind or options.all then return fail("%s: the table of a local search has one picture; --kind and --all are for searches", options.file) end
  local has_bops, metric = false, "accuracy"
  for _, curve in ipairs(source.curves) do
    for _, row in ipairs(curve.rows) do
      has_bops = has_bops or row.bops ~= nil
      if row.accuracy < 0 then metric = "loss" end
    end
  end
  local picture = require("nac.local_search.combined").pictures(source.curves, metric)[1]
  local panels = { picture.panels[1], has_bops and picture.panels[2] or nil }
  local path, why = require("nac.plot").curves(panels, options.output or source.base .. ".png")
  if not path then return fail("%s", why) end
  print(path)
  return 0
end

-- The pictures of one search.
local function pictures(source, list, options)
  local plot, started, status = require "nac.plot", {}, 0
  local has_params = source.records[1] and source.records[1].params ~= nil
  for _, kind in ipairs(list) do
    if #source.objectives < kind[2] or kind[4] and not has_params then
      if options.kind then
        status = fail("%s: %s needs %s", options.file, kind[1],
          #source.objectives < kind[2] and ("%d objectives, there are %d"):format(kind[2], #source.objectives) or "the trials' parameters")
      end
    else
      local base, ending = source.base, kind.ending or ".png"
      if options.output then
        base = options.output:gsub("%.%w+$", "")
        ending = kind.ending or options.output:match "%.%w+$" or ending
      end
      local path = (#list == 1 and options.output) and options.output
        or file.exists(options.file) == "directory" and not options.output and ("%s/%s%s"):format(base, kind[3], ending)
        or kind[1] == "front2d" and base .. ending or ("%s_%s%s"):format(base, kind[1] == "front3d" and "3d" or kind[1], ending)
      local job, why = plot["start_" .. kind[1]](source.records, source.objectives, path)
      if job then started[#started + 1] = job else status = fail("%s", why) end
    end
  end
  for _, job in ipairs(started) do
    local path, why = job:finish()
    if path then print(path) else status = fail("%s", why) end
  end
  return status
end

local function run(options)
  local sources, message = require("nac.global_search.read").all(options.file, { maximize = options.maximize, minimize = options.minimize })
  if not sources then return fail("%s", message) end
  if sources[1].curves then return curves(sources[1], options) end
  local list
  list, message = wanted(options)
  if not list then return fail("%s", message) end
  if #sources > 1 and options.output then
    return fail("%s: it holds %d searches, --output names one picture; leave it out, or cut the file", options.file, #sources)
  end
  local status = 0
  for _, source in ipairs(sources) do status = math.max(status, pictures(source, list, options)) end
  return status
end

return {
  summary = "Draws a search: its fronts, or with --all its course, its parameters and animations, too.",
  configure = function(command)
    command:argument("file", "a results folder, or a table of results (.csv; NAC's global_search.txt)")
    command:option("-o --output", "the picture: .png, .svg, .pdf or .gif (default: beside the table)")
    command:option("--kind", "which pictures: front2d, front3d, hypervolume, parallel, importance, animation, turning"):args("+")
    command:flag("--all", "every kind that the file allows")
    command:option("--maximize", "columns that are better when higher"):args("+")
    command:option("--minimize", "columns that are better when lower"):args("+")
  end,
  run = run,
}
