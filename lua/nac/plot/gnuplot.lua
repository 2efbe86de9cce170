--- Pictures through gnuplot, which works in a process of its own while this
-- one goes on.
local file = require "nac.util.file"

local M = {}

-- Okabe & Ito's colours, told apart by colour-blind readers as well.
M.colours = {
  black = "#000000", orange = "#E69F00", sky = "#56B4E9", green = "#009E73",
  yellow = "#F0E442", blue = "#0072B2", vermilion = "#D55E00", purple = "#CC79A7", grey = "#B0B0B0",
}

local missing = "no picture %s: gnuplot was not found (apt package gnuplot-nox)"

local terminals = { png = "pngcairo", svg = "svg", pdf = "pdfcairo", gif = "gif" }

--- What every picture with axes begins with.
M.STYLE = "set grid lc rgb '#e0e0e0'\nset border 3\nset tics nomirror\n"

local c = M.colours
local palette = { c.blue, c.vermilion, c.green, c.purple, c.orange, c.sky, c.black, c.grey }
local marks = { 7, 5, 9, 13, 11, 6, 4, 8 } -- filled circle, square, triangle, diamond, ...; then open ones

--- How the i-th series of a picture looks: told apart by colour, and in grey by the mark and the dashes; the first
-- 32 have a pair of colour and dashes of their own.
-- @param i from 1
-- @return its colour, point type, dash type
function M.series(i)
  return palette[(i - 1) % #palette + 1], marks[(i - 1) % #marks + 1], (i - 1 + (i - 1) // #palette) % 4 + 1
end

--- A text as a gnuplot string.
function M.quote(text) return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"' end

--- Points as a named data block.
-- @param name its name, without "$"
-- @param rows a list of lists of numbers
-- @return gnuplot text
function M.data(name, rows)
  local lines = { "$" .. name .. " << END" }
  for _, row in ipairs(rows) do
    local cells = {}
    for i, value in ipairs(row) do cells[i] = ("%.9g"):format(value) end
    lines[#lines + 1] = table.concat(cells, " ")
  end
  lines[#lines + 1] = "END\n"
  return table.concat(lines, "\n")
end

local function finish(job)
  if not job.pipe then return job.path end
  local ok = job.pipe:close()
  job.pipe = nil
  local message = file.read(job.log)
  os.remove(job.log)
  if ok and file.size(job.temporary) > 0 then
    local renamed, why = os.rename(job.temporary, job.path)
    if renamed then return job.path end
    return nil, why
  end
  os.remove(job.temporary)
  return nil, ("no picture %s: gnuplot %s"):format(
    job.path, message and message:match("[^\n]*%S") or "wrote nothing (is the disk full?)")
end

--- Why a picture cannot have a name.
-- @param path of the picture
-- @param moves whether it is an animation
-- @return a message; nil where it can
function M.refusal(path, moves)
  local ending = path:match "%.(%w+)$" or ""
  if not terminals[ending] then return ("a picture's name ends in .png, .svg, .pdf or .gif, got '%s'"):format(path) end
  if moves and ending ~= "gif" then return ("an animation's name ends in .gif, got '%s'"):format(path) end
end

--- Starts drawing.
-- @param path of the picture; its ending says the kind: png, svg, pdf or gif
-- @param width in pixels
-- @param height in pixels
-- @param body gnuplot commands
-- @param[opt] delay hundredths of a second between two frames: every plot of the body is a frame of an animation (.gif)
-- @return a job; job:finish() waits and returns the path, or nil and a message.
-- Without gnuplot: nil and a message.
function M.start(path, width, height, body, delay)
  local refusal = M.refusal(path, delay ~= nil)
  if refusal then error(refusal, 3) end
  local ending = path:match "%.(%w+)$"
  local terminal = terminals[ending]
  local program = file.program("gnuplot")
  if not program then return nil, missing:format(path) end
  local temporary = path .. ".tmp"
  local log = path .. ".log"
  local test, why = io.open(temporary, "wb")
  if not test then return nil, "no picture " .. why end
  test:close()
  local pipe = io.popen(("%s >%s 2>&1"):format(file.quote(program), file.quote(log)), "w")
  local size = ending == "pdf" and ("%gin,%gin"):format(width / 100, height / 100) or ("%d,%d"):format(width, height)
  local kind = ending == "gif" and ("font 'DejaVuSans,10' background '#ffffff'%s"):format(delay and (" animate delay %d loop 0"):format(delay) or "")
    or "background rgb 'white'"
  pipe:write(("set terminal %s noenhanced size %s %s\nset output %s\n"):format(terminal, size, kind, M.quote(temporary)), body,
    "\nunset output\n")
  pipe:flush()
  return { path = path, temporary = temporary, log = log, pipe = pipe, finish = finish }
end

return M
