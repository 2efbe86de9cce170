--- What stands around the firmware: Makefile, script for Vitis HLS, README.
local reuse = require "nac.hls.reuse"

local M = {}

local function fill(template, words) return (template:gsub("@(%w+)@", words)) end

local makefile = [[
# C simulation: `make csim` compiles the firmware with g++ and compares every number with what the
# network computes. AMD's headers are taken where Vitis HLS is set up, else those in firmware/ap_shim.
CXX      ?= g++
AP_TYPES ?= $(if $(XILINX_HLS),$(XILINX_HLS)/include,firmware/ap_shim)
CXXFLAGS ?= -O1

.PHONY: csim clean

csim: build/csim
	./build/csim

build/csim: @name@_test.cpp tb_operations.h $(wildcard firmware/*.cpp firmware/*.h firmware/weights/*.h)
	@command -v $(firstword $(CXX)) >/dev/null || { \
	  echo "$(CXX) is missing: install a C++ compiler (Debian: apt-get install g++) or say make CXX=..."; exit 1; }
	mkdir -p build
	$(CXX) -std=c++11 $(CXXFLAGS) -Wall -Wextra -Wno-unknown-pragmas -DNAC_TRACE -Ifirmware -isystem $(AP_TYPES) -isystem firmware/ap_shim -o $@ \
	  @name@_test.cpp firmware/@name@.cpp

clean:
	rm -rf build tb_data/csim_results.log
]]

local tcl = [=[
# Vitis HLS: vitis_hls -f build_prj.tcl (2023.2 and later: vitis-run --mode hls --tcl build_prj.tcl)
# Steps to run; 1 or 0.
array set run {csim 1 csynth 1 cosim 0 export 0}

cd [file dirname [info script]]
open_project -reset @name@_prj
set_top @name@
add_files firmware/@name@.cpp -cflags "-std=c++11 -DNAC_TRACE"
add_files -tb @name@_test.cpp -cflags "-std=c++11 -DNAC_TRACE -Wno-unknown-pragmas"
add_files -tb tb_operations.h
add_files -tb tb_data
open_solution -reset solution1 -flow_target vivado
set_part {@part@}
create_clock -period @clock@ -name default
set_clock_uncertainty 12.5% default

if {$run(csim)} { csim_design }
if {$run(csynth)} { csynth_design }
if {$run(cosim)} { cosim_design }
if {$run(export)} { export_design -format ip_catalog -version 1.0.0 }
exit
]=]

local synthesis = [=[
# Logic synthesis of what Vitis HLS made, for look-up tables, flip-flops and timing as Vivado counts them:
#   vivado -mode batch -source vivado_synth.tcl
cd [file dirname [info script]]
set made @name@_prj/solution1/syn/verilog
if {![file isdirectory $made]} { error "$made is missing: run build_prj.tcl first" }
set clock [open vivado_clock.xdc w]
puts $clock {create_clock -period @clock@ -name default [get_ports ap_clk]}
close $clock
add_files $made
read_xdc vivado_clock.xdc
synth_design -top @name@ -part @part@ -mode out_of_context
report_utilization -file vivado_synth.rpt
report_timing_summary -file vivado_timing.rpt
exit
]=]

local readme = [[
# @name@

Firmware of a neural network for Vitis HLS, written by nac-lua. Part @part@, clock @clock@ ns.

    make csim                     C simulation with g++: every number against the network's own
    vitis_hls -f build_prj.tcl    C simulation and synthesis; of Vitis 2023.2 and later: vitis-run --mode hls --tcl build_prj.tcl
    vivado -mode batch -source vivado_synth.tcl    look-up tables, flip-flops and timing, after synthesis

## Interface

    @declaration@
| port | elements | shape | type |
|---|---|---|---|
| `input` | @nin@ | @inshape@ | `@intype@` |
| `output` | @nout@ | @outshape@ | `@outtype@` |

@about@@ports@
The block is controlled by `ap_start`, `ap_done`, `ap_idle`, `ap_ready` (`ap_ctrl_hs`): one start a sample; with `ap_start`
held high it takes sample after sample. The bits of a number of type `ap_fixed<W, I>` are the integer number * 2^(W - I) in
two's complement.

## Operations

| | operation | layer | results | type |
|---|---|---|---|---|
@operations@

## Files

- `firmware/@name@.{h,cpp}`: the top function. `firmware/defines.h`: the type of every value.
  `firmware/parameters.h`: one configuration an operation. `firmware/weights`: constants as raw integers (`.h`)
  and the numbers that they stand for, in the order of the layer (`.txt`; nothing reads them).
- `firmware/nac_*.h`: the operations, as templates. `firmware/ap_shim`: number types for g++, used where
  AMD's own headers are absent; synthesis never sees them.
- `@name@_test.cpp`, `tb_operations.h`, `tb_data`: test bench, its inputs and what is expected.
@notes@]]

local function shape_text(shape) return table.concat(shape, " x ") end

local function elements(op, is_stream)
  return is_stream and ("%d token%s of %d"):format(op.layout.tokens, op.layout.tokens == 1 and "" or "s", op.layout.width) or tostring(op.size)
end

-- Which elements of a value a token holds.
local function token_text(port, l)
  local function times(name, n) return n == 1 and name or ("%s * %d"):format(name, n) end
  if l.width == 1 then return ("token t of `%s` holds the element %s"):format(port, l.tokens == 1 and "0" or times("t", l.token_step)) end
  local at = l.tokens == 1 and times("e", l.element_step) or
    times("t", l.token_step) .. " + " .. times("e", l.element_step)
  return ("token t of `%s` holds the elements %s, e from 0 to %d"):format(port, at, l.width - 1)
end

-- How elements lie on the ports.
local function ports(s)
  if not s.is_stream then
    return "Every element is a port of its own with a valid signal (`ap_vld`); all of `input` are read together, all of `output` come together."
  end
  return ("Both ports are AXI streams of tokens (`firmware/nac_stream.h`), one sample after the other:\n%s;\n%s,\ncounted in the order of the shape. "
    .. "In TDATA the first element of a token has the lowest bits; each takes whole bytes."):format(
    token_text("input", s.ops[1].layout), token_text("output", s.output.layout))
end

-- What goes in and comes out, in sentences.
local function about(s)
  local lines = {}
  if s.is_raw then lines[1] = "The input is in raw units: the firmware rounds and standardises it itself.\n" end
  if s.output.about then lines[#lines + 1] = ("The output is %s.\n"):format(s.output.about) end
  return table.concat(lines)
end

--- The files by their names.
-- @param s { name, part, clock_ns, ops, output, notes = sentences }
-- @return { [path] = text }
function M.files(s)
  local rows, notes = {}, {}
  for i, op in ipairs(s.ops) do
    rows[i] = ("| %d | %s | %s | %s | `%s` |"):format(op.id, reuse.text(op), op.layer, shape_text(op.shape), op.type_text)
  end
  for i, note in ipairs(s.notes) do notes[i] = ("- %s.\n"):format(note) end
  local words = { name = s.name, part = s.part, clock = ("%g"):format(s.clock_ns), nin = elements(s.ops[1], s.is_stream), ports = ports(s),
    nout = elements(s.output, s.is_stream), declaration = s.declaration, inshape = shape_text(s.ops[1].shape), outshape = shape_text(s.output.shape),
    about = about(s), intype = s.ops[1].type_text, outtype = s.output.type_text, operations = table.concat(rows, "\n"), notes = table.concat(notes) }
  return { Makefile = fill(makefile, words), ["build_prj.tcl"] = fill(tcl, words),
    ["vivado_synth.tcl"] = fill(synthesis, words), ["README.md"] = fill(readme, words) }
end

return M
