--- `nac-lua plot`: the pictures of a search, from its results folder or from a table of results, also an older one.
local file = require "nac.util.file"

-- The kinds, with the least number of objectives, what the file is called and what it needs beside the trials' values.
local kinds = {
  { "front2d", 2, "pareto_fronts_2d" }, { "front3d", 3, "pareto_front_3d" }, { "hypervolume", 2, "hypervolume" },
  { "parallel", 1, "parallel_coordinates", needs = "params" }, { "importance", 1, "importance", needs = "params" },
  { "learning", 1, "learning_curves", needs = "epochs" },
  { "animation", 2, "search", ending = ".gif" }, { "turning", 3, "pareto_front_3d", ending = ".gif" },
}
local needed = { params = "the trials' parameters", epochs = "a finished trial's epochs, which a results folder holds" }

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

-- The weights of a model, layer by layer.
local function weights(options)
  if options.kind or options.all then return fail("%s: a model has one picture; --kind and --all are for searches", options.file) end
  local net, message = require("nac.model").load(options.file)
  if not net then return fail("%s", message) end
  local path, why = require("nac.plot").weights(net, net, options.output or options.file:gsub("%.%w+$", "") .. "_weights.png")
  if not path then return fail("%s", why) end
  print(path)
  return 0
end

-- The trial whose epochs are drawn: the one asked for, else the best one by the first objective.
local function shown_trial(source, options)
  local best
  local first = source.objectives[1]
  for _, record in ipairs(source.records) do
    if record.attrs and record.attrs.epochs and (not options.trial or record.number == options.trial) then
      local value = record.values and record.values[first.name]
      if not best or value and (first.direction == "maximize") == (value > best.values[first.name]) then best = record end
    end
  end
  return best
end

-- What a search has for the kinds that need more than its values.
local function has(source, options)
  return { params = source.records[1] and source.records[1].params ~= nil, epochs = shown_trial(source, options) }
end

-- Starts one picture; `there` is what the search has.
local function start(kind, source, there, path)
  local plot = require "nac.plot"
  if kind.needs == "epochs" then return plot.start_learning(require("nac.global_search.epochs").runs(there.epochs), path) end
  return plot["start_" .. kind[1]](source.records, source.objectives, path)
end

-- The pictures of one search.
local function pictures(source, list, options)
  local started, status, there = {}, 0, has(source, options)
  for _, kind in ipairs(list) do
    if #source.objectives < kind[2] or kind.needs and not there[kind.needs] then
      if options.kind then
        status = fail("%s: %s needs %s", options.file, kind[1],
          #source.objectives < kind[2] and ("%d objectives, there are %d"):format(kind[2], #source.objectives) or needed[kind.needs]
          .. (kind.needs == "epochs" and options.trial and ("; there are none of trial %d"):format(options.trial) or ""))
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
      local job, why = start(kind, source, there, path)
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
  local only = options.kind and #options.kind == 1 and options.kind[1]
  local refusal = options.output and require("nac.plot.gnuplot").refusal(options.output, only == "animation" or only == "turning")
  if refusal then return fail("%s", refusal) end
  if require("nac.model").is(options.file) then return weights(options) end
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
  summary = "Draws a search: its fronts, or with --all its course, its parameters and animations, too; or the weights of a model.",
  configure = function(command)
    command:argument("file", "a results folder, a table of results (.csv; NAC's global_search.txt), or a model (best_model.yaml)")
    command:option("-o --output", "the picture: .png, .svg, .pdf or .gif (default: beside the table)")
    command:option("--kind", "which pictures: front2d, front3d, hypervolume, parallel, importance, learning, animation, turning"):args("+")
    command:option("--trial", "the trial whose epochs `learning` shows (default: the best one)"):convert(math.tointeger)
    command:flag("--all", "every kind that the file allows")
    command:option("--maximize", "columns that are better when higher"):args("+")
    command:option("--minimize", "columns that are better when lower"):args("+")
  end,
  run = run,
}
