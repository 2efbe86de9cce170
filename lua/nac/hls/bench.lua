--- The test bench of a project and its data: inputs, what the exact executor makes of them, and the
-- result of every operation.
local npz = require "nac.c.npz"
local tensor = require "nac.tensor"

local M = {}

local SAMPLES = 256 -- drawn where the user gives none

--- Inputs that fill the range of the input's format and pass it a little.
-- @param op the input operation
-- @return f32 tensor (N, shape)
function M.random(op)
  local step = 2.0 ^ -op.fraction
  local lo, hi = op.min * step, op.max * step
  local x = tensor.rand({ SAMPLES, table.unpack(op.shape) }, { seed = 1, purpose = "hls" })
  return x * ((hi - lo) * 1.1) + (lo - (hi - lo) * .05)
end

-- A tensor (N, ...) as text, one sample a line.
local function text_of(t, n)
  local rows = {}
  for i, row in ipairs(t:reshape({ n, t:numel() // n }):totable()) do
    for k = 1, #row do row[k] = ("%.17g"):format(row[k]) end
    rows[i] = table.concat(row, " ")
  end
  return table.concat(rows, "\n") .. "\n"
end

-- What an operation gives: numbers, raw integers.
local function values(graph, op, x)
  local number, raw = graph.c:run(x, op.is_head and op.inputs[1] or op.id)
  if not number then error(require("nac.util.signal").interrupted(), 0) end
  if op.is_head then
    local found = op.expected(raw):contiguous()
    return found, found
  end
  return number, raw
end

--- Writes tb_data/: the inputs as numbers of the input's type, the outputs, the raw integers of every operation.
-- @param write function(path, text)
-- @param dir the project's folder
-- @param graph the integer graph
-- @param x f32 tensor (N, shape)
function M.data(write, dir, graph, ops, output, x)
  local n = x:size(1)
  for i, op in ipairs(ops) do
    if not op.alias or op == output then
      local number, raw = values(graph, op, x)
      if not op.alias then assert(npz.write_npy(("%s/tb_data/trace/value%d.npy"):format(dir, op.id), raw)) end
      if i == 1 then write("tb_data/tb_input_features.dat", text_of(number, n)) end
      if op == output then write("tb_data/tb_output_predictions.dat", text_of(number, n)) end
      number:close()
      raw:close()
    end
  end
end

-- How a sample goes in and comes out: one call with arrays, or with streams of tokens.
local run_parallel = [[
static void run_sample(const double *x, double *y)
{
  input_t input[N_INPUT];
  result_t output[N_OUTPUT];
  for (unsigned i = 0; i < N_INPUT; i++) {
    input[i] = x[i];
  }
  myproject(input, output);
  for (unsigned i = 0; i < N_OUTPUT; i++) {
    y[i] = output[i].to_double();
  }
}
]]

local run_stream = [[
static void run_sample(const double *x, double *y)
{
  hls::stream<input_token> input("input");
  hls::stream<result_token> output("output");
  for (unsigned t = 0; t < @in_tokens; t++) {
    input_token token;
    for (unsigned e = 0; e < input_token::width; e++) {
      token.data[e] = x[t * @in_token_step + e * @in_element_step];
    }
    input.write(token);
  }
  myproject(input, output);
  for (unsigned t = 0; t < @out_tokens; t++) {
    const result_token token = output.read();
    for (unsigned e = 0; e < result_token::width; e++) {
      y[t * @out_token_step + e * @out_element_step] = token.data[e].to_double();
    }
  }
}
]]

local function run_text(ops, output, name, is_stream)
  local text = is_stream and run_stream:gsub("@(%w+)_(%w+_?%w*)", function(end_, key)
    return tostring((end_ == "in" and ops[1] or output).layout[key])
  end) or run_parallel
  return (text:gsub("myproject", name))
end

--- tb_operations.h: how the test bench runs a sample and which operations it compares.
function M.operations(ops, output, name, is_stream)
  local lines = { "// What the test bench compares: the number of an operation, its name, how many results.", "static const traced_operation operations[] = {" }
  for _, op in ipairs(ops) do
    if not op.alias then lines[#lines + 1] = ('  {%d, "%s of %s", %d},'):format(op.id, op.op, op.layer:gsub('[\\"]', "\\%0"), op.size) end
  end
  lines[#lines + 1] = "};\n"
  return table.concat(lines, "\n") .. "\n// Numbers of one sample in, what the firmware makes of them out.\n" .. run_text(ops, output, name, is_stream)
end

--- The test bench itself: src/hls/bench.cpp with the name of the top function.
function M.source(text, name) return (text:gsub("myproject", name)) end

return M
