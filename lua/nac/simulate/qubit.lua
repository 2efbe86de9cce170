--- Simulated readout of a superconducting qubit: the traces that a digitiser
-- records while a resonator tells whether the qubit is in its ground state (0)
-- or excited (1).
--
-- The field in the resonator follows da/dt = -(kappa/2 + i chi_s) a + drive, with
-- chi of opposite sign for the two states, from an empty resonator on (Blais et
-- al., Phys. Rev. A 69, 062320, 2004). What comes back is this field and the
-- drive's prompt reflection, turned in phase, amplified, with noise. The excited
-- state decays (T1), the ground state is excited by heat, and preparation
-- fails at times: no network can know these from the label.
local c_tensor = require "nac.c.tensor"
local file = require "nac.util.file"
local npy_rows = require "nac.util.npy_rows"
local tensor = require "nac.tensor"

local M = {}

M.SAMPLES = 770 -- of I and of Q in a trace, 2.6 ns from one to the next

--- The experiment. Times in samples, amplitudes in units of the digitiser.
M.parameters = {
  delay = 30,          -- samples before the readout pulse arrives
  ring_up = 55,        -- 2 / kappa
  chi = 0.9,           -- chi / (kappa / 2)
  field = 380,         -- of the full resonator, driven on resonance
  prompt = 95,         -- what the drive reflects at once
  phase = 0.7,         -- of the amplifier chain, radians
  offset = -148,        -- of both channels
  t1 = 14000,          -- 36 microseconds
  heat = 0.012,        -- share of the excited state in equilibrium
  preparation = { [0] = 0.021, 0.033 }, -- share of traces that begin in the other state
  noise = 683,         -- standard deviation before the filter
  filter = { 1, .62, .3, .12 }, -- what the digitiser's filter keeps of earlier noise
}

-- The field behind a jump at sample `jump` (0: in state s from the start), without noise.
local function template(p, s, jump)
  local row, re, im = {}, 0, 0
  local cos, sin = math.cos(p.phase), math.sin(p.phase)
  local step = 1 / p.ring_up
  local shrink = math.exp(-step)
  for t = 0, M.SAMPLES - 1 do
    local state = t < jump and s or 1 - s
    local chi = state == 0 and p.chi or -p.chi
    local driven = t >= p.delay
    -- towards the steady field drive / (1 + i chi), exactly over one sample
    local norm = driven and p.field / (1 + chi * chi) or 0
    local to_re, to_im = norm, -chi * norm
    local dr, di = re - to_re, im - to_im
    local c, sn = math.cos(chi * step) * shrink, -math.sin(chi * step) * shrink
    re, im = to_re + dr * c - di * sn, to_im + dr * sn + di * c
    local out_re = re + (driven and p.prompt or 0)
    row[2 * t + 1] = out_re * cos - im * sin + p.offset
    row[2 * t + 2] = out_re * sin + im * cos + p.offset
  end
  return row
end

-- All templates, [2 (SAMPLES + 1), 2 SAMPLES]: row s (SAMPLES + 1) + jump + 1, jump = SAMPLES for none.
local function templates(p)
  local rows = {}
  for s = 0, 1 do
    for jump = 0, M.SAMPLES do rows[s * (M.SAMPLES + 1) + jump + 1] = template(p, s, jump) end
  end
  return c_tensor.new(rows, "f32")
end

-- When a state that leaves at `rate` a sample jumps; SAMPLES where the trace is over before.
local function jump_at(rate, uniform)
  if rate <= 0 then return M.SAMPLES end
  return math.min(M.SAMPLES, math.max(1, math.ceil(-math.log(1 - uniform) / rate)))
end

-- Rows of the templates and labels of n traces.
local function draw_states(p, n, seed, block)
  local u = tensor.rand({ n, 3 }, { seed = seed, purpose = "states " .. block, dtype = "f64" }):totable()
  local rate = { [0] = p.heat / p.t1, 1 / p.t1 }
  local index, labels = {}, {}
  for i = 1, n do
    local label = u[i][1] < 0.5 and 0 or 1
    local state = u[i][2] < p.preparation[label] and 1 - label or label
    labels[i] = label
    index[i] = state * (M.SAMPLES + 1) + jump_at(rate[state], u[i][3]) + 1
  end
  return c_tensor.new(index, "i32"), c_tensor.new(labels, "i32")
end

-- Noise [n, 2 SAMPLES]: white noise through the filter, I and Q apart.
local function noise(p, n, seed, block)
  local taps, width = #p.filter, 2 * M.SAMPLES
  local white <close> = tensor.randn({ n, width + 2 * (taps - 1) }, { seed = seed, purpose = "noise " .. block, sd = p.noise })
  local sum
  for k, weight in ipairs(p.filter) do
    local first = 2 * (taps - k) + 1
    local part = white:slice(2, first, first + width - 1) * weight
    if sum then
      sum:add_(part)
      part:close()
    else
      sum = part
    end
  end
  return sum
end

local BLOCK = 4000 -- traces at once, 25 MB

--- Traces a block at a time: an iterator over x, i32 [n, 1540] with I0, Q0, I1, Q1, ...,
-- and y, i32 [n], the prepared state.
-- @param n number of traces
-- @param[opt] options `seed` = 1; `name` of the half, so that train and test differ; `step` = 1:
-- values are rounded to multiples of it; `parameters` as M.parameters
function M.blocks(n, options)
  options = options or {}
  local p, seed, step = options.parameters or M.parameters, options.seed or 1, options.step or 1
  local all, done = templates(p), 0
  return function()
    local count = math.min(BLOCK, n - done)
    if count <= 0 then return nil end
    local block = ("%s %d"):format(options.name or "train", done)
    local index, y = draw_states(p, count, seed, block)
    local x = all:rows(index)
    local noisy <close> = noise(p, count, seed, block)
    x:add_(noisy)
    local rounded <close> = (x / step):round() * step
    x:close()
    done = done + count
    return rounded:clamp(-32768, 32767):to "i32", y
  end
end

--- Writes train and test traces in the layout of the real set: sim_X_train.npy, int16
-- [N, 1540], sim_y_train.npy, uint16 [N], and the same for test.
-- @param dir folder that is there
-- @param sizes { train =, test = }
-- @param[opt] options as of `blocks`; `gzip` = true writes .npy.gz
function M.write(dir, sizes, options)
  options = options or {}
  for _, half in ipairs { "train", "test" } do
    local n = sizes[half]
    local ending = half .. ".npy" .. (options.gzip and ".gz" or "")
    local x_out = npy_rows.open(dir .. "/sim_X_" .. ending, "int16", { n, 2 * M.SAMPLES })
    local y_out = npy_rows.open(dir .. "/sim_y_" .. ending, "uint16", { n })
    local o = setmetatable({ name = half }, { __index = options })
    for x, y in M.blocks(n, o) do
      x_out:put(x)
      y_out:put(y)
      x:close()
    end
    x_out:close()
    y_out:close()
  end
end

M.FULL = { train = 90000, test = 10000 } -- traces of the cached set

--- The simulated set of 100 000 traces (seed 1), 308 MB: made in half a minute where
-- it is not there.
-- @param dir folder, made where it is missing
-- @return dir, or nil and a message
function M.cache(dir)
  if file.exists(dir .. "/sim_y_test.npy") then return dir end -- the last file that is written
  local ok, message = file.make_directory(dir)
  if not ok then return nil, message end
  ok, message = pcall(M.write, dir, M.FULL)
  if not ok then return nil, message end
  return dir
end

return M
