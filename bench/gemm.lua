-- Products of the tutorials' matrices: our kernels beside OpenBLAS and, where
-- they are installed, oneDNN (Debian's libdnnl2) and libxsmm (libxsmm-dev).
-- usage: nac-lua bench/gemm.lua
package.path = "./?.lua;" .. package.path
local bench = require "bench.support"

local self = require("lfs").symlinkattributes("/proc/self/exe", "target")
local library = self:match("^(.*)/") .. "/nac.so"
local program = os.tmpname()

local function compile(flags)
  return os.execute(("cc -O2 -Isrc -o '%s' bench/peers/gemm.c %s -ldl -lm -lpthread"):format(program, flags))
end

bench.header("products of matrices, one thread; medians of 9 turns", 1)
local core = require("nac.c.cpu").blas()
if not compile "-DWITH_LIBXSMM -lxsmm -lxsmmnoblas 2>/dev/null" then assert(compile "", "bench/peers/gemm.c was not compiled") end
local ok = os.execute(("OPENBLAS_CORETYPE='%s' OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 '%s' '%s'"):format(
  core and core.core or "", program, library))
os.remove(program)
os.exit(ok == true, true)
