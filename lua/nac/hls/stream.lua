--- io_stream: how values travel as tokens, and how each operation takes them.
--
-- A layout says which elements a token holds: token t the elements t * token_step + e * element_step, e < width.
--   planes   an image (c, positions): all channels of a position
--   rows     a matrix (positions, n): a row; a vector: all of it
-- An operation then works
--   token    token by token, as the parallel operation of one token
--   image    on the stream itself, with line buffers (convolutions, pooling)
--   sums     over all tokens (global pooling, sums over a set)
--   whole    on whole values, gathered first and scattered afterwards
-- Where a source has another layout than its reader takes, a repacking process stands in between.
local M = {}

local function rows(tokens, width) return { tokens = tokens, width = width, token_step = width, element_step = 1 } end
local function planes(positions, channels) return { tokens = positions, width = channels, token_step = 1, element_step = positions } end

local function same(a, b)
  return a.tokens == b.tokens and a.width == b.width and (a.tokens == 1 or a.token_step == b.token_step) and
    (a.width == 1 or a.element_step == b.element_step)
end

-- The layout of a value that no operation asks for: images by position, all else by row.
local function natural(op, has_windows)
  local shape = op.shape
  local rank = #shape
  if rank == 3 or rank == 2 and op.op == "input" and has_windows then
    return planes(op.size // math.max(shape[1], 1), shape[1])
  end
  local width = shape[rank] or 1
  return rows(op.size // width, width)
end

-- What an element of a token is, where the answer is the same in every token: of(element of the value).
local function per_token(layout, of)
  local list = {}
  for e = 0, layout.width - 1 do
    list[e + 1] = of(e * layout.element_step)
    for t = 1, layout.tokens - 1 do
      if of(t * layout.token_step + e * layout.element_step) ~= list[e + 1] then return nil end
    end
  end
  return list
end

-- Fields of the operation of one token; nil where elements of a token have no constants of their own.
local token_fields = {}

local function elementwise(_, layout) return { size = layout.width } end
for _, kind in ipairs { "add", "mul", "max", "clamp", "table", "threshold" } do token_fields[kind] = elementwise end

function token_fields.requantise(op, layout)
  if #op.formats == 1 then return { size = layout.width } end
  local formats = per_token(layout, function(e) return op.formats[e // op.format_inner % #op.formats + 1] end)
  return formats and { size = layout.width, formats = formats, format_inner = 1 }
end

function token_fields.scale(op, layout)
  local n = #op.weights
  if n == 1 then return { size = layout.width } end
  local places = per_token(layout, function(e) return e // op.inner % n + 1 end)
  if not places then return nil end
  local weights, offsets = {}, op.offsets and #op.offsets > 0 and {} or nil
  for e, k in ipairs(places) do
    weights[e] = op.weights[k]
    if offsets then offsets[e] = op.offsets[k] end
  end
  return { size = layout.width, weights = weights, offsets = offsets, inner = 1 }
end

-- Along the elements of a token.
local function along_token(op, layout)
  local rows_of_it = op.inner == 1 and same(layout, rows(op.outer, op.n))
  local positions_of_it = op.outer == 1 and same(layout, planes(op.inner, op.n))
  return (rows_of_it or positions_of_it) and { outer = 1, inner = 1, size = op.op == "reduce" and 1 or op.n } or nil
end
for _, kind in ipairs { "softmax", "log_softmax", "normalise", "reduce" } do token_fields[kind] = along_token end

local function set_token(op, layouts, fields, width)
  op.mode, op.takes = "token", layouts
  op.layout = { tokens = layouts[1].tokens, width = width, token_step = layouts[1].token_step, element_step = layouts[1].element_step }
  if width ~= layouts[1].width then op.layout = rows(layouts[1].tokens, width) end
  op.fields = fields
end

-- Products take rows of inputs, whatever came before.
local function set_product(op)
  local layout = rows(op.outer, op.n)
  set_token(op, { layout }, { outer = 1, size = op.inner }, op.inner)
end

local function set_windows(op)
  local w = op.window
  op.mode, op.takes = "image", { planes(w.h * w.w, w.c) }
  op.layout = planes(w.oh * w.ow, op.op == "window" and w.c or w.o)
end

-- Sums and maxima over all tokens of a stream.
local function set_sums(op, layout)
  local over_images = op.inner == 1 and same(layout, planes(op.n, op.outer))
  local over_rows = op.outer == 1 and same(layout, rows(op.n, op.inner))
  if not (over_images or over_rows) then return false end
  op.mode, op.takes, op.layout = "sums", { layout }, rows(1, op.size)
  return true
end

local function set_whole(op, has_windows)
  op.mode, op.takes = "whole", {}
  for k, source in ipairs(op.source) do op.takes[k] = source.layout end
  op.layout = natural(op, has_windows)
end

local function choose(op, has_windows)
  local first = op.source[1] and op.source[1].layout
  if op.op == "input" then
    op.layout = natural(op, has_windows)
  elseif op.op == "reshape" then
    op.layout, op.mode = first, "same"
  elseif op.op == "conv_const" or op.op == "window" then
    set_windows(op)
  elseif op.op == "matmul_const" then
    set_product(op)
  elseif op.op == "reduce" and set_sums(op, first) then
    return
  else
    local fields = token_fields[op.op] and token_fields[op.op](op, first)
    if not fields then return set_whole(op, has_windows) end
    local takes = {}
    for k in ipairs(op.source) do takes[k] = first end
    set_token(op, takes, fields, fields.size)
  end
end

-- What the emitter sees: an operation of one token, of arrays, or of streams.
local function view_of(op)
  local names = {}
  local fields = op.mode == "token" and op.fields or {}
  for k in ipairs(op.source) do
    names[k] = op.mode == "token" and ("x%d.data"):format(k) or op.mode == "whole" and "x" .. k or "from" .. k
  end
  local view = { from = names, name = op.mode == "token" and "y.data" or op.mode == "whole" and "y" or "to",
    io = (op.mode == "image" or op.mode == "sums") and "stream" or "parallel" }
  for key, value in pairs(fields) do view[key] = value end
  return setmetatable(view, { __index = op })
end

local WIDEST_PORT = 4096 -- bits of an AXI stream (UG1399, AXI4-Stream Interfaces); an element takes whole bytes

local function check_port(name, op)
  local bits = (op.bits + 7) // 8 * 8
  if op.layout.width * bits <= WIDEST_PORT then return end
  error(("io: a token of %s has %d elements of %d bits, an AXI stream at most %d bits in all; io = \"parallel\" has a port for each"):format(
    name, op.layout.width, bits, WIDEST_PORT), 0)
end

--- Plans the streams.
-- @param ops as nac.hls.graph reads them; sets layout (tokens, width, token_step, element_step), mode, takes (layouts of
-- the inputs), view, alias (a reshape is the stream of its source)
-- @param output the operation that gives the top function's outputs
function M.plan(ops, output)
  local has_windows = false
  for _, op in ipairs(ops) do has_windows = has_windows or op.op == "conv_const" or op.op == "window" end
  for _, op in ipairs(ops) do
    choose(op, has_windows)
    if op.mode == "same" then
      op.emit, op.alias, op.type, op.stream = nil, true, op.source[1].type, op.source[1].stream
    else
      op.stream = op
      if op.emit then op.view = view_of(op) end
    end
  end
  check_port("the input", ops[1])
  check_port("the output", output.stream)
end

M.same = same

return M
