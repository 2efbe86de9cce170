--- NumPy's files of arrays: npy (one array) and npz (several, by name). Files
-- are written to a temporary name and renamed, so that a full disk or a kill
-- leaves the old file; equal arrays give equal bytes.
local c = require "nac.c.npz"

local M = {}

--- Reads every array of an npz file.
-- float16, float32 and float64 arrays become f32, f32 and f64 tensors, bool and
-- uint8 u8, other integers i32 (refused where a value does not fit).
-- @function read
-- @param path string
-- @return { name = tensor } and the names in the order of the file; or nil and a message
M.read = c.read

--- The names of the arrays of an npz file, in its order.
-- @function names
-- @param path string
-- @return list of strings; or nil and a message
M.names = c.names

--- Writes tensors to an npz file.
-- @param path string
-- @param arrays list of { name =, tensor = }, kept in order, or { name = tensor }, sorted
-- @param[opt] options `deflate` = false: compressed, as numpy.savez_compressed does
-- @return true; or nil and a message
function M.write(path, arrays, options)
  local list = arrays
  if type(arrays) == "table" and #arrays == 0 then
    list = {}
    for name, tensor in pairs(arrays) do list[#list + 1] = { name = name, tensor = tensor } end
    table.sort(list, function(a, b) return a.name < b.name end)
  end
  return c.write(path, list, options and options.deflate)
end

--- Reads an npy file.
-- @function read_npy
-- @param path string
-- @return tensor; or nil and a message
M.read_npy = c.read_npy

--- Writes a tensor to an npy file.
-- @function write_npy
-- @param path string
-- @param tensor any tensor
-- @return true; or nil and a message
M.write_npy = c.write_npy

--- The shape of a plain npy file in row-major order, from its header.
-- @function npy_shape
-- @param path string
-- @return list of dimensions; or nil and a message
M.npy_shape = c.npy_shape

--- Some rows of such a file.
-- @function read_npy_rows
-- @param path string
-- @param first row, from 1
-- @param count of rows
-- @return tensor; or nil and a message
M.read_npy_rows = c.read_npy_rows

return M
